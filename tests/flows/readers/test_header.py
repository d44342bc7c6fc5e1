"""Names out of two header rows, and names without the groups before them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.readers.header import group_aliases, header_names
from schemas.dialect import load_dialects

TWO_ROWS = load_dialects()["surveymonkey"]


def test_a_question_counts_for_the_columns_to_its_right():
    rows = [["ID", "How  often?", "", "Alone", ""], ["", "down", "tired\n", "Response", "Other"]]
    names, others = header_names(rows, TWO_ROWS)
    assert names == ["ID", "How often? / down", "How often? / tired", "Alone", "Alone / Other"]
    assert others == {"ID": 0, "down": 1, "tired": 2, "Other": 4}


@pytest.mark.parametrize("nothing", ["Response", "OPEN-ENDED RESPONSE", "", " "])
def test_what_says_nothing_of_a_column_is_not_in_its_name(nothing):
    assert header_names([["Code"], [nothing]], TWO_ROWS) == (["Code"], {"Code": 0})


def test_a_text_of_two_columns_names_neither():
    names, others = header_names([["A", "B"], ["Yes", "Yes"]], TWO_ROWS)
    assert (names, others) == (["A / Yes", "B / Yes"], {"A": 0, "B": 1})


def test_rows_of_other_lengths_and_columns_without_any_name():
    assert header_names([["A", "", ""], ["x"]], TWO_ROWS)[0] == ["A / x", "", ""]
    assert header_names([["", "A"], ["x", ""]], TWO_ROWS)[0] == ["x", "A"]


def test_one_header_row_is_as_it_is():
    one = load_dialects()["csv"]
    assert header_names([["A/q", " B "]], one) == (["A/q", " B "], {})
    assert header_names([["x"], ["A"]], replace(one, header_rows=2, header_row=2)) == (["A"], {})


def test_groups_before_a_name():
    names = ["a/b/q1", "a/q2", "c/q2", "q3", "d-q4", "e/"]
    assert group_aliases(names, ["/", "-"]) == {"q1": 0, "b/q1": 0, "q4": 4}
