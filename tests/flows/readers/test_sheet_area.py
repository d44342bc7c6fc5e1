"""Cells a sheet spans, counted block by block."""

from __future__ import annotations

import pytest

from flows.readers import sheet_area as module
from flows.readers.sheet_area import OpenDocumentArea, SharedText, SheetArea
from schemas.errors import ExportRefused


def spans(area, *blocks: str) -> int:
    """The least limit under which the blocks pass."""
    low, high = 0, 10_000
    while low < high:
        module.MOST_CELLS = (low + high) // 2
        try:
            one = area()
            one._parse = lambda block, is_last: None
            for block in blocks:
                one.add(block.encode())
            one.close()
            high = module.MOST_CELLS
        except ExportRefused:
            low = module.MOST_CELLS + 1
    return low


@pytest.fixture(autouse=True)
def _limit(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 0)


@pytest.mark.parametrize(
    ("blocks", "cells"),
    [
        (['<sheetData><row r="2"><c r="C2"/></row>'], 6),
        (["<x:sheetData><x:row r='2'><x:c r='AA2'/></x:row>"], 54),
        (['<sheetData><row r="1"><c r="A1"/>', '<c r="J1"/></row>'], 10),
        (["<sheetData><row><c/><c/></row><row><c/><c/><c/>", "<c/></row>"], 8),
        (['<styleSheet><c r="J9"/>'], 0),
        (["<sheetData></sheetData>"], 0),
    ],
)
def test_office_open_xml(blocks, cells):
    assert spans(SheetArea, *blocks) == cells


ROW, CELL = "<table:table-row{}>", '<table:table-cell office:value="1"{}/>'
BLANK = "<table:table-cell{}/>"
COLUMNS, ROWS = ' table:number-columns-repeated="{}"', ' table:number-rows-repeated="{}"'


@pytest.mark.parametrize(
    ("blocks", "cells"),
    [
        ([ROW.format("") + CELL.format("") + BLANK.format(COLUMNS.format(16000))], 1),
        ([ROW.format("") + BLANK.format(COLUMNS.format(4)) + CELL.format("")], 5),
        ([ROW.format(ROWS.format(7)) + CELL.format(COLUMNS.format(3))], 21),
        ([ROW.format(ROWS.format(7)) + CELL.format(""), CELL.format("")], 14),
        ([ROW.format(ROWS.format(7)) + BLANK.format(""), ROW.format("") + CELL.format("")], 8),
        ([ROW.format("") + CELL.format("") + ROW.format(ROWS.format(9000)) + BLANK.format("")], 1),
        (
            [ROW.format("") + CELL.format("") + BLANK.format(COLUMNS.format(16000)) + "</table:table-row>"]
            * 3,
            3,
        ),
        ([ROW.format("") + BLANK.format(' office:value="/>"' + COLUMNS.format(7)) + "</table:table-row>"], 7),
        (
            [
                ROW.format("")
                + BLANK.format(" x='\"'" + COLUMNS.format(7))
                + CELL.format("")
                + "</table:table-row>"
            ],
            8,
        ),
        ([ROW.format("") + "<table:table-cell><text:p>a</text:p></table:table-cell>"], 1),
    ],
)
def test_open_document(blocks, cells):
    assert spans(OpenDocumentArea, *blocks) == cells


def test_a_repeated_text_of_open_document_counts_as_often(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 10_000)
    monkeypatch.setattr(module, "MOST_TEXT", 5_000)
    area = OpenDocumentArea()
    area._parse = lambda block, is_last: None
    area.add((ROW.format("") + CELL.format(COLUMNS.format(100)).replace("/>", ">")).encode())
    area.add(b"x" * 60 + b"</text:p>")
    with pytest.raises(ExportRefused, match="too_large"):
        area.close()


def test_shared_texts_are_doubtful_before_they_are_too_much(monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXT", 100)
    shared = SharedText()
    shared.add_strings(b"<sst><si>" + b"x" * 60 + b"</si><si>y</si>")
    shared.add_cells(b'<c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>7</v></c>')
    assert shared.doubtful
    shared.count(b'<c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>7</v></c>')
    with pytest.raises(ExportRefused, match="too_large"):
        shared.count(b"<c t='s'><f/><v>1</v></c>")
