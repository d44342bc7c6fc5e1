"""What the exact figures of a warehouse tell of each quantity: cells of clinics by months, sessions or stages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import duckdb

from schemas import quantities
from schemas.quantities import Balance, Partition, Quantities, Quantity

Series = tuple[str, str]
"""Instrument and scale, each empty where the quantity is by less."""

NO_SERIES: Series = ("", "")

Cell = tuple[str, Series, frozenset[str], str, int, int]
"""Quantity, series, clinics, scaffold, first and last slot."""

ROWS = """
SELECT
    figure.service, figure.clinic, figure.grain, figure.period, figure.figure, definition, figure.instrument, figure.scale, metric.scaffold, first_slot,
    CASE metric.scaffold WHEN 'period_end' THEN least(last_slot, month_number(as_of)) ELSE last_slot END,
    figure.numerator, figure.denominator,
    list(DISTINCT applicable.clinic ORDER BY applicable.clinic)
FROM mart_figure AS figure
JOIN mart_metric AS metric USING (figure, definition)
JOIN mart_period AS period USING (grain, period)
JOIN mart_applicable AS applicable USING (figure, definition, instrument, scale)
JOIN core_clinic AS clinic
    ON clinic.clinic = applicable.clinic
    AND figure.service IN ('all', clinic.service) AND figure.clinic IN ('all', clinic.clinic)
CROSS JOIN mart_parameter
WHERE metric.kind <> 'model' AND figure.state <> 'not_applicable'
GROUP BY ALL
"""


@dataclass(frozen=True)
class Told:
    """values: every number told of a cell, with the figures that tell it."""

    model: Quantities
    values: Mapping[Cell, Mapping[int, tuple[str, ...]]]

    @cached_property
    def single(self) -> Mapping[Cell, int]:
        """Cells of one clinic and one slot, those of untold quantities worked out from what is told."""
        found = {
            cell: next(iter(values))
            for cell, values in self.values.items()
            if len(cell[2]) == 1 and cell[4] == cell[5]
        }
        untold = {one.id for one in self.model.quantities} - {cell[0] for cell in self.values}
        waiting = list(self.model.partitions)
        while ready := [one for one in waiting if len(untold.intersection(one.parts)) == 1]:
            found |= self._rest(ready[0], untold, found)
            untold -= set(ready[0].parts)
            waiting.remove(ready[0])
        for balance in self.model.balances:
            if balance.stock in untold:
                found |= self._stock(balance, found)
        return found

    def _rest(self, partition: Partition, untold: Set[str], found: Mapping[Cell, int]) -> Mapping[Cell, int]:
        """The one part that no figure tells: the whole less the others."""
        (rest,) = untold.intersection(partition.parts)
        others = [part for part in partition.parts if part != rest]
        return {
            (rest, *cell[1:]): number - sum(found[part, *cell[1:]] for part in others)
            for cell, number in found.items()
            if cell[0] == partition.whole and all((part, *cell[1:]) in found for part in others)
        }

    def _stock(self, balance: Balance, found: Mapping[Cell, int]) -> Mapping[Cell, int]:
        """A stock that no figure tells, at the end of every month of what entered."""
        stock: dict[Cell, int] = {}
        before: dict[frozenset[str], int] = defaultdict(int)
        for _, _, clinics, scaffold, month, _ in sorted(
            (cell for cell in found if cell[0] == balance.entered), key=lambda cell: cell[4]
        ):
            at = (NO_SERIES, clinics, scaffold, month, month)
            before[clinics] += found.get((balance.entered, *at), 0) - found.get((balance.left, *at), 0)
            stock[balance.stock, NO_SERIES, clinics, "period_end", month, month] = before[clinics]
        return stock

    def differing(self) -> Iterator[str]:
        """Cells that two figures tell different numbers of."""
        for cell, values in self.values.items():
            if len(values) > 1:
                yield f"{cell}: {dict(values)}"

    def beyond(self) -> Iterator[str]:
        """Cells that are larger than what they are within, or less than nobody."""
        above = {one.id: one.within for one in self.model.quantities}
        for cell, number in self.single.items():
            if number < 0:
                yield f"{cell}: {number}"
            for name in above[cell[0]]:
                whole = self.single.get((name, self._coarser(cell[1], name), *cell[2:]))
                if whole is not None and number > whole:
                    yield f"{cell}: {number} within {name}: {whole}"

    @cached_property
    def _by(self) -> Mapping[str, Quantity]:
        return {one.id: one for one in self.model.quantities}

    def _coarser(self, series: Series, name: str) -> Series:
        return of_series(self._by[name], *series)

    def not_whole(self) -> Iterator[str]:
        """Wholes of one clinic and slot whose parts are all known and do not add up to them."""
        for partition in self.model.partitions:
            for cell in [cell for cell in self.single if cell[0] == partition.whole]:
                parts = [self.single.get((part, *cell[1:])) for part in partition.parts]
                if None not in parts and sum(n for n in parts if n is not None) != self.single[cell]:
                    yield f"{cell}: {self.single[cell]} of {partition.parts}: {parts}"

    def not_added(self) -> Iterator[str]:
        """Cells of several clinics or slots that are not the sum of their cells of one; not less and not more."""
        for cell, values in self.values.items():
            name, series, clinics, scaffold, first, last = cell
            number = next(iter(values))
            parts = [
                self.single.get((name, series, frozenset([clinic]), scaffold, slot, slot), 0)
                for clinic in clinics
                for slot in range(first, last + 1)
            ]
            if self._by[name].additive and number != sum(parts):
                yield f"{cell}: {number}, added up {sum(parts)}"
            if not self._by[name].additive and not max(parts) <= number <= sum(parts):
                yield f"{cell}: {number}, of {parts}"

    def not_linked(self) -> Iterator[str]:
        yield from self._totals()
        yield from self._at_instrument()
        yield from self._balances()
        yield from self._ordered()

    def _totals(self) -> Iterator[str]:
        for total in self.model.totals:
            parts, wholes = self._of_clinic(total.part), self._of_clinic(total.whole)
            for place in parts.keys() & wholes.keys():
                part, whole = sum(parts[place].values()), sum(wholes[place].values())
                if part > whole or (total.exact and part != whole):
                    yield f"{total} {place}: {part} of {whole}"

    def _of_clinic(self, name: str) -> Mapping[tuple[Series, frozenset[str]], Mapping[int, int]]:
        """Numbers by slot, of each series and clinic."""
        found: dict[tuple[Series, frozenset[str]], dict[int, int]] = defaultdict(dict)
        for cell, number in self.single.items():
            if cell[0] == name:
                found[cell[1], cell[2]][cell[4]] = number
        return found

    def _at_instrument(self) -> Iterator[str]:
        for one in self.model.at_instrument:
            at_part, at_whole = (
                of_series(self._by[name], one.instrument, "") for name in (one.part, one.whole)
            )
            parts, wholes = self._of_clinic(one.part), self._of_clinic(one.whole)
            for clinic in {place[1] for place in parts} & {place[1] for place in wholes}:
                for month, number in parts.get((at_part, clinic), {}).items():
                    if number > wholes[at_whole, clinic][month]:
                        yield f"{one} {clinic} {month}: {number}"

    def _balances(self) -> Iterator[str]:
        for one in self.model.balances:
            stock, entered, left = (self._of_clinic(name) for name in (one.stock, one.entered, one.left))
            for place, months in stock.items():
                after = 0
                for month, number in sorted(months.items()):
                    after += entered[place].get(month, 0) - left.get(place, {}).get(month, 0)
                    if number < after or (one.exact and number > after):
                        yield f"{one} {place} {month}: {number}, not {after}"

    def _ordered(self) -> Iterator[str]:
        for one in self.model.ordered:
            for first, second in combinations(one.quantities, 2):
                larger: dict[Series, set[str]] = defaultdict(set)
                for cell, number in self.single.items():
                    other = self.single.get((second, *cell[1:]), number)
                    if cell[0] == first and number != other:
                        larger[cell[1]].add(first if number > other else second)
                yield from (
                    f"{series}: {first}, {second}" for series, names in larger.items() if len(names) > 1
                )


def told(con: duckdb.DuckDBPyConnection) -> Told:
    model = quantities.load()
    counted = {(one.figure, one.definition): one for one in model.counted}
    by = {one.id: one for one in model.quantities}
    found: dict[Cell, dict[int, tuple[str, ...]]] = defaultdict(dict)
    for row in con.execute(ROWS).fetchall():
        figure, definition, instrument, scale, scaffold, first, last, *numbers, clinics = row[4:]
        one = counted[figure, definition]
        start = last if scaffold == "period_end" else first
        for name, number in zip((one.numerator, one.denominator), numbers, strict=True):
            if name:
                series = of_series(by[name], instrument, scale)
                cell = (name, series, frozenset(clinics), scaffold, start, last)
                values = found[cell]
                values[int(number)] = (*values.get(int(number), ()), f"{figure} {definition}")
    return Told(model, found)


def of_series(quantity: Quantity, instrument: str, scale: str) -> Series:
    return {"whole": ("", ""), "instrument": (instrument, ""), "scale": (instrument, scale)}[quantity.by]
