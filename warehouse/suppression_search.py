"""For each protected cell the cheapest of the moves that bring it to where it must be able to be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from warehouse.suppression_block import Block
from warehouse.suppression_board import RUNNING, SCALE, Board, board
from warehouse.suppression_moves import NEVER, change, clear, count, empty, mended, moved_term, priced
from warehouse.suppression_packed import Move, PackedBoard
from warehouse.suppression_relations import Relation

NEAR = 12
"""Slots to either side that somebody may be moved from or to."""

CLINICS = 12
"""Other clinics that somebody may be moved from or to."""

PLACES = 3
"""Places of the cell itself that are tried."""

TURNS = 3
"""How often each ask may find a cheaper move beside those of the others."""

SEEDS = 24
"""Changes that a move may begin with."""

LINKS, REPAIRS, REACH = 12, 20, 12
"""How often a move is made longer; contradicted cells that are tried; slots to either side."""

PART = 2
"""What is taken from elsewhere at once, in parts of a person."""

STEPS = 16
"""How often one of those that are moved may be taken from elsewhere."""

FREE = 0.5
"""What a move costs less than that contradicts nothing."""


def moves(
    block: Block,
    known: Sequence[Relation],
    additive: frozenset[str],
    service: Sequence[str],
    asks: Sequence[tuple[int, int]],
) -> NDArray[np.bool_]:
    """Hide what the moves contradict that meet asks, cells and by how many to change them; which were met."""
    plain = board(block, known, additive)
    packed, move = PackedBoard(*plain), empty(plain)
    cells, bys = (np.array([ask[side] * scale for ask in asks], dtype=np.int64) for side, scale in ((0, 1), (1, SCALE)))
    services = np.array([sorted(set(service)).index(one) for one in service])
    found = np.full((len(asks), 2 + 4 * SEEDS), -1, dtype=np.int64)
    for _ in range(TURNS):
        search(packed, move, cells, bys, services, found)
    block.hide_rows(np.flatnonzero(plain.open & (plain.against > 0)))
    met: NDArray[np.bool_] = found[:, 0] >= 0
    return met


@njit(cache=True)
def search(
    board: Board,
    move: Move,
    cells: NDArray[np.int64],
    bys: NDArray[np.int64],
    service: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """For each ask the cheapest move beside those of the others.

    cells: to be changed; bys: by how many; service: by clinic
    found[ask]: way, number of seeds and seeds of the move it has, way -1 for none; is changed
    """
    seeds, best = np.zeros((SEEDS, 4), dtype=np.int64), np.zeros((SEEDS, 4), dtype=np.int64)
    for n in range(len(cells)):
        if found[n, 0] >= 0:
            best[:] = found[n, 2:].reshape(SEEDS, 4)
            _try(board, move, best, found[n, 1], found[n, 0], NEVER)
            count(board, move, -1)
        way, size = _meet(board, move, cells[n], bys[n], service, seeds, best)
        found[n, 0], found[n, 1] = way, size
        if way >= 0:
            found[n, 2:] = best.reshape(4 * SEEDS)
            _try(board, move, best, size, way, NEVER)
            count(board, move, 1)
        clear(move)


@njit(cache=True)
def _meet(
    board: Board,
    move: Move,
    cell: int,
    by: int,
    service: NDArray[np.int64],
    seeds: NDArray[np.int64],
    best: NDArray[np.int64],
) -> tuple[int, int]:
    groups, spans = len(board.contains), len(board.spans)
    term, group, span = cell // (groups * spans), cell // spans % groups, cell % spans
    # price, way, seeds, with which the best move was found
    found = np.array([NEVER, -1.0, 0.0])
    if board.whole[term] < 0:
        _starts(board, move, cell, term, group, span, term, by, by, service, seeds, best, found)
    else:
        _starts(board, move, cell, term, group, span, board.part[term], -by, by, service, seeds, best, found)
        _starts(board, move, cell, term, group, span, board.whole[term], by, by, service, seeds, best, found)
    if found[1] >= 0 and found[0] >= FREE:
        _improve(board, move, term, group, span, by, service, seeds, best, found)
        _chain(board, move, term, group, span, by, seeds, best, found)
    return int(found[1]), int(found[2])


@njit(cache=True)
def _try(
    board: Board, move: Move, seeds: NDArray[np.int64], size: int, way: int, most: float
) -> float:
    """The price of a move; ways: 0 and 1 of `mended`, and the same with all that follows moved together."""
    clear(move)
    together = way >= 2
    for n in range(size):
        if together and (seeds[n, 3] * seeds[0, 3] < 0 or seeds[n, 0] != seeds[0, 0]):
            continue
        if not change(board, move, seeds[n, 0], seeds[n, 1], seeds[n, 2], seeds[n, 3], True):
            return NEVER
    if together:
        if not mended(board, move, way - 2):
            return NEVER
        many = move.size[0]
        for n in range(size):
            if seeds[n, 3] * seeds[0, 3] >= 0 or seeds[n, 0] != seeds[0, 0]:
                continue
            if not change(board, move, seeds[n, 0], seeds[n, 1], seeds[n, 2], seeds[n, 3], True):
                return NEVER
            for m in range(many):
                series, clinic, slot = move.series[m], move.clinic[m], move.slot[m]
                if clinic != seeds[0, 1] or slot != seeds[0, 2] or series == seeds[n, 0]:
                    continue
                by = move.by[series, clinic, slot]
                by = by * seeds[n, 3] // seeds[0, 3] if by * seeds[n, 3] % seeds[0, 3] == 0 else 0
                if by != 0 and not change(board, move, series, seeds[n, 1], seeds[n, 2], by, False):
                    return NEVER
        for n in range(size):
            if seeds[n, 0] != seeds[0, 0] and not change(
                board, move, seeds[n, 0], seeds[n, 1], seeds[n, 2], seeds[n, 3], True
            ):
                return NEVER
    if not mended(board, move, way % 2):
        return NEVER
    return priced(board, move, most)


@njit(cache=True)
def _offer(
    board: Board,
    move: Move,
    term: int,
    group: int,
    span: int,
    goal: int,
    seeds: NDArray[np.int64],
    size: int,
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """Keep a move if it is cheaper than the best so far."""
    for way in range(4 if size > 1 else 2):
        if found[0] < FREE and found[1] >= 0:
            return
        price = _try(board, move, seeds, size, way, found[0])
        if price < found[0]:
            by = moved_term(board, move, term, group, span)
            if (goal > 0 and by >= goal) or (goal < 0 and by <= goal):
                found[0], found[1], found[2] = price, way, size
                best[:size] = seeds[:size]


@njit(cache=True)
def _starts(
    board: Board,
    move: Move,
    cell: int,
    term: int,
    group: int,
    span: int,
    series: int,
    by: int,
    goal: int,
    service: NDArray[np.int64],
    seeds: NDArray[np.int64],
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """Moves that begin with a change of this series within the cell."""
    if board.fixed[series]:
        return
    for m in range(board.of_ends[series], board.of_ends[series + 1]):
        tie = board.of_ties[m]
        if board.tie_over[tie] == RUNNING and board.tie_series[board.tie_ends[tie + 1] - 1] == series:
            _stocks(board, move, term, group, span, series, tie, by, goal, seeds, best, found)
            return
    places = _places(board, group, span, series, by)
    tried = 0
    for n in range(len(places)):
        if tried >= PLACES or (found[0] < FREE and found[1] >= 0):
            return
        clinic, slot = places[n, 0], places[n, 1]
        if by < 0 and board.line[series, clinic, slot] < -by:
            break
        seeds[0] = series, clinic, slot, by
        tried += 1
        _partners(board, move, term, group, span, series, by, goal, service, seeds, 1, best, found)
    if by < 0 and tried == 0:
        size, left = 0, -by
        for n in range(len(places)):
            clinic, slot = places[n, 0], places[n, 1]
            here = min(left, board.line[series, clinic, slot])
            if here > 0:
                seeds[size] = series, clinic, slot, -here
                size, left = size + 1, left - here
        if left == 0:
            _partners(board, move, term, group, span, series, by, goal, service, seeds, size, best, found)


@njit(cache=True)
def _places(board: Board, group: int, span: int, series: int, by: int) -> NDArray[np.int64]:
    """Clinics and slots of a cell, those with most people first; at most 8."""
    found = np.zeros((8, 2), dtype=np.int64)
    counts = np.full(8, -1, dtype=np.int64)
    size = 0
    for clinic in range(board.line.shape[1]):
        if not board.contains[group, clinic]:
            continue
        for slot in range(board.spans[span, 0], min(board.spans[span, 1], board.length[series, clinic])):
            here = board.line[series, clinic, slot]
            at = size
            while at > 0 and counts[at - 1] < here:
                at -= 1
            if at >= 8:
                continue
            size = min(size + 1, 8)
            for n in range(size - 1, at, -1):
                counts[n] = counts[n - 1]
                found[n] = found[n - 1]
            counts[at] = here
            found[at, 0], found[at, 1] = clinic, slot
    return found[:size]


@njit(cache=True)
def _partners(
    board: Board,
    move: Move,
    term: int,
    group: int,
    span: int,
    series: int,
    by: int,
    goal: int,
    service: NDArray[np.int64],
    seeds: NDArray[np.int64],
    size: int,
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """With nobody else; with those of another slot of the clinic; with those of another clinic in the slot."""
    _offer(board, move, term, group, span, goal, seeds, size, best, found)
    clinic, slot = seeds[0, 1], seeds[0, 2]
    start, stop = board.spans[span, 0], board.spans[span, 1]
    for step in range(1, NEAR + (stop - start)):
        for side in (-1, 1):
            other = slot + side * step
            if 0 <= other < board.length[series, clinic] and not start <= other < stop:
                _partner(
                    board, move, term, group, span, series, by, goal, seeds, size, clinic, other, best, found
                )
    tried = 0
    for same in (True, False):
        for other in range(board.line.shape[1]):
            if (
                tried < CLINICS
                and not board.contains[group, other]
                and (service[other] == service[clinic]) == same
            ):
                tried += 1
                _partner(
                    board, move, term, group, span, series, by, goal, seeds, size, other, slot, best, found
                )
    if by > 1:
        _spread(board, move, term, group, span, series, by, goal, seeds, size, best, found)


@njit(cache=True)
def _chain(
    board: Board, move: Move, term: int, group: int, span: int, goal: int,
    seeds: NDArray[np.int64], best: NDArray[np.int64], found: NDArray[np.float64],
) -> None:
    """Take back by a further move what the move contradicts, as long as that costs less."""
    groups, spans = len(board.contains), len(board.spans)
    for _ in range(LINKS):
        size = int(found[2])
        if found[0] < FREE or size + 2 > SEEDS:
            return
        before = found[0]
        base = best[:size].copy()
        way = int(found[1])
        _try(board, move, base, size, way, NEVER)
        broken = move.broken[: move.size[1]].copy()
        bys = np.zeros(len(broken), dtype=np.int64)
        for n in range(len(broken)):
            cell = broken[n]
            bys[n] = moved_term(board, move, cell // (groups * spans), cell // spans % groups, cell % spans)
        tried = 0
        for n in range(len(broken)):
            cell = broken[n]
            if board.cost[cell] <= 0 or tried >= REPAIRS:
                continue
            tried += 1
            other = cell // (groups * spans)
            unit = -SCALE if bys[n] > 0 else SCALE
            if board.whole[other] < 0:
                _repair(board, move, term, group, span, goal, seeds, base, way, other, unit, cell % spans, best, found)
            else:
                _repair(board, move, term, group, span, goal, seeds, base, way, board.part[other], -unit, cell % spans, best, found)
                _repair(board, move, term, group, span, goal, seeds, base, way, board.whole[other], unit, cell % spans, best, found)
        if found[0] >= before - 1e-9:
            return


@njit(cache=True)
def _repair(
    board: Board, move: Move, term: int, group: int, span: int, goal: int, seeds: NDArray[np.int64],
    base: NDArray[np.int64], way: int, series: int, unit: int, where: int, best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """Shift somebody of a series between a slot of a span and one that is outside of it."""
    size = len(base)
    clinic, slot = base[0, 1], base[0, 2]
    start, stop = board.spans[where, 0], board.spans[where, 1]
    if board.fixed[series]:
        return
    for inside in range(max(start, slot - REACH), min(stop, slot + REACH + 1, board.length[series, clinic])):
        if board.line[series, clinic, inside] + unit < 0:
            continue
        for outside in range(max(0, slot - REACH) - 1, min(board.length[series, clinic], slot + REACH + 1)):
            if start <= outside < stop:
                continue
            seeds[:size] = base
            seeds[size] = series, clinic, inside, unit
            used = size + 1
            if outside >= max(0, slot - REACH):
                if board.line[series, clinic, outside] - unit < 0:
                    continue
                seeds[used] = series, clinic, outside, -unit
                used += 1
            price = _try(board, move, seeds, used, way, found[0])
            if price < found[0]:
                by = moved_term(board, move, term, group, span)
                if (goal > 0 and by >= goal) or (goal < 0 and by <= goal):
                    found[0], found[1], found[2] = price, way, used
                    best[:used] = seeds[:used]


@njit(cache=True)
def _improve(
    board: Board, move: Move, term: int, group: int, span: int, goal: int, service: NDArray[np.int64],
    seeds: NDArray[np.int64], best: NDArray[np.int64], found: NDArray[np.float64],
) -> None:
    """Take a part of those that are moved from elsewhere instead, as long as that costs less."""
    start, stop = board.spans[span, 0], board.spans[span, 1]
    for _ in range(STEPS):
        before = found[0]
        size = int(found[2])
        base = best[:size].copy()
        series, clinic, slot = base[0, 0], base[0, 1], base[0, 2]
        for n in range(size + 1):
            if n < size and base[n, 3] * base[0, 3] > 0:
                continue
            for step in range(1, NEAR + (stop - start)):
                for side in (-1, 1):
                    other = slot + side * step
                    if 0 <= other < board.length[series, clinic] and not start <= other < stop:
                        _shift(board, move, term, group, span, goal, seeds, base, n, clinic, other, best, found)
            tried = 0
            for other in range(board.line.shape[1]):
                if other != clinic and tried < CLINICS and service[other] == service[clinic]:
                    tried += 1
                    if not board.contains[group, other]:
                        _shift(board, move, term, group, span, goal, seeds, base, n, other, slot, best, found)
        if found[0] >= before - 1e-9:
            return


@njit(cache=True)
def _shift(
    board: Board, move: Move, term: int, group: int, span: int, goal: int, seeds: NDArray[np.int64],
    base: NDArray[np.int64], which: int, clinic: int, slot: int, best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    series, size = base[0, 0], len(base)
    unit = -PART if base[0, 3] > 0 else PART
    if slot >= board.length[series, clinic] or board.line[series, clinic, slot] + unit < 0:
        return
    seeds[:size] = base
    if which < size:
        if seeds[which, 1] == clinic and seeds[which, 2] == slot:
            return
        seeds[which, 3] -= unit
        if seeds[which, 3] * unit <= 0:
            size -= 1
            seeds[which] = seeds[size]
    at = size
    for n in range(size):
        if seeds[n, 1] == clinic and seeds[n, 2] == slot:
            at = n
    if at == size:
        if size >= SEEDS:
            return
        seeds[at] = series, clinic, slot, unit
        size += 1
    else:
        seeds[at, 3] += unit
    for way in range(4):
        price = _try(board, move, seeds, size, way, found[0])
        if price < found[0]:
            by = moved_term(board, move, term, group, span)
            if (goal > 0 and by >= goal) or (goal < 0 and by <= goal):
                found[0], found[1], found[2] = price, way, size
                best[:size] = seeds[:size]


@njit(cache=True)
def _partner(
    board: Board,
    move: Move,
    term: int,
    group: int,
    span: int,
    series: int,
    by: int,
    goal: int,
    seeds: NDArray[np.int64],
    size: int,
    clinic: int,
    slot: int,
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    if slot < board.length[series, clinic] and board.line[series, clinic, slot] >= by:
        seeds[size] = series, clinic, slot, -by
        _offer(board, move, term, group, span, goal, seeds, size + 1, best, found)


@njit(cache=True)
def _spread(
    board: Board,
    move: Move,
    term: int,
    group: int,
    span: int,
    series: int,
    by: int,
    goal: int,
    seeds: NDArray[np.int64],
    size: int,
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """With one each of the nearest slots that have somebody."""
    clinic, slot = seeds[0, 1], seeds[0, 2]
    start, stop = board.spans[span, 0], board.spans[span, 1]
    left = by
    for step in range(1, board.line.shape[2]):
        for side in (-1, 1):
            other = slot + side * step
            inside = start <= other < stop
            if left > 0 and 0 <= other < board.length[series, clinic] and not inside:
                if board.line[series, clinic, other] >= SCALE:
                    seeds[size] = series, clinic, other, -SCALE
                    size, left = size + 1, left - SCALE
    if left == 0:
        _offer(board, move, term, group, span, goal, seeds, size, best, found)


@njit(cache=True)
def _stocks(
    board: Board,
    move: Move,
    term: int,
    group: int,
    span: int,
    series: int,
    tie: int,
    by: int,
    goal: int,
    seeds: NDArray[np.int64],
    best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """A stock changes by those that came or left sooner or later."""
    slot = board.spans[span, 0]
    last = board.tie_ends[tie + 1] - 1
    for clinic in range(board.line.shape[1]):
        if not board.contains[group, clinic] or slot >= board.length[series, clinic]:
            continue
        if not board.tie_exact[tie]:
            seeds[0] = series, clinic, slot, by
            _offer(board, move, term, group, span, goal, seeds, 1, best, found)
        for n in range(board.tie_ends[tie], last):
            flow, sign = board.tie_series[n], board.tie_signs[n]
            for here in range(max(slot - 2, 0), slot + 1):
                seeds[0] = flow, clinic, here, sign * by
                _offer(board, move, term, group, span, goal, seeds, 1, best, found)
                for later in range(slot + 1, slot + 4):
                    if later < board.length[flow, clinic]:
                        seeds[1] = flow, clinic, later, -sign * by
                        _offer(board, move, term, group, span, goal, seeds, 2, best, found)
