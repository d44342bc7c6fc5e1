"""Workbooks, OpenDocument sheets, tab-separated text, and what Excel does to a CSV when it saves it again."""

from __future__ import annotations

from datetime import date, time

import pytest

from tests.lib.exports import csv_text
from tests.lib.read_exports import outcome
from tests.lib.workbooks import Formula, moment, ods, with_cells, xlsx

FEED = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""

HEAD = ["PID", "When", "Q1", "Q2"]


def read(tmp_path, content, dialect="xlsx", more=""):
    return outcome(tmp_path, FEED.format(dialect=dialect, more=more), content)


@pytest.mark.parametrize(("dialect", "make"), [("xlsx", xlsx), ("ods", ods)])
def test_a_sheet_is_read_with_its_types(tmp_path, dialect, make):
    rows = [
        HEAD,
        ["007", moment(2026, 7, 1, 9, 30), 1, 2.0],
        ["7", "2026-07-01 09:30:00", "3", None],
        ["8", date(2026, 7, 1), "#N/A", 0],
    ]
    found = read(tmp_path, make(rows), dialect)
    assert found.answers == {1: [1, 2], 2: [3, None], 3: [None, 0]}
    assert found.totals == {1: 3, 2: None, 3: None}
    assert found.moments == {1: "2026-07-01 08:30:00", 2: "2026-07-01 08:30:00", 3: "2026-06-30 23:00:00"}
    assert found.clients == 3, "007 and 7 are two people: an id is a text"


def test_a_typed_date_is_read_whatever_date_format_says_of_texts(tmp_path):
    rows = [
        HEAD,
        ["1", moment(2026, 1, 2, 9), 1, 1],
        ["2", "02/01/2026 09:00", 1, 1],
        ["3", "2/13/2026", 1, 1],
    ]
    found = read(tmp_path, xlsx(rows), more='date_format = "%d/%m/%Y %H:%M"')
    assert found.moments == {1: "2026-01-02 09:00:00", 2: "2026-01-02 09:00:00"}
    assert found.problems == [(3, "When", "invalid_date")]


def test_a_text_with_two_meanings_is_no_date_until_the_feed_says_which(tmp_path):
    found = read(tmp_path, xlsx([HEAD, ["1", "03/04/2026", 1, 1]]))
    assert (found.answers, found.problems) == ({}, [(1, "When", "invalid_date")])


def test_errors_of_formulas(tmp_path):
    """#N/A and #NULL! stand for no answer; a formula that is wrong is no answer and not a blank."""
    when = moment(2026, 7, 1, 9)
    rows = [
        HEAD,
        ["1", when, Formula("=1+1", 2), Formula("=NA()", "#N/A")],
        ["2", when, Formula("=A1 B1", "#NULL!"), 1],
        ["3", when, Formula("=1/0", "#DIV/0!"), 1],
        ["4", when, Formula("=foo", "#NAME?"), 1],
    ]
    found = read(tmp_path, xlsx(rows))
    assert found.answers == {1: [2, None], 2: [None, 1]}
    assert found.problems == [(3, "Q1", "not_an_answer"), (4, "Q1", "not_an_answer")]


def test_what_excel_made_a_date_of_is_no_answer(tmp_path):
    """`1-4` typed for "1 to 4" is the first of April; a time, a half and a truth are no answers either."""
    when = moment(2026, 7, 1, 9)
    wrong = [date(2026, 4, 1), time(1, 4), 1.5, True]
    found = read(tmp_path, xlsx([HEAD, *(["1", when, value, 1] for value in wrong)]))
    assert found.answers == {}
    assert found.problems == [(row, "Q1", "not_an_answer") for row in range(1, 5)]


def test_a_date_that_lost_its_format_is_refused_and_not_misread(tmp_path):
    """46204 is the first of July 2026 in Excel's own counting."""
    found = read(tmp_path, xlsx([HEAD, ["1", 46204, 1, 1], ["2", 46204.4, 1, 1]]))
    assert found.problems == [(1, "When", "invalid_date"), (2, "When", "invalid_date")]


def test_ids_of_more_digits_than_a_workbook_keeps(tmp_path):
    when = moment(2026, 7, 1, 9)
    found = read(
        tmp_path, xlsx([HEAD, [12345678901234567890, when, 1, 1], ["12345678901234567890", when, 1, 2]])
    )
    assert (found.answers, found.problems) == ({2: [1, 2]}, [(1, "", "inexact_number")])
    assert found.fates == {1: "inexact_number"}


def test_numbers_as_ids_have_no_decimals(tmp_path):
    when = moment(2026, 7, 1, 9)
    found = read(tmp_path, xlsx([HEAD, [17, when, 1, 1], ["17", moment(2026, 7, 8, 9), 1, 1]]))
    assert (found.clients, len(found.answers)) == (1, 2)


def test_rows_around_and_between_the_data(tmp_path):
    when = moment(2026, 7, 1, 9)
    rows = [[None], [None], HEAD, ["1", when, 1, 1], [None] * 4, ["2", when, 2, 2], [None] * 4, ["", " "]]
    found = read(tmp_path, xlsx(rows))
    assert (found.received, found.answers, found.fates) == (3, {1: [1, 1], 3: [2, 2]}, {2: "empty"})


def test_merged_cells_have_their_value_in_the_first_alone(tmp_path):
    cells = "".join(
        f'<row r="{row}">' + "".join(
            f'<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>' if text else f'<c r="{column}{row}"/>'
            for column, text in zip("ABCD", texts, strict=True)
        ) + "</row>"
        for row, texts in enumerate([HEAD, ["1", "2026-07-01 09:00", "1", "1"], ["", "2026-07-01 09:00", "2", "2"]], 1)
    )  # fmt: skip
    found = read(tmp_path, with_cells(cells, merged="A2:A3"))
    assert (found.answers, found.problems) == ({1: [1, 1]}, [(2, "PID", "missing_client")])


def test_several_sheets(tmp_path):
    rows = [HEAD, ["1", moment(2026, 7, 1, 9), 1, 1]]
    two = xlsx({"Codebook": [["name"], ["Q1"]], "Data": rows})
    assert read(tmp_path, two).refused == "several_sheets"
    assert read(tmp_path, two, more='sheet = "Data"').answers == {1: [1, 1]}
    assert read(tmp_path, two, more='sheet = "Dat"').refused == "no_such_sheet"
    assert read(tmp_path, xlsx({"Notes": [], "Data": rows})).answers == {1: [1, 1]}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (xlsx([HEAD])[:-40], "damaged_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old_workbook"),
        (b"PID,When,Q1,Q2\n", "not_this_dialect"),
        (b"", "empty_file"),
        (xlsx([]), "empty_file"),
        (xlsx([["PID", "When", "Q1"]]), "missing_column"),
    ],
    ids=["cut", "xls", "csv", "empty", "blank", "column"],
)
def test_what_is_refused_as_a_whole(tmp_path, content, rule):
    assert read(tmp_path, content).refused == rule


def test_a_header_without_records_is_told(tmp_path):
    assert read(tmp_path, xlsx([HEAD])).warnings == ("header_only",)


# Text that Excel saved.


def test_semicolons_and_decimal_commas_of_a_european_excel(tmp_path):
    toml = """
dialect = "csv"
delimiter = ";"
decimal = ","
encoding = "cp1252"
date_format = "%d.%m.%Y %H:%M"
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
labels = { "Größtenteils" = 3 }
"""
    rows = [
        {"PID": "1", "When": "01.07.2026 09:30", "Q1": "2,0", "Q2": "Größtenteils"},
        {"PID": "2", "When": "01.07.2026 09:30", "Q1": "2,5", "Q2": "1"},
    ]
    found = outcome(tmp_path, toml, csv_text(HEAD, rows, ";", "\r\n").encode("cp1252"))
    assert (found.answers, found.problems) == ({1: [2, 3]}, [(2, "Q1", "not_an_answer")])


def test_what_excel_loses_in_a_csv_is_not_guessed_back(tmp_path):
    """Serial numbers are no dates, `01-Apr` is no answer, and an id without its zeros is another client."""
    rows = [
        {"PID": "007", "When": "2026-07-01 09:30", "Q1": "1", "Q2": "1"},
        {"PID": "7", "When": "2026-07-08 09:30", "Q1": "1", "Q2": "1"},
        {"PID": "8", "When": "46204.39583", "Q1": "1", "Q2": "1"},
        {"PID": "9", "When": "2026-07-01 09:30", "Q1": "01-Apr", "Q2": "1"},
    ]
    found = read(tmp_path, csv_text(HEAD, rows), "csv")
    assert (sorted(found.answers), found.clients) == ([1, 2], 2)
    assert found.problems == [(3, "When", "invalid_date"), (4, "Q1", "not_an_answer")]


def test_long_ids_that_excel_showed_as_powers_of_ten(tmp_path):
    """Of twelve digits six are left, the same for many people: such a row waits, and no two clients become one."""
    rows = [
        {"PID": "1.14036E+11", "When": "2026-07-01 09:30", "Q1": "1", "Q2": "1"},
        {"PID": "1.14036E+11", "When": "2026-07-08 09:30", "Q1": "2", "Q2": "2"},
        {"PID": "114035587163", "When": "2026-07-01 09:30", "Q1": "3", "Q2": "3"},
    ]
    found = read(tmp_path, csv_text(HEAD, rows), "csv")
    assert (found.answers, found.clients) == ({3: [3, 3]}, 1)
    assert found.problems == [(1, "PID", "inexact_number"), (2, "PID", "inexact_number")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tab_separated_text(tmp_path, encoding):
    """As databases write it, and as Excel's "Unicode Text", with quotes around what holds a tab or a line break."""
    text = 'PID\tWhen\tNote\tQ1\tQ2\r\n1\t2026-07-01 09:30\t"two\tcells\r\nand lines"\t1\t2\r\n'
    more = 'encoding = "utf-16"' if encoding == "utf-16" else ""
    assert read(tmp_path, text.encode(encoding), "tsv", more).answers == {1: [1, 2]}


def test_commas_are_no_tabs(tmp_path):
    assert read(tmp_path, "PID,When,Q1,Q2\n", "tsv").refused == "wrong_delimiter"
