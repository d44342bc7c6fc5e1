"""Values of SPSS columns to text cells: numbers without noise, dates as ISO 8601, missing values blank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from flows.answers import normalise

EPOCH = datetime(1582, 10, 14)  # noqa: DTZ001 - clock time of no zone, as SPSS counts it
"""SPSS counts dates in seconds from here."""

DATES = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "MOYR", "QYR", "WKYR")
DATETIMES = ("DATETIME", "YMDHMS")
TIMES = ("TIME", "DTIME", "MTIME")

_DAY = 86_400
_LAST = (date.max.toordinal() - EPOCH.date().toordinal()) * _DAY
_WHOLE = 1e15
"""Above, a double holds no decimals and may stand for several whole numbers."""


@dataclass(frozen=True)
class Column:
    """One variable.

    kind: text, number, date, datetime or time
    missing: user-missing values as ranges, both ends included; kept: those codes the feed gives a meaning
    """

    name: str
    kind: str
    missing: tuple[tuple[Any, Any], ...] = ()
    kept: frozenset[str] = frozenset()


def kind_of(storage: str, format_: str) -> str:
    """Kind of a variable by how it is stored and by its print format, such as "DATETIME20" or "F8.2"."""
    if storage == "string":
        return "text"
    name = re.match("[A-Za-z]*", format_ or "")
    family = name[0].upper() if name else ""
    for kind, families in (("date", DATES), ("datetime", DATETIMES), ("time", TIMES)):
        if family in families:
            return kind
    return "number"


def cells_of(values: Sequence[Any], column: Column, as_numbers: bool = False) -> pl.Series:
    """Text of each value, blank as null; Int16 where asked for and every value is such a number."""
    if column.kind == "text":
        texts = pl.Series(values, dtype=pl.String).str.strip_chars_end().replace("", None)
        return _blank(texts, column)
    present = _blank(pl.Series(values, dtype=pl.Float64).fill_nan(None), column)
    if as_numbers and column.kind == "number" and _whole(present).all() and _small(present):
        return present.cast(pl.Int16)
    return _number_texts(present) if column.kind == "number" else _moments(present, column.kind)


def number_text(value: float) -> str:
    """One number as a person writes it."""
    return str(_number_texts(pl.Series([value], dtype=pl.Float64))[0])


def _blank(values: pl.Series, column: Column) -> pl.Series:
    """Null where the value is user-missing and the feed says nothing of its code."""
    for low, high in column.missing:
        inside = ((values >= low) & (values <= high)).fill_null(False)
        if inside.any():
            found = values.filter(inside).unique()
            texts = found if column.kind == "text" else _number_texts(found)
            listed = [normalise(text) in column.kept for text in texts.to_list()]
            values = values.set(inside & ~values.is_in(found.filter(listed).implode()), None)
    return values


def _whole(values: pl.Series) -> pl.Series:
    return ((values == values.round()) & (values.abs() < _WHOLE)).fill_null(True)


def _small(values: pl.Series) -> bool:
    return bool(values.is_between(-32_768, 32_767).fill_null(True).all())


def _number_texts(values: pl.Series) -> pl.Series:
    whole = _whole(values)
    as_integers = values.set(~whole, None).cast(pl.Int64).cast(pl.String)
    if whole.all():
        return as_integers
    return pl.select(pl.coalesce(as_integers, values.cast(pl.String))).to_series()


def _moments(values: pl.Series, kind: str) -> pl.Series:
    """Dates and times as texts; a number of seconds that is none stays a number, which is no date."""
    limit = _LAST if kind != "time" else 100 * 365 * _DAY
    inside = values.is_between(0, limit, closed="left").fill_null(False)
    seconds = (values.set(~inside, None) * 1000).round().cast(pl.Int64) // 1000
    written = _durations(seconds) if kind == "time" else _dates(seconds, kind)
    return pl.select(pl.coalesce(written, _number_texts(values.set(inside, None)))).to_series()


def _dates(seconds: pl.Series, kind: str) -> pl.Series:
    moments = pl.select(
        pl.lit(EPOCH, pl.Datetime("ms")) + (seconds * 1000).cast(pl.Duration("ms"))
    ).to_series()
    texts = moments.dt.strftime("%Y-%m-%d %H:%M:%S")
    return texts.str.strip_suffix(" 00:00:00") if kind == "date" else texts


def _durations(seconds: pl.Series) -> pl.Series:
    parts = [(seconds // 3600), (seconds // 60 % 60), (seconds % 60)]
    texts = [part.cast(pl.String).str.zfill(2) for part in parts]
    return pl.select(pl.concat_str(texts, separator=":")).to_series()
