"""SPSS values as text: numbers, dates by their type, user-missing values."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers.spss_cells import Column, cells_of, kind_of, number_text

MIDNIGHT = 13_744_944_000.0
"""6 May 2018 in seconds since 14 October 1582."""


@pytest.mark.parametrize(
    ("storage", "format_", "kind"),
    [
        ("string", "A8", "text"), ("double", "F8.2", "number"), ("double", "EDATE10", "date"), ("double", "DATE11", "date"),
        ("double", "ADATE8", "date"), ("double", "DATETIME20", "datetime"), ("double", "YMDHMS16", "datetime"),
        ("double", "TIME8", "time"), ("double", "WKDAY3", "number"), ("double", "DOLLAR8", "number"), ("double", "", "number"),
    ],
)  # fmt: skip
def test_kinds(storage, format_, kind):
    assert kind_of(storage, format_) == kind


def test_numbers_are_written_as_people_write_them():
    values = [7.0, -0.0, 1.5, 22.4, 0.1, -3.0, None, math.nan, 1e14]
    assert cells_of(values, Column("x", "number")).to_list() == [
        "7", "0", "1.5", "22.4", "0.1", "-3", None, None, "100000000000000",
    ]  # fmt: skip
    assert (number_text(1.0), number_text(2.25)) == ("1", "2.25")


def test_whole_numbers_come_as_numbers_where_that_is_asked_for_and_all_are():
    assert cells_of([1.0, None], Column("x", "number"), as_numbers=True).dtype == pl.Int16
    for values in ([1.0, 1.5], [1.0, 40_000.0], [1.0, math.inf]):
        assert cells_of(values, Column("x", "number"), as_numbers=True).dtype == pl.String


def test_texts_lose_the_blanks_they_are_filled_with():
    assert cells_of([" a  ", "", "   ", None], Column("x", "text")).to_list() == [" a", None, None, None]


def test_dates_by_type():
    values = [MIDNIGHT, MIDNIGHT + 36_610, None]
    assert cells_of(values, Column("x", "date")).to_list() == ["2018-05-06", "2018-05-06 10:10:10", None]
    assert cells_of(values, Column("x", "datetime")).to_list() == [
        "2018-05-06 00:00:00",
        "2018-05-06 10:10:10",
        None,
    ]
    assert cells_of([36_610.0, 0.0, 360_000.0], Column("x", "time")).to_list() == [
        "10:10:10",
        "00:00:00",
        "100:00:00",
    ]


@pytest.mark.parametrize("seconds", [-1.0, 1e12, 1e300, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["date", "datetime", "time"])
def test_a_date_that_cannot_be_is_a_number_and_costs_no_other_cell(kind, seconds):
    odd, fine = cells_of([seconds, MIDNIGHT if kind != "time" else 60.0], Column("x", kind)).to_list()
    assert ":" not in odd
    assert odd.count("-") < 2
    assert fine in ("2018-05-06", "2018-05-06 00:00:00", "00:01:00")


def test_fractions_of_a_second_are_left_out_and_rounding_makes_no_new_second():
    values = [MIDNIGHT + 1.75, MIDNIGHT + 9.9999999]
    assert cells_of(values, Column("x", "datetime")).to_list() == [
        "2018-05-06 00:00:01",
        "2018-05-06 00:00:10",
    ]


def test_user_missing_values_are_blank_unless_the_feed_lists_them():
    values, ranges = [1.0, 99.0, 97.0, 5.5, None], ((99.0, 99.0), (5.0, 6.0))
    assert cells_of(values, Column("x", "number", ranges)).to_list() == ["1", None, "97", None, None]
    assert cells_of(values, Column("x", "number", ranges, frozenset({"99"}))).to_list() == [
        "1",
        "99",
        "97",
        None,
        None,
    ]
    texts = cells_of(["P1", "Z", "ZZ"], Column("x", "text", (("Z", "Z"),)))
    assert texts.to_list() == ["P1", None, "ZZ"]


@settings(max_examples=50)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_when_read_back(value):
    assert float(number_text(value)) == value
