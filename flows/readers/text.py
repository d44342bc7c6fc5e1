"""Delimited text: header rows, names and import ids; `flows.split` has the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from flows.clean import Shape
from flows.readers.header import header_names
from flows.readers.import_ids import said_by_header
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
    records = Records(stream, shape, dialect.header_rows, dialect.trailing_delimiter)
    _refuse_json(records.header[0])
    names, aliases = header_names(records.header, dialect)
    _refuse_other_delimiter(names, shape)
    more, timezone = said_by_header(records.header, lambda: records.sample(1), feed, dialect)
    return Table(names, records, {**aliases, **more}, timezone=timezone)


def _refuse_json(cells: Sequence[str]) -> None:
    """Refuse what a system's interface for programs writes, before its first line is taken for a header."""
    first = cells[0].strip() if cells else ""
    if first[:1] in ("{", "[") and first[1:].lstrip()[:1] in ("", '"', "{", "["):
        raise ExportRefused("not_this_dialect")


def _refuse_other_delimiter(names: list[str], shape: Shape) -> None:
    others = OTHER_DELIMITERS.replace(shape.delimiter, "")
    if len(names) == 1 and any(other in names[0] for other in others):
        raise ExportRefused("wrong_delimiter")
