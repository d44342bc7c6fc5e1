"""Date and time texts to UTC instants and local dates, by declared formats and time zones."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_CLOCK = ("%H", "%I", "%T", "%R", "%X", "%c")


def read_moments(cells: pl.Series, formats: Sequence[str], zone: str) -> pl.Series:
    """UTC Datetime[us] of each text; null where blank or unreadable.

    Formats are tried in their order. A text without offset is local time in `zone`: of a
    repeated autumn hour the first is meant; a time skipped in spring does not exist.
    """
    found = pl.Series(cells.name, [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, len(cells))
    for format_ in formats:
        if found.null_count() == cells.null_count():
            break
        parsed = _parse(cells, format_, zone)
        found = pl.select(pl.coalesce(found, parsed)).to_series().rename(cells.name)
    return found


def _parse(cells: pl.Series, format_: str, zone: str) -> pl.Series:
    native = format_.replace(".%f", "%.f")
    if not any(mark in native for mark in _CLOCK):
        return _localise(cells.str.to_date(native, strict=False).cast(pl.Datetime("us")), zone)
    if "%z" in native:
        return cells.str.to_datetime(native, strict=False, time_unit="us").dt.convert_time_zone("UTC")
    return _localise(cells.str.to_datetime(native, strict=False, time_unit="us", time_zone=None), zone)


def _localise(naive: pl.Series, zone: str) -> pl.Series:
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    local = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def local_dates(moments: pl.Series, zone: str) -> pl.Series:
    """Local calendar dates of UTC instants."""
    return moments.dt.convert_time_zone(zone).dt.date()
