"""Text cells: blanks, missing codes, joined ids, values, whole numbers."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cells import (
    PROBLEM,
    RECORD,
    answered,
    blanked,
    joined,
    listed,
    mapped,
    not_accepted,
    problems,
    whole_numbers,
)
from tests.lib.plain_answers import plain_number


def texts(*cells):
    return pl.Series("x", cells, dtype=pl.String)


def test_blanks_and_missing_codes_are_null():
    cells = texts(" a ", "", "  ", None, "9", "9.0", "09", "99", "n/a", "\u00a0")
    assert blanked(cells).to_list() == ["a", None, None, None, "9", "9.0", "09", "99", "n/a", None]
    assert blanked(cells, ["9", "N/A"]).to_list() == ["a", *[None] * 6, "99", None, None]
    assert blanked(texts()).to_list() == []
    assert blanked(texts(None), ["9"]).to_list() == [None]


def test_columns_are_joined_with_a_stroke():
    rows = pl.DataFrame({"a": ["1", "1", None, " "], "b": ["x", None, "y", ""]})
    assert joined(rows, ["a", "b"]).to_list() == ["1/x", "1/", "/y", None]
    assert joined(rows, ["a", "b"], whole=True).to_list() == ["1/x", None, None, None]
    assert joined(rows, ["a"]).to_list() == ["1", "1", None, None]
    assert joined(rows, ["b", "a"], missing=["y"]).to_list() == ["x/1", "/1", None, None]


def test_listed_values_are_compared_as_written():
    assert listed(texts("1", " 1 ", "1.0", "one", None), ["1"]).to_list() == [True, True, False, False, False]


def test_answers_to_other_questions_are_compared_as_answers_are():
    cells = texts(" Often ", "often", "3", "3.0", "03", "3,0", "4", "", None)
    assert answered(cells, ("Often", "3"), ".").to_list() == [True] * 5 + [False] * 4
    assert answered(cells, ("Often", "3"), ",").to_list() == [True] * 3 + [False, True, True] + [False] * 3


def test_mapped_words_are_compared_folded():
    table = {"dna": "dna", "did attend": "attended"}
    assert mapped(texts("DNA ", "Did Attend", "x", None), table).to_list() == ["dna", "attended", None, None]
    assert mapped(texts(), table).to_list() == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), (" 3 ", 3), ("3.0", 3), ("003", 3), ("+3", 3), ("0", 0), ("-0", 0), ("9999", 9999), ("10000", None),
     ("-1", None), ("3.5", None), ("3e0", None), ("--5", None), ("+-3", None), ("-", None), ("third", None),
     ("٣", None), ("", None), (None, None), pytest.param("9" * 9000, None, id="long")],
)  # fmt: skip
def test_whole_numbers(text, number):
    assert whole_numbers(texts(text), 0, 9999).to_list() == [number]


@given(
    st.lists(
        st.one_of(st.from_regex(r"[+-]{0,2}[0-9]{0,6}([.][0-9]{0,2})?", fullmatch=True), st.text(max_size=3))
    )
)
def test_whole_numbers_as_the_plain_reading_says(cells):
    expected = [plain_number(cell) for cell in cells]
    fits = [int(n) if n is not None and n == int(n) and 0 <= n <= 120 else None for n in expected]
    found = whole_numbers(texts(*cells), 0, 120)
    assert (found.to_list(), found.dtype) == (fits, pl.Int16)


def test_problems_and_records_have_their_schema_also_without_rows():
    rows = pl.Series([], dtype=pl.Int32)
    assert problems(rows, "mini", "Q1", "out_of_range").schema == pl.Schema(PROBLEM)
    assert not_accepted(rows, "excluded", pl.Series([], dtype=pl.String)).schema == pl.Schema(RECORD)
    two = problems(pl.Series([3, 5], dtype=pl.Int32), "mini", "Q1", "out_of_range")
    assert two.rows() == [(row, "mini", "Q1", "out_of_range", None, 0) for row in (3, 5)]


def test_blank_columns_at_the_end_may_be_left_out_of_a_joined_id():
    rows = pl.DataFrame(
        {"a": ["1", "1", None, None], "b": [None, "e", "e", None], "c": [None, None, "2", None]}
    )
    assert joined(rows, ["a", "b", "c"], short=True).to_list() == ["1", "1/e", "/e/2", None]
    assert joined(rows, ["a", "b"], short=True).to_list() == ["1", "1/e", "/e", None]
    assert joined(rows, ["a", "b", "c"]).to_list() == ["1//", "1/e/", "/e/2", None]
