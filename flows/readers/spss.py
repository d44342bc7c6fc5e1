"""SPSS .sav and .zsav: codes as text, labels beside them, dates by their type, user-missing values blank."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

import polars as pl

from flows.answers import normalise
from flows.clean import Batch
from flows.readers.spss_cells import Column, cells_of, kind_of, number_text
from flows.readers.table import Cells, Table
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import ITEM_NUMBER, Feed, FeedInstrument

ROWS_PER_READ = 50_000
"""Rows in memory at a time; the library reads past those before them, which is quick."""

MOST_UNDECODABLE = 50
"""Rows whose texts are not of the encoding; with more of them the encoding is the wrong one."""

_NO_TEXT = "convert string"
"""In the library's message when a text is not of the encoding."""

Values = Mapping[str, Sequence[Any]]


def open_spss(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: broken_spss, undecodable_header"""
    file = _File(stream, codecs.lookup(feed.encoding).name if feed.encoding else None)
    meta = file.meta()
    columns = [_column(name, meta, feed) for name in meta.column_names]
    if not columns:
        raise ExportRefused("broken_spss")
    labels = {
        at: {str(text): _code(code) for code, text in meta.variable_value_labels[name].items()}
        for at, name in enumerate(meta.column_names)
        if name in meta.variable_value_labels
    }
    return Table(meta.column_names, SpssRecords(file, columns), labels=labels)


def _code(code: object) -> str:
    return number_text(code) if isinstance(code, float) else str(code).rstrip()


def _column(name: str, meta: Any, feed: Feed) -> Column:  # noqa: ANN401 - the library's object
    kind = kind_of(meta.readstat_variable_types[name], meta.original_variable_types[name])
    ranges = tuple((one["lo"], one["hi"]) for one in meta.missing_ranges.get(name, ()))
    return Column(name, kind, ranges, _listed(name, feed) if ranges else frozenset())


def _listed(name: str, feed: Feed) -> frozenset[str]:
    """Codes that the feed gives a meaning in this column: of those the text is kept."""
    asked = [one for one in feed.instruments if _is_item(name, one)]
    lists = [feed.missing, *(codes for one in asked for codes in _code_lists(one))]
    return frozenset(normalise(code) for codes in lists for code in codes)


def _code_lists(one: FeedInstrument) -> tuple[tuple[str, ...], ...]:
    return one.missing, one.refused, one.not_shown, one.not_applicable


def _is_item(name: str, one: FeedInstrument) -> bool:
    if not isinstance(one.items, str):
        return name in one.items
    before, _, after = ITEM_NUMBER.split(one.items, maxsplit=1)
    number = name.removeprefix(before).removesuffix(after)
    return number.isdecimal() and name == f"{before}{number}{after}"


class _File:
    """The library's readings of one file; its errors become refusals."""

    def __init__(self, stream: BinaryIO, encoding: str | None) -> None:
        self._stream, self._encoding = stream, encoding

    def meta(self) -> Any:  # noqa: ANN401 - the library's object
        return self._read(metadataonly=True)[1]

    def rows(self, names: Sequence[str], first: int, most: int) -> Values:
        """Values by column of the rows behind the first ones, at most so many. raises UnicodeError"""
        values: Values = self._read(usecols=list(names), row_offset=first, row_limit=most)[0]
        return values

    def _read(self, **how: Any) -> tuple[Any, Any]:  # noqa: ANN401 - the library's options
        import pyreadstat

        self._stream.seek(0)
        try:
            read: Any = pyreadstat.read_sav  # its overloads do not take options as a mapping
            values, meta = read(
                self._stream,
                encoding=self._encoding,
                user_missing=True,
                disable_datetime_conversion=True,
                output_format="dict",
                **how,
            )
            return values, meta
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
            if _NO_TEXT in str(error) and not how.get("metadataonly"):
                raise UnicodeError from None
            wrong = _NO_TEXT in str(error) or "character set" in str(error)
            raise ExportRefused("undecodable_header" if wrong else "broken_spss") from None
        except UnicodeError:
            raise ExportRefused("undecodable_header") from None
        except (ValueError, LookupError, ArithmeticError, MemoryError, TypeError):
            # What a file of random bytes makes the library do.
            raise ExportRefused("broken_spss") from None


class SpssRecords:
    """Rows of one file, a stretch at a time and the wanted columns alone."""

    def __init__(self, file: _File, columns: Sequence[Column]) -> None:
        self._file, self._columns = file, columns
        self._undecodable = 0

    def sample(self, most: int) -> list[Cells]:
        everything = range(len(self._columns))
        batches = (read() for read in self._stretches(everything, (), most))
        first = next(batches, Batch(pl.DataFrame({"source_row": []})))
        return [row[1:] for row in first.rows.iter_rows()]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        return self._stretches(sorted(set(wanted)), numbers, ROWS_PER_READ)

    def _stretches(
        self, wanted: Sequence[int], numbers: Collection[int], most: int
    ) -> Iterator[Callable[[], Batch]]:
        names = [self._columns[at].name for at in wanted or (0,)]
        first = 0
        while True:
            parts, broken = self._rows(names, first, most)
            read = sum(len(values[names[0]]) for _, values in parts) + len(broken)
            if read:
                yield partial(self._batch, parts, broken, wanted, numbers)
            first += read
            if read < most:
                break

    def _rows(
        self, names: Sequence[str], first: int, most: int
    ) -> tuple[list[tuple[int, Values]], list[tuple[int, str]]]:
        """Parts with the number of their first row, from 1, and the rows between them that are no text."""
        try:
            return [(first + 1, self._file.rows(names, first, most))], []
        except UnicodeError:
            if most == 1:
                self._undecodable += 1
                if self._undecodable > MOST_UNDECODABLE:
                    raise ExportRefused("undecodable_header") from None
                return [], [(first + 1, "undecodable")]
        half = most // 2
        parts, broken = self._rows(names, first, half)
        more, worse = self._rows(names, first + half, most - half)
        return parts + more, broken + worse

    def _batch(
        self,
        parts: Sequence[tuple[int, Values]],
        broken: list[tuple[int, str]],
        wanted: Sequence[int],
        numbers: Collection[int],
    ) -> Batch:
        rows = [row for first, values in parts for row in _numbered(first, values)]
        frame = pl.DataFrame({"source_row": pl.Series(rows, dtype=pl.Int32)})
        for at in wanted:
            column = self._columns[at]
            values = [value for _, part in parts for value in part[column.name]]
            frame = frame.with_columns(cells_of(values, column, at in numbers).alias(str(at)))
        return Batch(frame, broken)


def _numbered(first: int, values: Values) -> range:
    return range(first, first + len(next(iter(values.values()))))
