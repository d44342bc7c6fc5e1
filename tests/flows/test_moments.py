"""Date texts to instants, against Python's strptime and zoneinfo, one text at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.moments import local_dates, read_moments
from schemas.dialect import load_dialects
from schemas.site_checks import _is_date_format

LONDON = "Europe/London"
STAMP = "%Y-%m-%d %H:%M:%S"


def read(texts, formats=(STAMP,), zone=LONDON):
    moments = read_moments(pl.Series("x", texts, dtype=pl.String), formats, zone)
    assert moments.dtype == pl.Datetime("us", "UTC")
    assert moments.name == "x"
    return moments.to_list()


def one(text, formats=(STAMP,), zone=LONDON):
    return read([text], formats, zone)[0]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plain_moment(text, formats, zone):
    """strptime, the first format that fits; local times by zoneinfo, the earlier of two, never one skipped."""
    for format_ in formats:
        try:
            read = datetime.strptime(text.strip(), format_)  # noqa: DTZ007 - the zone comes after
        except ValueError:
            continue
        if not 1900 <= read.year <= 2199:
            return None
        if read.tzinfo is not None:
            return read.astimezone(UTC)
        local = read.replace(tzinfo=ZoneInfo(zone), fold=0)
        moment = local.astimezone(UTC)
        exists = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == read
        return moment if exists else None
    return None


def test_summer_and_winter_time():
    assert one("2026-01-15 10:00:00") == utc("2026-01-15 10:00:00")
    assert one("2026-07-15 10:00:00") == utc("2026-07-15 09:00:00")


def test_a_time_skipped_in_spring_does_not_exist():
    assert one("2026-03-29 01:30:00") is None
    assert one("2026-03-29 00:59:59") == utc("2026-03-29 00:59:59")
    assert one("2026-03-29 02:00:00") == utc("2026-03-29 01:00:00")


def test_of_a_repeated_hour_the_first_is_meant():
    assert one("2026-10-25 01:30:00") == utc("2026-10-25 00:30:00")


def test_a_time_that_does_not_exist_is_not_read_by_a_later_format():
    day_first, month_first = "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"
    assert one("08/03/2026 02:30", [day_first, month_first], "America/New_York") is None
    assert one("08/03/2026 02:30", [month_first, day_first], "America/New_York") == utc("2026-08-03 06:30:00")


def test_two_digit_years():
    assert read(["29/03/26", "29/03/75", "9/3/26"], ["%d/%m/%y"], "UTC") == [
        utc("2026-03-29"), utc("1975-03-29"), utc("2026-03-09"),
    ]  # fmt: skip
    assert read(["29/03/2.", "29/03/-3", "29/03/2 ", "29/03/2026", None], ["%d/%m/%y"]) == [None] * 5


def test_formats_are_tried_strictly_in_order():
    both = ["03/04/2026", "25/12/2026", "12/25/2026"]
    day_first = read(both, ["%d/%m/%Y", "%m/%d/%Y"], "UTC")
    assert [moment.date() for moment in day_first] == [
        date(2026, 4, 3),
        date(2026, 12, 25),
        date(2026, 12, 25),
    ]
    month_first = read(both, ["%m/%d/%Y", "%d/%m/%Y"], "UTC")
    assert [moment.date() for moment in month_first] == [
        date(2026, 3, 4),
        date(2026, 12, 25),
        date(2026, 12, 25),
    ]


def test_a_date_alone_is_the_beginning_of_its_day_also_where_it_has_no_midnight():
    assert one("2026-07-01", ["%Y-%m-%d"]) == utc("2026-06-30 23:00:00")
    cairo = read(["2026-04-24", "2026-04-23"], ["%Y-%m-%d"], "Africa/Cairo")
    assert cairo == [utc("2026-04-23 22:00:00"), utc("2026-04-22 22:00:00")]
    days = local_dates(pl.Series(cairo), "Africa/Cairo").to_list()
    assert days == [date(2026, 4, 24), date(2026, 4, 23)]
    assert one("2011-12-30", ["%Y-%m-%d"], "Pacific/Apia") is None, "Samoa had no such day"


def test_an_offset_wins_over_the_zone():
    formats = load_dialects()["csv"].date_formats
    expected = utc("2026-03-29 00:30:00")
    for text in (
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T01:30:00+0100",
        "2026-03-29 00:30:00Z",
        "2026-03-29T00:30:00Z",
    ):
        assert one(text, formats) == expected
    assert one("2026-03-29T03:31:00+03:01", formats) == expected


@pytest.mark.parametrize(
    "text",
    ["26-03-29 10:00:00", "0026-03-29 10:00:00", "1899-12-30 00:00:00", "2260-01-01 00:00:00", "9999-12-31 23:59:59",
     "12026-01-01 10:00:00", "2026-02-29 10:00:00", "2026-06-31 10:00:00", "2026-06-30 24:00:00",
     "2026-06-30 10:60:00", "2026-06-30 10:00", "2026-06-30", "30/06/2026 10:00:00", "45000", "", "tomorrow",
     "2026-06-30 10:00:00 GMT", "２０２６-06-30 10:00:00"],
)  # fmt: skip
def test_what_is_no_time(text):
    assert one(text) is None


def test_columns_without_a_time():
    assert read([]) == []
    assert read([None, None]) == [None, None]
    assert read([None, "x"], ["%Y-%m-%dT%H:%M:%S%z", STAMP]) == [None, None]


def test_local_dates_are_those_of_the_site():
    moments = pl.Series([utc("2026-07-01 23:30:00"), None])
    assert local_dates(moments, LONDON).to_list() == [date(2026, 7, 2), None]
    assert local_dates(moments, "UTC").to_list() == [date(2026, 7, 1), None]


@pytest.mark.parametrize("format_", ["%d/%m/%Y %H:%M:%S,%f", "%d/%m/%Y %H:%M %Z", "%d/%m/%Y %H:%M%f"])
def test_a_format_that_would_be_read_otherwise_than_strptime_does_is_refused(format_):
    assert not _is_date_format(format_)


# --- any time ------------------------------------------------------------------------------------

FORMATS = (
    STAMP, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d/%m/%Y %I:%M %p", "%d %b %Y %H:%M", "%d/%m/%y %H:%M",
)  # fmt: skip
ZONES = (LONDON, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@st.composite
def times(draw):
    """Times, many of them near the hours at which clocks change, written in a format, some with a slip."""
    near = draw(st.sampled_from(["2026-03-29", "2026-10-25", "2025-11-02", "2026-04-05"]))
    moment = datetime.fromisoformat(near) + timedelta(minutes=draw(st.integers(-300, 300)))
    if draw(st.booleans()):
        moment = datetime.fromisoformat("1970-01-01") + timedelta(seconds=draw(st.integers(0, 3_100_000_000)))
    text = moment.strftime(draw(st.sampled_from(FORMATS)))
    at = draw(st.integers(0, len(text) - 1))
    # Blanks are left alone: polars reads more and fewer of them than strptime, to the same effect.
    if draw(st.integers(0, 3)) == 0 and text[at] != " ":
        text = (
            text[:at] + draw(st.sampled_from(["", "0", "3", "9", "/", "-", ":", ".", "T"])) + text[at + 1 :]
        )
    return text


@settings(max_examples=300)
@given(
    st.lists(times(), min_size=1, max_size=5),
    st.lists(st.sampled_from(FORMATS), min_size=1, max_size=3, unique=True),
    st.sampled_from(ZONES),
)
def test_any_time_is_read_as_strptime_and_zoneinfo_say(texts, formats, zone):
    assert read(texts, formats, zone) == [plain_moment(text, formats, zone) for text in texts]


def test_a_fraction_of_a_second_may_be_left_out():
    assert read(["2026-01-01 10:00:00.25", "2026-01-01 10:00:00"], [f"{STAMP}.%f"], "UTC") == [
        datetime(2026, 1, 1, 10, 0, 0, 250_000, tzinfo=UTC), utc("2026-01-01 10:00:00"),
    ]  # fmt: skip
