"""Workbooks as bytes: with cells of all types, and packages made by hand to be wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.sax.saxutils import escape

import xlsxwriter

FORMATS = {datetime: "dd/mm/yyyy hh:mm:ss", date: "d mmm yyyy", time: "hh:mm"}

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Formula:
    """A formula and the value that was last computed."""

    text: str
    value: object


def xlsx(sheets: Rows | Mapping[str, Rows], **options) -> bytes:
    """A workbook; None is a cell that is not there. A text is never turned into a number."""
    out = io.BytesIO()
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        formats = {type_: book.add_format({"num_format": text}) for type_, text in FORMATS.items()}
        for name, rows in named.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    _write(sheet, at, column, value, formats)
    return out.getvalue()


def _write(sheet, at, column, value, formats):
    if isinstance(value, Formula):
        sheet.write_formula(at, column, value.text, None, value.value)
    elif isinstance(value, str):
        sheet.write_string(at, column, value)
    elif isinstance(value, bool):
        sheet.write_boolean(at, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(at, column, value)
    elif value is not None:
        sheet.write_datetime(at, column, value, formats[type(value)])


def moment(*parts: int) -> datetime:
    """A date and time as a cell has it: without a time zone."""
    return datetime(*parts)  # noqa: DTZ001 - cells have none


def package(parts: Mapping[str, str | bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", pack) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return out.getvalue()


def parts_of(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as read:
        return {name: read.read(name) for name in read.namelist()}


SHEET = "xl/worksheets/sheet1.xml"


def with_cells(cells: str, strings: str = "", merged: str = "") -> bytes:
    """A workbook of one sheet whose rows are this XML, and perhaps a table of texts or a range of merged cells."""
    merge = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    parts = parts_of(xlsx([["a"]]))
    parts[SHEET] = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData>{merge}</worksheet>"
    ).encode()
    if strings:
        head = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        parts["xl/sharedStrings.xml"] = f"{head}{strings}</sst>".encode()
    return package(parts)


ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
)
_ODS_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_TYPE}"/></manifest:manifest>'
)
BLANK_END = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)
"""How LibreOffice closes a sheet."""


def ods(sheets: Rows | Mapping[str, Rows]) -> bytes:
    """An OpenDocument sheet as LibreOffice lays it out."""
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    return ods_of(
        "".join(
            f'<table:table table:name="{escape(name)}">{"".join(map(_ods_row, rows))}{BLANK_END}</table:table>'
            for name, rows in named.items()
        )
    )


def ods_of(tables: str) -> bytes:
    content = f"{_ODS_HEAD}{tables}</office:spreadsheet></office:body></office:document-content>"
    return package({"mimetype": ODS_TYPE, "content.xml": content, "META-INF/manifest.xml": _ODS_MANIFEST})


def _ods_row(row: Sequence[object]) -> str:
    end = '<table:table-cell table:number-columns-repeated="16000"/>'
    return f"<table:table-row>{''.join(map(_ods_cell, row))}{end}</table:table-row>"


def _ods_cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str) and value.startswith("#"):
        how = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
    elif isinstance(value, str):
        how = 'office:value-type="string"'
    elif isinstance(value, bool):
        how = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        how = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    else:
        how = f'office:value-type="float" office:value="{value}"'
    return f"<table:table-cell {how}><text:p>{escape(str(value))}</text:p></table:table-cell>"
