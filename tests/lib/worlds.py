"""All worlds that fit what was told, as a linear programme: an unknown for each quantity, clinic and slot.

Relaxed: counts may be fractions unless asked otherwise, so that what is proved of all worlds here is proved of the
whole ones. Clients seen do not add up over slots: each of their cells is an unknown, a part is not above the whole,
and a whole is not above the sum of parts that cover it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import coo_array

from tests.lib.told import SUM, Cell, Layout, Series, Statement, Terms

Range = tuple[int, int]
Place = tuple[Series, str]
"""A series in a clinic."""


class Worlds:
    """The unknowns and what binds them, for series that tell of each other.

    cells: every cell that is asked about or told of. statements: what was told.
    score_range: least and largest score behind a mean, where it is known: figure -> (least, largest)
    """

    def __init__(
        self,
        cells: Iterable[Cell],
        statements: Iterable[Statement],
        known: Layout,
        score_range: Callable[[Series], tuple[float, float]],
    ) -> None:
        self.known = known
        self.rows: list[tuple[np.ndarray, np.ndarray, float, float]] = []
        self.places: dict[Place, tuple[int, int, int]] = {}
        self.own: dict[Cell, int] = {}
        self.size = 0
        self._make_unknowns(sorted(set(cells), key=_order))
        self.least = np.zeros(self.size)
        self._relate()
        self._bound_sums(score_range)
        for one in statements:
            self.rows.append((*self.row(one.terms), one.low, one.high))
        self.matrix, self.low, self.high = self._matrix(self.rows)

    def _make_unknowns(self, cells: Sequence[Cell]) -> None:
        spans: dict[tuple[Series, str], Range] = {}
        for cell in cells:
            for clinic in sorted(cell.clinics):
                if cell.series[0] in self.known.additive or cell.series[0].startswith(SUM):
                    _widen(spans, (cell.series, clinic), (cell.first, cell.last))
                else:
                    self._own(cell._replace(clinics=frozenset({clinic})))
        self._add_untold(spans)
        for key in sorted(spans):
            first, last = spans[key]
            self.places[key] = (self.size, first, last)
            self.size += last - first + 1

    def _add_untold(self, spans: dict[tuple[Series, str], Range]) -> None:
        """Quantities that no figure tells of, but through which others are tied to each other."""
        above = {quantity.id: quantity.within for quantity in self.known.quantities.quantities}
        below: dict[str, set[str]] = defaultdict(set)
        for partition in self.known.quantities.partitions:
            below[partition.whole].update(partition.parts)
        waiting = sorted(spans)
        while waiting:
            series, clinic = key = waiting.pop()
            for quantity in sorted({*above.get(series[0], ()), *below[series[0]]} - self.known.figures_of):
                twin = (self.known.twin(series, quantity), clinic)
                if _widen(spans, twin, spans[key]):
                    waiting.append(twin)

    def _own(self, cell: Cell) -> None:
        if cell not in self.own:
            self.own[cell] = self.size
            self.size += 1

    def unknowns(self, cell: Cell) -> np.ndarray:
        """The unknowns whose sum is the cell."""
        parts = []
        for clinic in sorted(cell.clinics):
            if (cell.series, clinic) in self.places:
                start, first, _ = self.places[cell.series, clinic]
                parts.append(np.arange(start + cell.first - first, start + cell.last - first + 1))
            else:
                parts.append(np.array([self.own[cell._replace(clinics=frozenset({clinic}))]]))
        return np.concatenate(parts) if parts else np.array([], dtype=int)

    def row(self, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
        places = [self.unknowns(cell) for _, cell in terms]
        factors = [np.full(len(p), factor) for p, (factor, _) in zip(places, terms, strict=True)]
        return np.concatenate(places), np.concatenate(factors)

    def _relate(self) -> None:
        by_quantity: dict[str, list[Place]] = defaultdict(list)
        for series, clinic in self.places:
            by_quantity[series[0]].append((series, clinic))
        declared = self.known.quantities
        for quantity in declared.quantities:
            for whole in quantity.within:
                for part in by_quantity[quantity.id]:
                    self._bind([part], self._twin(part, whole), -inf)
            self._within_own(quantity.id, quantity.within)
        for partition in declared.partitions:
            for whole in by_quantity[partition.whole]:
                self._bind([self._twin(whole, part) for part in partition.parts], whole, 0)
        for one in declared.at_instrument:
            for (_, _, scale), clinic in by_quantity[one.part]:
                part = ((one.part, "", scale), clinic)
                self._bind([part], self._twin(((one.part, one.instrument, ""), clinic), one.whole), -inf)
        for total in declared.totals:
            for part in by_quantity[total.part]:
                self._bind_totals(part, self._twin(part, total.whole), 0 if total.exact else -inf)
        for balance in declared.balances:
            for stock in by_quantity[balance.stock]:
                self._balance(stock, self._twin(stock, balance.entered), self._twin(stock, balance.left))
        self._relate_own()

    def _twin(self, place: Place, quantity: str) -> Place | None:
        """The other quantity in the same clinic, if it is there."""
        twin = (self.known.twin(place[0], quantity), place[1])
        return twin if twin in self.places else None

    def _bind_totals(self, part: Place, whole: Place | None, low: float) -> None:
        """All slots of the part together are in all slots of the whole, where these are all its months."""
        if whole and self.places[whole][1] <= self.known.first_month:
            parts, wholes = (
                np.arange(s, s + last - first + 1) for s, first, last in map(self.places.get, (part, whole))
            )
            factors = np.concatenate([np.ones(len(parts)), -np.ones(len(wholes))])
            self.rows.append((np.concatenate([parts, wholes]), factors, low, 0))

    def _balance(self, stock: Place, entered: Place | None, left: Place | None) -> None:
        if entered is None or left is None:
            return
        spans = [self.places[key] for key in (stock, entered, left)]
        for slot in range(spans[0][1], min(last for _, _, last in spans) + 1):
            if slot < max(spans[1][1], spans[2][1]):
                continue
            now, came, went = (start + slot - first for start, first, _ in spans)
            if slot == self.known.first_month:
                self.rows.append((np.array([now, came, went]), np.array([1.0, -1.0, 1.0]), 0, 0))
            elif slot > spans[0][1]:
                self.rows.append(
                    (np.array([now, now - 1, came, went]), np.array([1.0, -1.0, -1.0, 1.0]), 0, 0)
                )

    def _bind(self, parts: Sequence[Place | None], whole: Place | None, low: float) -> None:
        """low <= sum of parts - whole <= 0 in every slot that all have; nothing where one is missing."""
        keys = [*parts, whole]
        places = [self.places[key] for key in keys if key]
        if len(places) < len(keys):
            return
        factors = np.array([1.0] * len(parts) + [-1.0])
        for slot in range(max(first for _, first, _ in places), min(last for _, _, last in places) + 1):
            self.rows.append(
                (np.array([start + slot - first for start, first, _ in places]), factors, low, 0)
            )

    def _within_own(self, quantity: str, wholes: Sequence[str]) -> None:
        for cell, place in self.own.items():
            (clinic,) = cell.clinics
            for whole in wholes if cell.series[0] == quantity else ():
                twin = self._twin((cell.series, clinic), whole)
                if twin and _inside((cell.first, cell.last), self.places[twin][1:]):
                    indices = self.unknowns(cell._replace(series=twin[0]))
                    factors = np.append(np.full(len(indices), -1.0), 1.0)
                    self.rows.append((np.append(indices, place), factors, -inf, 0))

    def _relate_own(self) -> None:
        families: dict[tuple[Series, frozenset[str]], dict[Range, int]] = defaultdict(dict)
        for cell, place in self.own.items():
            families[cell.series, cell.clinics][cell.first, cell.last] = place
        for family in families.values():
            for part, whole in _nested(family):
                self.rows.append((np.array([family[part], family[whole]]), np.array([1.0, -1.0]), -inf, 0))
            for whole, cover in _covers(sorted(family)):
                indices = np.array([family[whole], *(family[part] for part in cover)])
                self.rows.append((indices, np.array([1.0] + [-1.0] * len(cover)), -inf, 0))

    def _bound_sums(self, score_range: Callable[[Series], tuple[float, float]]) -> None:
        cases_of = {
            f"{SUM}{one.figure}:{one.definition}": one.denominator
            for one in self.known.quantities.counted
            if not one.numerator
        }
        for (series, clinic), (start, first, last) in self.places.items():
            if not series[0].startswith(SUM):
                continue
            self.least[start : start + last - first + 1] = -inf
            cases = self._twin((series, clinic), cases_of[series[0]])
            least, most = score_range(series)
            for slot in range(first, last + 1) if cases else ():
                n = self.places[cases][0] + slot - self.places[cases][1] if cases else 0
                pair = np.array([start + slot - first, n])
                if least > -inf:
                    self.rows.append((pair, np.array([1.0, -least]), 0, inf))
                if most < inf:
                    self.rows.append((pair, np.array([1.0, -most]), -inf, 0))

    def _matrix(
        self, rows: Sequence[tuple[np.ndarray, np.ndarray, float, float]], extra: int = 0
    ) -> tuple[coo_array, np.ndarray, np.ndarray]:
        lengths = [len(indices) for indices, *_ in rows]
        at = np.repeat(np.arange(len(rows)), lengths)
        columns = np.concatenate([row[0] for row in rows]) if rows else np.array([], dtype=int)
        factors = np.concatenate([row[1] for row in rows]) if rows else np.array([])
        matrix = coo_array((factors, (at, columns)), shape=(len(rows), self.size + extra)).tocsr()
        return matrix, np.array([row[2] for row in rows], float), np.array([row[3] for row in rows], float)

    def broken(self, value: Callable[[Cell], float | None]) -> list[str]:
        """Rows that these values break: none, if what is said of quantities is true. Not of what no figure tells."""
        x = np.zeros(self.size)
        untold: set[int] = set()
        for (series, clinic), (start, first, last) in self.places.items():
            if not series[0].startswith(SUM) and series[0] not in self.known.figures_of:
                untold.update(range(start, start + last - first + 1))
            for slot in range(first, last + 1):
                x[start + slot - first] = value(Cell(series, frozenset({clinic}), slot, slot)) or 0
        for cell, place in self.own.items():
            x[place] = value(cell) or 0
        total = self.matrix @ x
        wrong = [
            row
            for row in np.flatnonzero((total < self.low - 1e-6) | (total > self.high + 1e-6))
            if not untold & set(self.rows[row][0])
        ]
        return [
            f"{self._names(row)}: {total[row]:g} not in {self.low[row]:g}..{self.high[row]:g}"
            for row in wrong
        ]

    def _names(self, row: int) -> str:
        wanted = set(self.rows[row][0])
        names = [
            f"{'/'.join(series)}@{clinic}:{first + place - start}"
            for (series, clinic), (start, first, last) in self.places.items()
            for place in sorted(wanted & set(range(start, start + last - first + 1)))
        ]
        return " ".join([*names, *(str(tuple(cell)) for cell, place in self.own.items() if place in wanted)])

    def extreme(self, terms: Terms, sign: int, whole: bool = False) -> tuple[float, np.ndarray]:
        """Least (sign 1) or largest (sign -1) value of the terms in any world, and such a world."""
        objective = np.zeros(self.size)
        np.add.at(objective, *self.row(terms))
        x = self._solve(sign * objective, self.matrix, self.low, self.high, self.least, None, whole)
        return float(objective @ x), x

    def push(self, wanted: Sequence[Terms], sign: int, goal: float, whole: bool = False) -> np.ndarray:
        """A world that brings as many of these as it can to the goal: down to it (1) or up to it (-1)."""
        rows = []
        for number, terms in enumerate(wanted):
            indices, factors = self.row(terms)
            beyond = (np.append(indices, self.size + number), np.append(sign * factors, -1.0))
            rows.append((*beyond, -inf, 0))
        matrix, low, high = self._matrix([*self.rows, *rows], len(wanted))
        objective = np.concatenate([np.zeros(self.size), np.ones(len(wanted))])
        least = np.concatenate([self.least, np.full(len(wanted), sign * goal)])
        return self._solve(objective, matrix, low, high, least, None, whole)[: self.size]

    def value(self, terms: Terms, world: np.ndarray) -> float:
        indices, factors = self.row(terms)
        return float(world[indices] @ factors)

    @staticmethod
    def _solve(objective, matrix, low, high, least, most, whole) -> np.ndarray:
        found = milp(
            objective,
            constraints=LinearConstraint(matrix, low, high),
            bounds=(least, np.inf if most is None else most),
            integrality=np.full(len(objective), int(whole)),
        )
        if found.x is None:
            raise AssertionError(f"no world fits what was told: {found.message}")
        return found.x


def _order(cell: Cell) -> tuple[Series, list[str], int, int]:
    return cell.series, sorted(cell.clinics), cell.first, cell.last


def _widen(spans: dict[Place, Range], key: Place, span: Range) -> bool:
    """Whether the place is new or has become longer."""
    first, last = spans.get(key, span)
    wider = min(first, span[0]), max(last, span[1])
    changed = spans.get(key) != wider
    spans[key] = wider
    return changed


def _inside(part: Range, whole: Range) -> bool:
    return whole[0] <= part[0] and part[1] <= whole[1]


def _nested(family: Mapping[Range, int]) -> Iterator[tuple[Range, Range]]:
    """Each interval and the smallest ones that hold it."""
    for part in family:
        holders = [whole for whole in family if whole != part and _inside(part, whole)]
        for whole in holders:
            if not any(other != whole and _inside(other, whole) for other in holders):
                yield part, whole


def _covers(intervals: Sequence[Range]) -> Iterator[tuple[Range, list[Range]]]:
    """Each interval with covers of it: by another one and months, and by its parts of each length."""
    single = {first: (first, last) for first, last in intervals if first == last}
    for whole in intervals:
        for other in intervals:
            rest = [slot for slot in range(whole[0], whole[1] + 1) if not other[0] <= slot <= other[1]]
            if other != whole and 0 <= len(rest) <= 3 and all(slot in single for slot in rest):
                if len(rest) < whole[1] - whole[0] + 1:
                    if not _inside(whole, other):
                        yield whole, [other, *(single[slot] for slot in rest)]
        chain = _chain(whole, intervals)
        if len(chain) > 1:
            yield whole, chain


def _chain(whole: Range, intervals: Sequence[Range]) -> list[Range]:
    """The longest parts, one after the other, that fill the interval; empty where they do not."""
    chain, at = [], whole[0]
    while at <= whole[1]:
        parts = [one for one in intervals if one[0] == at and one != whole and one[1] <= whole[1]]
        if not parts:
            return []
        chain.append(max(parts, key=lambda one: one[1]))
        at = chain[-1][1] + 1
    return chain
