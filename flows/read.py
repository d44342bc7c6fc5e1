"""Open one export as the feed and its dialect declare it: named columns, text cells, batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import polars as pl

from flows.clean import Batch, Shape
from flows.split import OTHER_DELIMITERS, Records
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed

Names = str | tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """An opened export: where each header name stands, and the records behind it.

    positions: header name to position from 0; the second column of a name is "Name#2".
    """

    positions: Mapping[str, int]
    records: Records

    def has(self, name: str) -> bool:
        return _clean_name(name) in self.positions

    def position(self, name: str) -> int:
        """Position of a column that the feed maps; refuses the file when it is not there."""
        if not self.has(name):
            raise ExportRefused("missing_column", name)
        return self.positions[_clean_name(name)]

    def readers(
        self, wanted: Mapping[str, int], numbers: Collection[str] = ()
    ) -> Iterator[Callable[[], Batch]]:
        """Batches to be read in any order, whose cells carry our names beside source_row.

        numbers: names whose cells may come as Int16 instead of text
        """
        places = {wanted[name] for name in numbers}
        for read in self.records.readers(wanted.values(), places):
            yield partial(_named, read, wanted)

    def batches(self, wanted: Mapping[str, int]) -> Iterator[Batch]:
        """The same batches, read one after the other."""
        return (read() for read in self.readers(wanted))


def _named(read: Callable[[], Batch], wanted: Mapping[str, int]) -> Batch:
    batch = read()
    names = [pl.col(str(at)).alias(name) for name, at in wanted.items()]
    return Batch(batch.rows.select("source_row", *names), batch.broken)


def open_export(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Export:
    """Read the header rows.

    raises ExportRefused: empty_file, undecodable_header, wrong_delimiter, not_this_dialect, …
    """
    shape = Shape(
        delimiter=feed.delimiter or dialect.delimiter,
        quote=dialect.quote,
        encoding=feed.encoding or dialect.encoding,
    )
    records = Records(stream, shape, dialect.header_rows)
    names = [_clean_name(name) for name in records.header[dialect.header_row - 1]]
    _refuse_other_delimiter(names, shape)
    if dialect.import_id_row and not _is_import_id_row(records.header[-1]):
        raise ExportRefused("not_this_dialect")
    return Export(_positions(names), records)


def _clean_name(name: str) -> str:
    return name.replace("\u00a0", " ").strip()


def _positions(names: list[str]) -> dict[str, int]:
    positions: dict[str, int] = {}
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        positions[name if seen[name] == 1 else f"{name}#{seen[name]}"] = at
    return positions


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
