"""Are day and month the other way round than declared? Then the dates that can be read are wrong as well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from flows.moments import read_moments

Order = tuple[int, int, int]
"""Texts of a date column: how many there are, cannot be read, and cannot but with day and month swapped."""

Orders = dict[str, Order]
"""The same by the column's name in the header."""

FEWEST_FAILED = 3
FAILED_PERCENT = 5
"""From how many texts that fail, and what part of all, the whole file is refused."""

_OTHER = {"%d": "%m", "%m": "%d"}


def order_of(texts: pl.Series, moments: pl.Series, formats: Sequence[str], zone: str) -> Order:
    """How the texts of a batch could be read. moments: what they were read as, null where not at all."""
    given = len(texts) - texts.null_count()
    failed = texts.filter(texts.is_not_null() & moments.is_null())
    other = [_swapped(format_) for format_ in formats if "%d" in format_ and "%m" in format_]
    turned = read_moments(failed, other, zone) if len(failed) and other else None
    return given, len(failed), len(failed) - turned.null_count() if turned is not None else 0


def _swapped(format_: str) -> str:
    return "".join(_OTHER.get(part, part) for part in re.split("(%.)", format_))


def added(one: Mapping[str, Order], other: Mapping[str, Order]) -> Orders:
    """Two batches of one file."""
    found = dict(one)
    for column, (given, failed, swapped) in other.items():
        before = found.get(column, (0, 0, 0))
        found[column] = (before[0] + given, before[1] + failed, before[2] + swapped)
    return found


def wrong_order(orders: Mapping[str, Order]) -> tuple[str, ...]:
    """Columns all of whose unreadable texts are dates in the other order: never one stray text among many."""
    return tuple(
        column
        for column, (given, failed, swapped) in orders.items()
        if failed >= FEWEST_FAILED and failed == swapped and failed * 100 >= given * FAILED_PERCENT
    )
