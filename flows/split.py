"""Split delimited bytes into records, exactly, in batches.

A record may span lines inside quotes, and every data row keeps its number. Two ways give the
same records: polars, for a stretch of bytes that a check proves to have one reading only, with the right
number of cells in every record; and a strict CSV reader, for all else.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

import polars as pl

from flows.clean import Batch, Quoted, Shape, proven_clean, proven_quoted, read_clean, read_quoted
from schemas.errors import ExportRefused

BLOCK_BYTES = 16 * 1024 * 1024
RECORD_BYTES = 8 * 1024 * 1024
"""Longest record that is read; a longer one is a quote that was never closed."""
OTHER_DELIMITERS = ",;\t|"
HEADER_BYTES = 64 * 1024
"""First bytes that are looked at for a header row; more only where it goes on."""
SAMPLE_BYTES = 4 * 1024 * 1024
"""Of a file of any size, what `Records.sample` looks at."""
ROWS_LOOKED_AT = 100
"""First rows that tell whether rows end in a delimiter."""
ROWS_PER_BATCH = 100_000
"""Rows of a batch on the exact path; the fast path takes a block at a time."""

_BLANK_LINES = re.compile(rb"\A(?:[ \r]*\n)+")

csv.field_size_limit(RECORD_BYTES)


def utf8_blocks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The stream as UTF-8 blocks, without byte order mark. Bytes the encoding does not know stay invalid."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        yield stream.read(max(BLOCK_BYTES, len(codecs.BOM_UTF8))).removeprefix(codecs.BOM_UTF8)
        while block := stream.read(BLOCK_BYTES):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors=_UNKNOWN)
    begun = False
    while block := stream.read(max(BLOCK_BYTES // 4, 1)):
        text = _decoded(decoder, block)
        yield text if begun else text.removeprefix(codecs.BOM_UTF8)
        begun = begun or bool(text)
    yield _decoded(decoder, b"", final=True)


_UNKNOWN = "accord.unknown"
# A lone surrogate: three bytes that no reader of UTF-8 lets pass. Python's own handlers put the raw bytes
# there, which may happen to be valid, or fail on some codecs.
codecs.register_error(_UNKNOWN, lambda error: ("\ud800", getattr(error, "end", 1)))


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bytes:
    try:
        return decoder.decode(block, final).encode("utf-8", errors="surrogatepass")
    except UnicodeError:  # of the whole stream: UTF-16 that does not begin with its mark
        raise ExportRefused("undecodable_header") from None


class Records:
    """Records of one delimited file: the header rows first, then batches of data rows.

    raises ExportRefused: empty_file, undecodable_header, line_endings, header_quote, wrong_delimiter,
    not_this_dialect
    """

    def __init__(
        self, stream: BinaryIO, shape: Shape, header_rows: int, trailing_delimiter: bool = False
    ) -> None:
        self.shape = shape
        self._blocks = utf8_blocks(stream, shape.encoding)
        self._buffer = b""
        self.header: list[list[str]] = []
        while len(self.header) < header_rows:
            if cells := self._header_record():
                self.header.append(cells)
        self.width = self._cells = len(self.header[0])
        if trailing_delimiter and _ends_in_delimiter(self.header):
            self._cells = self._cells_of_rows()

    def _header_record(self) -> list[str]:
        """Take the next record off the buffer; no cells for a last line of blanks."""
        seen = HEADER_BYTES
        while True:
            self._buffer = _BLANK_LINES.sub(b"", self._buffer, count=1)
            lines = _Lines(self._buffer[: min(seen, RECORD_BYTES + 1)], self.shape)
            cells = lines.record()
            if lines.taken().endswith(b"\n") and not lines.open:
                break
            if seen <= RECORD_BYTES and seen < len(self._buffer):
                seen *= 16
            elif len(self._buffer) > RECORD_BYTES or not self._more():
                break
        record = lines.taken() or self._buffer
        if not record.strip():
            if not record:
                raise ExportRefused("not_this_dialect" if self.header else "empty_file")
            cells = []
        elif lines.undecodable or b"\0" in record:
            raise ExportRefused("undecodable_header")
        elif cells is None:
            raise ExportRefused(_header_fault(record, self.shape))
        self._buffer = self._buffer[len(record) :]
        return cells or []

    def _more(self) -> bool:
        """Read on; False at the end of the file. Of a line longer than a record only so much is kept."""
        block = next(self._blocks, None)
        if block is None:
            return False
        tail = len(self._buffer) - self._buffer.rfind(b"\n") - 1
        if tail > RECORD_BYTES:
            rest = block.find(b"\n")
            block = block[rest:] if rest >= 0 else b""
        self._buffer += block
        return True

    def sample(self, most: int) -> list[Sequence[str | None]]:
        """The first records that can be read, all their cells; takes nothing away from `readers`."""
        return self._sample(most, self._cells)

    def _cells_of_rows(self) -> int:
        """Cells of a row where the header ends in a delimiter: all of them end in one too, or none."""
        found = {cells: len(self._sample(ROWS_LOOKED_AT, cells)) for cells in (self.width, self.width - 1)}
        return max(found, key=lambda cells: found[cells])

    def _sample(self, most: int, cells: int) -> list[Sequence[str | None]]:
        while len(self._buffer) < SAMPLE_BYTES and self._more():
            pass
        end = self._buffer.rfind(b"\n", 0, SAMPLE_BYTES) + 1
        stretch = self._buffer[:end] if len(self._buffer) > SAMPLE_BYTES else self._buffer
        splitter = ExactSplitter(self.shape, cells, self.width, 1)
        found = chain.from_iterable(splitter.batches(stretch, final=True, rows=most))
        return [cells for _, cells in islice(found, most)]

    def batches(self, wanted: Iterable[int]) -> Iterator[Batch]:
        """Data rows with the wanted cells, named by their position: "0", "3", …"""
        for read in self.readers(wanted):
            yield read()

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        """The same batches, each to be read when called, in any order and in any thread.

        numbers: positions whose cells come as Int16 where all of a clean stretch read so
        """
        columns = sorted(set(wanted))
        types = [pl.Int16 if at in numbers else pl.String for at in range(self.width)]
        row, more = 1, True
        while more or self._buffer:
            more = more and self._more()
            stretch, self._buffer = self._complete_lines(final=not more)
            if proven := self._proven(stretch, max(columns, default=0)):
                known = {str(at): types[at] for at in range(self._cells)}
                yield partial(read_clean, proven, self.shape, known, columns, row)
                row += proven.count(b"\n")
                continue
            if quoted := self._quoted(stretch, max(columns, default=0), final=not more):
                self._buffer = quoted.rest + self._buffer
                yield partial(read_quoted, quoted, self.shape, self._cells, columns, row)
                row += quoted.height
                continue
            for batch in self._exact(stretch, columns, row, final=not more):
                row += batch.rows.height + len(batch.broken)
                yield partial(_ready, batch)

    def _proven(self, stretch: bytes, last: int) -> bytes | None:
        """The stretch where it is clean; the column `last` is wanted, which rows may lack."""
        return proven_clean(stretch, self.shape, self._cells, RECORD_BYTES) if last < self._cells else None

    def _quoted(self, stretch: bytes, last: int, final: bool) -> Quoted | None:
        if last >= self._cells:
            return None
        return proven_quoted(stretch, self.shape, self._cells, RECORD_BYTES, final)

    def _complete_lines(self, final: bool) -> tuple[bytes, bytes]:
        if final:
            return self._buffer, b""
        end = self._buffer.rfind(b"\n") + 1
        return self._buffer[:end], self._buffer[end:]

    def _exact(self, stretch: bytes, columns: list[int], first: int, final: bool) -> Iterator[Batch]:
        """Follow quotes line by line; an incomplete record goes back before the buffer."""
        splitter = ExactSplitter(self.shape, self._cells, self.width, first)
        for records in splitter.batches(stretch, final):
            yield _batch_of(records, columns, splitter.take_broken())
        self._buffer = splitter.rest + self._buffer


class _Lines:
    """Records of a stretch of bytes, one after the other, as a strict CSV reader sees them.

    open: the reader asked for a line that was not there: a quote is open, or the next line is too long
    undecodable: a line of the record has bytes that are not text
    """

    def __init__(self, stretch: bytes, shape: Shape) -> None:
        self.lines = [line + b"\n" for line in stretch.split(b"\n")]
        last = self.lines.pop()[:-1]
        self.lines += [last] if last else []
        self.shape = shape
        self.first = self.at = 0
        self.open = self.undecodable = False
        self._reader = self._new_reader()

    def _new_reader(self) -> Iterator[list[str]]:
        if not self.shape.quote:
            return csv.reader(self, delimiter=self.shape.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(self, delimiter=self.shape.delimiter, quotechar=self.shape.quote, strict=True)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines[self.at] if self.at < len(self.lines) else b""
        self._size += len(line)
        if not line or self._size > RECORD_BYTES:
            self.open = True
            raise StopIteration
        self.at += 1
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.undecodable = True
            return line.decode(errors="replace")

    def record(self) -> list[str] | None:
        """Cells of the record that begins here; [] for an empty line, None when it cannot be read."""
        self.first, self._size, self.open, self.undecodable = self.at, 0, False, False
        try:
            return next(self._reader)
        except (csv.Error, StopIteration):
            self._reader = self._new_reader()
            return None

    def left(self) -> bool:
        """Whether there are lines after the record."""
        return self.at < len(self.lines)

    def taken(self) -> bytes:
        """The bytes of the record, as far as they were read."""
        return b"".join(self.lines[self.first : self.at])

    def blank(self) -> bool:
        """Whether the record is a line of nothing but blanks, which is none."""
        return not self.taken().strip(b" \r\n")

    def between(self) -> list[bytes]:
        """The lines of the record between its first and its last."""
        return self.lines[self.first + 1 : self.at - 1]

    def only_first(self) -> bytes:
        """Take the record to be its first line only: the next one begins after it."""
        self.at = self.first + 1
        return self.lines[self.first]


def _ends_in_delimiter(header: Sequence[Sequence[str]]) -> bool:
    """Whether the last column has no name in any header row, or only because the row ends before it."""
    width = len(header[0])
    return width > 1 and all(not (row[width - 1 :] or [""])[0].strip() for row in header)


def _width(line: bytes, shape: Shape) -> int:
    """Cells of a line by itself; 0 when it is no record."""
    return len(_Lines(line, shape).record() or ())


def _breaks_at_return(record: bytes, shape: Shape) -> bool:
    """Whether the record can be read but for a carriage return in the midst of a line."""
    text = record.rstrip(b"\r\n")
    return b"\r" in text and _width(text.replace(b"\r", b" "), shape) > 0


def _header_fault(record: bytes, shape: Shape) -> str:
    """The rule that refuses a file whose header cannot be read."""
    if b"\r" in record.rstrip(b"\r\n").replace(b"\r\n", b"\n"):
        return "line_endings"
    if len(record.partition(b"\n")[0]) >= RECORD_BYTES:
        return "not_this_dialect"
    others = (replace(shape, delimiter=other) for other in OTHER_DELIMITERS if other != shape.delimiter)
    return "wrong_delimiter" if any(_width(record, other) > 1 for other in others) else "header_quote"


class ExactSplitter:
    """Records of a stretch of bytes by a strict CSV reader; `rest` is an incomplete last record.

    width: cells of a whole record; columns: to which it is filled up

    A quote opens a cell where it is the cell's first character, and is an ordinary one elsewhere.
    A record that spans lines and is broken is taken to be its first line only: an unclosed quote
    then costs its own row and not the good rows after it.
    """

    def __init__(self, shape: Shape, width: int, columns: int, first: int) -> None:
        self.shape, self.width, self.row = shape, width, first
        self._lacking = [""] * (columns - width)
        self.broken: list[tuple[int, str]] = []
        self.rest = b""

    def take_broken(self) -> list[tuple[int, str]]:
        taken, self.broken = self.broken, []
        return taken

    def batches(
        self, stretch: bytes, final: bool, rows: int | None = None
    ) -> Iterator[list[tuple[int, list[str]]]]:
        """Lists of so many (source_row, cells); broken records are kept aside as they are met."""
        records: list[tuple[int, list[str]]] = []
        lines = _Lines(stretch, self.shape)
        while lines.left():
            cells = lines.record()
            if cells is None and lines.open and not lines.left() and not final:
                self.rest = lines.taken()
                break
            if cells is not None and len(cells) < 2 and lines.blank():
                continue
            rule = self._unreadable(lines) if cells is None else self._fault(cells, lines)
            if rule:
                self.broken.append((self.row, rule))
            elif cells:
                records.append((self.row, cells + self._lacking))
            self.row += 1
            if len(records) >= (rows or ROWS_PER_BATCH):
                yield records
                records = []
        if records or self.broken:
            yield records

    def _fault(self, cells: list[str], lines: _Lines) -> str:
        """The rule that a record breaks whose quotes are right; "" for a sound one.

        When a line in the midst of it would be a row by itself, a quote was left open, and another
        one, further down, happens to close it.
        """
        if len(cells) == self.width:
            return "undecodable" if lines.undecodable else ""
        if any(_width(line, self.shape) == self.width for line in lines.between()):
            lines.only_first()
            return "unclosed_quote"
        if lines.undecodable:
            return "undecodable"
        return "short_row" if len(cells) < self.width else "long_row"

    def _unreadable(self, lines: _Lines) -> str:
        line = lines.only_first()
        if len(line) > RECORD_BYTES:
            return "record_too_long"
        return "bare_return" if _breaks_at_return(line, self.shape) else "unclosed_quote"


def _ready(batch: Batch) -> Batch:
    return batch


def _batch_of(
    records: list[tuple[int, list[str]]], columns: list[int], broken: list[tuple[int, str]]
) -> Batch:
    cells = list(zip(*(record for _, record in records), strict=True)) or [()] * (max(columns, default=0) + 1)
    data = {str(n): pl.Series(str(n), cells[n], dtype=pl.String) for n in columns}
    rows = pl.DataFrame(data).with_columns(pl.col(pl.String).replace("", None))
    numbers = pl.Series("source_row", [row for row, _ in records], dtype=pl.Int32)
    return Batch(rows.insert_column(0, numbers), broken)
