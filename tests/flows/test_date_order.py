"""Files whose dates have day and month in the other order: refused, never guessed."""

from __future__ import annotations

import pytest

from flows.date_order import wrong_order
from tests.lib.exports import csv_text, feed, process, site

TOML = """
dialect = "csv"
date_format = "%d/%m/%Y %H:%M"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""
DIARY = """
[[feeds]]
id = "diary"
clinic = "north"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
date_format = "%d/%m/%y"
[feeds.columns]
client = "PID"
starts_at = "When"
status = "St"
[feeds.values.status]
"a" = "attended"
"""


def settle(tmp_path, dates):
    rows = [{"PID": f"c{at}", "When": date, "Q1": "1", "Q2": "2"} for at, date in enumerate(dates)]
    return process(tmp_path, feed(TOML), csv_text(("PID", "When", "Q1", "Q2"), rows))


def test_a_file_of_the_other_order_is_refused_whole(tmp_path):
    """2 January to 28 January, months first: eleven of them could be read, and would be wrong."""
    part = settle(tmp_path, [f"01/{day:02}/2026 10:00" for day in range(2, 29)])
    assert (part.counts.refused, part.counts.refused_column) == ("date_order", "When")
    assert part.counts.unread == 27
    assert part.rows("mini").is_empty()


@pytest.mark.parametrize(
    "dates",
    [
        ["01/13/2026 10:00"] * 2 + ["01/12/2026 10:00"] * 3,
        ["01/13/2026 10:00"] * 3 + ["soon"] + ["01/12/2026 10:00"] * 3,
        ["01/13/2026 10:00"] * 3 + ["01/12/2026 10:00"] * 58,
        ["32/13/2026 10:00"] * 5,
    ],
    ids=["too few", "another text fails too", "one in twenty and less", "no date either way"],
)
def test_rows_wait_where_the_file_is_not_surely_turned(tmp_path, dates):
    part = settle(tmp_path, dates)
    assert part.counts.refused is None
    assert {rule for *_, rule in part.problems()} == {"invalid_date"}


def test_three_texts_and_one_in_twenty_are_enough():
    assert wrong_order({"A": (60, 3, 3), "B": (61, 3, 3), "C": (3, 3, 3), "D": (9, 4, 3)}) == ("A", "C")


def test_blank_dates_are_none(tmp_path):
    part = settle(tmp_path, ["01/13/2026 10:00"] * 3 + [""] * 200)
    assert part.counts.refused == "date_order"


def test_appointments_too(tmp_path):
    rows = [{"PID": "c", "When": f"01/{day}/26", "St": "a"} for day in (13, 14, 15)]
    part = process(tmp_path, site(DIARY).feeds[0], csv_text(("PID", "When", "St"), rows))
    assert (part.counts.refused, part.counts.refused_column) == ("date_order", "When")
