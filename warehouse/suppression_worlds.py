"""Worlds that fit what is told of a block, as a linear programme.

Unknown are running totals: of each series, clinic (and group of clinics) and time. A cell is the difference
of two of them. What is told of a cell is soft: a world may contradict it, at the cost of hiding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.quantities import Quantities
from warehouse.suppression_block import Block
from warehouse.suppression_relations import Key, Relation, relations

Terms = tuple[list[int], list[float]]
Floats = NDArray[np.float64]

TOLERANCE = 1e-6
STEPS = 200_000
"""Iterations that the solver may take for one world, so that its end does not depend on the clock."""

DEAR = 1e5
"""What it costs a world not to bring a cell where it is asked to be: more than anything that can be hidden."""

HALF_TENTH = 0.05


@dataclass(frozen=True)
class Soft:
    """What is told: by `cell`, or of a mean by `row`; the other is -1. size: of a violation that counts as one."""

    cell: int
    row: int
    cost: float
    size: float


@dataclass
class _Lines:
    """Rows of a programme: low <= factors * unknowns <= high."""

    indices: list[int] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=lambda: [0])
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Terms, low: float, high: float) -> None:
        self.indices += terms[0]
        self.factors += terms[1]
        self.ends.append(len(self.indices))
        self.low.append(low)
        self.high.append(high)

    def matrix(self, columns: int) -> Any:
        from scipy.sparse import csr_array

        return csr_array((self.factors, self.indices, self.ends), shape=(len(self.low), columns))


class Worlds:
    """The programme of one block. Relations and the least of each cell are hard, what is told is soft."""

    def __init__(self, block: Block, quantities: Quantities) -> None:
        self.block = block
        self.size = 0
        self.least: list[float] = []
        self.hard = _Lines()
        self._starts: dict[tuple[Key, int], int] = {}
        self._own: dict[tuple[int, int, int, int], int] = {}
        self._additive = {one.id: one.additive for one in quantities.quantities}
        self._lengths = self._axes()
        self._sums: dict[tuple[str, int], int] = {}
        for relation in relations(block.keys, quantities):
            self._relate(relation)
        self._keep_least()
        self._nest()

    # -- unknowns ----------------------------------------------------------------------------------

    def _axes(self) -> dict[Key, int]:
        """Times of each told series: its last stop."""
        found: dict[Key, int] = {}
        rows = self.block.rows
        for terms in (rows.term_n, rows.term_d):
            for term in np.unique(terms[terms >= 0]):
                key = self.block.keys[int(term)]
                found[key] = max(found.get(key, 0), int(rows.stop[terms == term].max()))
        return found

    def _more(self, number: int, least: float) -> int:
        start = self.size
        self.size += number
        self.least += [least] * number
        return start

    def line(self, key: Key, clinic: int, length: int) -> int:
        """The first of the running totals of a series in a clinic, after slot 1, 2 and so on; they do not fall."""
        if (key, clinic) not in self._starts:
            start = self._starts[key, clinic] = self._more(length, 0.0)
            for one in range(start + 1, start + length):
                self.hard.add(([one, one - 1], [1.0, -1.0]), 0, np.inf)
        return self._starts[key, clinic]

    def _clinics(self, term: int) -> list[int]:
        """Clinics in which the series is told of, alone or with others."""
        key = ("clinics", term)
        if key not in self._cache:
            rows = self.block.rows
            groups = np.unique(rows.group[(rows.term_n == term) | (rows.term_d == term)])
            self._cache[key] = [int(one) for one in np.flatnonzero(self.block.contains[groups].any(axis=0))]
        return self._cache[key]

    _cache: dict[Any, Any]

    def __new__(cls, *_: object) -> Worlds:
        made = super().__new__(cls)
        made._cache = {}
        return made

    def cell(self, cell: int) -> Terms:
        """The unknowns whose sum is a cell; of a complement those of whole less part."""
        block = self.block
        term, group, start, stop = (int(one) for one in np.unravel_index(cell, block.shape))
        if term in block.pairs:
            part, whole = block.pairs[term]
            less, more = self._series_cell(part, group, start, stop), self._series_cell(whole, group, start, stop)
            return [*more[0], *less[0]], [*more[1], *(-one for one in less[1])]
        return self._series_cell(term, group, start, stop)

    def _series_cell(self, term: int, group: int, start: int, stop: int) -> Terms:
        key = self.block.keys[term]
        clinics = [int(one) for one in np.flatnonzero(self.block.contains[group])]
        if not self._additive[key[0]]:
            return [self._own_cell(term, one, start, stop) for one in clinics], [1.0] * len(clinics)
        starts = [self.line(key, one, self._lengths[key]) for one in clinics]
        if len(clinics) > 1:
            starts = [self._together(key, tuple(clinics))]
        return _between(starts, start, stop)

    def _together(self, key: Key, clinics: tuple[int, ...]) -> int:
        """Running totals of a group of clinics."""
        if (key, clinics) not in self._cache:
            length = self._lengths[key]
            start = self._cache[key, clinics] = self._more(length, 0.0)
            parts = [self.line(key, one, length) for one in clinics]
            for slot in range(length):
                factors = [*([1.0] * len(parts)), -1.0]
                self.hard.add(([*(part + slot for part in parts), start + slot], factors), 0, 0)
        found: int = self._cache[key, clinics]
        return found

    def _own_cell(self, term: int, clinic: int, start: int, stop: int) -> int:
        place = (term, clinic, start, stop)
        if place not in self._own:
            self._own[place] = self._more(1, 0.0)
        return self._own[place]

    # -- what is always so -------------------------------------------------------------------------

    def _relate(self, relation: Relation) -> None:
        members = (*relation.parts, *relation.less, relation.whole)
        told = [key for key in members if key in self._lengths]
        if not told or not all(self._additive[key[0]] for key in members):
            return
        length = max(self._lengths[key] for key in told)
        shared = set.intersection(*(set(self._clinics(self.block.keys.index(key))) for key in told))
        for clinic in sorted(shared):
            self._relate_in(relation, clinic, length)

    def _relate_in(self, relation: Relation, clinic: int, length: int) -> None:
        lines = [
            (sign, self.line(key, clinic, self._lengths.get(key, length)), self._lengths.get(key, length))
            for sign, keys in ((1.0, relation.parts), (-1.0, relation.less), (-1.0, (relation.whole,)))
            for key in keys
        ]
        low = 0.0 if relation.exact else -np.inf
        if relation.over == "all":
            self.hard.add(([start + size - 1 for _, start, size in lines], [s for s, _, _ in lines]), low, 0)
            return
        for slot in range(min(size for _, _, size in lines)):
            indices, factors = [], []
            for number, (sign, start, _) in enumerate(lines):
                # A stock is what its own slot says; what came and went is counted up to it.
                alone = relation.over == "slot" or number == len(lines) - 1
                one = _between([start], slot if alone else 0, slot + 1)
                indices += one[0]
                factors += [sign * factor for factor in one[1]]
            self.hard.add((indices, factors), low, 0)

    def _keep_least(self) -> None:
        """A cell that is not within a protected one would be shown as zero, were it zero."""
        block = self.block
        some = block.exists & (block.x > 0) & ~block.inside
        for cell in np.flatnonzero(some):
            if int(cell) // int(np.prod(block.shape[1:])) not in block.pairs:
                self.hard.add(self.cell(int(cell)), 1, np.inf)

    def _nest(self) -> None:
        """What does not add up over time: a part is not above its whole, a whole not above its months."""
        by_line: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        for (term, clinic, start, stop), place in self._own.items():
            by_line.setdefault((term, clinic), {})[start, stop] = place
        for cells in by_line.values():
            for (start, stop), place in cells.items():
                months = [cells[one, one + 1] for one in range(start, stop) if (one, one + 1) in cells]
                if stop - start > 1 and len(months) == stop - start:
                    self.hard.add(([place, *months], [1.0, *([-1.0] * len(months))]), -np.inf, 0)
                for (a, b), part in cells.items():
                    if part != place and start <= a and b <= stop:
                        self.hard.add(([part, place], [1.0, -1.0]), -np.inf, 0)

    # -- what is told ------------------------------------------------------------------------------

    def told(self) -> tuple[_Lines, list[Soft]]:
        """Soft rows: of cells, and of means beside their numbers."""
        block, lines, soft = self.block, _Lines(), []
        cells = np.flatnonzero(block.rounds > 0)
        low, high = block.policy.told_low(block.x[cells]), block.policy.told_high(block.x[cells])
        for cell, least, most in zip(cells, low, high, strict=True):
            count = int(block.x[cell])
            if int(cell) // int(np.prod(block.shape[1:])) in block.pairs:
                # Of a complement a shown rate tells that it is none, or not small.
                least, most = (0, 0) if count == 0 else (block.policy.threshold, np.inf)
            lines.add(self.cell(int(cell)), float(least), float(most))
            soft.append(Soft(int(cell), -1, float(block.cost[cell]), 1.0))
        self._told_means(lines, soft)
        return lines, soft

    def _told_means(self, lines: _Lines, soft: list[Soft]) -> None:
        block, rows = self.block, self.block.rows
        for row in np.flatnonzero(block.shown() & rows.mean & (rows.denominator > 0)):
            count = self.cell(int(block.cells[1][row]))
            total = self._sum(str(rows.figure[row]), int(rows.term_d[row]), int(row))
            mean = float(rows.tenths[row]) / 10
            for side in (-1, 1):
                edge = mean + side * HALF_TENTH
                terms = [*total[0], *count[0]], [*total[1], *(-edge * one for one in count[1])]
                lines.add(terms, *((0, np.inf) if side < 0 else (-np.inf, 0)))
                soft.append(Soft(-1, int(row), float(rows.weight[row]), 1.0 + abs(mean)))

    def _sum(self, figure: str, term: int, row: int) -> Terms:
        """The sum behind a mean, as running totals of clinics; it may be of either sign."""
        rows, key = self.block.rows, self.block.keys[term]
        length, starts = self._lengths[key], []
        for clinic in np.flatnonzero(self.block.contains[int(rows.group[row])]):
            place = (figure, int(clinic))
            if place not in self._sums:
                self._sums[place] = self._more(length, -np.inf)
            starts.append(self._sums[place])
        return _between(starts, int(rows.start[row]), int(rows.stop[row]))


def _between(starts: Sequence[int], start: int, stop: int) -> Terms:
    """From start to stop, of running totals that begin after the first slot."""
    indices = [one + stop - 1 for one in starts]
    factors = [1.0] * len(starts)
    if start:
        indices += [one + start - 1 for one in starts]
        factors += [-1.0] * len(starts)
    return indices, factors
