"""Google Forms: the download of the form, and the sheet it is linked to."""

from __future__ import annotations

import pytest

from tests.lib.read_exports import outcome
from tests.lib.workbooks import moment, xlsx

FEED = """
dialect = "google_forms"
{more}
[feeds.columns]
client = "Your code"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["Mood [low]", "Mood [tired]"]
labels = {{ "Not at all" = 0, "Several days" = 1 }}
"""
HEAD = '"Timestamp","Username","Your code","Mood [low]","Mood [tired]","What else?"\r\n'


def read(tmp_path, content, more=""):
    return outcome(tmp_path, FEED.format(more=more), content)


def line(when="7/1/2026 9:30:05", code="007", low="Not at all", tired="Several days", note=""):
    return f'"{when}","a@b.example","{code}","{low}","{tired}","{note}"\r\n'


def test_line_breaks_within_cells_and_between_rows_differ(tmp_path):
    found = read(tmp_path, HEAD + line(note="one\ntwo\n\nthree") + line(code="8"))
    assert found.answers == {1: [0, 1], 2: [0, 1]}
    assert found.moments == {1: "2026-07-01 08:30:05", 2: "2026-07-01 08:30:05"}


def test_a_label_is_the_same_with_other_case_and_blanks(tmp_path):
    content = HEAD + line(low="not at all ", tired="Several Days") + line(code="8", low="Nearly", tired="1")
    found = read(tmp_path, content)
    assert (found.answers, found.problems) == ({1: [0, 1]}, [(2, "Mood [low]", "not_an_answer")])


def test_that_the_month_comes_first_is_said(tmp_path):
    content = HEAD + line("3/4/2026 9:30:05") + line("13/4/2026 9:30:05", code="8")
    found = read(tmp_path, content)
    assert (found.warnings, found.moments) == (("assumed_date_order",), {1: "2026-03-04 09:30:05"})
    assert found.problems == [(2, "Timestamp", "invalid_date")]
    declared = read(tmp_path, content, 'date_format = "%d/%m/%Y %H:%M:%S"')
    assert (declared.warnings, declared.moments[1]) == ((), "2026-04-03 08:30:05")


@pytest.mark.parametrize(
    ("when", "instant"),
    [
        ("2026/07/01 9:30:05 AM GMT+1", "2026-07-01 08:30:05"),
        ("2026/07/01 9:30:05 PM GMT-5", "2026-07-02 02:30:05"),
        ("2026/07/01 9:30:05 AM GMT+5:30", "2026-07-01 04:00:05"),
        ("2026/07/01 9:30:05 AM GMT", "2026-07-01 09:30:05"),
        ("2026/07/01 9:30:05", "2026-07-01 08:30:05"),
    ],
)
def test_year_first_with_an_offset(tmp_path, when, instant):
    found = read(tmp_path, HEAD + line(when))
    assert (found.moments, found.warnings) == ({1: instant}, ())


def test_the_linked_sheet_as_a_workbook(tmp_path):
    head = ["Timestamp", "Email Address", "Your code", "Mood [low]", "Mood [tired]"]
    rows = [head, [moment(2026, 7, 1, 9, 30, 5), "a@b.example", "007", "Not at all", "Several days"]]
    found = read(tmp_path, xlsx({"Form Responses 1": rows}))
    assert (found.answers, found.moments) == ({1: [0, 1]}, {1: "2026-07-01 08:30:05"})
