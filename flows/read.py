"""Open one export as the feed and its dialect declare it: named columns, text cells, batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import polars as pl

from flows.clean import Batch
from flows.readers.table import Cells, Records, Table
from flows.signature import container_of
from flows.unpack import unpacked
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed


@dataclass(frozen=True)
class Export:
    """An opened export: where each header name stands, and the records behind it.

    positions: header name to position from 0; the second column of a name is "Name#2"; a column that goes by
        several names stands under each
    names:     the header names alone, in file order
    warnings:  rules of that level
    labels:    by position, what the file itself says its codes mean
    hidden:    positions of columns that nothing can read
    timezone:  IANA name that the file itself gives for its times without offset
    column:    position of a name that the header has not, where records name their own cells
    """

    positions: Mapping[str, int]
    records: Records
    names: Sequence[str] = ()
    warnings: tuple[str, ...] = ()
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    timezone: str | None = None
    column: Callable[[str], int] | None = None
    hidden: frozenset[int] = frozenset()

    def has(self, name: str) -> bool:
        return _clean_name(name) in self.positions

    def position(self, name: str) -> int:
        """Position of a column that the feed maps; refuses the file when it cannot be there."""
        if self.has(name):
            return self.positions[_clean_name(name)]
        if self.column is None:
            raise ExportRefused("missing_column", name)
        return self.column(_clean_name(name))

    def sample(self, most: int) -> list[Cells]:
        """The first records that can be read, all their cells by position."""
        return self.records.sample(most)

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


@contextmanager
def opened_export(source: Path, feed: Feed, dialect: Dialect, scratch: Path) -> Iterator[Export]:
    """An export as it was delivered, taken out of its gzip file or ZIP archive where it came in one.

    scratch: folder on whose disk the unpacked bytes may lie
    raises ExportRefused: as `unpacked` and `open_export` do
    """
    with source.open("rb") as stream, unpacked(stream, feed, dialect, scratch) as plain:
        yield open_export(plain, feed, dialect)


def open_export(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Export:
    """Read the header.

    stream: the file, which can be read from its beginning again
    raises ExportRefused: a rule of level file
    """
    table = _reader(container_of(stream, dialect))(stream, feed, dialect)
    if feed.dictionary:
        from flows.redcap_dictionary import coded

        table = coded(table, feed)
    names = [_clean_name(name) for name in table.names]
    own = _positions(names)
    # A second header row may go on where the first has ended, and nothing is read there.
    others = {_clean_name(name): at for name, at in table.aliases.items() if at < len(names)}
    positions = {**own, **{name: at for name, at in others.items() if name not in own}}
    spelled = {
        name: positions[other]
        for name, spellings in dialect.spellings.items()
        for other in reversed(spellings)
        if name not in positions and other in positions
    }
    return Export(
        {**positions, **spelled},
        table.records,
        tuple(own),
        table.warnings,
        table.labels,
        table.timezone,
        table.column,
        table.hidden,
    )


Reader = Callable[[BinaryIO, Feed, Dialect], Table]


def _reader(container: str) -> Reader:
    """The reader of a container. Each brings its own library, and is imported when it is needed."""
    if container == "text":
        from flows.readers.text import open_text

        return open_text
    if container == "workbook":
        from flows.readers.workbook import open_workbook

        return open_workbook
    if container == "qualtrics_json":
        from flows.readers.qualtrics_json import open_qualtrics_json

        return open_qualtrics_json
    if container == "fhir":
        from flows.readers.fhir import open_fhir

        return open_fhir
    if container == "odm":
        from flows.readers.odm import open_odm

        return open_odm
    if container == "spss":
        from flows.readers.spss import open_spss

        return open_spss
    if container == "parquet":
        from flows.readers.parquet import open_parquet

        return open_parquet
    raise ExportRefused("not_this_dialect")


def _clean_name(name: str) -> str:
    """The name with one blank for any white space: headers break lines where a feed does not."""
    return " ".join(name.split())


def _positions(names: Sequence[str]) -> dict[str, int]:
    positions: dict[str, int] = {}
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        positions[name if seen[name] == 1 else f"{name}#{seen[name]}"] = at
    return positions
