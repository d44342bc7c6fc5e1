"""Columns that stand together as items of a form: numbered names, questions with known words, neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.inspect_columns import Column
from schemas.recognition import forms, squeezed, words_of

FEWEST_ITEMS = 3

TICKED = "___"
"""In names of REDCap's checkboxes: several answers to one question, and no items."""

_NUMBER = re.compile(r"\d+")
_TAIL = re.compile(r"(?:\[sq?|q|item|i|no|sq|question|code|num|raw)+$")


@dataclass(frozen=True)
class Block:
    """Columns in the order of their items.

    pattern: with {n}, where their names have one; "" for a list of columns
    by:      "number", "words" (or public codes) of questions, "stem" of names or "place" in the file
    first:   number of the first item in the pattern
    form:    the questionnaire whose words the headers hold; ""
    """

    columns: tuple[Column, ...]
    pattern: str
    by: str
    first: int = 1
    form: str = ""

    @property
    def size(self) -> int:
        return len(self.columns)

    @property
    def span(self) -> tuple[int, int]:
        """First and last position of its columns."""
        places = [column.at for column in self.columns]
        return min(places), max(places)

    @property
    def names(self) -> str:
        """What its names have in common before their numbers."""
        return self.pattern.partition("{")[0] if self.pattern else _common(self.columns)

    @property
    def stems(self) -> tuple[str, ...]:
        """What its names may say of the form: the whole text before the number, and each of its words."""
        names = [squeezed(self.names), *words_of(self.names)]
        return tuple(dict.fromkeys(filter(None, (*names, *(_TAIL.sub("", name) for name in names)))))

    def part(self, first: int, size: int) -> Block:
        """Some of its columns, from 0; a pattern that does not begin at item 1 becomes a list."""
        pattern = self.pattern if first == 0 else ""
        return Block(self.columns[first : first + size], pattern, self.by, self.first + first, self.form)


def _common(columns: Sequence[Column]) -> str:
    """The words that all names begin with."""
    parted = [re.split(r"(?<=[\W_])", column.name) for column in columns]
    together = []
    for parts in zip(*parted, strict=False):
        if len(set(parts)) > 1:
            break
        together.append(parts[0])
    return "".join(together)


def numbered(columns: Iterable[Column]) -> list[Block]:
    """Runs of names that differ in one number, from 1 on without a gap; a column may be in several."""
    series: dict[tuple[str, str], dict[int, tuple[str, Column]]] = {}
    for column in columns:
        if TICKED in column.name:
            continue
        for match in _NUMBER.finditer(column.name):
            place = (column.name[: match.start()], column.name[match.end() :])
            series.setdefault(place, {}).setdefault(int(match[0]), (match[0], column))
    return [block for place, found in series.items() if (block := _series(place, found))]


def _series(place: tuple[str, str], found: Mapping[int, tuple[str, Column]]) -> Block | None:
    count = 0
    while count + 1 in found:
        count += 1
    if count < FEWEST_ITEMS:
        return None
    numbers = [found[n][0] for n in range(1, count + 1)]
    width = len(numbers[0]) if numbers[0].startswith("0") else 0
    pattern = f"{place[0]}{{n:0{width}}}{place[1]}" if width else f"{place[0]}{{n}}{place[1]}"
    plain = "{" not in "".join(place) and width < 10
    as_written = [f"{n:0{width or 1}}" for n in range(1, count + 1)] == numbers
    columns = tuple(found[n][1] for n in range(1, count + 1))
    return Block(columns, pattern if plain and as_written else "", "number")


def worded(columns: Sequence[Column]) -> list[Block]:
    """Questions whose headers hold the words of a form's items, each item once; in the form's order."""
    found = []
    for id_, hints in forms().items():
        items = [_with_words(words, columns) for words in hints.keywords]
        if items and all(len(one) == 1 for one in items) and len({one[0].at for one in items}) == len(items):
            found.append(Block(tuple(one[0] for one in items), "", "words", form=id_))
    return found


def coded(columns: Sequence[Column]) -> list[Block]:
    """Questions named by public codes of a form's items; in the form's order."""
    places = {re.split(r"[/|]", column.name)[-1]: column for column in columns}
    return [
        Block(tuple(places[code] for code in hints.codes), "", "words", form=id_)
        for id_, hints in forms().items()
        if hints.codes and all(code in places for code in hints.codes)
    ]


def _with_words(words: Sequence[str], columns: Iterable[Column]) -> list[Column]:
    return [one for one in columns if _has_all(one.question, words)]


def _has_all(question: str, words: Iterable[str]) -> bool:
    """Whether a text of several words holds all of these."""
    parts = question.casefold().split()
    return len(parts) > 1 and all(word in " ".join(parts) for word in words)


def stemmed(columns: Sequence[Column]) -> list[Block]:
    """Names that begin with a form's stem and go on with a word: in the order of the file."""
    known = {stem for hints in forms().values() for stem in hints.stems}
    groups: dict[str, list[Column]] = {}
    for column in columns:
        words = words_of(column.name)
        if len(words) > 1 and words[0] in known and not words[-1].isdigit():
            groups.setdefault(words[0], []).append(column)
    return [Block(tuple(found), "", "stem") for found in groups.values() if len(found) >= FEWEST_ITEMS]


def neighbours(columns: Sequence[Column]) -> list[Block]:
    """Columns side by side that are answered from the same few texts."""
    runs: list[list[Column]] = []
    for column in columns:
        if not column.of_few_texts or column.dates or TICKED in column.name:
            continue
        last = runs[-1][-1] if runs else None
        if last and last.at == column.at - 1 and _alike(last, column):
            runs[-1].append(column)
        else:
            runs.append([column])
    return [Block(tuple(run), "", "place") for run in runs if len(run) >= FEWEST_ITEMS]


def _alike(one: Column, other: Column) -> bool:
    """Whether both are whole numbers, or most texts of either are texts of the other."""
    if min(one.whole_share, other.whole_share) > 0.9:
        return True
    return min(one.share(other.codes.keys()), other.share(one.codes.keys())) > 0.8
