"""Qualtrics API version 3 responses: one JSON object, an array, or one response a line.

A response holds `values` and `labels` by field (QID1, QID2_TEXT, embedded data, startDate, ...), and
`displayedFields`, the questions that were shown. A cell is the value, else the label; a question that was
shown and is in neither is blank, and one that was not shown says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import BinaryIO

from flows.readers.json_text import Whole, pieces, text_of
from flows.readers.named import Named, NamedRecords
from flows.readers.table import Broken, Table
from schemas.dialect import Dialect, as_columns
from schemas.errors import ExportRefused
from schemas.site import ITEM_NUMBER, Feed

ARRAY = "responses"
NOT_DISPLAYED = "(not displayed)"
"""Cell of a question that was not shown: the dialect lists it under not_shown."""
SHOWN = "displayedFields"

FIXED = ("responseId", "startDate", "endDate", "status", "finished", "recordedDate")
_PARTS = ("embeddedData", "labels", "values")
"""Parts of a response whose members are cells; the last wins."""
_OTHER_PARTS = (*_PARTS, SHOWN, "displayedValues")
_IN_A_CHOICE = ("choiceId", "textEntry", "choiceText")
_BASE = re.compile(r"(?:[0-9]+_)?QID[0-9]+")


class _Response(dict[str, object]):
    """Cells of a response by name; `shown` are the questions it was shown, None where it does not say."""

    __slots__ = ("shown",)

    def __init__(self, shown: frozenset[str] | None) -> None:
        super().__init__()
        self.shown = shown


def open_qualtrics_json(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: empty_file, not_json, not_this_dialect, too_large"""
    records = NamedRecords(_responses(stream), FIXED[:1], _text, partial(_absent, _item_test(feed)))
    for name in (*FIXED, *_mapped(feed)) if records.empty else ():
        records.column(name)
    return Table(tuple(records.names), records, column=records.column)


def _mapped(feed: Feed) -> list[str]:
    return [name for theirs in feed.columns.values() for name in as_columns(theirs)]


def _responses(stream: BinaryIO) -> Iterator[Named | Broken]:
    for piece in pieces(stream, ARRAY):
        if not isinstance(piece, Whole):
            yield _response(piece)
        elif not piece.walked:
            response = _response(dict(piece.members))
            if isinstance(response, Broken):
                raise ExportRefused("not_this_dialect")
            yield response


def _response(piece: object) -> Named | Broken:
    if isinstance(piece, Broken):
        return piece
    if isinstance(piece, dict) and ("responseId" in piece or "values" in piece):
        parts = [piece.get(name) or {} for name in _PARTS]
        if all(isinstance(part, dict) for part in parts):
            return _cells(piece, parts)
    return Broken("unreadable_record")


def _cells(piece: Mapping[str, object], parts: list[Mapping[str, object]]) -> _Response:
    shown = piece.get(SHOWN)
    cells = _Response(frozenset(map(str, shown)) if isinstance(shown, list) else None)
    cells.update((name, value) for name, value in piece.items() if name not in _OTHER_PARTS)
    for part in parts:
        cells.update(part if None not in part.values() else _filled(part))
    return cells


def _filled(part: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in part.items() if value is not None}


def _text(value: object) -> str:
    """A value, the values of a question with several answers joined with ";", or the id of a choice."""
    if isinstance(value, list):
        return ";".join(_text(one) for one in value)
    if isinstance(value, dict):
        found = (value[name] for name in _IN_A_CHOICE if value.get(name) is not None)
        return text_of(next(found, None))
    return text_of(value)


def _absent(is_item: Callable[[str], bool], record: Named, name: str) -> str:
    """What a cell says that the response has not: only of an item it matters whether it was shown."""
    shown = record.shown if isinstance(record, _Response) else None
    if shown is None or name in shown or not is_item(name):
        return ""
    question = _BASE.match(name)
    return "" if question is None or question[0] in shown else NOT_DISPLAYED


def _item_test(feed: Feed) -> Callable[[str], bool]:
    """Whether a feed reads the column of a name as an item."""
    listed = {name for one in feed.instruments if not isinstance(one.items, str) for name in one.items}
    patterns = [_pattern(one.items) for one in feed.instruments if isinstance(one.items, str)]
    return lambda name: name in listed or any(pattern.fullmatch(name) for pattern in patterns)


def _pattern(items: str) -> re.Pattern[str]:
    before, _, after = ITEM_NUMBER.split(items, maxsplit=1)
    return re.compile(f"{re.escape(before)}[0-9]+{re.escape(after)}")
