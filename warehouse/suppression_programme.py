"""Worlds that fit what is told of a block, as the rows of a linear programme.

Everything is counted from the true world: there all unknowns are zero, and zero is within the bounds of each
row.
Relations and the least of each cell are hard. What is told is soft: a world may contradict it, at the cost of
hiding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.errors import WarehouseError
from warehouse.suppression_block import UNBOUND, Block, Flags
from warehouse.suppression_lines import Floats, Index, Lines, Matrix
from warehouse.suppression_relations import Key, Relation
from warehouse.suppression_unknowns import Unknowns

HALF_TENTH = 0.05

LEAST = {
    "treatment_contacts_mean": 2.0,
    "scores_per_course_mean": 2.0,
    "wait_days_mean": 0.0,
    "contact_gap_days_mean": 0.0,
    "days_between_scores_mean": 1.0,
    "outcome_mean_first": 0.0,
    "outcome_mean_last": 0.0,
}
"""Least of what is averaged, by figure, where everybody knows it."""

MOST_MONTHS = 3
"""Most single months that, with one longer interval, are asked to cover another."""


@dataclass(frozen=True)
class Programme:
    """low <= matrix * unknowns <= high.

    matrix: scipy CSR array, hard rows first, then from `soft` on what is told: by cell, or of a mean by row
        (the other is -1); weight: of a violation that counts as one
    floor: by unknown; sums: the first unknown that is of a sum
    """

    matrix: Matrix
    low: Floats
    high: Floats
    floor: Floats
    sums: int
    soft: int
    cell: Index
    row: Index
    weight: Floats


def programme(block: Block, unknowns: Unknowns, known: Sequence[Relation]) -> Programme:
    """raises: WarehouseError where the relations of series cannot all be true."""
    lines = Lines()
    _keep_order(lines, unknowns)
    _Relating(block, unknowns, lines).relate(known)
    _keep_least(lines, block, unknowns)
    _keep_told(lines, block, unknowns)
    _nest(lines, block, unknowns)
    _bind_sums(lines, block, unknowns)
    soft = lines.size
    cell, row, weight = _told(lines, block, unknowns)
    matrix = lines.matrix(unknowns.size)
    low, high, floor = lines.low, lines.high, unknowns.floor.copy()
    if len(unknowns.untold):
        base = _base(matrix[:soft], low[:soft], high[:soft], unknowns.untold)
        value = matrix[:, unknowns.untold] @ base
        low, high = low - value, high - value
        floor[unknowns.untold] = -base
    # The truth is a world, but for the last digits.
    return Programme(
        matrix,
        np.minimum(low, 0),
        np.maximum(high, 0),
        np.minimum(floor, 0),
        unknowns.first_sum,
        soft,
        cell,
        row,
        weight,
    )


def _base(matrix: Matrix, low: Floats, high: Floats, untold: Index) -> Floats:
    """Running totals of what no figure tells of that fit all the others as they are."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    part = matrix[:, untold].tocsr()
    bound = np.flatnonzero(np.diff(part.indptr) > 0)
    part, low, high = part[bound], low[bound], high[bound]
    above, below = np.isfinite(high), np.isfinite(low)
    found: Any = linprog(
        np.zeros(len(untold)),
        A_ub=vstack([part[above], -part[below]]),
        b_ub=np.concatenate([high[above], -low[below]]),
        bounds=(0, None),
        method="highs",
    )
    if found.x is None:
        raise WarehouseError(
            "schemas/quantities.toml: what it says of its quantities cannot all be true here"
        )
    base: Floats = found.x
    return base


def _keep_order(lines: Lines, unknowns: Unknowns) -> None:
    """Running totals do not fall."""
    for (series, clinic), truth in unknowns.truth.items():
        _never_fall(lines, int(unknowns.start[series, clinic]), np.diff(truth)[1:])
    for key in unknowns.untold_keys:
        for start in unknowns.start[unknowns.series[key]]:
            _never_fall(lines, int(start), np.zeros(unknowns.slots - 1))


def _never_fall(lines: Lines, start: int, counts: Floats) -> None:
    if start >= 0 and len(counts):
        rows = lines.more(-counts, np.inf, len(counts))
        lines.put(rows, start + np.arange(1, len(counts) + 1), 1.0)
        lines.put(rows, start + np.arange(len(counts)), -1.0)


class _Relating:
    """Relations as rows, for each clinic in which all their told series are."""

    def __init__(self, block: Block, unknowns: Unknowns, lines: Lines) -> None:
        self.block, self.unknowns, self.lines = block, unknowns, lines

    def relate(self, known: Sequence[Relation]) -> None:
        additive = self.unknowns.additive
        for relation in known:
            members = (*relation.parts, *relation.less, relation.whole)
            if all(key[0] in additive for key in members):
                for clinic in range(self.unknowns.clinics):
                    self._in_clinic(relation, clinic)
            elif relation.parts[0][0] not in additive and len(members) == 2:
                self._apart(relation.parts[0], relation.whole)

    def _in_clinic(self, relation: Relation, clinic: int) -> None:
        unknowns = self.unknowns
        sides = [(1.0, key) for key in relation.parts]
        sides += [(-1.0, key) for key in (*relation.less, relation.whole)]
        series = [(sign, unknowns.series[key]) for sign, key in sides]
        told = [one for _, one in series if one < len(self.block.keys)]
        if any((one, clinic) not in unknowns.truth for one in told):
            return
        slots = np.arange(min([unknowns.slots, *(unknowns.length[one, clinic] for one in told)]))
        ends = slots + 1
        if relation.over == "all":
            slots, ends = np.zeros(1, dtype=np.int64), np.array([unknowns.slots])
        value, puts = np.zeros(len(slots)), []
        for number, (sign, one) in enumerate(series):
            # A stock is what its own slot says; what came and went is counted up to it.
            by_slot = relation.over == "slot" or (relation.over == "running" and number == len(series) - 1)
            begins = slots if by_slot else np.zeros_like(slots)
            truth = unknowns.truth.get((one, clinic))
            if truth is not None:
                value += sign * (truth[ends] - truth[begins])
            puts.append((int(unknowns.start[one, clinic]), begins, sign))
        rows = self.lines.more(-value if relation.exact else -np.inf, -value, len(slots))
        for start, begins, sign in puts:
            unknowns.put_spans(self.lines, rows, start, begins, ends, sign)

    def _apart(self, part: Key, whole: Key) -> None:
        """A part that does not add up over time, in each of its own cells."""
        block, series = self.block, self.unknowns.series
        if series[part] >= len(block.keys) or series[whole] >= len(block.keys):
            return
        there = block.exists.reshape(block.shape)[series[part]]
        group, span = np.nonzero(there & (block.contains.sum(axis=1) == 1)[:, None])
        less, more = (series[one] * block.square + group * block.shape[2] + span for one in (part, whole))
        rows = self.lines.more(-np.inf, (block.x[more] - block.x[less]).astype(np.float64), len(less))
        self.unknowns.put_cells(self.lines, rows, less)
        self.unknowns.put_cells(self.lines, rows, more, -1.0)


def _keep_least(lines: Lines, block: Block, unknowns: Unknowns) -> None:
    """A cell that is not within a protected one would be shown as zero, were it zero."""
    which = block.exists & (block.x > 0) & ~block.inside
    which[len(block.keys) * block.square :] = False
    cells = _smallest(block, which, unknowns)
    rows = lines.more(1.0 - block.x[cells], np.inf, len(cells))
    unknowns.put_cells(lines, rows, cells)


def _smallest(block: Block, which: Flags, unknowns: Unknowns) -> Index:
    """Of these cells those that hold no other of them, which would say it already."""
    there = which.reshape(block.shape)
    spans = block.spans
    within = (spans[:, None, 0] <= spans[None, :, 0]) & (spans[None, :, 1] <= spans[:, None, 1])
    same = np.eye(len(spans), dtype=bool)
    for series in range(len(block.keys)):
        if block.keys[series][0] not in unknowns.additive:
            continue
        mine = there[series].copy()
        for group in range(len(block.contains)):
            inner = (block.contains[group] >= block.contains).all(axis=1)
            inner[group] = False
            other = mine[inner].any(axis=0)
            holds = (within & ~same)[:, mine[group]].any(axis=1) | within[:, other].any(axis=1)
            there[series, group] &= ~holds
    return np.flatnonzero(there.reshape(-1))


def _keep_told(lines: Lines, block: Block, unknowns: Unknowns) -> None:
    """What earlier releases told stays known, whatever is hidden now."""
    cells = np.flatnonzero(block.exists & ((block.low > 0) | (block.high < UNBOUND)))
    high = np.where(block.high[cells] == UNBOUND, np.inf, block.high[cells].astype(np.float64))
    rows = lines.more(block.low[cells] - block.x[cells], high - block.x[cells], len(cells))
    unknowns.put_cells(lines, rows, cells)
    means = block.rows.mean_told & block.rows.mean & (block.rows.denominator > 0)
    _put_means(lines, block, unknowns, np.flatnonzero(means))


def _nest(lines: Lines, block: Block, unknowns: Unknowns) -> None:
    """What does not add up over time: a part is not above its whole, a whole not above what covers it."""
    covers: dict[bytes, tuple[Index, list[tuple[int, list[int]]]]] = {}
    for series, places in unknowns.own.items():
        for clinic in range(unknowns.clinics):
            spans = np.flatnonzero(places[clinic] >= 0)
            if not len(spans):
                continue
            counts = block.x.reshape(block.shape)[series, block.alone(clinic), spans].astype(np.float64)
            at = places[clinic, spans]
            if (shape := spans.tobytes()) not in covers:
                cells = [tuple(map(int, block.spans[one])) for one in spans]
                covers[shape] = _nested(cells), list(_covers(cells))
            nested, covered = covers[shape]
            rows = lines.more(-np.inf, counts[nested[:, 1]] - counts[nested[:, 0]], len(nested))
            lines.put(rows, at[nested[:, 0]], 1.0)
            lines.put(rows, at[nested[:, 1]], -1.0)
            for whole, parts in covered:
                rows = lines.more(-np.inf, float(counts[parts].sum() - counts[whole]), 1)
                lines.put(rows, at[[whole]], 1.0)
                lines.put(np.repeat(rows, len(parts)), at[parts], -1.0)


def _nested(cells: Sequence[tuple[int, ...]]) -> Index:
    """Pairs of a part and a whole, but for those that follow from others."""
    start, stop = np.array(cells).T
    within = (start[None] <= start[:, None]) & (stop[:, None] <= stop[None])
    within &= ~np.eye(len(cells), dtype=bool)
    reach = within.astype(np.int64)
    return np.argwhere(within & ~(reach @ reach > 0))


def _covers(cells: Sequence[tuple[int, ...]]) -> list[tuple[int, list[int]]]:
    """Cells that together cover another: one and up to three months; all its months; its longest parts."""
    place = {cell: number for number, cell in enumerate(cells)}
    found = []
    for whole, (start, stop) in enumerate(cells):
        for other, cell in enumerate(cells):
            rest = [(one, one + 1) for one in range(start, stop) if not cell[0] <= one < cell[1]]
            if 0 < len(rest) <= min(MOST_MONTHS, stop - start - 1) and all(one in place for one in rest):
                found.append((whole, [other, *(place[one] for one in rest)]))
        for longest in (False, True):
            if chain := _chain(cells, whole, longest):
                found.append((whole, chain))
    return found


def _chain(cells: Sequence[tuple[int, ...]], whole: int, longest: bool) -> list[int]:
    """Cells one after the other from end to end of another; none where there are not enough."""
    at, stop = cells[whole]
    chain: list[int] = []
    while at < stop:
        parts = [
            one
            for one, (a, b) in enumerate(cells)
            if a == at and one != whole and (b <= stop if longest else b == at + 1)
        ]
        if not parts:
            return []
        chain.append(max(parts, key=lambda one: cells[one][1]))
        at = cells[chain[-1]][1]
    return chain if len(chain) > 1 else []


def _bind_sums(lines: Lines, block: Block, unknowns: Unknowns) -> None:
    """Sums behind means: no smaller than the least of each case; the change is the last less the first."""
    slots = np.arange(unknowns.slots)
    for (figure, clinic), start in unknowns.of_sum.items():
        name, _, rest = figure.partition(":")
        series = unknowns.term_of_sum[figure]
        sums = block.running_sum(figure, clinic)
        if name in LEAST and sums is not None and (series, clinic) in unknowns.truth:
            counts = np.diff(unknowns.truth[series, clinic])
            short: Floats = LEAST[name] * counts - np.diff(sums)
            rows = lines.more(short, np.inf, len(slots))
            unknowns.put_spans(lines, rows, start, slots, slots + 1, 1.0)
            begin = int(unknowns.start[series, clinic])
            unknowns.put_spans(lines, rows, begin, slots, slots + 1, -LEAST[name])
        first, last = (
            unknowns.of_sum.get((f"outcome_mean_{one}:{rest}", clinic)) for one in ("first", "last")
        )
        if name == "outcome_mean_change" and first is not None and last is not None:
            rows = lines.more(0.0, 0.0, len(slots))
            for begin, sign in ((first, 1.0), (start, 1.0), (last, -1.0)):
                lines.put(rows, begin + slots, sign)


def _told(lines: Lines, block: Block, unknowns: Unknowns) -> tuple[Index, Index, Floats]:
    """What is told of cells, and of means beside their numbers."""
    cells = np.flatnonzero(block.rounds > 0)
    low, high = (
        one.astype(np.float64)
        for one in (block.policy.told_low(block.x[cells]), block.policy.told_high(block.x[cells]))
    )
    # A shown mean tells that it is of enough cases, too.
    shown = np.flatnonzero(block.shown() & block.rows.mean & (block.rows.denominator > 0))
    low = np.where(np.isin(cells, block.cells[1][shown]), np.maximum(low, block.policy.mean_cases), low)
    # Of a complement a shown rate tells that it is none, or not small.
    rest = (cells >= len(block.keys) * block.square) & (block.x[cells] > 0)
    low, high = np.where(rest, block.policy.threshold, low), np.where(rest, np.inf, high)
    rows = lines.more(low - block.x[cells], high - block.x[cells], len(cells))
    unknowns.put_cells(lines, rows, cells)
    _put_means(lines, block, unknowns, shown)
    size = 1.0 + np.repeat(np.abs(block.rows.tenths[shown]) / 10, 2)
    return (
        np.concatenate([cells, np.full(2 * len(shown), -1)]),
        np.concatenate([np.full(len(cells), -1), np.repeat(shown, 2)]),
        np.concatenate([np.ones(len(cells)), size]),
    )


def _put_means(lines: Lines, block: Block, unknowns: Unknowns, which: Index) -> None:
    """A sum is not further than half a tenth for each case from the mean that is told of it: two rows for
    each."""
    cells, mean = block.cells[1][which], block.rows.tenths[which] / 10
    total, count = block.rows.total[which], block.x[cells].astype(np.float64)
    edges = np.stack([mean - HALF_TENTH, mean + HALF_TENTH], axis=1)
    value = total[:, None] - edges * count[:, None]
    infinite = np.full(len(which), np.inf)
    low = np.stack([-value[:, 0], -infinite], axis=1).reshape(-1)
    high = np.stack([infinite, -value[:, 1]], axis=1).reshape(-1)
    first = lines.more(low, high, 2 * len(which))
    for side in range(2):
        rows = first[side::2]
        unknowns.put_cells(lines, rows, cells, -edges[:, side])
        _put_sums(lines, block, unknowns, which, rows)


def _put_sums(lines: Lines, block: Block, unknowns: Unknowns, which: Index, rows: Index) -> None:
    """Into each line how far the sum behind a mean is from the truth."""
    all_rows, figures = block.rows, block.rows.figure[which]
    group, span = all_rows.group[which], all_rows.span[which]
    for (figure, clinic), start in unknowns.of_sum.items():
        mine = np.flatnonzero((figures == figure) & block.contains[group, clinic])
        a, b = block.spans[span[mine]].T
        unknowns.put_spans(lines, rows[mine], start, a, b, 1.0)
