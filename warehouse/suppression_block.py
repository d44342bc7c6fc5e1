"""Cells that belong together, what is told of them, and how hiding a row of figures changes that.

A block holds the series (quantity, instrument, scale) that tell of each other, and for each rate its
complement, over one line of times. A cell is a term, a group of clinics and a span of times.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int32]
Index = NDArray[np.int64]

UNBOUND = 1 << 28
"""More than anything that is counted."""

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
    group, span: the cell; mean: whether the row is of a mean; total: its exact sum; tenths: what is shown of
    it
    closed: whether the period is over
    low, high: bounds that earlier releases gave of the counts of a row (numerator, denominator, complement);
        mean_told: whether they told its mean
    """

    place: Index
    term_n: Index
    term_d: Index
    term_c: Index
    group: Index
    span: Index
    numerator: Numbers
    denominator: Numbers
    mean: Flags
    total: NDArray[np.float64]
    tenths: NDArray[np.float64]
    figure: NDArray[np.str_]
    closed: Flags
    weight: NDArray[np.float64]
    low: Index
    high: Index
    mean_told: Flags


@dataclass
class Block:
    """The state of one block while rows are hidden; hiding only ever loosens what is known.

    pairs: complement to the series of its numerator and denominator; keys: by series, quantity, instrument
    and scale
    parts: (part, whole), terms of which a cell of the one is within the same cell of the other
    contains: by group and clinic; spans: by span, its start and stop
    low, high: by cell, what earlier releases told of it; x, exists, rounds, cost: its count, whether some row
        is of it, how many rows tell of it and what they are worth
    """

    policy: Policy
    terms: int
    pairs: dict[int, tuple[int, int]]
    contains: Flags
    spans: Index
    rows: Rows
    keys: tuple[tuple[str, str, str], ...]
    parts: frozenset[tuple[int, int]] = frozenset()
    cause: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        self.shape = (self.terms, len(self.contains), len(self.spans))
        self.slots = int(self.spans[:, 1].max())
        size = int(np.prod(self.shape))
        self.x = np.zeros(size, dtype=np.int32)
        self.exists = np.zeros(size, dtype=bool)
        self.rounds = np.zeros(size, dtype=np.int16)
        self.cost = np.zeros(size, dtype=np.float32)
        single = self.contains & (self.contains.sum(axis=1) == 1)[:, None]
        self._alone = np.where(single.any(axis=0), single.argmax(axis=0), -1)
        self.month = np.full(self.slots, -1)
        short = np.flatnonzero(self.spans[:, 1] - self.spans[:, 0] == 1)
        self.month[self.spans[short, 0]] = short
        self._running: dict[tuple[int, int], NDArray[np.float64] | None] = {}
        self._sums: dict[tuple[str, int], NDArray[np.float64]] = {}
        self._place_rows()
        self.cause = self._primary()
        self._hide_within()
        self._tell()

    # -- cells -------------------------------------------------------------------------------------

    def cell(self, term: Index, group: Index, span: Index) -> Index:
        """Places of cells; -1 where the term is none."""
        _, groups, spans = self.shape
        return np.where(term < 0, -1, (term * groups + group) * spans + span)

    @property
    def square(self) -> int:
        """Cells of one term."""
        return self.shape[1] * self.shape[2]

    def count(self, term: int, group: int, span: int) -> int:
        """What a cell counts."""
        return int(self.x[(term * self.shape[1] + group) * self.shape[2] + span])

    def alone(self, clinic: int) -> int:
        """The group of one clinic by itself; -1 where there is none."""
        return int(self._alone[clinic])

    def running(self, term: int, clinic: int) -> NDArray[np.float64] | None:
        """Running totals of a series in a clinic, from 0 on, by slot; None where no figure of it is
        applicable."""
        key = (term, clinic)
        if key not in self._running:
            self._running[key] = self._totals(term, clinic)
        return self._running[key]

    def _totals(self, term: int, clinic: int) -> NDArray[np.float64] | None:
        group = self.alone(clinic)
        if group < 0:
            return None
        at = (term * self.shape[1] + group) * self.shape[2] + self.month
        there = (self.month >= 0) & self.exists[at]
        if not there.any():
            return None
        slots = np.where(there, self.x[at], 0)[: int(np.flatnonzero(there)[-1]) + 1]
        return np.concatenate([[0.0], np.cumsum(slots)])

    def running_sum(self, figure: str, clinic: int) -> NDArray[np.float64] | None:
        """Running totals of the sum behind a mean in a clinic; None where it is not applicable."""
        if not self._sums:
            rows = self.rows
            short = (self.month[self.spans[:, 0]] == np.arange(len(self.spans)))[rows.span]
            single = rows.mean & short & (self.contains.sum(axis=1) == 1)[rows.group]
            for row in np.flatnonzero(single):
                key = (str(rows.figure[row]), int(self.contains[rows.group[row]].argmax()))
                self._sums.setdefault(key, np.zeros(self.slots))[self.spans[rows.span[row], 0]] = rows.total[
                    row
                ]
            self._sums = {key: np.concatenate([[0.0], np.cumsum(one)]) for key, one in self._sums.items()}
        return self._sums.get((figure, clinic))

    def _place_rows(self) -> None:
        rows = self.rows
        where = (rows.group, rows.span)
        self.cells = np.stack([self.cell(term, *where) for term in (rows.term_n, rows.term_d, rows.term_c)])
        counts = (rows.numerator, rows.denominator, rows.denominator - rows.numerator)
        self.low, self.high = (
            np.zeros(len(self.x), dtype=np.int32),
            np.full(len(self.x), UNBOUND, dtype=np.int32),
        )
        for cells, count, low, high in zip(self.cells, counts, rows.low, rows.high, strict=True):
            there = cells >= 0
            self.x[cells[there]] = count[there]
            self.exists[cells[there]] = True
            np.maximum.at(self.low, cells[there], low[there].astype(np.int32))
            np.minimum.at(self.high, cells[there], high[there].astype(np.int32))
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
        """By term, group and span, whether another cell that is protected holds the cell."""
        small, there = (
            (one.reshape(self.shape)) for one in (self.exists & self.policy.small(self.x), self.exists)
        )
        start, stop = self.spans[:, 0], self.spans[:, 1]
        within = (start[:, None] >= start[None]) & (stop[:, None] <= stop[None])
        # As products, since there are many terms and groups, and few spans.
        held = small.astype(np.float32) @ within.T.astype(np.float32) > 0
        inside = small.astype(np.float32) @ (within & ~within.T).T.astype(np.float32) > 0
        for group in range(len(self.contains)):
            for other in range(len(self.contains)):
                if other != group and (self.contains[group] <= self.contains[other]).all():
                    inside[:, group] |= held[:, other]
        inside &= there
        grown = True
        while grown:
            before = int(inside.sum())
            for part, whole in sorted(self.parts):
                # A group or period of which the whole is not told has no cell of it, and hides nothing.
                inside[part] |= (small[whole] | inside[whole]) & there[part]
            grown = int(inside.sum()) > before
        return inside

    def _tell(self) -> None:
        shown = self.shown()
        for cells in self.cells:
            there = shown & (cells >= 0)
            np.add.at(self.rounds, cells[there], 1)
            np.add.at(self.cost, cells[there], self.rows.weight[there])

    def shown(self) -> Flags:
        found: Flags = (self.cause == SHOWN) & self.rows.closed
        return found

    def hide(self, cells: Index) -> None:
        """Hide every row that tells of one of these cells."""
        self._hide(self.rows_of(np.unique(cells)))

    def _hide(self, rows: Index) -> None:
        rows = rows[self.shown()[rows]]
        if not len(rows):
            return
        self.cause[rows] = SECONDARY
        for cells_of in self.cells:
            there = cells_of[rows]
            known = there >= 0
            np.subtract.at(self.rounds, there[known], 1)
            np.subtract.at(self.cost, there[known], self.rows.weight[rows][known])

    def hide_rows(self, rows: Index) -> None:
        """Hide these rows, of those that are shown."""
        self._hide(np.unique(rows))

    def has_history(self) -> bool:
        """Whether anything was told before that is known whatever is hidden now."""
        return bool((self.low > 0).any() or (self.high < UNBOUND).any() or self.rows.mean_told.any())

    def protected(self) -> Index:
        """Cells that an attacker must not learn of."""
        return np.flatnonzero(self.exists & self.policy.small(self.x))
