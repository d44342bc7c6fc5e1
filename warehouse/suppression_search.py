"""For each protected cell the cheapest of the moves that bring it to where it must be able to be."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from warehouse.suppression_board import RUNNING, Board
from warehouse.suppression_moves import NEVER, Move, change, clear, mended, moved_term, pay, priced

NEAR = 12
"""Slots to either side that somebody may be moved from or to."""

CLINICS = 12
"""Other clinics that somebody may be moved from or to."""

PLACES = 3
"""Places of the cell itself that are tried."""

SEEDS = 16
"""Changes that a move may begin with."""

MET, FREE = 1, 0.5
"""What a move costs less than that contradicts nothing."""


@njit(cache=True)
def search(
    board: Board, move: Move, cells: NDArray[np.int64], bys: NDArray[np.int64], service: NDArray[np.int64], most: float
) -> NDArray[np.bool_]:
    """Pay the cheapest move below `most` for each ask; which were met.

    cells: to be changed; bys: by how many; service: by clinic
    """
    met = np.zeros(len(cells), dtype=np.bool_)
    seeds, best = np.zeros((SEEDS, 4), dtype=np.int64), np.zeros((SEEDS, 4), dtype=np.int64)
    for n in range(len(cells)):
        met[n] = _meet(board, move, cells[n], bys[n], service, most, seeds, best)
    return met


@njit(cache=True)
def _meet(
    board: Board, move: Move, cell: int, by: int, service: NDArray[np.int64], most: float,
    seeds: NDArray[np.int64], best: NDArray[np.int64],
) -> bool:
    groups, spans = len(board.contains), len(board.spans)
    term, group, span = cell // (groups * spans), cell // spans % groups, cell % spans
    # price, way, seeds, with which the best move was found
    found = np.array([most, -1.0, 0.0])
    if board.whole[term] < 0:
        _starts(board, move, cell, term, group, span, term, by, by, service, seeds, best, found)
    else:
        _starts(board, move, cell, term, group, span, board.part[term], -by, by, service, seeds, best, found)
        _starts(board, move, cell, term, group, span, board.whole[term], by, by, service, seeds, best, found)
    if found[1] < 0:
        return False
    if found[0] >= FREE:
        _try(board, move, best, int(found[2]), int(found[1]), NEVER)
        pay(board, move)
    clear(move)
    return True


@njit(cache=True)
def _try(board: Board, move: Move, seeds: NDArray[np.int64], size: int, way: int, most: float) -> float:
    clear(move)
    for n in range(size):
        if not change(board, move, seeds[n, 0], seeds[n, 1], seeds[n, 2], seeds[n, 3], True):
            return NEVER
    if not mended(board, move, way):
        return NEVER
    return priced(board, move, most)


@njit(cache=True)
def _offer(
    board: Board, move: Move, term: int, group: int, span: int, goal: int, seeds: NDArray[np.int64], size: int,
    best: NDArray[np.int64], found: NDArray[np.float64],
) -> None:
    """Keep a move if it is cheaper than the best so far."""
    for way in range(2):
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
    board: Board, move: Move, cell: int, term: int, group: int, span: int, series: int, by: int, goal: int,
    service: NDArray[np.int64], seeds: NDArray[np.int64], best: NDArray[np.int64], found: NDArray[np.float64],
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
    board: Board, move: Move, term: int, group: int, span: int, series: int, by: int, goal: int,
    service: NDArray[np.int64], seeds: NDArray[np.int64], size: int, best: NDArray[np.int64],
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
                _partner(board, move, term, group, span, series, by, goal, seeds, size, clinic, other, best, found)
    tried = 0
    for same in (True, False):
        for other in range(board.line.shape[1]):
            if tried < CLINICS and not board.contains[group, other] and (service[other] == service[clinic]) == same:
                tried += 1
                _partner(board, move, term, group, span, series, by, goal, seeds, size, other, slot, best, found)
    if by > 1:
        _spread(board, move, term, group, span, series, by, goal, seeds, size, best, found)


@njit(cache=True)
def _partner(
    board: Board, move: Move, term: int, group: int, span: int, series: int, by: int, goal: int,
    seeds: NDArray[np.int64], size: int, clinic: int, slot: int, best: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    if slot < board.length[series, clinic] and board.line[series, clinic, slot] >= by:
        seeds[size] = series, clinic, slot, -by
        _offer(board, move, term, group, span, goal, seeds, size + 1, best, found)


@njit(cache=True)
def _spread(
    board: Board, move: Move, term: int, group: int, span: int, series: int, by: int, goal: int,
    seeds: NDArray[np.int64], size: int, best: NDArray[np.int64], found: NDArray[np.float64],
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
                if board.line[series, clinic, other] > 0:
                    seeds[size] = series, clinic, other, -1
                    size, left = size + 1, left - 1
    if left == 0:
        _offer(board, move, term, group, span, goal, seeds, size, best, found)


@njit(cache=True)
def _stocks(
    board: Board, move: Move, term: int, group: int, span: int, series: int, tie: int, by: int, goal: int,
    seeds: NDArray[np.int64], best: NDArray[np.int64], found: NDArray[np.float64],
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
