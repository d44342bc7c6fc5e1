"""Date formats are told by what the texts prove."""

from __future__ import annotations

from collections import Counter

import pytest

from flows.inspect_dates import read_dates


def read(*texts: str):
    return read_dates(Counter(texts))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026-03-04", "%Y-%m-%d"),
        ("2026-03-04 10:05", "%Y-%m-%d %H:%M"),
        ("2026-03-04T10:05:07Z", "%Y-%m-%dT%H:%M:%S%z"),
        ("2026-03-04T10:05:07.123+03:01", "%Y-%m-%dT%H:%M:%S.%f%z"),
        ("2026/03/04", "%Y/%m/%d"),
        ("14/03/2026", "%d/%m/%Y"),
        ("14.03.26 09:30", "%d.%m.%y %H:%M"),
        ("3/14/2026 9:05:07", "%m/%d/%Y %H:%M:%S"),
        ("3/14/2026 9:05 PM", "%m/%d/%Y %I:%M %p"),
        ("3/14/26 9:05PM", "%m/%d/%y %I:%M%p"),
        ("04-Mar-2026", "%d-%b-%Y"),
        ("04 March 2026 10:00", "%d %B %Y %H:%M"),
    ],
)
def test_one_text_that_leaves_no_doubt(text: str, pattern: str):
    found = read(text)
    assert found is not None
    assert (found.formats, found.sure) == ((pattern,), True)


def test_day_and_month_are_told_by_a_number_above_12_in_any_of_them():
    found = read("03/04/2026", "05/06/2026", "25/06/2026")
    assert found is not None
    assert found.formats == ("%d/%m/%Y",)
    assert "1 of 3 dates" in found.why


@pytest.mark.parametrize(
    "texts", [("03/04/2026", "05/06/2026"), ("13/04/2026", "04/13/2026"), ("03.04.2026",)]
)
def test_nothing_is_guessed_where_both_could_be(texts: tuple[str, ...]):
    found = read(*texts)
    assert found is not None
    assert found.ambiguous
    assert not found.sure
    assert len(found.formats) == 2


def test_a_mistyped_date_changes_nothing():
    found = read(*(f"{day}/03/2026" for day in range(10, 28)), "soon", "04/25/2026")
    assert found is not None
    assert found.formats == ("%d/%m/%Y",)


@pytest.mark.parametrize("texts", [(), ("1", "2"), ("1.5", "2.5"), ("2026", "2025"), ("10:05",), ("a-b-c",)])
def test_no_dates(texts: tuple[str, ...]):
    assert read(*texts) is None


def test_two_shapes_in_equal_parts_are_no_format():
    assert read("2026-03-04", "04/03/2026") is None
