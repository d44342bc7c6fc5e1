"""Split delimited bytes into records, exactly, in batches.

A record may span lines inside quotes, and every data row keeps its number. Two ways give the
same records: polars, for a stretch of bytes that a check proves to be one record a line with
the right number of cells; and a splitter that follows quotes line by line, for all else.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

import polars as pl

from schemas.errors import ExportRefused

BLOCK_BYTES = 16 * 1024 * 1024
RECORD_BYTES = 8 * 1024 * 1024
"""Longest record that is read; a longer one is a quote that was never closed."""
ROWS_PER_BATCH = 100_000
"""Rows of a batch on the exact path; the fast path takes a block at a time."""

csv.field_size_limit(RECORD_BYTES)


@dataclass(frozen=True)
class Shape:
    """How the bytes are laid out: declared by dialect and feed, never guessed."""

    delimiter: str
    quote: str
    encoding: str


@dataclass
class Batch:
    """Records in file order.

    rows:   source_row (Int32, from 1) and one String column per cell wanted; blank is null
    broken: (source_row, rule) of records that cannot be read
    """

    rows: pl.DataFrame
    broken: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class _Lines:
    """Records split from a stretch of bytes, and the bytes of a record not yet complete."""

    cells: list[list[str]]
    rest: bytes


def utf8_blocks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The stream as UTF-8 blocks. Bytes that the encoding does not know stay invalid in them."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        first = stream.read(BLOCK_BYTES)
        yield first.removeprefix(codecs.BOM_UTF8)
        while block := stream.read(BLOCK_BYTES):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    while block := stream.read(BLOCK_BYTES // 4):
        yield decoder.decode(block).encode("utf-8", errors="surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", errors="surrogateescape")


class Records:
    """Records of one delimited file: the header rows first, then batches of data rows.

    raises ExportRefused: empty_file, undecodable_header, line_endings, header_quote
    """

    def __init__(self, stream: BinaryIO, shape: Shape, header_rows: int) -> None:
        self.shape = shape
        self._blocks = utf8_blocks(stream, shape.encoding)
        self._buffer = b""
        self.header = [self._header_record() for _ in range(header_rows)]
        self.width = len(self.header[0])

    def _header_record(self) -> list[str]:
        """The next record that has any cell; blank lines before it are no records."""
        record = b""
        while not record.strip():
            record = self._cut_header()
        try:
            text = record.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ExportRefused("undecodable_header") from None
        if "\0" in text:
            raise ExportRefused("undecodable_header")
        cells = parse_record(text, self.shape)
        if cells is None:
            raise ExportRefused("line_endings" if "\r" in text else "header_quote")
        return cells

    def _cut_header(self) -> bytes:
        """Take the bytes of one record off the buffer."""
        quote, end = self.shape.quote.encode(), 0
        while True:
            end = self._buffer.find(b"\n", end) + 1
            if not end:
                if not self._more():
                    record, self._buffer = self._buffer, b""
                    return self._last_header(record)
            elif not quote or self._buffer.count(quote, 0, end) % 2 == 0:
                record, self._buffer = self._buffer[:end], self._buffer[end:]
                return record
            elif end > RECORD_BYTES:
                raise ExportRefused("header_quote")

    def _last_header(self, record: bytes) -> bytes:
        if not record.strip():
            raise ExportRefused("not_this_dialect" if getattr(self, "header", None) else "empty_file")
        return record

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self._buffer += block
        return True

    def batches(self, wanted: Iterable[int]) -> Iterator[Batch]:
        """Data rows with the wanted cells, named by their position: "0", "3", …"""
        for read in self.readers(wanted):
            yield read()

    def readers(self, wanted: Iterable[int]) -> Iterator[Callable[[], Batch]]:
        """The same batches, each to be read when called, in any order and in any thread."""
        columns = sorted(set(wanted))
        row, more = 1, True
        while more or self._buffer:
            if len(self._buffer) < BLOCK_BYTES:
                more = self._more()
            stretch, self._buffer = self._complete_lines(final=not more)
            if proven := _proven_clean(stretch, self.shape, self.width):
                yield partial(_read_clean, proven, self.shape, self.width, columns, row)
                row += proven.count(b"\n")
                continue
            for batch in self._exact(stretch, columns, row, final=not more):
                row += batch.rows.height + len(batch.broken)
                yield partial(_ready, batch)

    def _complete_lines(self, final: bool) -> tuple[bytes, bytes]:
        if final:
            return self._buffer, b""
        end = self._buffer.rfind(b"\n") + 1
        return self._buffer[:end], self._buffer[end:]

    def _exact(self, stretch: bytes, columns: list[int], first: int, final: bool) -> Iterator[Batch]:
        """Follow quotes line by line; an incomplete record goes back before the buffer."""
        splitter = ExactSplitter(self.shape, self.width, first)
        for records in splitter.batches(stretch, final):
            yield _batch_of(records, columns, splitter.take_broken())
        self._buffer = splitter.rest + self._buffer


class ExactSplitter:
    """Records of a stretch of bytes by following quotes; `rest` is an incomplete last record."""

    def __init__(self, shape: Shape, width: int, first: int) -> None:
        self.shape, self.width, self.row = shape, width, first
        self.broken: list[tuple[int, str]] = []
        self.rest = b""

    def take_broken(self) -> list[tuple[int, str]]:
        taken, self.broken = self.broken, []
        return taken

    def batches(self, stretch: bytes, final: bool) -> Iterator[list[tuple[int, list[str]]]]:
        """Lists of (source_row, cells); broken records are kept aside as they are met."""
        records: list[tuple[int, list[str]]] = []
        start = 0
        while start < len(stretch):
            end, closed = self._record_end(stretch, start)
            if not closed and not final and end - start <= RECORD_BYTES:
                self.rest = stretch[start:]
                break
            cells, end = self._cells(stretch, start, end, closed)
            if cells:
                records.append((self.row, cells))
            if cells is not None:
                self.row += 1
            start = end
            if len(records) >= ROWS_PER_BATCH:
                yield records
                records = []
        yield records

    def _record_end(self, stretch: bytes, start: int) -> tuple[int, bool]:
        """Where the record ends: the first line end outside quotes; False when there is none."""
        quote, end, quotes = self.shape.quote.encode(), start, 0
        while True:
            line = stretch.find(b"\n", end) + 1
            if not line:
                line = len(stretch)
            if quote:
                quotes += stretch.count(quote, end, line)
            if quotes % 2 == 0:
                return line, True
            if line == len(stretch) or line - start > RECORD_BYTES:
                return line, False
            end = line

    def _cells(self, stretch: bytes, start: int, end: int, closed: bool) -> tuple[list[str] | None, int]:
        """Cells of the record and where the next begins; None for a blank line, [] when broken.

        A record that spans lines and is broken is taken to be its first line only: an unclosed
        quote then costs its own row and not the good rows after it.
        """
        cells, rule = self._parse(stretch[start:end]) if closed else (None, "unclosed_quote")
        if rule == "":
            return cells, end
        first_line = stretch.find(b"\n", start) + 1 or end
        if first_line < end:
            rule = "unclosed_quote"
        elif end - start > RECORD_BYTES:
            rule = "record_too_long"
        self.broken.append((self.row, rule))
        return [], min(first_line, end)

    def _parse(self, record: bytes) -> tuple[list[str] | None, str]:
        """Cells and "", or the rule that the record breaks; (None, "") for a blank line."""
        stripped = record.rstrip(b"\r\n")
        if not stripped.strip(b" "):
            return None, ""
        try:
            cells = parse_record(stripped.decode("utf-8"), self.shape)
        except UnicodeDecodeError:
            return [], "undecodable"
        if cells is None:
            return [], "unclosed_quote"
        if len(cells) != self.width:
            return [], "short_row" if len(cells) < self.width else "long_row"
        return cells, ""


def parse_record(text: str, shape: Shape) -> list[str] | None:
    """Cells of one record without its line end; None when its quotes are wrong."""
    if not shape.quote or shape.quote not in text:
        return None if "\r" in text else text.split(shape.delimiter)
    reader = csv.reader([text], delimiter=shape.delimiter, quotechar=shape.quote, strict=True)
    try:
        return next(reader)
    except csv.Error:
        return None


def _proven_clean(stretch: bytes, shape: Shape, width: int) -> bytes | None:
    """The stretch with plain line ends if it is one record of `width` cells a line, else None.

    Proof: no quote, no bare carriage return, no NUL, valid UTF-8, and the delimiters and line
    ends, in order, are `width - 1` delimiters and a line end again and again.
    """
    if not stretch or (shape.quote and shape.quote.encode() in stretch) or b"\0" in stretch:
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


def _ready(batch: Batch) -> Batch:
    return batch


def _read_clean(stretch: bytes, shape: Shape, width: int, columns: list[int], first: int) -> Batch:
    rows = pl.read_csv(
        stretch,
        has_header=False,
        columns=columns,
        schema={str(n): pl.String for n in range(width)},
        separator=shape.delimiter,
        quote_char=None,
        infer_schema=False,
    )
    if rows.height != stretch.count(b"\n"):
        raise AssertionError("a stretch proven clean gave another number of records")
    numbers = pl.int_range(first, first + rows.height, dtype=pl.Int32, eager=True)
    return Batch(rows.insert_column(0, numbers.alias("source_row")))


def _batch_of(records: list[tuple[int, list[str]]], columns: list[int], broken: list[tuple[int, str]]) -> Batch:
    cells = list(zip(*(record for _, record in records), strict=True)) or [()] * (max(columns, default=0) + 1)
    data = {str(n): pl.Series(str(n), cells[n], dtype=pl.String) for n in columns}
    rows = pl.DataFrame(data).with_columns(pl.col(pl.String).replace("", None))
    numbers = pl.Series("source_row", [row for row, _ in records], dtype=pl.Int32)
    return Batch(rows.insert_column(0, numbers), broken)
