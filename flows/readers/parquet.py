"""Parquet: typed columns as text, a stretch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from flows.clean import Batch
from flows.readers.cell_text import INEXACT, moment_text, number_text
from flows.readers.sheet_area import MOST_TEXT
from flows.readers.table import ROWS_PER_BATCH, Cells, Table
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

MOST_ROWS = 100_000_000
"""A few bytes can declare any number of blank rows."""

_DATES: dict[type[pl.DataType], str] = {pl.Date: "%Y-%m-%d", pl.Time: "%H:%M:%S"}
_MOMENT = "%Y-%m-%d %H:%M:%S"


def open_parquet(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: damaged_parquet, too_large_parquet, empty_file; unsupported_column when read"""
    with _library():
        records = ParquetRecords(stream, feed.decimal or dialect.decimal)
        if not records.names:
            raise ExportRefused("empty_file")
    return Table(records.names, records)


@contextmanager
def _library() -> Iterator[None]:
    """Whatever the libraries raise, as a refusal: their messages may hold cells."""
    from pyarrow import ArrowException

    try:
        yield
    except (
        ArrowException,
        OSError,
        ValueError,
        KeyError,
        OverflowError,
        MemoryError,
        pl.exceptions.PolarsError,
    ):
        raise ExportRefused("damaged_parquet") from None
    except BaseException as error:
        # A panic of Rust is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ExportRefused("damaged_parquet") from None


class ParquetRecords:
    """Records of one Parquet file. mark: what stands before decimals."""

    def __init__(self, stream: BinaryIO, mark: str) -> None:
        self._stream, self._mark = stream, mark
        self._file = _opened(stream, [])
        schema = self._file.schema_arrow
        self.names: list[str] = list(schema.names)
        # One long text may stand in very many rows of a small file: they stay numbered until counted.
        self._texts = [field.name for field in schema if _is_text(field.type)]

    def sample(self, most: int) -> list[Cells]:
        with _library():
            batch = next(iter(self._batches(range(len(self.names)), max(most, 1))), None)
            if batch is None:
                return []
            columns = [_texts(batch, at, self._mark, strict=False) for at in range(len(self.names))]
            rows: list[Cells] = [*zip(*columns, strict=True)]
        return rows[:most]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns, first = sorted(set(wanted)), 1
        with _library():
            for batch in self._batches(columns, ROWS_PER_BATCH):
                yield partial(_read, batch, columns, self._names_of(columns), self._mark, first)
                first += batch.num_rows

    def _names_of(self, columns: Iterable[int]) -> list[str]:
        return [self.names[at] for at in columns]

    def _batches(self, columns: Iterable[int], rows: int) -> Iterator[pa.RecordBatch]:
        """Batches with these columns alone, in this order."""
        file = _opened(self._stream, self._texts)
        names = self._names_of(columns)
        if len(set(self.names)) == len(self.names):
            found = file.iter_batches(rows, columns=names)
        else:
            # A name that is there twice cannot be asked for.
            found = (batch.select(list(columns)) for batch in file.iter_batches(rows))
        for batch in found:
            # Bytes that are no text would be told of by the library itself, on the screen.
            batch.validate(full=True)
            yield batch


def _opened(stream: BinaryIO, texts: list[str]) -> ParquetFile:
    from pyarrow.parquet import ParquetFile

    stream.seek(0)
    file = ParquetFile(stream, read_dictionary=texts)
    if file.metadata.num_rows > MOST_ROWS:
        raise ExportRefused("too_large_parquet")
    return file


def _is_text(type_: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_string(type_) or types.is_large_string(type_))


def _read(batch: pa.RecordBatch, columns: list[int], names: list[str], mark: str, first: int) -> Batch:
    with _library():
        cells = {str(at): _texts(batch, n, mark, names[n]) for n, at in enumerate(columns)}
    rows = pl.DataFrame(cells).with_columns(pl.col(pl.String).replace("", None))
    source_row = pl.int_range(first, first + batch.num_rows, dtype=pl.Int32, eager=True).alias("source_row")
    rows = rows.insert_column(0, source_row)
    inexact = pl.any_horizontal([pl.lit(value=False), pl.col(pl.String) == INEXACT]).fill_null(value=False)
    broken = rows.filter(inexact)["source_row"].to_list()
    return Batch(rows.filter(~inexact) if broken else rows, [(row, "inexact_number") for row in broken])


def _texts(batch: pa.RecordBatch, at: int, mark: str, name: str = "", strict: bool = True) -> pl.Series:
    """Text of one column. raises ExportRefused: unsupported_column, unless not strict: it is blank then"""
    _refuse_too_much(batch.column(at))
    column = pl.Series(batch.column(at))
    texts = _text_of(column, mark)
    if texts is None and strict:
        raise ExportRefused("unsupported_column", name)
    return pl.Series([None] * len(column), dtype=pl.String) if texts is None else texts


def _refuse_too_much(column: pa.Array) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.DictionaryArray) and _is_text(column.type.value_type):
        lengths = pc.binary_length(column.dictionary)
        total = pc.sum(pc.take(pc.cast(lengths, pa.int64()), column.indices)).as_py()
        if (total or 0) > MOST_TEXT:
            raise ExportRefused("too_large_parquet")


def _text_of(column: pl.Series, mark: str) -> pl.Series | None:
    """Text of each cell; None for a type that is no text, number, truth, date or time."""
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum, pl.Null) or kind.is_integer():
        return column.cast(pl.String)
    if kind.is_float():
        # By way of text, a short number stays the number that was written: 0.1 and not 0.10000000149.
        wide = column.cast(pl.String).cast(pl.Float64) if kind == pl.Float32 else column
        return _by_value(wide.fill_nan(None), lambda value: number_text(value, mark))
    if kind == pl.Decimal:
        return _by_value(column, lambda value: f"{value.normalize():f}".replace(".", mark))
    if kind == pl.Boolean:
        return _by_value(column, str)
    if kind == pl.Duration:
        return _by_value(column, moment_text)
    if isinstance(kind, pl.Datetime):
        return column.dt.to_string(f"{_MOMENT}%z" if kind.time_zone else _MOMENT)
    form = _DATES.get(type(kind))
    return column.dt.to_string(form) if form else None


def _by_value(column: pl.Series, text: Callable[..., str | None]) -> pl.Series:
    """The text of each different value, made once."""
    values = column.drop_nulls().unique()
    if not len(values):
        return pl.Series([None] * len(column), dtype=pl.String)
    return column.replace_strict(values, pl.Series(map(text, values), dtype=pl.String), default=None)
