"""Read a stretch of bytes at once, by polars, where a check proves that nothing can go wrong."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

_END, _RETURN = ord("\n"), ord("\r")


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
    columns: by source_row, the column that breaks a record, where it is one
    """

    rows: pl.DataFrame
    broken: list[tuple[int, str]] = field(default_factory=list)
    columns: Mapping[int, str] = field(default_factory=dict)


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


class Quoted(NamedTuple):
    """Whole records with plain line ends outside quotes, how many, and what follows them."""

    records: bytes
    height: int
    rest: bytes


def proven_quoted(stretch: bytes, shape: Shape, width: int, longest: int, final: bool) -> Quoted | None:
    """The whole records of a stretch with quoted cells; None if any of them is not proven.

    final: the stretch is the end of the file, where a record may lack its line end

    Proof: valid UTF-8 without NUL; each quote that opens a cell stands at its beginning, each that closes one
    at its end, and two in a quoted cell are one; outside quotes the delimiters and line ends, in order, are
    `width - 1` delimiters and a line end again and again, and no record is longer than `longest`. So written,
    a record has one reading only.
    """
    if len(shape.quote) != 1 or len(shape.delimiter.encode()) != 1 or width == 1:
        return None
    if b"\0" in stretch or stretch.startswith(codecs.BOM_UTF8) or not _is_utf8(stretch):
        return None
    if final and not stretch.endswith(b"\n") and stretch.count(shape.quote.encode()) % 2 == 0:
        stretch += b"\n"
    marks = np.frombuffer(stretch, dtype=np.uint8)
    quotes, delimiters, ends = marks == ord(shape.quote), marks == ord(shape.delimiter), marks == _END
    # Of a quote itself: whether it opens. Of any other byte: whether it is in quotes.
    inside = (np.cumsum(quotes, dtype=np.uint8) & 1).view(np.bool_)
    lines = np.flatnonzero(ends & ~inside)
    if not len(lines) or max(int(lines[0]) + 1, int(np.diff(lines).max(initial=0))) > longest:
        return None
    whole = int(lines[-1]) + 1
    between = (delimiters | ends)[:whole]
    marks, quotes, inside = marks[:whole], quotes[:whole], inside[:whole]
    returns = marks == _RETURN
    if not _quotes_are_plain(quotes, inside, between, returns):
        return None
    if not _rows_are_plain(marks[between & ~inside], ord(shape.delimiter), width):
        return None
    dropped = np.flatnonzero(returns & ~inside)
    if len(dropped) and not (marks[dropped + 1] == _END).all():
        return None
    kept = np.delete(marks, dropped).tobytes() if len(dropped) else stretch[:whole]
    return Quoted(kept, len(lines), stretch[whole:])


def _quotes_are_plain(quotes: Flags, inside: Flags, between: Flags, returns: Flags) -> bool:
    """Whether quotes that open follow, and those that close precede, the end of a cell or another quote.

    The first byte may open, and the last is a line end. A quote beside a quote of the other kind is the
    second of two that stand for one.
    """
    opened, closed = quotes & inside, quotes & ~inside
    begins, stops = between | quotes, between | quotes | returns
    return not bool((opened[1:] & ~begins[:-1]).any() or (closed[:-1] & ~stops[1:]).any())


def _rows_are_plain(found: Bytes, delimiter: int, width: int) -> bool:
    """Whether delimiters and line ends, in order, make records of `width` cells, and no line is blank."""
    records, rest = divmod(len(found), width)
    return not rest and bool((found.reshape(records, width) == [delimiter] * (width - 1) + [_END]).all())


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


def read_quoted(quoted: Quoted, shape: Shape, width: int, columns: list[int], first: int) -> Batch:
    """What `proven_quoted` let pass as a batch of text; `first` is the number of its first row."""
    types = {str(at): pl.String for at in range(width)}
    rows = _parse(quoted.records, shape, types, columns, shape.quote)
    if rows.height != quoted.height:
        raise AssertionError("a stretch proven plain gave another number of records")
    numbers = pl.int_range(first, first + quoted.height, dtype=pl.Int32, eager=True)
    return Batch(rows.with_columns(pl.all().replace("", None)).insert_column(0, numbers.alias("source_row")))


def _parse(
    stretch: bytes,
    shape: Shape,
    types: Mapping[str, type[pl.DataType]],
    columns: list[int],
    quote: str | None = None,
) -> pl.DataFrame:
    return pl.read_csv(
        stretch,
        has_header=False,
        columns=columns,
        schema=types,
        separator=shape.delimiter,
        quote_char=quote,
        infer_schema=False,
    )
