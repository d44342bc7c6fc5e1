"""What exports are recognised by, as data: schemas/recognition. `flows.inspect` proposes a feed from it.

Nothing here is used by a run: a site's feeds say what a file means, and a guess never reaches a score.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.site import fold


@dataclass(frozen=True)
class Mark:
    """One thing that speaks for a dialect, and how much.

    feature:    of the bytes, see flows.inspect_bytes; "" where the mark is about names
    names, second_row, first_name: texts of the first and second row and of the first column, without case
    least:      how many of them must be there
    pattern:    regular expression that some name matches
    supports:   it counts beside others and never alone
    """

    weight: int
    says: str
    feature: str = ""
    names: frozenset[str] = frozenset()
    second_row: frozenset[str] = frozenset()
    first_name: frozenset[str] = frozenset()
    least: int = 1
    pattern: str = ""
    supports: bool = False

    def fits(self, features: frozenset[str], names: Sequence[str], second: Sequence[str]) -> bool:
        if self.feature:
            return self.feature in features
        if self.pattern:
            return any(re.search(self.pattern, name) for name in names)
        if self.second_row:
            return len(self.second_row & {fold(text) for text in second}) >= self.least
        if self.first_name:
            return bool(names) and fold(names[0]) in self.first_name
        return len(self.names & {fold(name) for name in names}) >= self.least


@dataclass(frozen=True)
class Words:
    """Names of columns that hold one of our columns: whole names, the surest first; words of longer ones."""

    names: tuple[str, ...]
    parts: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def rank(self, name: str) -> int | None:
        """0 for the surest name, higher for less sure ones, None for a name that is none of them.

        Groups before a question's name, as in "intro/client", say nothing.
        """
        name = name.rpartition("/")[2] or name
        plain, words = squeezed(name), [word.rstrip("0123456789") for word in words_of(name)]
        plain = plain if plain in self.names else plain.rstrip("0123456789")
        if plain in self.names:
            return self.names.index(plain)
        if self.never & {*words, plain}:
            return None
        return len(self.names) if self.parts & set(words) else None


@dataclass(frozen=True)
class FormHints:
    """By what a form is known, see schemas/recognition/forms.toml."""

    stems: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ()
    keywords: tuple[tuple[str, ...], ...] = ()
    codes: tuple[str, ...] = ()
    difficulty: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Our word for the texts of other systems.

    words: our column to (folded text to our word); lists: the same for codes of published lists
    no_answer: kind (missing, refused, ...) to texts
    """

    words: Mapping[str, Mapping[str, str]] = field(hash=False)
    lists: Mapping[str, Mapping[str, str]] = field(hash=False)
    no_answer: Mapping[str, frozenset[str]] = field(hash=False)


def squeezed(name: str) -> str:
    """A name's letters and digits, without case."""
    return re.sub(r"[\W_]+", "", name.casefold())


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name: parted by blanks, marks and changes from small to capital letters."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(word.casefold() for word in re.split(r"[\W_]+", parted) if word)


def _load(file: str) -> dict[str, Any]:
    text = (files("schemas") / "recognition" / file).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def systems() -> dict[str, tuple[Mark, ...]]:
    """Marks by dialect."""
    return {name: tuple(map(_mark, marks)) for name, marks in _load("systems.toml").items()}


def _mark(raw: Mapping[str, Any]) -> Mark:
    sets: dict[str, Any] = {
        key: frozenset(map(fold, raw[key])) for key in ("names", "second_row", "first_name") if key in raw
    }
    return Mark(**{**raw, **sets})


@cache
def columns() -> dict[str, Words]:
    """Names of columns, by ours and by what else stands beside items: attention, difficulty, total."""
    return {
        ours: Words(tuple(raw["names"]), frozenset(raw.get("parts", ())), frozenset(raw.get("never", ())))
        for ours, raw in _load("columns.toml").items()
    }


@cache
def forms() -> dict[str, FormHints]:
    """Hints by instrument."""
    return {
        id_: FormHints(
            tuple(raw["stems"]),
            tuple(map(tuple, raw.get("labels", ()))),
            tuple(map(tuple, raw.get("keywords", ()))),
            tuple(raw.get("codes", ())),
            bool(raw.get("difficulty")),
        )
        for id_, raw in _load("forms.toml").items()
    }


@cache
def vocabulary() -> Vocabulary:
    """What words and codes of other systems mean."""
    raw = _load("words.toml")
    lists, no_answer = raw.pop("lists"), raw.pop("no_answer")
    words = {
        ours: {fold(text): word for word, texts in table.items() for text in texts}
        for ours, table in raw.items()
    }
    return Vocabulary(words, lists, {kind: frozenset(texts) for kind, texts in no_answer.items()})
