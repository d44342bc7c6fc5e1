"""Delimited text: header rows, names and import ids; `flows.split` has the records."""

from __future__ import annotations

import json
from typing import BinaryIO

from flows.clean import Shape
from flows.readers.header import header_names
from flows.readers.table import Table
from flows.split import OTHER_DELIMITERS, Records
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed


def open_text(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: empty_file, undecodable_header, wrong_delimiter, not_this_dialect, …"""
    shape = Shape(
        delimiter=feed.delimiter or dialect.delimiter,
        quote=dialect.quote,
        encoding=feed.encoding or dialect.encoding,
    )
    records = Records(stream, shape, dialect.header_rows)
    names, aliases = header_names(records.header, dialect)
    _refuse_other_delimiter(names, shape)
    if dialect.import_id_row and not _is_import_id_row(records.header[-1]):
        raise ExportRefused("not_this_dialect")
    return Table(names, records, aliases)


def _refuse_other_delimiter(names: list[str], shape: Shape) -> None:
    others = OTHER_DELIMITERS.replace(shape.delimiter, "")
    if len(names) == 1 and any(other in names[0] for other in others):
        raise ExportRefused("wrong_delimiter")


def _is_import_id_row(cells: list[str]) -> bool:
    """Whether each filled cell is an import id: JSON, or the same with Python's quotes."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(_import_id(cell) for cell in filled)


def _import_id(cell: str) -> bool:
    for text in (cell, cell.replace("'", '"')):
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError:
            continue
        return isinstance(parsed, dict) and "ImportId" in parsed
    return False
