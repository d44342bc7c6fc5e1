"""Worlds made by moving a few people: out of a protected cell or into it, from or to another month or clinic.

A move begins with its seeds, changes of some series in some clinics and slots. What ties the series together is
then kept by further changes of the same people in other series, first of those that no figure tells. What is
told and would be contradicted is the price of the move; paying it is hiding that. Compiled, since there are
hundreds of thousands of moves to be tried.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from warehouse.suppression_block import UNBOUND
from warehouse.suppression_board import ALL, RUNNING, SCALE, SLOT, Board
from warehouse.suppression_packed import Move, PackedMove

MOST = 96
"""Changes that one move may be made of."""

ROUNDS = 16
"""How often the relations of all that changed are gone through, until they hold."""

SLOPE, FAR = 0.3, 3.0 * SCALE
"""A cell that is contradicted by little costs less by this share, so that a move is drawn to where it fits."""

NEVER = np.inf


def empty(board: Board) -> Any:
    """No change yet."""
    return PackedMove(
        *(np.zeros(MOST, dtype=np.int64) for _ in range(3)),
        np.zeros_like(board.line),
        np.zeros(board.line.shape, dtype=np.int8),
        np.zeros(3, dtype=np.int64),
        np.zeros(len(board.x), dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros(4096, dtype=np.int64),
        np.zeros(4096, dtype=np.int64),
        np.full(len(board.line), -1, dtype=np.int64),
        np.full(MOST, -1, dtype=np.int64),
    )


@njit(cache=True)
def clear(move: Move) -> None:
    for n in range(move.size[0]):
        move.head[move.series[n]] = -1
        move.by[move.series[n], move.clinic[n], move.slot[n]] = 0
        move.marked[move.series[n], move.clinic[n], move.slot[n]] = 0
    move.size[:] = 0
    move.number[0] += 1


@njit(cache=True)
def change(
    board: Board, move: Move, series: int, clinic: int, slot: int, by: int, seed: bool
) -> bool:
    """Add to a count; False where that cannot be."""
    if slot >= board.length[series, clinic] or board.fixed[series]:
        return False
    mark = move.marked[series, clinic, slot]
    if mark == 2 and not seed:
        return False
    if mark == 0:
        n = move.size[0]
        if n >= MOST:
            return False
        move.series[n], move.clinic[n], move.slot[n] = series, clinic, slot
        move.next[n], move.head[series] = move.head[series], n
        move.size[0] = n + 1
    if seed or mark == 0:
        move.marked[series, clinic, slot] = 2 if seed else 1
    move.by[series, clinic, slot] += by
    return board.line[series, clinic, slot] + move.by[series, clinic, slot] >= 0


@njit(cache=True)
def now(board: Board, move: Move, series: int, clinic: int, slot: int) -> int:
    return board.line[series, clinic, slot] + move.by[series, clinic, slot]


@njit(cache=True)
def over(board: Board, move: Move, tie: int, clinic: int, slot: int) -> int:
    """By how much the parts of a relation are more than its whole."""
    found = 0
    first, last = board.tie_ends[tie], board.tie_ends[tie + 1]
    kind = board.tie_over[tie]
    for n in range(first, last):
        series = board.tie_series[n]
        if kind == SLOT or (kind == RUNNING and n == last - 1):
            found += board.tie_signs[n] * now(board, move, series, clinic, slot)
        else:
            stop = slot + 1 if kind == RUNNING else board.length[series, clinic]
            for one in range(stop):
                found += board.tie_signs[n] * now(board, move, series, clinic, one)
    return found


@njit(cache=True)
def slots_of(board: Board, tie: int, clinic: int) -> int:
    found = UNBOUND
    for n in range(board.tie_ends[tie], board.tie_ends[tie + 1]):
        found = min(found, board.length[board.tie_series[n], clinic])
    return found


@njit(cache=True)
def take(
    board: Board, move: Move, tie: int, clinic: int, slot: int, much: int, cause: int, told: bool
) -> int:
    """Lower parts, those that are told or those that are not, by as much as they have; what is still too much."""
    for n in range(board.tie_ends[tie], board.tie_ends[tie + 1] - 1):
        series = board.tie_series[n]
        if much <= 0:
            break
        if series == cause or (series < board.size) != told or board.tie_signs[n] < 0 or board.fixed[series]:
            continue
        if slot >= board.length[series, clinic] or move.marked[series, clinic, slot] == 2:
            continue
        here = min(much, now(board, move, series, clinic, slot))
        if here > 0 and change(board, move, series, clinic, slot, -here, False):
            much -= here
    return much


@njit(cache=True)
def give(
    board: Board, move: Move, tie: int, clinic: int, slot: int, much: int, cause: int, told: bool
) -> int:
    """Raise one part, the largest of those that are told or of those that are not."""
    best, most = -1, -1
    for n in range(board.tie_ends[tie], board.tie_ends[tie + 1] - 1):
        series = board.tie_series[n]
        if series == cause or (series < board.size) != told or board.tie_signs[n] < 0 or board.fixed[series]:
            continue
        if slot >= board.length[series, clinic] or move.marked[series, clinic, slot] == 2:
            continue
        here = now(board, move, series, clinic, slot)
        if here > most:
            best, most = series, here
    if best >= 0 and change(board, move, best, clinic, slot, much, False):
        return 0
    return much


@njit(cache=True)
def mend_slot(
    board: Board, move: Move, tie: int, clinic: int, slot: int, much: int, cause: int, way: int
) -> bool:
    """Make a relation of one slot hold again after a change of `cause`."""
    whole = board.tie_series[board.tie_ends[tie + 1] - 1]
    if much > 0:
        if board.tie_exact[tie] or cause == whole:
            much = take(board, move, tie, clinic, slot, much, cause, False)
            if much > 0 and (cause == whole or way == 1):
                much = take(board, move, tie, clinic, slot, much, cause, True)
        if much > 0 and cause != whole and change(board, move, whole, clinic, slot, much, False):
            much = 0
        return much == 0
    much = give(board, move, tie, clinic, slot, -much, cause, False)
    if much > 0 and (cause == whole or way == 1):
        much = give(board, move, tie, clinic, slot, much, cause, True)
    if much > 0 and cause != whole and change(board, move, whole, clinic, slot, -much, False):
        much = 0
    return much == 0


@njit(cache=True)
def mend_all(board: Board, move: Move, tie: int, clinic: int, much: int, cause: int) -> bool:
    """Of a total over all slots one slot of a part or of the whole gives way: the largest."""
    first, last = board.tie_ends[tie], board.tie_ends[tie + 1]
    which = board.tie_series[first] if cause == board.tie_series[last - 1] else board.tie_series[last - 1]
    best, most = -1, -1
    for slot in range(board.length[which, clinic]):
        here = now(board, move, which, clinic, slot)
        if here > most and move.marked[which, clinic, slot] != 2:
            best, most = slot, here
    by = -much if which == board.tie_series[first] else much
    return best >= 0 and change(board, move, which, clinic, best, by, False)


@njit(cache=True)
def mend(board: Board, move: Move, tie: int, clinic: int, slot: int, cause: int, way: int) -> int:
    """0 where the relation holds, 1 where something was changed for it, -1 where it cannot be made to hold."""
    size = slots_of(board, tie, clinic)
    kind = board.tie_over[tie]
    if kind == ALL:
        much = over(board, move, tie, clinic, 0)
        if much == 0 or (much < 0 and not board.tie_exact[tie]):
            return 0
        return 1 if mend_all(board, move, tie, clinic, much, cause) else -1
    if slot >= size:
        return 0
    found = 0
    for one in range(slot, size if kind == RUNNING else slot + 1):
        much = over(board, move, tie, clinic, one)
        if much == 0 or (much < 0 and not board.tie_exact[tie]):
            continue
        if kind == SLOT:
            return 1 if mend_slot(board, move, tie, clinic, one, much, cause, way) else -1
        stock = board.tie_series[board.tie_ends[tie + 1] - 1]
        if not change(board, move, stock, clinic, one, much, False):
            return -1
        found = 1
    return found


@njit(cache=True)
def mended(board: Board, move: Move, way: int) -> bool:
    """Make all relations hold of what changed; whether they do."""
    for _ in range(ROUNDS):
        done = True
        n = 0
        while n < move.size[0]:
            series, clinic, slot = move.series[n], move.clinic[n], move.slot[n]
            n += 1
            for m in range(board.of_ends[series], board.of_ends[series + 1]):
                tie = board.of_ties[m]
                if not board.tied[tie, clinic]:
                    continue
                found = mend(board, move, tie, clinic, slot, series, way)
                if found < 0:
                    return False
                if found > 0:
                    done = False
        if done:
            return all_there(board, move)
    return False


@njit(cache=True)
def all_there(board: Board, move: Move) -> bool:
    for n in range(move.size[0]):
        if now(board, move, move.series[n], move.clinic[n], move.slot[n]) < 0:
            return False
    return True


@njit(cache=True)
def moved(board: Board, move: Move, series: int, group: int, span: int) -> int:
    """By how much a cell of a series changes."""
    start, stop = board.spans[span, 0], board.spans[span, 1]
    found = 0
    n = move.head[series]
    while n >= 0:
        if start <= move.slot[n] < stop and board.contains[group, move.clinic[n]]:
            found += move.by[series, move.clinic[n], move.slot[n]]
        n = move.next[n]
    return found


@njit(cache=True)
def moved_term(board: Board, move: Move, term: int, group: int, span: int) -> int:
    if board.whole[term] < 0:
        return moved(board, move, term, group, span)
    return moved(board, move, board.whole[term], group, span) - moved(
        board, move, board.part[term], group, span
    )


@njit(cache=True)
def beyond(board: Board, cell: int, term: int, count: int) -> int:
    """How far a count is outside of what is told of a cell, in parts of a person; -1 where hiding would not help."""
    if count < board.low[cell] or count > board.high[cell]:
        return -1
    if board.told[cell] <= 0:
        return 0
    threshold, base = board.limits[0], board.limits[1]
    truth = board.x[cell] // SCALE
    if truth == 0:
        return abs(count)
    if board.whole[term] >= 0:
        return max(0, threshold * SCALE - count)
    middle = (2 * truth + base) // (2 * base) * base
    least = max(middle - base // 2, threshold) * SCALE
    most = (middle + (base - 1) // 2) * SCALE
    return max(0, least - count, count - most)


@njit(cache=True)
def judge(board: Board, move: Move, term: int, most: float, price: float) -> float:
    """The price with what the move contradicts of one term; broken cells and rows are noted."""
    number = move.number[0]
    groups, spans = len(board.contains), len(board.spans)
    for n in range(move.size[0]):
        series = move.series[n]
        if series != term and series != board.part[term] and series != board.whole[term]:
            continue
        clinic, slot = move.clinic[n], move.slot[n]
        for g in range(board.in_ends[clinic], board.in_ends[clinic + 1]):
            group = board.in_groups[g]
            for s in range(board.at_ends[slot], board.at_ends[slot + 1]):
                span = board.at_spans[s]
                cell = (term * groups + group) * spans + span
                if not board.exists[cell] or move.seen[cell] == number:
                    continue
                move.seen[cell] = number
                by = moved_term(board, move, term, group, span)
                price += judge_cell(board, move, term, group, span, cell, by)
                if price >= most:
                    return NEVER
    return price


@njit(cache=True)
def judge_cell(
    board: Board, move: Move, term: int, group: int, span: int, cell: int, by: int
) -> float:
    if by != 0:
        far = beyond(board, cell, term, board.base[cell] + by)
        if far < 0:
            return NEVER
        if far > 0:
            if move.size[1] >= len(move.broken):
                return NEVER
            move.broken[move.size[1]] = cell
            move.size[1] += 1
            return board.cost[cell] * (1 - SLOPE + SLOPE * min(1.0, far / FAR))
    price = 0.0
    if board.means[cell] > 0:
        for r in range(board.row_ends[cell], board.row_ends[cell + 1]):
            row = board.row_rows[r]
            if (board.open[row] or board.bound[row]) and board.mean[row] and board.cells[1, row] == cell:
                if not mean_fits(board, move, term, group, span, row, by):
                    if board.bound[row]:
                        return NEVER
                    if move.size[2] >= len(move.broken_rows):
                        return NEVER
                    move.broken_rows[move.size[2]] = row
                    move.size[2] += 1
                    price += board.weight[row] if board.against[row] == 0 else 0.0
    return price


@njit(cache=True)
def average_gone(board: Board, move: Move, series: int, figure: int) -> float:
    """The mean of those that a move takes away from a series; below nought, where it takes none."""
    gone, total = 0.0, 0.0
    for n in range(move.size[0]):
        if move.series[n] == series:
            clinic, slot = move.clinic[n], move.slot[n]
            by = move.by[series, clinic, slot]
            if by < 0:
                gone -= by
                total -= by * board.sums[figure, clinic, slot] / board.line[series, clinic, slot]
    return total / gone if gone > 0 else np.nan


@njit(cache=True)
def average_there(board: Board, series: int, figure: int, clinic: int, slot: int) -> float:
    """The mean of a slot; of the clinic, where nobody is in the slot; of all, where nobody is in the clinic."""
    if board.line[series, clinic, slot] > 0:
        return float(board.sums[figure, clinic, slot] / board.line[series, clinic, slot])
    if board.line[series, clinic].sum() > 0:
        return float(board.sums[figure, clinic].sum() / board.line[series, clinic].sum())
    return float(board.sums[figure].sum() / max(board.line[series].sum(), 1))


@njit(cache=True)
def mean_fits(
    board: Board, move: Move, term: int, group: int, span: int, row: int, by: int
) -> bool:
    figure = board.figure[row]
    start, stop = board.spans[span, 0], board.spans[span, 1]
    gone = average_gone(board, move, term, figure)
    total = board.total[row]
    for n in range(move.size[0]):
        clinic, slot = move.clinic[n], move.slot[n]
        if move.series[n] != term or not start <= slot < stop or not board.contains[group, clinic]:
            continue
        change_by = move.by[term, clinic, slot]
        here = average_there(board, term, figure, clinic, slot)
        if change_by > 0 and not np.isnan(gone):
            here = gone
        total += change_by * here
    count = board.base[board.cells[1, row]] + by
    middle = board.tenths[row] / 10
    return count >= board.limits[2] * SCALE and abs(total - middle * count) <= 0.05 * count + 1e-6


@njit(cache=True)
def priced(board: Board, move: Move, most: float) -> float:
    """What a move contradicts, by its worth; NEVER where it cannot be, or costs as much as `most`."""
    price = 0.0
    for n in range(move.size[0]):
        series = move.series[n]
        first = True
        for m in range(n):
            first = first and move.series[m] != series
        if not first or series >= board.size:
            continue
        price = judge(board, move, series, most, price)
        for c in range(board.beside_ends[series], board.beside_ends[series + 1]):
            if price < most:
                price = judge(board, move, board.beside[c], most, price)
        if price >= most:
            return NEVER
    return price


@njit(cache=True)
def count_row(board: Board, row: int, by: int) -> None:
    """One world more or less that contradicts a row; it is told while there is none."""
    before = board.against[row]
    board.against[row] += by
    if (before == 0) == (board.against[row] == 0):
        return
    for side in range(3):
        cell = board.cells[side, row]
        if cell >= 0:
            board.cost[cell] += board.weight[row] if board.against[row] == 0 else -board.weight[row]


@njit(cache=True)
def count(board: Board, move: Move, by: int) -> None:
    """One world more or less that contradicts what this move does."""
    for n in range(move.size[1]):
        cell = move.broken[n]
        for r in range(board.row_ends[cell], board.row_ends[cell + 1]):
            if board.open[board.row_rows[r]]:
                count_row(board, board.row_rows[r], by)
    for n in range(move.size[2]):
        count_row(board, move.broken_rows[n], by)
