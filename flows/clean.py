"""Read a stretch of bytes at once, by polars, where a check proves that nothing can go wrong."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Shape:
    """How the bytes are laid out: declared by dialect and feed, never guessed."""

    delimiter: str
    quote: str
    encoding: str


@dataclass
class Batch:
    """Records in file order.

    rows:   source_row (Int32, from 1) and one column per cell wanted, String or Int16; blank is null
    broken: (source_row, rule) of records that cannot be read
    """

    rows: pl.DataFrame
    broken: list[tuple[int, str]] = field(default_factory=list)


def proven_clean(stretch: bytes, shape: Shape, width: int, longest: int) -> bytes | None:
    """The stretch with plain line ends if it is one record of `width` cells a line, else None.

    Proof: no quote, no bare carriage return, no NUL, no byte order mark that polars would take off,
    no line longer than a record, valid UTF-8, and the delimiters and line ends, in order, are
    `width - 1` delimiters and a line end again and again.
    """
    if not stretch or (shape.quote and shape.quote.encode() in stretch) or b"\0" in stretch:
        return None
    if stretch.startswith(codecs.BOM_UTF8) or _has_long_line(stretch, longest):
        return None
    if b"\r" in stretch:
        if stretch.count(b"\r") != stretch.count(b"\r\n"):
            return None
        stretch = stretch.replace(b"\r\n", b"\n")
    if not stretch.endswith(b"\n"):
        stretch += b"\n"
    if width == 1 or not _regular(stretch, shape.delimiter, width) or not _is_utf8(stretch):
        return None
    return stretch


def _has_long_line(stretch: bytes, longest: int) -> bool:
    """Whether a line, with its end, is longer than a record: seen by stepping from line end to line end."""
    at = 0
    while len(stretch) - at > longest:
        end = stretch.rfind(b"\n", at, at + longest) + 1
        if not end:
            return True
        at = end
    return False


def _regular(stretch: bytes, delimiter: str, width: int) -> bool:
    """Whether what is left without all other bytes is the pattern of one record a line, again and again."""
    mark = delimiter.encode()
    if len(mark) != 1:
        return False
    marks = stretch.translate(None, delete=bytes(set(range(256)) - {mark[0], ord("\n")}))
    lines, rest = divmod(len(marks), width)
    return not rest and marks == (mark * (width - 1) + b"\n") * lines


def _is_utf8(stretch: bytes) -> bool:
    if stretch.isascii():
        return True
    try:
        stretch.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_clean(
    stretch: bytes, shape: Shape, types: Mapping[str, type[pl.DataType]], columns: list[int], first: int
) -> Batch:
    """A stretch proven clean as a batch; `first` is the number of its first row.

    types: polars type by position, String or Int16; columns: positions wanted
    """
    try:
        rows = _parse(stretch, shape, types, columns)
    except pl.exceptions.ComputeError:
        # Some cell is no whole number, and the message holds it: all are read as text instead.
        rows = _parse(stretch, shape, dict.fromkeys(types, pl.String), columns)
    if rows.height != stretch.count(b"\n"):
        raise AssertionError("a stretch proven clean gave another number of records")
    numbers = pl.int_range(first, first + rows.height, dtype=pl.Int32, eager=True)
    return Batch(rows.insert_column(0, numbers.alias("source_row")))


def _parse(
    stretch: bytes, shape: Shape, types: Mapping[str, type[pl.DataType]], columns: list[int]
) -> pl.DataFrame:
    return pl.read_csv(
        stretch,
        has_header=False,
        columns=columns,
        schema=types,
        separator=shape.delimiter,
        quote_char=None,
        infer_schema=False,
    )
