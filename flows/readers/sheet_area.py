"""How much the sheets of a workbook hold once they are unfolded, before a library makes room for it.

A single cell at the far end of a sheet spans seventeen thousand million, and one long text may stand in a
million cells: both take a few bytes in the file.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.parsers.expat import ExpatError, ParserCreate

from schemas.errors import ExportRefused

MOST_CELLS = 20_000_000
MOST_TEXT = 1024 * 1024 * 1024
"""Bytes of the cells of text of all sheets."""

_PLACE_MARK = b' r="'
_PLACE_LENGTH = 12
"""Letters and digits of a place; so long a one is outside of any sheet."""

_PLAIN = re.compile(rb'[<:](?:c|row)(?![\w:.-])(?! r="[A-Z0-9]+")')
"""A cell or row whose place does not come first, as it does in all common programs."""

_TAG = re.compile(rb"<(?:\w+:)?(c|row)(?![\w:.-])([^<]*)")
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)(\d+)""")
_LONGEST_NUMBER = 9


class SheetArea:
    """Rows times columns of one part of Office Open XML, told block by block; only sheets have any."""

    def __init__(self) -> None:
        self._is_sheet = False
        self._last_column = self._last_row = 0
        self._rows = self._widest = self._open = 0

    def close(self) -> None:
        """All cells are counted as they come."""

    def add(self, block: bytes) -> None:
        """Count the cells of a block, which ends with a tag. raises ExportRefused: too_large_workbook"""
        self._is_sheet = self._is_sheet or b"sheetData" in block
        if not self._is_sheet:
            return
        self._place(*_last_places(block))
        if _PLAIN.search(block):
            self._add_unusual(block)
        if (self._last_column + self._widest) * (self._last_row + self._rows) > MOST_CELLS:
            raise ExportRefused("too_large_workbook")

    def _place(self, column: int, row: int) -> None:
        self._last_column = max(self._last_column, column)
        self._last_row = max(self._last_row, row)

    def _add_unusual(self, block: bytes) -> None:
        """Tag by tag. A cell or row that does not say its place stands next to the one before it."""
        for kind, attributes in _TAG.findall(block):
            places = _PLACE.findall(attributes)
            for letters, digits in places:
                self._place(_column(letters), number_of(digits))
            if kind == b"row":
                self._open = 0
                self._rows += not places
            elif not places:
                self._open += 1
                self._widest = max(self._widest, self._open)


def _last_places(block: bytes) -> tuple[int, int]:
    """The last column and the last row of all places of a block that are written in the common way."""
    import numpy as np

    text = np.frombuffer(block + bytes(_PLACE_LENGTH), np.uint8)
    marks = [text[at : len(text) - 3 + at] == byte for at, byte in enumerate(_PLACE_MARK)]
    starts = np.flatnonzero(np.logical_and.reduce(marks)) + len(_PLACE_MARK)
    starts = starts[starts < len(block)]
    columns, rows = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    going = np.ones(len(starts), bool)
    for at in range(_PLACE_LENGTH):
        signs = text[starts + at].astype(np.int64)
        letters = going & (signs >= 65) & (signs <= 90)
        digits = going & (signs >= 48) & (signs <= 57)
        columns[letters] = columns[letters] * 26 + signs[letters] - 64
        rows[digits] = rows[digits] * 10 + signs[digits] - 48
        going &= letters | digits
    if going.any():
        raise ExportRefused("too_large_workbook")
    return int(columns.max(initial=0)), int(rows.max(initial=0))


def number_of(digits: bytes) -> int:
    """The number; of very many digits one that is too large for anything."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else MOST_CELLS + 1


def _column(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper()[:_LONGEST_NUMBER]:
        number = number * 26 + letter - 64
    return number


_STRING = re.compile(rb"<(?:\w+:)?si[\s/>]")
_REFERENCES = (b'"s"', b"'s'")
_REFERRED = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v>\s*(\d+)""")


class SharedText:
    """Bytes of the cells that refer to a workbook's table of texts.

    The table and the sheets are told first; only where the longest text in every cell were too much are
    the sheets told again, to be counted one by one.
    """

    def __init__(self) -> None:
        self._sizes = [0]
        self._references = 0
        self._bytes = 0

    def add_strings(self, block: bytes) -> None:
        first, *others = map(len, _STRING.split(block))
        self._sizes[-1] += first
        self._sizes += others

    def add_cells(self, block: bytes) -> None:
        self._references += _references(block)

    @property
    def doubtful(self) -> bool:
        return max(self._sizes) * self._references > MOST_TEXT

    def count(self, block: bytes) -> None:
        """raises ExportRefused: too_large_workbook"""
        referred = Counter(_REFERRED.findall(block))
        odd = _references(block) - referred.total()
        self._bytes += odd * max(self._sizes) + sum(n * self._size(at) for at, n in referred.items())
        if self._bytes > MOST_TEXT:
            raise ExportRefused("too_large_workbook")

    def _size(self, at: bytes) -> int:
        # What comes before the first text of the table is no text.
        number = number_of(at) + 1
        return self._sizes[number] if number < len(self._sizes) else 0


def _references(block: bytes) -> int:
    """Cells that refer to the table of texts, or more."""
    return sum(map(block.count, _REFERENCES))


_ROW_TAG = b"<table:table-row"
_CELL_TAG = b"<table:table-cell"
_NEXT_TABLE = b"<table:table "
_TABLE_CELL = re.compile(
    rb"""<table:(?:covered-)?table-cell(?=[\s/>])((?:"[^"<]*"|'[^'<]*'|[^<>"'])*)>""",
)
_BLANK_END = re.compile(rb"""(?:[^<>"']|"[^"<>]*")*/>\s*</table:table-row>""")
_REPEATED = re.compile(rb"""\stable:number-(?:rows|columns)-repeated\s*=\s*["']\s*(\d+)""")
_LONGEST_ROW = 64 * 1024 * 1024


class OpenDocumentArea:
    """The same of content.xml of an OpenDocument sheet, where a row or a cell says how often it is repeated.

    What is repeated and blank counts only where something stands behind it.
    """

    def __init__(self) -> None:
        # Of XML that is not well formed the library looks for the end for ever.
        self._parser = ParserCreate()
        self._open = b""
        self._height = self._widest = self._text = self._blank_rows = 0

    def add(self, block: bytes) -> None:
        """Count the rows that a block completes. raises ExportRefused: too_large_workbook"""
        self._parse(block, is_last=False)
        first, *rows = (self._open + block).split(_ROW_TAG)
        # What comes before the first row is none, and the last may go on in the next block.
        self._open = _ROW_TAG + rows.pop() if rows else first[-len(_ROW_TAG) :]
        if len(self._open) > _LONGEST_ROW:
            raise ExportRefused("too_large_workbook")
        for row in rows:
            self._add_row(row)

    def close(self) -> None:
        """Count the last row. raises ExportRefused: too_large_workbook, damaged_workbook"""
        self._parse(b"", is_last=True)
        self._add_row(self._open.removeprefix(_ROW_TAG))

    def _parse(self, block: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except (ExpatError, LookupError, ValueError):  # an unknown encoding is none of expat's own errors
            raise ExportRefused("damaged_workbook") from None

    def _add_row(self, row: bytes) -> None:
        width, times = self._usual(row), 1
        if width is None:
            width, times = self._unusual(row)
        if width:
            self._height += self._blank_rows + times
            self._widest = max(self._widest, width)
        self._blank_rows = 0 if width or _NEXT_TABLE in row else self._blank_rows + times
        if self._height * self._widest > MOST_CELLS or self._text > MOST_TEXT:
            raise ExportRefused("too_large_workbook")

    def _usual(self, row: bytes) -> int | None:
        """Cells of a row in which nothing but its blank end is repeated; None for another row."""
        repeated = row.find(b"repeated")
        if b"covered" in row:
            return None
        if repeated < 0:
            return row.count(_CELL_TAG)
        last = row.rfind(_CELL_TAG)
        is_blank = 0 <= last < repeated and _BLANK_END.match(row, last + 1) and b"value" not in row[last:]
        return row.count(_CELL_TAG) - 1 if is_blank else None

    def _unusual(self, row: bytes) -> tuple[int, int]:
        """Cells of a row, tag by tag, and how often it is there."""
        times = _times(row.partition(b"<")[0])
        width = blanks = 0
        tags = list(_TABLE_CELL.finditer(row))
        ends = [*(tag.start() for tag in tags[1:]), len(row)]
        for tag, end in zip(tags, ends, strict=False):
            copies = _times(tag[1])
            if tag[1].rstrip().endswith(b"/") and b"value" not in tag[1]:
                blanks += copies
            else:
                width += blanks + copies
                blanks = 0
                self._text += copies * times * (end - tag.end())
        return width, times


def _times(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return number_of(found[1]) if found else 1
