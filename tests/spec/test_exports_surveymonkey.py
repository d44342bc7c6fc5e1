"""SurveyMonkey, all responses data: two header rows, the first with a question over its first column only."""

from __future__ import annotations

import json

import pytest

from tests.lib.exports import csv_text
from tests.lib.read_exports import outcome
from tests.lib.workbooks import moment, xlsx

SYSTEM = ["Respondent ID", "Collector ID", "Date Created", "Date Modified", "IP Address", "Email Address", "First Name", "Last Name", "Custom Data 1"]  # fmt: skip
FIRST = [*SYSTEM, "Your code", "How often were you bothered by:", "", "And today?", "Anything else?", ""]
SECOND = [*[""] * 9, "Open-Ended Response", "Feeling down", "Little interest", "Response", "Yes", "Other (please specify)"]  # fmt: skip
FEED = """
dialect = "surveymonkey"
{more}
[feeds.columns]
client = "Your code"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
labels = {{ "Plutôt non" = 1 }}
"""
FULL = (
    '["How often were you bothered by: / Feeling down", "How often were you bothered by: / Little interest"]'
)


def row(id_, *answers, modified="07/01/2026 09:30:05 AM"):
    return [id_, "401", "07/01/2026 09:20:00 AM", modified, "10.0.0.1", "a@b.example", "A", "B", "", *answers]


def text(*rows) -> str:
    head = [f"c{n}" for n in range(len(FIRST))]
    table = [dict(zip(head, cells, strict=True)) for cells in (FIRST, SECOND, *rows)]
    return csv_text(head, table).split("\n", 1)[1]


def read(tmp_path, content, items=FULL, more=""):
    return outcome(tmp_path, FEED.format(items=items, more=more), content)


ROWS = [row("11", "007", "0", "3", "1", "", ""), row("12", "8", "2", "", "2", "Yes", "no")]


@pytest.mark.parametrize(
    ("items", "answers"),
    [
        (FULL, {1: [0, 3], 2: [2, None]}),
        ('["Feeling down", "Little interest"]', {1: [0, 3], 2: [2, None]}),
        ('["Feeling down", "And today?"]', {1: [0, 1], 2: [2, 2]}),
    ],
    ids=["question / row", "row alone", "question alone"],
)
def test_a_column_is_found_by_its_question_and_by_what_stands_under_it(tmp_path, items, answers):
    found = read(tmp_path, text(*ROWS), items)
    assert (found.refused, found.answers) == (None, answers)
    assert found.moments[1] == "2026-07-01 08:30:05"


def test_a_text_that_stands_under_two_questions_names_neither(tmp_path):
    content = text(*ROWS).replace("Little interest", "Feeling down")
    found = read(tmp_path, content, '["Feeling down", "And today?"]')
    assert (found.refused, found.column) == ("missing_column", "Feeling down")


def test_the_workbook_is_read_as_the_text(tmp_path):
    when = moment(2026, 7, 1, 9, 30, 5)
    rows = [[*row(11, "007", 0, 3, 1, None, None, modified=when)], ROWS[1]]
    found = read(
        tmp_path,
        xlsx([FIRST, SECOND, *([cell or None for cell in one] if one is FIRST else one for one in rows)]),
    )
    assert found.answers == {1: [0, 3], 2: [2, None]}
    assert found.moments == {1: "2026-07-01 08:30:05", 2: "2026-07-01 08:30:05"}


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_bytes_of_an_older_computer(tmp_path, encoding):
    raw = text(row("11", "7", "Plutôt non", "1", "1", "", "")).encode(encoding)
    assert read(tmp_path, raw, more=f'encoding = "{encoding}"').answers == {1: [1, 1]}
    undeclared = read(tmp_path, raw)
    assert undeclared.problems == [(1, "", "undecodable")]


def test_that_the_month_comes_first_is_said(tmp_path):
    assert "assumed_date_order" in read(tmp_path, text(*ROWS)).warnings
    declared = read(tmp_path, text(*ROWS), more='date_format = "%d/%m/%Y %I:%M:%S %p"')
    assert "assumed_date_order" not in declared.warnings
    assert declared.moments[1] == "2026-01-07 09:30:05"


@pytest.mark.parametrize("when", ["07/01/2026 09:30:05", "7/1/2026 9:30:05 AM", "07/01/2026 9:30"])
def test_spellings_of_a_date(tmp_path, when):
    assert (
        read(tmp_path, text(row("11", "7", "1", "1", "1", "", "", modified=when))).moments[1][:16]
        == "2026-07-01 08:30"
    )


def test_one_header_row_is_not_of_this_system(tmp_path):
    assert read(tmp_path, ",".join(SYSTEM) + "\n").refused == "not_this_dialect"


API = {
    "details": {"id": "1", "title": "A survey", "pages": [{"questions": [{"id": "7", "family": "matrix"}]}]},
    "responses/bulk": {"data": [{"id": "11", "response_status": "completed", "pages": []}], "per_page": 50},
}


@pytest.mark.parametrize("document", API)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_of_the_interface_for_programs_is_refused(tmp_path, document, indent):
    """It has answers by number in one file and their texts in another: the download is the export that is read."""
    found = read(tmp_path, json.dumps(API[document], indent=indent))
    assert (found.refused, found.received) == ("not_this_dialect", 0)


def test_bytes_of_one_encoding_cost_only_the_rows_that_have_them(tmp_path):
    """A header in plain letters and answers of an older computer: each such row is named, no other is touched."""
    raw = text(
        row("11", "7", "1", "1", "1", "", ""), row("12", "8", "Plut\u00f4t non", "1", "1", "", "")
    ).encode("cp1252")
    found = read(tmp_path, raw)
    assert (found.answers, found.problems) == ({1: [1, 1]}, [(2, "", "undecodable")])
