"""A block as plain arrays, for the search of moves: lines of series, what ties them, and what is told of cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_block import Block
from warehouse.suppression_relations import Key, Relation

SLOT, RUNNING, ALL = 0, 1, 2
"""What a relation adds up: each slot by itself, all up to each slot, all slots."""

OVER = {"slot": SLOT, "running": RUNNING, "all": ALL}


class Board(NamedTuple):
    """Arrays only, since compiled code reads them. Lists of lists are two arrays: ends, and members one after another.

    line[series, clinic, slot], length[series, clinic]: counts of told series, then of those that no figure tells
    size: told series; fixed[series]: whether moves must leave it alone
    tie_*: relations; tied[relation, clinic]: whether it holds there; of_*: relations of each series
    part, whole: series of the complement of each term, -1 where it is none; beside_*: complements of a series
    in_*: groups of a clinic; contains[group, clinic]; at_*: spans of a slot; spans[span, 2]
    x, exists, low, high, told, means: by cell, its count, whether it is one, what it cannot leave whatever is
        hidden, rows that may tell of it, and how many of them are means
    cost: by cell, the worth of rows that may tell of it and are told
    row_*: rows of each cell; cells[3, row]; open, weight, mean, total, tenths, figure: by row; open: not hidden for
        itself; bound: a mean that was told before; against: how many worlds contradict it
    sums[figure, clinic, slot]: sums behind means; mean_*: figures of each term that are means
    limits: threshold, round_to, mean_cases
    """

    line: NDArray[np.int32]
    length: NDArray[np.int32]
    size: int
    fixed: NDArray[np.bool_]
    tie_ends: NDArray[np.int64]
    tie_series: NDArray[np.int64]
    tie_signs: NDArray[np.int64]
    tie_over: NDArray[np.int64]
    tie_exact: NDArray[np.bool_]
    tied: NDArray[np.bool_]
    of_ends: NDArray[np.int64]
    of_ties: NDArray[np.int64]
    part: NDArray[np.int64]
    whole: NDArray[np.int64]
    beside_ends: NDArray[np.int64]
    beside: NDArray[np.int64]
    in_ends: NDArray[np.int64]
    in_groups: NDArray[np.int64]
    contains: NDArray[np.bool_]
    at_ends: NDArray[np.int64]
    at_spans: NDArray[np.int64]
    spans: NDArray[np.int64]
    x: NDArray[np.int32]
    base: NDArray[np.int32]
    exists: NDArray[np.bool_]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    told: NDArray[np.int16]
    cost: NDArray[np.float32]
    means: NDArray[np.int16]
    row_ends: NDArray[np.int64]
    row_rows: NDArray[np.int64]
    cells: NDArray[np.int64]
    open: NDArray[np.bool_]
    bound: NDArray[np.bool_]
    against: NDArray[np.int32]
    weight: NDArray[np.float64]
    mean: NDArray[np.bool_]
    total: NDArray[np.float64]
    tenths: NDArray[np.float64]
    figure: NDArray[np.int64]
    sums: NDArray[np.float64]
    mean_ends: NDArray[np.int64]
    mean_figures: NDArray[np.int64]
    limits: NDArray[np.int64]


SCALE = 4
"""Parts of a person that a move may be made of: what fits all that is told need not be whole."""


def board(block: Block, known: Sequence[Relation], additive: frozenset[str]) -> Board:
    """The block as it is now.

    known: its relations; additive: quantities that add up over clinics and slots
    """
    keys = _all_keys(block, known)
    place = {key: number for number, key in enumerate(keys)}
    size = len(block.keys)
    ties = [_members(one, place) for one in known]
    line, length = _lines(block, len(keys))
    line *= SCALE
    tied = _where_tied(ties, length, size)
    _derive(line, length, ties, known, tied, size)
    part, whole = np.full(block.terms, -1), np.full(block.terms, -1)
    for term, pair in block.pairs.items():
        part[term], whole[term] = pair
    beside = [[c for c, pair in block.pairs.items() if number in pair] for number in range(len(keys))]
    of = [[n for n, (series, _) in enumerate(ties) if number in series] for number in range(len(keys))]
    spans, slots = block.spans, block.slots
    at = [np.flatnonzero((spans[:, 0] <= slot) & (slot < spans[:, 1])).tolist() for slot in range(slots)]
    shown = block.shown()
    rows = block.rows
    names = sorted(set(rows.figure[rows.mean].tolist()))
    number_of = {name: number for number, name in enumerate(names)}
    term_of = {
        str(name): int(term)
        for name, term in zip(rows.figure[rows.mean], rows.term_d[rows.mean], strict=True)
    }
    means = np.zeros(len(block.x), dtype=np.int16)
    telling = (shown | rows.mean_told) & rows.mean & (rows.denominator > 0)
    np.add.at(means, block.cells[1][telling], 1)
    flat = np.concatenate(list(block.cells))
    every = np.tile(np.arange(len(rows.place)), 3)
    order = np.argsort(flat, kind="stable")
    order = order[flat[order] >= 0]
    row_ends = np.searchsorted(flat[order], np.arange(len(block.x) + 1))
    return Board(
        line,
        length,
        size,
        np.array([key[0] not in additive for key in keys], dtype=bool),
        *_flat([series for series, _ in ties]),
        np.concatenate([np.zeros(0, np.int64), *(np.array(s) for _, s in ties)]).astype(np.int64),
        np.array([OVER[one.over] for one in known], dtype=np.int64),
        np.array([one.exact for one in known], dtype=bool),
        tied,
        *_flat(of),
        part,
        whole,
        *_flat(beside),
        *_flat(
            [np.flatnonzero(block.contains[:, clinic]).tolist() for clinic in range(block.contains.shape[1])]
        ),
        block.contains,
        *_flat(at),
        spans.astype(np.int64),
        block.x * SCALE,
        block.x * SCALE,
        block.exists,
        *(one * SCALE for one in _fixed_bounds(block, known, additive)),
        block.rounds.copy(),
        block.cost.copy(),
        means,
        row_ends.astype(np.int64),
        every[order],
        block.cells,
        shown,
        rows.mean_told,
        np.zeros(len(shown), dtype=np.int32),
        rows.weight,
        rows.mean & (rows.denominator > 0),
        rows.total * SCALE,
        rows.tenths,
        np.array([number_of.get(str(name), -1) for name in rows.figure], dtype=np.int64),
        _sums(block, names) * SCALE,
        *_flat([[n for n, name in enumerate(names) if term_of[name] == term] for term in range(block.terms)]),
        np.array([block.policy.threshold, block.policy.round_to, block.policy.mean_cases], dtype=np.int64),
    )


def _all_keys(block: Block, known: Sequence[Relation]) -> list[Key]:
    """Told series as the block numbers them, then the others that relations name."""
    others = {
        key: None for one in known for key in (*one.parts, *one.less, one.whole) if key not in block.keys
    }
    return [*block.keys, *others]


def _members(relation: Relation, place: dict[Key, int]) -> tuple[list[int], list[int]]:
    """Series and signs: what they add up to is nought, or not more."""
    keys = (*relation.parts, *relation.less, relation.whole)
    return [place[key] for key in keys], [1] * len(relation.parts) + [-1] * (len(relation.less) + 1)


def _flat(lists: Iterable[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lists = list(lists)
    ends = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return ends, np.array([one for members in lists for one in members], dtype=np.int64)


def _lines(block: Block, number: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    clinics = block.contains.shape[1]
    line = np.zeros((number, clinics, block.slots), dtype=np.int32)
    length = np.zeros((number, clinics), dtype=np.int32)
    for series in range(len(block.keys)):
        for clinic in range(clinics):
            if (totals := block.running(series, clinic)) is not None:
                length[series, clinic] = len(totals) - 1
                line[series, clinic, : len(totals) - 1] = np.diff(totals)
    return line, length


def _where_tied(
    ties: Sequence[tuple[list[int], list[int]]], length: NDArray[np.int32], size: int
) -> NDArray[np.bool_]:
    """A relation holds in a clinic where all its told series are told of."""
    found = np.zeros((len(ties), length.shape[1]), dtype=bool)
    for number, (series, _) in enumerate(ties):
        told = [one for one in series if one < size]
        if told:
            found[number] = (length[told] > 0).all(axis=0)
    return found


def _derive(
    line: NDArray[np.int32],
    length: NDArray[np.int32],
    ties: Sequence[tuple[list[int], list[int]]],
    known: Sequence[Relation],
    tied: NDArray[np.bool_],
    size: int,
) -> None:
    """Counts of series that no figure tells, from those that leave them no choice."""
    clinics = line.shape[1]
    sure = np.zeros((len(line), clinics), dtype=bool)
    sure[:size] = True
    grown = True
    while grown:
        grown = False
        for (series, signs), relation, where in zip(ties, known, tied, strict=True):
            if not relation.exact or relation.over == "all":
                continue
            for clinic in np.flatnonzero(where):
                open_ = [n for n, one in enumerate(series) if not sure[one, clinic]]
                if len(open_) == 1 and not (relation.over == "running" and open_[0] != len(series) - 1):
                    _fill(line, length, series, signs, open_[0], int(clinic), relation.over == "running")
                    sure[series[open_[0]], clinic] = grown = True
    # What is not sure is left out with all that ties it: its relations are judged by no number.
    for number, (series, _) in enumerate(ties):
        tied[number] &= sure[series].all(axis=0)


def _fill(
    line: NDArray[np.int32],
    length: NDArray[np.int32],
    series: list[int],
    signs: list[int],
    which: int,
    clinic: int,
    running: bool,
) -> None:
    others = [(sign, one) for n, (sign, one) in enumerate(zip(signs, series, strict=True)) if n != which]
    size = min(int(length[one, clinic]) for _, one in others)
    value = np.zeros(size, dtype=np.int64)
    for sign, one in others:
        counts = line[one, clinic, :size]
        value += sign * (np.cumsum(counts) if running else counts)
    line[series[which], clinic, :size] = -signs[which] * value
    length[series[which], clinic] = size


def _fixed_bounds(
    block: Block, known: Sequence[Relation], additive: frozenset[str]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Whatever is hidden: a cell that is not within a protected one would be shown as zero, were it zero."""
    low, high = block.low.copy(), block.high
    series = np.arange(len(block.x)) // block.square < len(block.keys)
    least = series & block.exists & (block.x > 0) & ~block.inside
    low[least] = np.maximum(low[least], 1)
    place = {key: number for number, key in enumerate(block.keys)}
    for relation in known:
        part, whole = place.get(relation.parts[0]), place.get(relation.whole)
        if part is not None and whole is not None and relation.parts[0][0] not in additive:
            mine, its = (slice(one * block.square, (one + 1) * block.square) for one in (part, whole))
            low[its] = np.maximum(low[its], np.where(block.exists[mine], block.x[mine], 0))
    return low, high


def _sums(block: Block, names: Sequence[str]) -> NDArray[np.float64]:
    found = np.zeros((max(len(names), 1), block.contains.shape[1], block.slots))
    for number, name in enumerate(names):
        for clinic in range(block.contains.shape[1]):
            if (totals := block.running_sum(name, clinic)) is not None:
                found[number, clinic, : len(totals) - 1] = np.diff(totals)
    return found


def checked(held: Board) -> list[Any]:
    """Relations that the truth itself does not keep: relation and clinic. Empty where all is well."""
    found = []
    for number in range(len(held.tie_over)):
        at = slice(held.tie_ends[number], held.tie_ends[number + 1])
        series, signs = held.tie_series[at], held.tie_signs[at]
        for clinic in np.flatnonzero(held.tied[number]):
            size = int(held.length[series, clinic].min())
            value = (signs[:, None] * held.line[series, clinic, :]).astype(np.int64)
            if held.tie_over[number] == ALL:
                value = value.sum(axis=1, keepdims=True).sum(axis=0)
            elif held.tie_over[number] == RUNNING:
                value = np.vstack([np.cumsum(value[:-1], axis=1), value[-1:]])[:, :size].sum(axis=0)
            else:
                value = value[:, :size].sum(axis=0)
            if (value > 0).any() or (held.tie_exact[number] and (value != 0).any()):
                found.append((number, int(clinic)))
    return found
