"""Worlds that fit what is told of a block, as a linear programme.

Unknown are running totals: of each series, clinic (and group of clinics) and time. A cell is the difference
of two of them. What is told of a cell is soft: a world may contradict it, at the cost of hiding it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_block import UNBOUND, Block
from warehouse.suppression_relations import Key, Relation

Terms = tuple[list[int], list[float], float]
"""Unknowns, their factors, and what is added to their sum."""

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
STEPS = 200_000
"""Iterations that the solver may take for one world, so that its end does not depend on the clock."""

DEAR = 1e5
"""What it costs a world not to bring a cell where it is asked to be: more than anything that can be hidden."""

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
        self.low.append(low - terms[2])
        self.high.append(high - terms[2])

    def matrix(self, columns: int) -> Any:
        from scipy.sparse import csr_array

        return csr_array((self.factors, self.indices, self.ends), shape=(len(self.low), columns))


class Worlds:
    """The programme of some series and clinics of a block; all else is as it is in truth.

    Relations and the least of each cell are hard, what is told is soft. A world that varies little is a world.
    known: relations of the block; additive: quantities that add up; varied: terms of series; clinics: numbers
    """

    def __init__(
        self,
        block: Block,
        known: Sequence[Relation],
        additive: frozenset[str],
        varied: frozenset[int],
        clinics: frozenset[int],
    ) -> None:
        self.block, self.varied, self.clinics = block, varied, clinics
        self.size = 0
        self.least: list[float] = []
        self.hard = _Lines()
        self._additive = additive
        self._cells_known: dict[int, Terms] = {}
        self._term = {key: number for number, key in enumerate(block.keys)}
        self._starts: dict[tuple[Key, int], int] = {}
        self._own: dict[tuple[int, int, int, int], int] = {}
        self._sums: dict[tuple[str, int], int] = {}
        self._touched = block.contains[:, sorted(clinics)].any(axis=1)
        for relation in self._binding(known):
            self._relate(relation)
            self._relate_apart(relation)
        self._keep_least()
        self._keep_told()
        self._nest()
        self._bind_sums()

    # -- unknowns ----------------------------------------------------------------------------------

    def _more(self, number: int, least: float) -> int:
        start = self.size
        self.size += number
        self.least += [least] * number
        return start

    def _line(self, key: Key, clinic: int, length: int) -> int:
        """The first of the running totals of a series in a clinic, after slot 1, 2 and so on; they do not fall."""
        if (key, clinic) not in self._starts:
            start = self._starts[key, clinic] = self._more(length, 0.0)
            for one in range(start + 1, start + length):
                self.hard.add(([one, one - 1], [1.0, -1.0], 0), 0, np.inf)
        return self._starts[key, clinic]

    def cell(self, cell: int) -> Terms:
        """The unknowns whose sum is a cell; of a complement those of whole less part."""
        if cell not in self._cells_known:
            self._cells_known[cell] = self._cell(cell)
        return self._cells_known[cell]

    def _cell(self, cell: int) -> Terms:
        block = self.block
        term, group, span = (int(one) for one in np.unravel_index(cell, block.shape))
        if term not in block.pairs:
            return self._series_cell(term, group, span)
        part, whole = (self._series_cell(one, group, span) for one in block.pairs[term])
        return [*whole[0], *part[0]], [*whole[1], *(-one for one in part[1])], whole[2] - part[2]

    def _series_cell(self, term: int, group: int, span: int) -> Terms:
        block = self.block
        count = float(block.count(term, group, span))
        if term not in self.varied:
            return [], [], count
        found: Terms = [], [], count
        for clinic in np.flatnonzero(block.contains[group]):
            if int(clinic) in self.clinics and (line := block.running(term, int(clinic))) is not None:
                found = _plus(found, self._clinic_cell(term, int(clinic), span, line))
        return found

    def _clinic_cell(self, term: int, clinic: int, span: int, line: Floats) -> Terms:
        """A cell of one clinic, less what it is in truth."""
        key, (start, stop) = self.block.keys[term], map(int, self.block.spans[span])
        if key[0] in self._additive:
            indices, factors = _between([self._line(key, clinic, len(line) - 1)], start, stop)
            return indices, factors, -float(line[stop] - line[start])
        place = (term, clinic, start, stop)
        if place not in self._own:
            self._own[place] = self._more(1, 0.0)
        alone = self.block.alone(clinic)
        return [self._own[place]], [1.0], -float(self.block.count(term, alone, span))

    def _binding(self, known: Sequence[Relation]) -> list[Relation]:
        """Relations of what varies, be it through series that no figure tells of."""
        reached = {self.block.keys[one] for one in self.varied}
        found: dict[Relation, None] = {}
        grown = True
        while grown:
            grown = False
            for relation in known:
                members = {*relation.parts, *relation.less, relation.whole}
                if relation not in found and members & reached:
                    found[relation] = None
                    reached |= {key for key in members if key not in self._term}
                    grown = True
        return list(found)

    # -- what is always so -------------------------------------------------------------------------

    def _relate(self, relation: Relation) -> None:
        members = (*relation.parts, *relation.less, relation.whole)
        told = [key for key in members if key in self._term]
        if told and all(key[0] in self._additive for key in members):
            for clinic in sorted(self.clinics):
                lines = [self.block.running(self._term[key], clinic) for key in told]
                known = [line for line in lines if line is not None]
                if len(known) == len(told):
                    self._relate_in(relation, clinic, max(map(len, known)) - 1)

    def _relate_in(self, relation: Relation, clinic: int, length: int) -> None:
        sides = ((1.0, relation.parts), (-1.0, relation.less), (-1.0, (relation.whole,)))
        lines = [(sign, *self._member(key, clinic, length)) for sign, keys in sides for key in keys]
        if all(truth is not None for _, _, truth, _ in lines):
            return
        low = 0.0 if relation.exact else -np.inf
        if relation.over == "all":
            self.hard.add(self._joined(lines, [(0, size) for *_, size in lines]), low, 0)
            return
        for slot in range(min(size for *_, size in lines)):
            # A stock is what its own slot says; what came and went is counted up to it.
            spans = [
                (slot if relation.over == "slot" or number == len(lines) - 1 else 0, slot + 1)
                for number in range(len(lines))
            ]
            self.hard.add(self._joined(lines, spans), low, 0)

    def _member(self, key: Key, clinic: int, length: int) -> tuple[int, Floats | None, int]:
        """Where the unknowns of a series begin, or its running totals in truth; and how many slots it has."""
        term = self._term.get(key, -1)
        truth = self.block.running(term, clinic) if term >= 0 else None
        size = length if truth is None else len(truth) - 1
        if truth is not None and term not in self.varied:
            return -1, truth, size
        return self._line(key, clinic, size), None, size

    def _joined(
        self,
        lines: Sequence[tuple[float, int, Floats | None, int]],
        spans: Sequence[tuple[int, int]],
    ) -> Terms:
        found: Terms = [], [], 0.0
        for (sign, start, truth, _), (a, b) in zip(lines, spans, strict=True):
            if truth is not None:
                found = _plus(found, ([], [], sign * float(truth[b] - truth[a])))
            else:
                indices, factors = _between([start], a, b)
                found = _plus(found, (indices, [sign * one for one in factors], 0.0))
        return found

    def _keep_least(self) -> None:
        """A cell that is not within a protected one would be shown as zero, were it zero."""
        block = self.block
        for cell in self._cells(block.exists & (block.x > 0) & ~block.inside):
            if int(cell) // block.square not in block.pairs:
                self.hard.add(self.cell(int(cell)), 1, np.inf)

    def _keep_told(self) -> None:
        """What earlier releases told stays known, whatever is hidden now."""
        block, rows = self.block, self.block.rows
        for cell in self._cells((block.low > 0) | (block.high < UNBOUND)):
            high = block.high[cell]
            self.hard.add(
                self.cell(int(cell)), float(block.low[cell]), np.inf if high == UNBOUND else float(high)
            )
        varied = np.isin(rows.term_d, sorted(self.varied)) & self._touched[rows.group]
        for row in np.flatnonzero(rows.mean_told & rows.mean & (rows.denominator > 0) & varied):
            for terms, low, high in self._mean(int(row)):
                self.hard.add(terms, low, high)

    def _cells(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Of these cells those that a world can change."""
        block = self.block
        cells = np.flatnonzero(which)
        varies = np.zeros(block.terms, dtype=bool)
        varies[sorted(self.varied)] = True
        for term, (part, whole) in block.pairs.items():
            varies[term] = varies[part] or varies[whole]
        place = cells // block.shape[2]
        found: NDArray[np.int64] = cells[
            varies[place // block.shape[1]] & self._touched[place % block.shape[1]]
        ]
        return found

    def _relate_apart(self, relation: Relation) -> None:
        """A part that does not add up over time, in each of its own cells."""
        block, places = self.block, [self._term.get(key) for key in (*relation.parts, relation.whole)]
        if len(places) != 2 or None in places or relation.parts[0][0] in self._additive:
            return
        part, whole = (int(one) for one in places if one is not None)
        for clinic in sorted(self.clinics):
            if (group := block.alone(clinic)) < 0:
                continue
            for span in np.flatnonzero(block.exists.reshape(block.shape)[part, group]):
                at = (group, int(span))
                less, more = self._series_cell(part, *at), self._series_cell(whole, *at)
                if less[0] or more[0]:
                    self.hard.add(_plus(less, (more[0], [-one for one in more[1]], -more[2])), -np.inf, 0)

    def _nest(self) -> None:
        """What does not add up over time: a part is not above its whole, a whole not above what covers it."""
        by_line: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        for (term, clinic, start, stop), place in self._own.items():
            by_line.setdefault((term, clinic), {})[start, stop] = place
        for cells in by_line.values():
            for whole, place in cells.items():
                for part, other in cells.items():
                    if part != whole and whole[0] <= part[0] and part[1] <= whole[1]:
                        self.hard.add(([other, place], [1.0, -1.0], 0), -np.inf, 0)
                for cover in _covers(whole, cells):
                    self.hard.add(([place, *cover], [1.0, *([-1.0] * len(cover))], 0), -np.inf, 0)

    def _bind_sums(self) -> None:
        """Sums behind means: no smaller than the least of each case; the change is the last less the first."""
        block, rows = self.block, self.block.rows
        terms: dict[str, int] = {}
        for row in np.flatnonzero(rows.mean & np.isin(rows.term_d, sorted(self.varied))):
            terms.setdefault(str(rows.figure[row]), int(rows.term_d[row]))
        lines = {
            (figure, clinic): (self._sum_line(figure, clinic, len(truth) - 1), len(truth) - 1, term)
            for figure, term in terms.items()
            for clinic in sorted(self.clinics)
            if (truth := block.running_sum(figure, clinic)) is not None
        }
        for (figure, clinic), (start, size, term) in lines.items():
            name, _, rest = figure.partition(":")
            if name in LEAST:
                self._no_less(LEAST[name], start, size, term, clinic)
            first, last = (lines.get((f"outcome_mean_{one}:{rest}", clinic)) for one in ("first", "last"))
            if name == "outcome_mean_change" and first and last:
                for slot in range(size):
                    places = [first[0] + slot, start + slot, last[0] + slot]
                    self.hard.add((places, [1.0, 1.0, -1.0], 0), 0, 0)

    def _no_less(self, least: float, start: int, size: int, term: int, clinic: int) -> None:
        key, line = self.block.keys[term], self.block.running(term, clinic)
        if line is None:
            return
        for slot in range(min(size, len(line) - 1)):
            indices, factors = _between([start], slot, slot + 1)
            count, by = _between([self._line(key, clinic, len(line) - 1)], slot, slot + 1)
            self.hard.add(([*indices, *count], [*factors, *(-least * one for one in by)], 0), 0, np.inf)

    def _sum_line(self, figure: str, clinic: int, size: int) -> int:
        if (figure, clinic) not in self._sums:
            self._sums[figure, clinic] = self._more(size, -np.inf)
        return self._sums[figure, clinic]

    # -- what is told ------------------------------------------------------------------------------

    def told(self) -> tuple[_Lines, list[Soft]]:
        """Soft rows: of cells, and of means beside their numbers."""
        block, lines, soft = self.block, _Lines(), []
        cells = self._cells(block.rounds > 0)
        low, high = block.policy.told_low(block.x[cells]), block.policy.told_high(block.x[cells])
        # A shown mean tells that it is of enough cases, too.
        of_means = block.cells[1][block.shown() & block.rows.mean & (block.rows.denominator > 0)]
        low = np.where(np.isin(cells, of_means), np.maximum(low, block.policy.mean_cases), low)
        for cell, least, most in zip(cells, low, high, strict=True):
            count = int(block.x[cell])
            if int(cell) // block.square in block.pairs:
                # Of a complement a shown rate tells that it is none, or not small.
                least, most = (0, 0) if count == 0 else (block.policy.threshold, np.inf)
            lines.add(self.cell(int(cell)), float(least), float(most))
            soft.append(Soft(int(cell), -1, float(block.cost[cell]), 1.0))
        self._told_means(lines, soft)
        return lines, soft

    def values(self, cells: Sequence[int]) -> tuple[Any, Floats]:
        """Cells as a matrix of unknowns, and what is added to each."""
        lines = _Lines()
        for cell in cells:
            lines.add(self.cell(cell), 0.0, 0.0)
        return lines, -np.array(lines.low)

    def _told_means(self, lines: _Lines, soft: list[Soft]) -> None:
        block, rows = self.block, self.block.rows
        which = block.shown() & rows.mean & (rows.denominator > 0)
        which &= np.isin(rows.term_d, sorted(self.varied)) & self._touched[rows.group]
        for row in np.flatnonzero(which):
            for terms, low, high in self._mean(int(row)):
                lines.add(terms, low, high)
                mean = abs(float(rows.tenths[row])) / 10
                soft.append(Soft(-1, int(row), float(rows.weight[row]), 1.0 + mean))

    def _mean(self, row: int) -> Iterator[tuple[Terms, float, float]]:
        """A sum is not further than half a tenth for each case from the mean that is told of it."""
        block = self.block
        count, total = self.cell(int(block.cells[1][row])), self._sum(row)
        mean = float(block.rows.tenths[row]) / 10
        for side in (-1, 1):
            edge = mean + side * HALF_TENTH
            terms = _plus(total, (count[0], [-edge * one for one in count[1]], -edge * count[2]))
            yield terms, *((0.0, np.inf) if side < 0 else (-np.inf, 0.0))

    def _sum(self, row: int) -> Terms:
        """The sum behind a mean, as running totals of clinics; it may be of either sign."""
        block, rows = self.block, self.block.rows
        figure, (start, stop) = str(rows.figure[row]), map(int, block.spans[rows.span[row]])
        found: Terms = [], [], float(rows.total[row])
        for clinic in np.flatnonzero(block.contains[int(rows.group[row])]):
            truth = block.running_sum(figure, int(clinic))
            if int(clinic) in self.clinics and truth is not None:
                line = self._sum_line(figure, int(clinic), len(truth) - 1)
                indices, factors = _between([line], start, stop)
                found = _plus(found, (indices, factors, -float(truth[stop] - truth[start])))
        return found


def _plus(one: Terms, other: Terms) -> Terms:
    return [*one[0], *other[0]], [*one[1], *other[1]], one[2] + other[2]


def _between(starts: Sequence[int], start: int, stop: int) -> tuple[list[int], list[float]]:
    """From start to stop, of running totals that begin after the first slot."""
    indices = [one + stop - 1 for one in starts]
    factors = [1.0] * len(starts)
    if start:
        indices += [one + start - 1 for one in starts]
        factors += [-1.0] * len(starts)
    return indices, factors


def _covers(whole: tuple[int, int], cells: dict[tuple[int, int], int]) -> list[list[int]]:
    """Cells that together cover an interval: another and up to three months; all its months; its longest parts."""
    slots = range(whole[0], whole[1])
    found = []
    for other, place in cells.items():
        rest = [(one, one + 1) for one in slots if not other[0] <= one < other[1]]
        if 0 < len(rest) <= min(3, len(slots) - 1) and all(one in cells for one in rest):
            found.append([place, *(cells[one] for one in rest)])
    for longest in (False, True):
        chain, start = [], whole[0]
        while start < whole[1]:
            parts = [one for one in cells if one[0] == start and one != whole and one[1] <= whole[1]]
            parts = parts if longest else [one for one in parts if one[1] == start + 1]
            if not parts:
                break
            best = max(parts, key=lambda one: one[1])
            chain.append(cells[best])
            start = best[1]
        if start == whole[1] and len(chain) > 1:
            found.append(chain)
    return found
