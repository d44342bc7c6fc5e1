"""Scales of an instrument, and how many of their items may be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from schemas.instrument_parts import Response
from schemas.instrument_reading import (
    Provenance,
    item_numbers,
    number,
    optional_day,
    optional_items,
    whole,
)
from schemas.raw_table import RawTable

METHODS = ("sum", "mean", "mean_x10", "table", "sum_of_scales")
DIRECTIONS = ("higher_better", "higher_worse", "neither")
MISSING_RULES = ("complete", "prorate")

ALL = "all"
SITE_KEY = "site_key"
"""As `items`: the site's own key file says which items belong to the scale."""

ItemsOf = Callable[[Sequence[str]], tuple[int, ...]]
"""Items of scales that stand before a sum of scales."""


@dataclass(frozen=True)
class Missing:
    """How many items may be missing before a scale has no score. complete: none.

    start: administrations completed on or after this day; None for the first version of a rule
    """

    rule: str
    max_missing: int = 0
    evidence: str = ""
    source: str = ""
    recorded: date | None = None
    start: date | None = None

    @classmethod
    def build(cls, table: RawTable) -> Missing:
        rule = table.choice("rule", MISSING_RULES)
        start = optional_day(table, "from")
        if rule == "prorate":
            missing = cls(rule, whole(table, "max_missing"), *Provenance.read(table), start)
        elif any(key in table for key in Provenance._fields):
            missing = cls(rule, 0, *Provenance.read(table), start)
        else:
            missing = cls(rule, start=start)
        table.close()
        return missing


@dataclass(frozen=True)
class Scale:
    """One score of an instrument.

    items:          item numbers from 1; none while the site's key file is not there
    from_key:       whether the site's key file says which items these are
    scales:         the scales that a sum of scales adds up
    method:         sum or mean of the keyed answers, ten times the mean, a table's score of the
                    keyed sum, or the sum of other scales
    range:          lowest and highest possible score, in `unit`
    table:          keyed sum to score, for method table
    round_to:       decimals that a prorated sum is rounded to; None for SCORE_PLACES
    not_applicable: there is a score only where exactly these items are not applicable
    missing_rules:  versions of the missing rule, oldest first
    """

    id: str
    items: tuple[int, ...]
    from_key: bool
    scales: tuple[str, ...]
    method: str
    range: tuple[Decimal, Decimal]
    unit: str
    direction: str
    table: tuple[tuple[int, Decimal], ...]
    round_to: int | None
    not_applicable: tuple[int, ...]
    missing_rules: tuple[Missing, ...]

    @classmethod
    def build(cls, table: RawTable, n_items: int, items_of: ItemsOf, response: Response) -> Scale:
        """items_of: items of the scales above; response: the form's, a range while there are no items."""
        method = table.choice("method", METHODS)
        summed = table.texts("scales") if method == "sum_of_scales" else ()
        items = items_of(summed) if method == "sum_of_scales" else _items(table, n_items)
        from_key = method != "sum_of_scales" and table.value("items") == SITE_KEY
        ends = Decimal(response.min), Decimal(response.max)
        scale = cls(
            id=table.text("id"),
            items=items,
            from_key=from_key,
            scales=summed,
            method=method,
            range=ends if from_key else _range(table),
            unit=table.text("unit"),
            direction=table.choice("direction", DIRECTIONS),
            table=_table(table) if method == "table" else (),
            round_to=table.whole("round_to", 0, 0) if "round_to" in table else table.value("round_to"),
            not_applicable=optional_items(table, "not_applicable"),
            missing_rules=_missing(table, method),
        )
        table.close()
        return scale

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def minimum(self) -> Decimal:
        return self.range[0]

    @property
    def maximum(self) -> Decimal:
        return self.range[1]

    @property
    def missing(self) -> Missing:
        """The newest version of the missing rule."""
        return self.missing_rules[-1]

    @property
    def weight(self) -> int:
        """What a mean of the answers is multiplied by."""
        return {"mean": 1, "mean_x10": 10}.get(self.method, self.n_items)

    def implied_range(self, responses: Sequence[Response]) -> tuple[Decimal, Decimal]:
        """The range that items, method and responses leave; reversal does not move it.

        responses: of the scale's own items, in their order
        """
        if self.method == "table":
            points = [score for _, score in self.table] or [Decimal(0)]
            return min(points), max(points)
        low, high = sum(one.min for one in responses), sum(one.max for one in responses)
        return self._weighed(low), self._weighed(high)

    def _weighed(self, points: int) -> Decimal:
        exact = Decimal(points * self.weight) / max(self.n_items, 1)
        whole = exact.to_integral_value()
        return whole if whole == exact else exact.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()


def _items(table: RawTable, n_items: int) -> tuple[int, ...]:
    if table.value("items") == ALL:
        return tuple(range(1, n_items + 1))
    if table.value("items") == SITE_KEY:
        return ()
    return item_numbers(table, "items")


def _range(table: RawTable) -> tuple[Decimal, Decimal]:
    value = table.value("range")
    if isinstance(value, list) and len(value) == 2:
        return number(table, "range", value[0]), number(table, "range", value[1])
    table.problem("range", "must be a list of the lowest and the highest score")
    return Decimal(0), Decimal(0)


def _table(table: RawTable) -> tuple[tuple[int, Decimal], ...]:
    """Keyed sum to score; TOML's keys are texts."""
    given = table.table("table", "table")
    sums = given.keys()
    if not sums:
        table.problem("table", "must be a table of keyed sum = score")
    return tuple((_sum(given, key), number(given, key, given.value(key))) for key in sums)


def _sum(table: RawTable, key: str) -> int:
    if key.lstrip("-").isdecimal():
        return int(key)
    table.problem(key, "must be a keyed sum: a whole number")
    return 0


def _missing(table: RawTable, method: str) -> tuple[Missing, ...]:
    value: Any = table.value("missing")
    if value is None and method == "sum_of_scales":
        return (Missing("complete"),)
    if isinstance(value, list):
        versions = tuple(map(Missing.build, table.tables("missing", "missing", "rule")))
        if versions:
            return versions
    return (Missing.build(table.table("missing", "missing")),)
