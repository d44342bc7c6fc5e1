"""Two ways of hiding small numbers that are in wide use, on exact rows: what the product has to be better than."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from schemas.site import Disclosure
from tests.lib.statements import Layout, Period, Reading, Row

RATE_DENOMINATOR = 20
MEAN_CASES = 10
NOTHING_HIDDEN = 0
NUMBERS = ("numerator", "denominator", "value", "n")
PARENTS = {"month": "quarter", "quarter": "year", "year": "all"}


def rounding_only(
    rows: Iterable[Row], policy: Disclosure, open_periods: Collection[tuple[str, str]]
) -> list[Row]:
    """Every count rounded, nothing hidden; read it as `rounded_reading` says."""
    return [
        hide(row, "update_withheld")
        if (row["grain"], row["period"]) in open_periods
        else _rounded(row, policy.round_to)
        for row in rows
    ]


def rounded_reading(policy: Disclosure) -> Reading:
    return Reading(NOTHING_HIDDEN, policy.round_to, mean_cases=1)


def primary_only(
    rows: Iterable[Row], policy: Disclosure, open_periods: Collection[tuple[str, str]]
) -> list[Row]:
    """Small counts, complements and bases hidden, the others rounded."""
    found = []
    for row in rows:
        if (row["grain"], row["period"]) in open_periods:
            found.append(hide(row, "update_withheld"))
        elif row["state"] in ("value", "zero") and _small(row, policy):
            found.append(hide(row, "suppressed"))
        else:
            found.append(_rounded(row, policy.round_to))
    return found


def next_lowest_sibling(
    rows: Sequence[Row], policy: Disclosure, open_periods: Collection[tuple[str, str]], known: Layout
) -> list[Row]:
    """As `primary_only`; and where just one child of a unit or period is hidden, its next-lowest sibling too."""
    shown = primary_only(rows, policy, open_periods)
    for _ in range(2):
        for group in (*_clinic_groups(rows), *_period_groups(rows, known.periods)):
            hidden = [n for n in group if shown[n]["state"] == "suppressed"]
            left = [n for n in group if shown[n]["state"] == "value"]
            if len(hidden) == 1 and left:
                lowest = min(left, key=lambda n: (rows[n]["n"], n))
                shown[lowest] = hide(rows[lowest], "suppressed")
    return shown


def _clinic_groups(rows: Sequence[Row]) -> Iterable[list[int]]:
    """Clinics within a service, services within the site."""
    groups: dict[object, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        parent = row["service"] if row["clinic"] != "all" else "all"
        if row["service"] != "all":
            groups[_place(row), row["grain"], row["period"], parent].append(n)
    return groups.values()


def _period_groups(rows: Sequence[Row], periods: Mapping[tuple[str, str], Period]) -> Iterable[list[int]]:
    """Months within a quarter, quarters within a year, years within all time."""
    groups: dict[object, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        for (grain, period), span in periods.items():
            if PARENTS.get(row["grain"]) == grain:
                child = periods[row["grain"], row["period"]]
                if span.first <= child.first <= span.last:
                    groups[_place(row), row["service"], row["clinic"], grain, period].append(n)
    return groups.values()


def _place(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("figure", "definition", "instrument", "scale"))


def kind(row: Row) -> str:
    if row["denominator"] is None:
        return "count"
    return "mean" if "_mean" in row["figure"] else "rate"


def _small(row: Row, policy: Disclosure) -> bool:
    def protected(count: Any) -> bool:
        return 1 <= count < policy.threshold

    part, whole = row["numerator"], row["denominator"]
    if kind(row) == "count":
        return protected(part)
    if kind(row) == "mean":
        return whole < MEAN_CASES or protected(whole)
    return nearest(whole, policy.round_to) < RATE_DENOMINATOR or protected(part) or protected(whole - part)


def nearest(count: Any, step: int) -> int:
    return (2 * int(count) + step) // (2 * step) * step


def _rounded(row: Row, step: int) -> Row:
    if row["state"] not in ("value", "zero"):
        return {**row, "numerator": None} if kind(row) == "mean" else row
    part, n = nearest(row["numerator"], step), nearest(row["n"], step)
    if kind(row) == "count":
        return {**row, "numerator": part, "value": part, "n": n}
    if kind(row) == "mean":
        return {
            **row,
            "numerator": None,
            "denominator": n,
            "value": tenths(row["numerator"], row["n"]),
            "n": n,
        }
    value = tenths(100 * part, n) if n else None
    return {**row, "numerator": part, "denominator": n, "value": value, "n": n}


def tenths(total: Any, cases: int) -> Decimal:
    return (Decimal(total) / cases).quantize(Decimal("0.1"), ROUND_HALF_UP)


def hide(row: Row, state: str = "suppressed") -> Row:
    """The row without its numbers; not applicable stays so."""
    if row["state"] == "not_applicable":
        return row
    return {**row, **dict.fromkeys(NUMBERS), "state": state}
