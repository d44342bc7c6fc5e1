"""Typed cells as text: shortest numbers, dates to the second."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readers.cell_text import INEXACT, MOST_EXACT, Texts, moment_text, number_text
from tests.lib.workbooks import moment


@given(st.integers(1 - MOST_EXACT, MOST_EXACT - 1))
def test_a_whole_number_has_no_decimals(number):
    assert number_text(float(number), ".") == str(number)


@given(st.decimals(-(10**6), 10**6, places=6))
def test_a_short_number_is_the_one_that_was_written(number):
    assert float(number_text(float(number), ".")) == float(number)
    assert "e" not in number_text(float(number), ".")


@given(st.floats())
def test_no_number_makes_it_fail(number):
    text = number_text(number, ",")
    assert text == INEXACT or set(text) <= set("-0123456789,")


@pytest.mark.parametrize("number", [2.0**53, -(2.0**53), 1e300, float("inf"), float("nan")])
def test_a_number_without_its_last_digits_is_none(number):
    assert number_text(number, ".") == INEXACT


def test_many_cells_at_once_are_read_as_one_by_one():
    mixed = [1.0, "x", True, 7.5, date(2026, 1, 2), "", None, 3, 1.0]
    assert Texts(".").column(mixed) == [Texts(".").of(value) for value in mixed]
    assert Texts(",").column([1.0, "x", 7.5]) == ["1", "x", "7,5"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (moment(2026, 1, 2, 3, 4, 5, 499_999), "2026-01-02 03:04:05"),
        (moment(2026, 1, 2, 3, 4, 59, 999_999), "2026-01-02 03:05:00"),
        (timedelta(days=1, hours=1, seconds=1.6), "25:00:02"),
        (None, None),
    ],
)
def test_moments(value, text):
    assert moment_text(value) == text
