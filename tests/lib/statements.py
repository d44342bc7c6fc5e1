"""What rows of figures say of cells, as anybody can read it who knows the rules of publication.

A cell is what is counted of a series (quantity, instrument, scale) in a set of clinics and an interval of slots
(month numbers, session numbers, stages). Published rows become statements: a sum of cells lies between two numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

from schemas import metrics
from schemas.quantities import Counted, Quantities
from schemas.site import Disclosure

Row = Mapping[str, Any]
Series = tuple[str, str, str]
Key = tuple[str, str, str, str]

SUM = "sum of "
"""Begins the name of a series of sums of scores, of which means tell."""


class Cell(NamedTuple):
    series: Series
    clinics: frozenset[str]
    first: int
    last: int


class Period(NamedTuple):
    scaffold: str
    first: int
    last: int


@dataclass(frozen=True)
class Reading:
    """What everybody knows of how numbers are shown: threshold 0 where nothing is hidden."""

    threshold: int
    round_to: int
    mean_cases: int = 10


def reading(policy: Disclosure) -> Reading:
    return Reading(policy.threshold, policy.round_to, getattr(policy, "mean_cases", 10))


Terms = tuple[tuple[float, Cell], ...]


@dataclass(frozen=True)
class Statement:
    """low <= sum of factor * cell <= high; ends: whether it is true where the sum is low or high itself."""

    terms: Terms
    low: float
    high: float
    ends: bool = True


@dataclass(frozen=True)
class Layout:
    """What is known of a publication before any number: its periods, clinics and what applies where.

    periods: (grain, period) -> scaffold, first and last slot. clinics: clinic -> service.
    applicable: (figure, definition, instrument, scale) -> clinics that have everything the figure needs.
    quantities: what figures tell of, and how that hangs together.
    """

    periods: Mapping[tuple[str, str], Period]
    clinics: Mapping[str, str]
    applicable: Mapping[Key, frozenset[str]]
    quantities: Quantities

    @cached_property
    def first_month(self) -> int:
        """Nothing happened before it, as the calendar of the publication says."""
        return min(period.first for (grain, _), period in self.periods.items() if grain == "month")

    @cached_property
    def last_month(self) -> int:
        """The month of as_of: what comes after it is not counted yet."""
        return max(period.last for (grain, _), period in self.periods.items() if grain == "month")

    @cached_property
    def counted(self) -> Mapping[tuple[str, str], Counted]:
        return {(one.figure, one.definition): one for one in self.quantities.counted}

    @cached_property
    def finest(self) -> Mapping[str, str]:
        """Quantity -> whether it has one series, one by instrument, or one by instrument and scale."""
        return {quantity.id: quantity.by for quantity in self.quantities.quantities}

    @cached_property
    def additive(self) -> frozenset[str]:
        return frozenset(quantity.id for quantity in self.quantities.quantities if quantity.additive)

    @cached_property
    def figures_of(self) -> frozenset[str]:
        """Quantities that some figure tells of."""
        return frozenset(name for one in self.quantities.counted for name in (one.numerator, one.denominator))

    @cached_property
    def stocks(self) -> frozenset[tuple[str, str]]:
        return frozenset((m.figure, m.definition) for m in metrics.load() if m.scaffold == "period_end")

    @cached_property
    def lines(self) -> Mapping[str, tuple[int, int]]:
        """Quantity -> first and last slot there is: months of the publication, sessions or stages."""
        scaffolds = {(m.figure, m.definition): m.scaffold for m in metrics.load()}
        found = {}
        for one in self.quantities.counted:
            scaffold = scaffolds[one.figure, one.definition]
            slots = [
                slot for p in self.periods.values() if p.scaffold == scaffold for slot in (p.first, p.last)
            ]
            for quantity in filter(None, (one.numerator, one.denominator)):
                if scaffold.startswith("period"):
                    found[quantity] = self.first_month, self.last_month
                elif slots:
                    found[quantity] = min(slots), max(slots)
        return found

    def series(self, quantity: str, row: Row) -> Series:
        return self.twin(("", row["instrument"], row["scale"]), quantity)

    def twin(self, series: Series, quantity: str) -> Series:
        """The series of another quantity that is of the same instrument and scale, as far as it has them."""
        by = self.finest[quantity]
        return quantity, series[1] if by != "whole" else "", series[2] if by == "scale" else ""

    def slots(self, row: Row) -> tuple[int, int]:
        period = self.periods[row["grain"], row["period"]]
        if (row["figure"], row["definition"]) in self.stocks:
            end = min(period.last, self.last_month)
            return end, end
        if period.scaffold == "period":
            return max(period.first, self.first_month), min(period.last, self.last_month)
        return period.first, period.last

    def members(self, row: Row) -> frozenset[str]:
        applicable = self.applicable.get(key_of(row), frozenset())
        if row["clinic"] != "all":
            return applicable & {row["clinic"]}
        if row["service"] != "all":
            return frozenset(c for c in applicable if self.clinics[c] == row["service"])
        return applicable

    def cell(self, quantity: str, row: Row) -> Cell:
        return Cell(self.series(quantity, row), self.members(row), *self.slots(row))


def key_of(row: Row) -> Key:
    return row["figure"], row["definition"], row["instrument"], row["scale"]


def layout(
    rows: Iterable[Row],
    periods: Mapping[tuple[str, str], Period],
    clinics: Mapping[str, str],
    quantities: Quantities,
) -> Layout:
    """Where a figure is applicable is said by rows of clinics, published and exact alike."""
    applicable: dict[Key, set[str]] = defaultdict(set)
    for row in rows:
        if row["clinic"] != "all" and row["state"] != "not_applicable":
            applicable[key_of(row)].add(row["clinic"])
    return Layout(periods, clinics, {key: frozenset(found) for key, found in applicable.items()}, quantities)


def statements(rows: Iterable[Row], known: Layout, policy: Reading) -> list[Statement]:
    """All that published rows say; `suppressed` says nothing, nor does a row held back without numbers."""
    return [one for saying in sayings(rows, known, policy) for one in saying]


Saying = tuple[Statement, ...]
"""What is true as a whole or not at all: both edges of a mean."""


def sayings(rows: Iterable[Row], known: Layout, policy: Reading) -> list[Saying]:
    """The statements of published rows, those together that no one can believe without the others."""
    return [one for row in rows if _speaks(row) and _known(row, known) for one in _said(row, known, policy)]


def _known(row: Row, known: Layout) -> bool:
    return (row["figure"], row["definition"]) in known.counted


def _speaks(row: Row) -> bool:
    return row["state"] in ("value", "zero", "no_data") or (
        row["state"] == "update_withheld" and row["n"] is not None
    )


def _said(row: Row, known: Layout, policy: Reading) -> Iterator[Saying]:
    counted = known.counted[row["figure"], row["definition"]]
    if not counted.denominator:
        yield _one(known.cell(counted.numerator, row), *shown(row["numerator"], policy))
    elif row["n"] == 0:
        for quantity in filter(None, (counted.numerator, counted.denominator)):
            yield _one(known.cell(quantity, row), 0, 0)
    elif counted.numerator:
        yield from _rate(
            row, known.cell(counted.numerator, row), known.cell(counted.denominator, row), policy
        )
    else:
        yield from _mean(row, known.cell(counted.denominator, row), policy)


def _one(cell: Cell, low: float, high: float) -> Saying:
    return (Statement(((1, cell),), low, high),)


def _rate(row: Row, part: Cell, whole: Cell, policy: Reading) -> Iterator[Saying]:
    """The complement of a rate that is shown is nobody, or threshold and more; sometimes it is known which."""
    low, high = shown(row["numerator"], policy)
    least, most = shown(row["denominator"], policy)
    yield _one(part, low, high)
    yield _one(whole, least, most)
    rest = ((1, whole), (-1, part))
    if not policy.threshold:
        return
    if most - low < policy.threshold:
        yield (Statement(rest, 0, 0),)
    elif least > high:
        yield (Statement(rest, policy.threshold, inf),)


def _mean(row: Row, cases: Cell, policy: Reading) -> Iterator[Saying]:
    """That sums are whole numbers says no more: of ten cases on, one of them gives any mean with one decimal.

    Half a tenth is rounded away from zero, so that of two means the one further out has the edge between them.
    """
    low, high = shown(row["n"], policy)
    yield _one(cases, max(low, policy.mean_cases), high)
    total = sum_of(row, cases)
    mean = float(row["value"])
    yield (
        Statement(((1, total), (0.05 - mean, cases)), 0, inf, ends=mean > 0),
        Statement(((1, total), (-0.05 - mean, cases)), -inf, 0, ends=mean < 0),
    )


def sum_of(row: Row, cases: Cell) -> Cell:
    """The sum behind a mean, as a series of its own."""
    name = f"{SUM}{row['figure']}:{row['definition']}"
    return cases._replace(series=(name, row["instrument"], row["scale"]))


def shown(number: Any, policy: Reading) -> tuple[int, int]:
    """The counts that a rounded count can stand for, rounded to nearest, half up; a zero is a zero."""
    rounded, step = int(number), policy.round_to
    if rounded == 0:
        return 0, 0 if policy.threshold else (step - 1) // 2
    return max(policy.threshold, rounded - step // 2), rounded + (step - 1) // 2


@dataclass(frozen=True)
class Truth:
    """Exact values of cells, from exact rows; of cells that no row has, from clinics and single slots."""

    cells: Mapping[Cell, float]
    additive: frozenset[str]

    def of(self, cell: Cell) -> float | None:
        found = self.cells.get(cell)
        if found is None and self._adds_up(cell):
            return sum(
                self._atom(cell, c, slot) for c in cell.clinics for slot in range(cell.first, cell.last + 1)
            )
        return found

    def _adds_up(self, cell: Cell) -> bool:
        return cell.series[0].startswith(SUM) or cell.series[0] in self.additive

    def _atom(self, cell: Cell, clinic: str, slot: int) -> float:
        return self.cells.get(Cell(cell.series, frozenset({clinic}), slot, slot), 0)

    def holds(self, statement: Statement) -> bool:
        """Whether it is true of the exact values; what cannot be said is taken to be no longer true."""
        values = [(factor, self.of(cell)) for factor, cell in statement.terms]
        if any(value is None for _, value in values):
            return False
        total = sum(factor * value for factor, value in values if value is not None)
        give = 1e-6 if statement.ends else -1e-6
        return statement.low - give <= total <= statement.high + give


def truth(exact: Iterable[Row], known: Layout) -> Truth:
    cells: dict[Cell, float] = {}
    for row in exact:
        if row["state"] == "not_applicable" or not _known(row, known):
            continue
        counted = known.counted[row["figure"], row["definition"]]
        if counted.numerator:
            cells[known.cell(counted.numerator, row)] = int(row["numerator"])
        if counted.denominator:
            cases = known.cell(counted.denominator, row)
            cells[cases] = int(row["denominator"])
            if not counted.numerator:
                cells[sum_of(row, cases)] = float(row["numerator"])
    return Truth(cells, known.additive)


class Protected(NamedTuple):
    """A count of 1 to threshold - 1 of a row, or the complement of one; exact: what it is."""

    name: str
    terms: Terms
    exact: float
    row: Row


def protected(exact: Iterable[Row], known: Layout, policy: Disclosure) -> list[Protected]:
    """Every cell and every complement that is too small, once, named by the first row that has it."""
    found: dict[Terms, Protected] = {}
    for row in exact:
        if row["state"] != "not_applicable" and _known(row, known):
            for name, terms, value in _counts(row, known):
                if 1 <= value < policy.threshold and terms not in found:
                    found[terms] = Protected(name, terms, value, row)
    return list(found.values())


def _counts(row: Row, known: Layout) -> Iterator[tuple[str, Terms, float]]:
    counted = known.counted[row["figure"], row["definition"]]
    part, whole = counted.numerator, counted.denominator
    if part:
        yield part, ((1, known.cell(part, row)),), int(row["numerator"])
    if whole:
        yield whole, ((1, known.cell(whole, row)),), int(row["denominator"])
    if part and whole:
        terms = ((1, known.cell(whole, row)), (-1, known.cell(part, row)))
        yield f"{whole} less {part}", terms, int(row["denominator"]) - int(row["numerator"])


def rows_of(con: Any, table: str) -> list[Row]:
    """Rows of mart_figure or pub_figure, in key order."""
    found = con.execute(
        f"FROM {table} ORDER BY figure, definition, service, clinic, grain, period, instrument, scale"
    )
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
