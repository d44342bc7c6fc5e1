"""Cells that belong together, what is told of them, and how hiding a row of figures changes that.

A block holds the series (quantity, instrument, scale) that tell of each other, and for each rate its
complement, over one line of times. A cell is a term, a group of clinics and an interval of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from warehouse.suppression_network import FREE

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int32]
Index = NDArray[np.int64]

SHOWN, PRIMARY, WITHIN, SECONDARY = 0, 1, 2, 3
CAUSES = ("", "primary", "within", "secondary")


@dataclass(frozen=True)
class Policy:
    """What the solver must know of the disclosure policy."""

    threshold: int
    round_to: int
    rate_denominator: int
    mean_cases: int

    def rounded(self, counts: Numbers) -> Numbers:
        """Half up, as figures are."""
        return (2 * counts + self.round_to) // (2 * self.round_to) * self.round_to

    def told_low(self, counts: Numbers) -> Numbers:
        """The least a shown rounded count can stand for."""
        least = self.rounded(counts) - self.round_to // 2
        return np.where(counts == 0, 0, np.maximum(least, self.threshold)).astype(np.int32)

    def told_high(self, counts: Numbers) -> Numbers:
        most = self.rounded(counts) + (self.round_to - 1) // 2
        return np.where(counts == 0, 0, most).astype(np.int32)

    def small(self, counts: Numbers) -> Flags:
        found: Flags = (counts >= 1) & (counts < self.threshold)
        return found


@dataclass(frozen=True)
class Rows:
    """Rows of figures as arrays of one length; a term of -1 is none.

    term_n: term of the numerator, term_d: of the denominator, term_c: of the complement
    group, start, stop: the cell; mean: whether the row is of a mean; closed: whether the period is over
    """

    place: Index
    term_n: Index
    term_d: Index
    term_c: Index
    group: Index
    start: Index
    stop: Index
    numerator: Numbers
    denominator: Numbers
    mean: Flags
    closed: Flags
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class Saved:
    """What a shift changed."""

    terms: Index
    groups: Index
    squares: list[NDArray[np.int16]]
    lines: dict[tuple[int, int], Numbers | None]


@dataclass
class Block:
    """The state of one block while rows are hidden; hiding only ever loosens a bound.

    up, down: by (term, group, a, b), how much a cell from a to b could count more and less for all that is
        told; up_freed, down_freed: the same, were no row of this release to tell of it
    """

    policy: Policy
    terms: int
    pairs: dict[int, tuple[int, int]]
    contains: Flags
    times: int
    rows: Rows
    within: Sequence[tuple[tuple[int, ...], int]]
    partitions: Sequence[tuple[int, tuple[int, ...]]]
    cause: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        self.shape = (self.terms, len(self.contains), self.times, self.times)
        size = int(np.prod(self.shape))
        self.x = np.zeros(size, dtype=np.int32)
        self.exists = np.zeros(size, dtype=bool)
        self.asks_mean = np.zeros(size, dtype=bool)
        self.rounds = np.zeros(size, dtype=np.int16)
        self.means = np.zeros(size, dtype=np.int16)
        self.cost = np.zeros(size, dtype=np.float32)
        self.up = np.full(size, FREE, dtype=np.int16)
        self.down, self.up_freed, self.down_freed = self.up.copy(), self.up.copy(), self.up.copy()
        single = self.contains & (self.contains.sum(axis=1) == 1)[:, None]
        self._alone = np.where(single.any(axis=0), single.argmax(axis=0), -1)
        self._lines: dict[tuple[int, int], Numbers | None] = {}
        self._place_rows()
        self.cause = self._primary()
        self._hide_within()
        self._tell()
        self._bound(np.flatnonzero(self.exists))

    # -- cells -------------------------------------------------------------------------------------

    def cell(self, term: Index, group: Index, start: Index, stop: Index) -> Index:
        """Places of cells; -1 where the term is none."""
        _, groups, times, _ = self.shape
        return np.where(term < 0, -1, ((term * groups + group) * times + start) * times + stop)

    def grid(self, values: NDArray[np.generic], term: int, group: int) -> NDArray[np.generic]:
        """The square of one term and group, by (a, b)."""
        return values.reshape(self.shape)[term, group]

    def line(self, term: int, clinic: int) -> Numbers | None:
        """The counts of a clinic by slot; None where no figure of the term is applicable there."""
        key = (term, clinic)
        if key not in self._lines:
            group = self.alone(clinic)
            slots = np.arange(self.times - 1)
            found = None
            if group is not None and self.exists.reshape(self.shape)[term, group, slots, slots + 1].any():
                found = self.x.reshape(self.shape)[term, group, slots, slots + 1].astype(np.int32)
            self._lines[key] = found
        return self._lines[key]

    def shift(self, terms: Index, groups: Index, signs: Index, world: Numbers) -> Saved:
        """Take a world for what is: D by time, times sign in each square. What was, to be given back."""
        step = np.clip(world[None, :] - world[:, None], -FREE, FREE)
        step = np.triu(step, 1)
        squares = [one.reshape(self.shape) for one in (self.up, self.down, self.up_freed, self.down_freed)]
        saved = [square[terms, groups].copy() for square in squares]
        for square, way in zip(squares, (-1, 1, -1, 1), strict=True):
            change = way * signs[:, None, None] * step[None]
            was = square[terms, groups]
            square[terms, groups] = np.where(was >= FREE, FREE, np.clip(was + change, 0, FREE))
        return Saved(terms, groups, saved, dict(self._lines))

    def give_back(self, saved: Saved) -> None:
        """Undo one shift; the last one first."""
        squares = (self.up, self.down, self.up_freed, self.down_freed)
        for square, was in zip(squares, saved.squares, strict=True):
            square.reshape(self.shape)[saved.terms, saved.groups] = was
        self._lines = saved.lines

    def shift_line(self, term: int, clinic: int, change: Numbers) -> None:
        """Part of `shift`: the counts of one clinic by slot."""
        line = self.line(term, clinic)
        if line is not None:
            self._lines[term, clinic] = line + change

    def alone(self, clinic: int) -> int | None:
        """The group of one clinic by itself."""
        found = self._alone[clinic]
        return int(found) if found >= 0 else None

    def _place_rows(self) -> None:
        rows = self.rows
        where = (rows.group, rows.start, rows.stop)
        self.cells = np.stack([self.cell(term, *where) for term in (rows.term_n, rows.term_d, rows.term_c)])
        counts = (rows.numerator, rows.denominator, rows.denominator - rows.numerator)
        for cells, count in zip(self.cells, counts, strict=True):
            there = cells >= 0
            self.x[cells[there]] = count[there]
            self.exists[cells[there]] = True
        self.asks_mean[self.cells[1][rows.mean]] = True
        order = [np.argsort(cells, kind="stable") for cells in self.cells]
        self._order, self._sorted = order, [cells[one] for cells, one in zip(self.cells, order, strict=True)]

    def rows_of(self, cells: Index) -> Index:
        """Rows that would tell of any of these cells."""
        found = []
        for order, ordered in zip(self._order, self._sorted, strict=True):
            left, right = np.searchsorted(ordered, cells, "left"), np.searchsorted(ordered, cells, "right")
            found += [order[a:b] for a, b in zip(left, right, strict=True) if b > a]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    # -- what is hidden ----------------------------------------------------------------------------

    def _primary(self) -> NDArray[np.int8]:
        rows, policy = self.rows, self.policy
        rate = rows.term_c >= 0
        count = ~rate & ~rows.mean
        hidden = count & policy.small(rows.numerator)
        few = policy.rounded(rows.denominator) < policy.rate_denominator
        some = rows.denominator > 0
        hidden |= rate & some & (few | policy.small(rows.numerator))
        hidden |= rate & some & policy.small(rows.denominator - rows.numerator)
        hidden |= rows.mean & some & ((rows.denominator < policy.mean_cases) | policy.small(rows.denominator))
        return np.where(hidden, PRIMARY, SHOWN).astype(np.int8)

    def _hide_within(self) -> None:
        """Nothing is told of parts of a protected cell, not even that a part is zero."""
        inside = self.strictly_inside()
        self.inside = inside.reshape(-1)
        for cells in self.cells:
            there = cells >= 0
            hit = np.zeros(len(cells), dtype=bool)
            hit[there] = self.inside[cells[there]]
            self.cause[(self.cause == SHOWN) & hit] = WITHIN

    def strictly_inside(self) -> Flags:
        """By cell, whether another cell that is protected holds it."""
        terms, groups, times, _ = self.shape
        small = (self.exists & self.policy.small(self.x)).reshape(self.shape)
        stops = np.arange(times)
        furthest = np.where(small, stops, -1).max(axis=3)
        reach = np.maximum.accumulate(furthest, axis=2)
        before = np.concatenate([np.full((terms, groups, 1), -1), reach[:, :, :-1]], axis=2)
        inside = (before[..., None] >= stops) | (reach[..., None] >= stops + 1)
        for group in range(groups):
            for other in range(groups):
                if other != group and (self.contains[group] <= self.contains[other]).all():
                    inside[:, group] |= reach[:, other, :, None] >= stops
        return inside & self.exists.reshape(self.shape)

    def _tell(self) -> None:
        shown = self.shown()
        for cells in self.cells:
            there = shown & (cells >= 0)
            np.add.at(self.rounds, cells[there], 1)
            np.add.at(self.cost, cells[there], self.rows.weight[there])
        np.add.at(self.means, self.cells[1][shown & self.rows.mean], 1)

    def shown(self) -> Flags:
        found: Flags = (self.cause == SHOWN) & self.rows.closed
        return found

    def hide(self, cells: Index) -> None:
        """Hide every row that tells of one of these cells."""
        rows = self.rows_of(np.unique(cells))
        rows = rows[self.shown()[rows]]
        if not len(rows):
            return
        self.cause[rows] = SECONDARY
        touched = []
        for number, cells_of in enumerate(self.cells):
            there = cells_of[rows]
            known = there >= 0
            np.subtract.at(self.rounds, there[known], 1)
            np.subtract.at(self.cost, there[known], self.rows.weight[rows][known])
            if number == 1:
                np.subtract.at(self.means, there[self.rows.mean[rows]], 1)
            touched.append(there[known])
        self._bound(np.unique(np.concatenate(touched)))

    # -- what is known -----------------------------------------------------------------------------

    def _bound(self, cells: Index) -> None:
        x = self.x[cells]
        term = cells // int(np.prod(self.shape[1:]))
        complement = term >= self.terms - len(self.pairs)
        low = np.where(self.inside[cells] | (x == 0), 0, 1)
        high = np.full(len(cells), FREE)
        self.up_freed[cells] = np.minimum(high - x, FREE)
        self.down_freed[cells] = x - low
        told = self.rounds[cells] > 0
        # Of a complement a shown rate tells that it is none, or not small; the counts beside it tell the rest.
        told_low = np.where(
            complement, np.where(x == 0, 0, self.policy.threshold), self.policy.told_low(x)
        )
        told_high = np.where(complement, np.where(x == 0, 0, FREE), self.policy.told_high(x))
        exact = (self.means[cells] > 0) & (x < self.policy.rate_denominator)
        told_low, told_high = np.where(exact, x, told_low), np.where(exact, x, told_high)
        low, high = np.where(told, told_low, low), np.where(told, told_high, high)
        self.up[cells], self.down[cells] = np.minimum(high - x, FREE), np.minimum(x - low, FREE)

    def protected(self) -> Index:
        """Cells that an attacker must not learn of: small ones, and those whose mean is of too few."""
        few = self.asks_mean & (self.x >= 1) & (self.x < self.policy.mean_cases)
        return np.flatnonzero(self.exists & (self.policy.small(self.x) | few))
