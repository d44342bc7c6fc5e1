"""How much the sheets of a workbook hold once they are unfolded, before a library makes room for it.

A single cell at the far end of a sheet spans seventeen thousand million, and one long text may stand in a
million cells: both take a few bytes in the file.
"""

from __future__ import annotations

import re
from collections import Counter

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
                self._place(_column(letters), _number(digits))
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


def _number(digits: bytes) -> int:
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
        number = _number(at) + 1
        return self._sizes[number] if number < len(self._sizes) else 0


def _references(block: bytes) -> int:
    """Cells that refer to the table of texts, or more."""
    return sum(map(block.count, _REFERENCES))


_TABLE_TAG = re.compile(rb"<table:(table-row|table-cell|covered-table-cell|table)([\s/>][^<>]*|>)")
_REPEATED = re.compile(rb"""\stable:number-(?:rows|columns)-repeated\s*=\s*["']\s*(\d+)""")


class OpenDocumentArea:
    """The same of content.xml of an OpenDocument sheet, where a row or a cell says how often it is repeated.

    What is repeated and blank counts only where something stands behind it.
    """

    def __init__(self) -> None:
        self._height = self._widest = self._text = self._copies = self._blank_rows = 0
        self._times = self._width = self._blanks = 0

    def add(self, block: bytes) -> None:
        """Count the cells of a block, which ends with a tag. raises ExportRefused: too_large_workbook"""
        tags = list(_TABLE_TAG.finditer(block))
        self._text += self._copies * (tags[0].start() if tags else len(block))
        ends = [*(tag.start() for tag in tags[1:]), len(block)]
        for tag, end in zip(tags, ends, strict=False):
            self._add_tag(tag[1], tag[2], end - tag.end())
        open_rows = self._blank_rows + self._times if self._width else 0
        cells = (self._height + open_rows) * max(self._widest, self._width)
        if cells > MOST_CELLS or self._text > MOST_TEXT:
            raise ExportRefused("too_large_workbook")

    def _add_tag(self, kind: bytes, attributes: bytes, text: int) -> None:
        found = _REPEATED.search(attributes)
        times = _number(found[1]) if found else 1
        self._copies = 0
        if kind == b"table":
            self._close_row()
            self._blank_rows = 0
        elif kind == b"table-row":
            self._close_row()
            self._new_row(times)
        elif attributes.rstrip().endswith(b"/") and b"value" not in attributes:
            self._blanks += times
        else:
            self._width += self._blanks + times
            self._blanks = 0
            self._copies = times * self._times
            self._text += self._copies * text

    def _new_row(self, times: int) -> None:
        self._times, self._width, self._blanks = times, 0, 0

    def _close_row(self) -> None:
        if not self._width:
            self._blank_rows += self._times
        else:
            self._height += self._blank_rows + self._times
            self._widest = max(self._widest, self._width)
            self._blank_rows = 0
        self._new_row(0)
