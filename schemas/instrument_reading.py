"""How the values of an instrument's TOML are read: whole and exact numbers, item lists, dates, provenance.

Each reports what is wrong to the table's list of problems and gives a harmless value in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

from schemas.raw_table import RawTable

EVIDENCE = ("verified", "derived", "unconfirmed", "licensed", "site_key")
"""verified: seen in a source. derived: follows from what was seen by one step of logic or arithmetic.
unconfirmed: known from the literature, nobody has opened the form or paper. licensed, site_key: the
site itself must supply or confirm the key."""

ID = re.compile(r"[a-z][a-z0-9_]*")
ID_RULE = "must be lower-case letters, digits and _, and begin with a letter"

NO_ANSWER = "x"
"""How a golden vector writes an item without an answer, and a scale without a score."""

SCORE_PLACES = 4

_T = TypeVar("_T")


class Provenance(NamedTuple):
    """Who vouches for a value, and when that was written into the registry."""

    evidence: str
    source: str
    recorded: date

    @classmethod
    def read(cls, table: RawTable) -> Provenance:
        return cls(table.choice("evidence", EVIDENCE), table.text("source"), day(table, "recorded"))


def whole(table: RawTable, key: str) -> int:
    """A whole number that must be there; it may be negative."""
    value = table.value(key)
    if is_whole(value):
        return int(value)
    table.problem(key, "is missing" if value is None else "must be a whole number")
    return 0


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def decimal(table: RawTable, key: str) -> Decimal:
    """An exact number that must be there."""
    value = table.value(key)
    if value is None:
        table.problem(key, "is missing")
        return Decimal(0)
    return number(table, key, value)


def optional_decimal(table: RawTable, key: str) -> Decimal | None:
    return decimal(table, key) if key in table else table.value(key)


def day(table: RawTable, key: str) -> date:
    """A TOML date that must be there."""
    value = table.value(key)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    table.problem(key, "is missing" if value is None else "must be a date, written 2026-11-23")
    return date.min


def optional_day(table: RawTable, key: str) -> date | None:
    return day(table, key) if key in table else table.value(key)


def item_numbers(table: RawTable, key: str) -> tuple[int, ...]:
    """A list of item numbers that must be there; it may be empty."""
    value = table.value(key)
    if isinstance(value, list) and all(map(is_whole, value)):
        return tuple(value)
    table.problem(key, "is missing" if value is None else "must be a list of item numbers")
    return ()


def distinct_items(table: RawTable, key: str) -> tuple[int, ...]:
    """A list of item numbers, none of them twice."""
    numbers = item_numbers(table, key)
    if len(set(numbers)) < len(numbers):
        table.problem(key, "names an item twice")
    return numbers


def optional_items(table: RawTable, key: str) -> tuple[int, ...]:
    return distinct_items(table, key) if key in table else table.value(key) or ()


def pairs(table: RawTable, key: str, read: Callable[[RawTable, str, Any], _T]) -> tuple[tuple[str, _T], ...]:
    """A table of free keys in the order of the file; none where the key is not there."""
    value = table.value(key)
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple((name, read(table, f"{key}, {name}", given)) for name, given in value.items())
    table.problem(key, "must be a table")
    return ()


def result(table: RawTable, key: str, value: Any) -> Decimal | None:  # noqa: ANN401 - what TOML holds
    return None if value == NO_ANSWER else number(table, key, value)


def number(table: RawTable, key: str, value: Any) -> Decimal:  # noqa: ANN401 - what TOML holds
    """A TOML whole number, a TOML decimal read as Decimal, or a decimal written as text."""
    exact = isinstance(value, int | Decimal | str) and not isinstance(value, bool)
    try:
        found = Decimal(value) if exact else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if found.is_finite() and found == round(found, SCORE_PLACES):
        return found
    table.problem(key, f"must be a number with at most {SCORE_PLACES} decimals")
    return Decimal(0)
