"""Cells of a sheet as a person reads them; the sheet that is meant; files that are refused."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.read import open_export
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from schemas.rules import rules
from schemas.site import Feed
from tests.lib.workbooks import Formula, moment, ods, ods_of, package, parts_of, with_cells, xlsx

HEAD = ["a", "b"]
FEED = Feed("f", "c", "responses", "inbox/*", "xlsx")


def opened(content: bytes, **more):
    return open_export(io.BytesIO(content), replace(FEED, **more), load_dialects()["xlsx"])


def cells(content: bytes, *names: str, **more):
    export = opened(content, **more)
    wanted = {name: export.position(name) for name in names or HEAD}
    return [row for batch in export.batches(wanted) for row in batch.rows.rows()]


def refusal(content: bytes, **more):
    with pytest.raises(ExportRefused) as refused:
        cells(content, **more)
    return refused.value.rule


@pytest.mark.parametrize("make", [xlsx, ods])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.5, "7.5"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (0.0000001, "0.0000001"),
        (1234567.125, "1234567.125"),
        (True, "True"),
        ("007", "007"),
        (" x ", " x "),
        ("ja & <nein>", "ja & <nein>"),
        ("#N/A", None),
        ("#NULL!", None),
        (None, None),
        (date(2026, 4, 1), "2026-04-01"),
        (moment(2026, 4, 1, 9, 5, 7), "2026-04-01 09:05:07"),
    ],
)
def test_a_cell_is_what_a_person_reads(make, value, text):
    assert cells(make([HEAD, ["x", value]])) == [(1, "x", text)]


@pytest.mark.parametrize("old", [False, True], ids=["1900", "1904"])
def test_dates_are_the_same_in_both_calendars_of_excel(old):
    content = xlsx([HEAD, [moment(2026, 2, 28, 23, 59, 59), time(9, 30)]], date_1904=old)
    assert cells(content) == [(1, "2026-02-28 23:59:59", "09:30:00")]


def test_a_formula_is_its_value_and_a_missing_one_blank():
    rows = [HEAD, [Formula("=1+1", 2), Formula("=NA()", "#N/A")], ["x", Formula("=1/0", "#DIV/0!")]]
    assert cells(xlsx(rows)) == [(1, "2", None), (2, "x", "#DIV/0!")]


def test_texts_that_stand_in_the_cell_itself_and_dates_of_iso():
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c><c r="B{0}" t="{2}">{3}</c></row>'
    content = with_cells(
        row.format(1, "a", "inlineStr", "<is><t>b</t></is>")
        + row.format(2, "x", "inlineStr", "<is><r><t>ri</t></r><r><t>ch</t></r></is>")
        + row.format(3, "x", "d", "<v>2026-04-01T09:30:00</v>")
    )
    assert cells(content) == [(1, "x", "rich"), (2, "x", "2026-04-01 09:30:00")]


def test_cells_that_do_not_say_their_place():
    content = with_cells(
        "<row><c t='str'><v>a</v></c><c t='str'><v>b</v></c></row><row><c><v>1</v></c></row>"
    )
    assert cells(content) == [(1, "1", None)]


def test_the_feeds_decimal_mark():
    assert cells(xlsx([HEAD, [7.5, 7]]), decimal=",") == [(1, "7,5", "7")]


def test_a_number_too_long_for_a_workbook_costs_its_record_where_it_is_read():
    content = xlsx([HEAD, [2.0**53, 1], [2.0**53 - 1, 2], ["x", 1e300]])
    export = opened(content)
    (batch,) = export.batches({"a": 0})
    assert (batch.rows.rows(), batch.broken) == (
        [(2, "9007199254740991"), (3, "x")],
        [(1, "inexact_number")],
    )


def test_blank_rows_are_records_within_and_none_around():
    rows = [[None], [None], [None, "a", "b"], [None, 1, 2], [None, None, None], [None, 3, " "], [None, " "]]
    assert cells(xlsx(rows)) == [(1, "1", "2"), (2, None, None), (3, "3", " ")]


def test_names_with_line_breaks_and_hard_blanks_are_found():
    content = xlsx([["How are\nyou\u00a0 today? ", "b"], ["x", 1]])
    assert cells(content, "How are you today?") == [(1, "x")]
    assert cells(content, "How\u00a0are  you\ntoday?") == [(1, "x")]


def test_the_only_sheet_with_content_is_read_and_of_several_the_named_one():
    two = {"Notes": [["x", "b"], [1]], "Data": [HEAD, [1, 2]]}
    assert cells(xlsx({"Empty": [], "Data": [HEAD, [1, 2]], "Blank": []})) == [(1, "1", "2")]
    assert refusal(xlsx(two)) == "several_sheets"
    assert cells(xlsx(two), sheet="Data") == [(1, "1", "2")]
    assert cells(ods(two), sheet=" Data ") == [(1, "1", "2")]
    assert refusal(xlsx(two), sheet="data") == "no_such_sheet"


@pytest.mark.parametrize("rows", [[], [[" "]]])
def test_nothing_in_any_sheet(rows):
    assert refusal(xlsx(rows)) == "empty_file"


def test_a_header_alone_has_no_records():
    assert cells(xlsx([HEAD])) == []


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_cut_anywhere_is_refused(make):
    content = make([HEAD, *([n, "x" * n] for n in range(50))])
    for end in range(8, len(content), len(content) // 40):
        assert refusal(content[:end]) == "damaged_workbook"


WELL = package(parts_of(xlsx([HEAD, [1, "x"], [date(2026, 1, 1), 2.5]])), pack=0)


def rule_of(content: bytes) -> str:
    """The rule that refuses a file; "" for one that is read."""
    try:
        cells(content)
    except ExportRefused as refused:
        return refused.rule
    return ""


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_byte_changed_is_more_than_a_refusal(data):
    content = bytearray(WELL)
    for at in data.draw(st.lists(st.integers(4, len(WELL) - 1), min_size=1, max_size=3)):
        content[at] = data.draw(st.integers(0, 255))
    assert rule_of(bytes(content)) in {"", *rules()}


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/sharedStrings.xml"])
def test_parts_that_are_no_xml_are_refused(part):
    parts = parts_of(xlsx([HEAD, ["x", moment(2026, 1, 1)]]))
    for wrong in (b"", b"<", b"<a><b></a>", parts[part][: len(parts[part]) // 2], b"\xff\xfe\x00"):
        found = rule_of(package({**parts, part: wrong}))
        # Without its styles a date is a number, which is refused as a date.
        assert found in {"damaged_workbook", "empty_file", "missing_column"} or part == "xl/styles.xml"


def test_a_far_away_cell_of_opendocument():
    row = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{}"/>'
    head = '<table:table table:name="A"><table:table-row table:number-rows-repeated="{}">'
    far = (head + row + "</table:table-row></table:table>").format
    assert refusal(ods_of(far(30_000, 1_000))) == "too_large_workbook"
    assert refusal(ods_of(far(1, 2**31 - 1))) == "too_large_workbook"


def test_an_opendocument_sheet_that_is_not_well_formed_is_refused_at_once():
    content = parts_of(ods([HEAD, [1, 2]]))
    wrong = content["content.xml"].replace(b"</table:table></office:", b"</table:ta_fice:")
    assert refusal(package({**content, "content.xml": wrong})) == "damaged_workbook"
