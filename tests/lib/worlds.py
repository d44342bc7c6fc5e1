"""All worlds that fit what was told, as a linear programme.

Unknown are running totals: of each series, set of clinics and slot, from the first slot on. A cell is then the
difference of two of them, which keeps the programme thin. Counts may be fractions unless asked otherwise: a world
more than there are in truth, so that whoever finds nothing here would find nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from tests.lib.relations import Spans, adds_up
from tests.lib.statements import SUM, Cell, Layout, Series, Statement, Terms

Group = tuple[Series, frozenset[str]]


class Worlds:
    """Unknowns for these spans and cells of their own (those that do not add up), bound by the statements.

    asked: sums of cells that will be asked about
    """

    def __init__(
        self,
        spans: Spans,
        own: Iterable[Cell],
        statements: Sequence[Statement],
        asked: Iterable[Terms],
        known: Layout,
    ) -> None:
        self._known = known
        self._spans = _of_series(spans)
        self._starts: dict[Group, int] = {}
        self._own: dict[Cell, int] = {}
        self.size = 0
        self._least: list[float] = []
        self._rows: list[tuple[list[int], list[float], float, float]] = []
        for series, clinic in spans:
            self._start(series, frozenset({clinic}))
        for cell in own:
            self._own[cell] = self._more(1, 0)
        self._said: dict[int, Statement] = {}
        for one in dict.fromkeys(statements):
            row = self._row(one.terms)
            self._said[len(self._rows)] = one
            self._rows.append((*row, one.low, one.high))
        for terms in asked:
            self._row(terms)
        self._matrix, self._low, self._high = _matrix(self._rows, self.size)

    def _more(self, number: int, least: float) -> int:
        start = self.size
        self.size += number
        self._least += [least] * number
        return start

    def _start(self, series: Series, clinics: frozenset[str]) -> int:
        """The place of the first running total of these clinics together."""
        group = (series, clinics)
        if group not in self._starts:
            first, last = self._spans[series]
            signed = series[0].startswith(SUM)
            start = self._starts[group] = self._more(last - first + 1, -inf if signed else 0)
            if len(clinics) == 1 and not signed:
                for n in range(start + 1, start + last - first + 1):
                    self._rows.append(([n, n - 1], [1.0, -1.0], 0, inf))
            if len(clinics) > 1:
                parts = [self._start(series, frozenset({clinic})) for clinic in sorted(clinics)]
                for n in range(last - first + 1):
                    factors = [1.0] * len(parts) + [-1.0]
                    self._rows.append(([*(part + n for part in parts), start + n], factors, 0, 0))
        return self._starts[group]

    def _row(self, terms: Terms) -> tuple[list[int], list[float]]:
        indices, factors = [], []
        for factor, cell in terms:
            if not adds_up(cell.series, self._known):
                indices += [self._own[cell._replace(clinics=frozenset({c}))] for c in sorted(cell.clinics)]
                factors += [float(factor)] * len(cell.clinics)
            elif cell.clinics:
                start, first = self._start(cell.series, cell.clinics), self._spans[cell.series][0]
                indices.append(start + cell.last - first)
                factors.append(float(factor))
                if cell.first > first:
                    indices.append(start + cell.first - 1 - first)
                    factors.append(-float(factor))
        return indices, factors

    def extreme(self, terms: Terms, sign: int, whole: bool = False) -> tuple[float, np.ndarray]:
        """Least (sign 1) or largest (sign -1) value of the terms in any world, and such a world."""
        objective = np.zeros(self.size)
        np.add.at(objective, *self._row(terms))
        world = _solve(sign * objective, self._matrix, self._low, self._high, np.array(self._least), whole)
        return float(objective @ world), world

    def reasons(self, terms: Terms, sign: int) -> tuple[float, frozenset[Statement]]:
        """Least (1) or largest (-1) value of the terms, and statements that suffice to know that; inf where nothing does."""
        objective = np.zeros(self.size)
        np.add.at(objective, *self._row(terms))
        found = linprog(
            sign * objective,
            **_programme(self._matrix, self._low, self._high, np.array(self._least)),
            method="highs-ds",
        )
        if found.x is None:
            return -sign * inf, frozenset()
        prices = np.zeros(len(self._low))
        equal, below, above = _split(self._low, self._high)
        n = int(below.sum())
        prices[equal] += np.abs(found.eqlin.marginals)
        prices[below] += np.abs(found.ineqlin.marginals[:n])
        prices[above] += np.abs(found.ineqlin.marginals[n:])
        used = np.flatnonzero(prices > 1e-9)
        return sign * found.fun, frozenset(self._said[n] for n in used if n in self._said)

    def push(self, wanted: Sequence[Terms], sign: int, goal: float, whole: bool = False) -> np.ndarray:
        """A world that brings as many of these as it can to the goal: down to it (1) or up to it (-1)."""
        rows = []
        for number, terms in enumerate(wanted, self.size):
            indices, factors = self._row(terms)
            rows.append(([*indices, number], [*(sign * f for f in factors), -1.0], -inf, 0.0))
        more, low, high = _matrix(rows, self.size + len(wanted))
        wide = csr_array(
            (self._matrix.data, self._matrix.indices, self._matrix.indptr), (len(self._low), more.shape[1])
        )
        objective = np.concatenate([np.zeros(self.size), np.ones(len(wanted))])
        least = np.concatenate([self._least, np.full(len(wanted), sign * goal)])
        both = np.concatenate([self._low, low]), np.concatenate([self._high, high])
        return _solve(objective, vstack([wide, more]).tocsr(), *both, least, whole)[: self.size]

    def value(self, terms: Terms, world: np.ndarray) -> float:
        indices, factors = self._row(terms)
        return float(world[indices] @ factors) if indices else 0.0


def _of_series(spans: Spans) -> dict[Series, tuple[int, int]]:
    """Of all clinics of a series together."""
    found: dict[Series, tuple[int, int]] = {}
    for (series, _), (first, last) in spans.items():
        so_far = found.get(series, (first, last))
        found[series] = min(first, so_far[0]), max(last, so_far[1])
    return found


def _matrix(
    rows: Sequence[tuple[list[int], list[float], float, float]], size: int
) -> tuple[csr_array, np.ndarray, np.ndarray]:
    pointers = np.cumsum([0, *(len(row[0]) for row in rows)])
    columns = np.array([n for row in rows for n in row[0]], dtype=np.int64)
    factors = np.array([factor for row in rows for factor in row[1]], dtype=float)
    matrix = csr_array((factors, columns, pointers), shape=(len(rows), size))
    return matrix, np.array([row[2] for row in rows], float), np.array([row[3] for row in rows], float)


SMALL = 400
"""Unknowns up to which the simplex method is the faster one."""


def _solve(
    objective: np.ndarray,
    matrix: csr_array,
    low: np.ndarray,
    high: np.ndarray,
    least: np.ndarray,
    whole: bool,
) -> np.ndarray:
    if whole:
        found = milp(
            objective,
            constraints=LinearConstraint(matrix, low, high),
            bounds=(least, np.inf),
            integrality=np.ones(len(objective)),
            # With presolve, HiGHS finds some programmes infeasible that have the exact world.
            options={"presolve": False},
        )
    else:
        method = "highs-ds" if len(objective) < SMALL else "highs-ipm"
        found = linprog(objective, **_programme(matrix, low, high, least), method=method)
    if found.x is None:
        raise ValueError(f"no world fits what was told: {found.message}")
    return found.x


def _split(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that are equations, that have an upper bound, and that have a lower one."""
    equal = low == high
    return equal, np.isfinite(high) & ~equal, np.isfinite(low) & ~equal


def _programme(matrix: csr_array, low: np.ndarray, high: np.ndarray, least: np.ndarray) -> dict[str, object]:
    equal, below, above = _split(low, high)
    return {
        "A_ub": vstack([matrix[below], -matrix[above]]),
        "b_ub": np.concatenate([high[below], -low[above]]),
        "A_eq": matrix[equal],
        "b_eq": low[equal],
        "bounds": np.column_stack([least, np.full(len(least), inf)]),
    }
