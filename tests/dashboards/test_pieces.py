from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote

import pytest

from dashboards import pieces

ODD = "<script>\"&'"


@pytest.mark.parametrize(
    "made",
    [
        pieces.header(ODD, ODD, ODD),
        pieces.section(ODD, ODD),
        pieces.card_head(ODD, ODD),
        pieces.fact(ODD, ODD, ODD, ODD),
        pieces.table(ODD, (ODD, ODD), [(ODD, pieces.Marked(ODD, ODD)), (ODD, ODD)]),
        pieces.notice(ODD, ODD),
        pieces.empty(ODD, ODD, ODD),
        pieces.footer([(ODD, ODD, ODD)]),
        pieces.spark([Decimal(1), Decimal(2)], Decimal(0), Decimal(3), ODD),
    ],
)
def test_everything_is_escaped(made):
    assert "script" in made
    assert "<script" not in made
    assert "\"&'" not in made


def path_of(values: list[int | None]) -> str:
    numbers = [None if value is None else Decimal(value) for value in values]
    return (
        unquote(pieces.spark(numbers, Decimal(0), Decimal(10), "By month"))
        .partition(' d="')[2]
        .partition('"')[0]
    )


def test_a_hidden_month_breaks_the_line():
    assert path_of([0, 10, None, 5, 5]).count("M") == 2


def test_a_month_between_two_gaps_is_a_dot():
    assert path_of([5, None, 5, None, 5]) == "M3.0 20.0h0 M66.0 20.0h0 M129.0 20.0h0"


def test_one_number_makes_no_line():
    assert pieces.spark([Decimal(1), None], Decimal(0), Decimal(2), "By month") == ""


def test_a_table_names_its_columns_and_rows_for_screen_readers():
    made = pieces.table("Attendance", ("Month", "Value"), [("May", "78.0 %")])
    assert "<caption>Attendance</caption>" in made
    assert '<th scope="col">Month</th>' in made
    assert '<th scope="row">May</th><td data-label="Value" class="a-number">78.0 %</td>' in made


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        pieces.table("Attendance", ("Month", "Value"), [("May",)])
