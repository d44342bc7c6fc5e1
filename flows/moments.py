"""Date and time texts to UTC instants and local dates, by declared formats and time zones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
"""Years a date can have. Without bounds %Y reads "26" as the year 26, and a mistyped date gives a figure."""

_FIRST, _LAST = (
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for year in (EARLIEST_YEAR, LATEST_YEAR + 1)
)
"""The same in microseconds, as polars counts them."""

_CLOCK = ("%H", "%I")
_NUMBERS = {"%y": "[0-9]{2}", "%Y": "[0-9]{4}", "%j": "[0-9]{1,3}", "%f": "[0-9]+", "%%": "%"}
_TWO_DIGITS = ("%d", "%m", "%H", "%I", "%M", "%S")
_ONE_HOUR = pl.duration(hours=1)


def read_moments(cells: pl.Series, formats: Sequence[str], zone: str) -> pl.Series:
    """UTC Datetime[us] of each text; null where blank or unreadable.

    Formats are tried in their order: the first that fits a text decides, also that there is no such
    time. A text without offset is local time in `zone`: of a repeated autumn hour the first is
    meant; a time skipped in spring does not exist. A date alone is the beginning of its day.
    """
    found = pl.Series(cells.name, [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, len(cells))
    left = cells
    for format_ in formats:
        fits, moments = _parse(left, format_, zone)
        found = pl.select(pl.coalesce(found, moments)).to_series().rename(cells.name)
        if fits.sum() == len(left) - left.null_count():
            break
        left = left.set(fits, None)
    return found


def _parse(cells: pl.Series, format_: str, zone: str) -> tuple[pl.Series, pl.Series]:
    """Which texts are of this format, and their instants."""
    native = format_.replace(".%f", "%.f")
    if "%y" in native:
        # polars takes any two characters for %y and makes some year of them
        cells = cells.set(~cells.str.contains(_pattern(format_)).fill_null(False), None)
    if "%z" in native:
        moments = (
            _with_offsets(cells, native)
            .str.to_datetime(native, strict=False, time_unit="us")
            .dt.convert_time_zone("UTC")
        )
        return moments.is_not_null(), _plausible(moments)
    if not any(mark in native for mark in _CLOCK):
        days = cells.str.to_date(native, strict=False).cast(pl.Datetime("us"))
        return days.is_not_null(), _beginnings(_plausible(days), zone)
    naive = cells.str.to_datetime(native, strict=False, time_unit="us", time_zone=None)
    return naive.is_not_null(), _localise(_plausible(naive), zone)


def _with_offsets(cells: pl.Series, native: str) -> pl.Series:
    """Offsets as strptime reads them: ISO 8601 writes Z for +00:00, and others GMT, GMT+1 or GMT+5:30."""
    texts = cells.str.replace("[Zz]$", "+00:00") if native.endswith("%z") else cells
    if not native.endswith("GMT%z"):
        return texts
    whole = texts.str.replace("GMT$", "GMT+00:00").str.replace("GMT([+-])([0-9](:|$))", "GMT${1}0${2}")
    return whole.str.replace("(GMT[+-][0-9]{2})$", "${1}:00")


def _pattern(format_: str) -> str:
    """A regular expression that every text of this format matches."""
    parts = (
        _NUMBERS.get(part, "[0-9]{1,2}" if part in _TWO_DIGITS else ".*")
        if part.startswith("%")
        else re.escape(part)
        for part in re.split("(%.)", format_)
    )
    return f"^{''.join(parts)}$"


def _plausible(moments: pl.Series) -> pl.Series:
    clock = moments.to_physical()
    if clock.is_between(_FIRST, _LAST, closed="left").fill_null(True).all():
        return moments
    return moments.set(~clock.is_between(_FIRST, _LAST, closed="left").fill_null(True), None)


def _localise(naive: pl.Series, zone: str) -> pl.Series:
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    local = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _beginnings(days: pl.Series, zone: str) -> pl.Series:
    """The first instants of days; where clocks are put forward at midnight the day begins at one."""
    midnight, one = _localise(days, zone), _localise(pl.select(days + _ONE_HOUR).to_series(), zone)
    return pl.select(pl.coalesce(midnight, one)).to_series()


def local_dates(moments: pl.Series, zone: str) -> pl.Series:
    """Local calendar dates of UTC instants."""
    return moments.dt.convert_time_zone(zone).dt.date()
