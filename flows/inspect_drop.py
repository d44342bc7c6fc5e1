"""Columns that a feed should drop: identifiers of persons by their names, and free text by its look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.inspect_columns import Column
from schemas.recognition import columns, words_of

LONG_TEXT = 25
"""Characters of a cell that is a sentence rather than a code or a label."""


@dataclass(frozen=True)
class Dropped:
    """A column and why it is dropped."""

    name: str
    why: str


def dropped(unused: Iterable[Column]) -> list[Dropped]:
    """Of columns that a proposal does not use, in file order."""
    found = []
    for column in unused:
        if columns()["identifier"].rank(column.name) is not None:
            found.append(Dropped(column.name, "names a person"))
        elif columns()["free_text"].rank(column.name) is not None or _is_free_text(column):
            found.append(Dropped(column.name, "free text"))
    return found


def _is_free_text(column: Column) -> bool:
    """Mostly long texts of several words that do not repeat."""
    if not column.filled or column.dates or not words_of(column.name):
        return False
    long = sum(n for text, n in column.texts.items() if len(text) > LONG_TEXT and " " in text)
    return long > 0.5 * column.filled and len(column.texts) > 0.5 * column.filled
