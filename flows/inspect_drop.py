"""Columns that a feed should drop: what identifies people, by name or by look, and free text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.identifying import are_births, are_identifiers, are_places, are_sentences, years_of
from flows.inspect_columns import Column
from schemas.identifiers import FREE_TEXT, holds_address, kind_of
from schemas.recognition import columns as known_columns

LONG_TEXT = 12
"""Characters from which on a text of several words is rather written than chosen."""


@dataclass(frozen=True)
class Dropped:
    """A column and why it is dropped."""

    name: str
    why: str


def dropped(unused: Sequence[Column]) -> list[Dropped]:
    """Of columns that a proposal does not use, in file order; one whose name is somebody's is not named."""
    newest = max((year for one in unused for year in years_of(one.texts)), default=0)
    found = []
    for at, column in enumerate(unused):
        after = unused[at + 1].texts if at + 1 < len(unused) else {}
        why = _why(column, newest, column.filled > 0 and are_places(column.texts, after))
        if why and column.name and not holds_address(column.name):
            found.append(Dropped(column.name, why))
    return found


def _why(column: Column, newest: int, is_place: bool) -> str:
    kind = kind_of(column.name)
    if kind and kind != FREE_TEXT:
        return "identifies a person by its name"
    texts = column.texts.keys()
    if is_place or are_identifiers(texts) or are_births(texts, newest):
        return "identifies a person by its texts"
    if kind or known_columns()["free_text"].rank(column.name) is not None or are_sentences(texts):
        return "free text"
    return "free text" if _is_written(column) else ""


def _is_written(column: Column) -> bool:
    """Mostly texts of several words that do not repeat."""
    if not column.filled or column.dates:
        return False
    long = sum(n for text, n in column.texts.items() if len(text) > LONG_TEXT and " " in text)
    return long > 0.5 * column.filled and len(column.texts) > 0.5 * column.filled


def is_personal(column: Column) -> bool:
    """Whether its name says that it identifies a person: nothing but a client's id is taken from it."""
    return kind_of(column.name) is not None
