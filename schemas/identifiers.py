"""What a column's name says of people, by words of several languages: schemas/identifiers.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FREE_TEXT = "free_text"

KEYED = ("client", "clinician", "response", "episode", "rater_id")
"""Our columns that are stored under a key: what identifies a person may stand in these alone."""

SHORT_NAME = 3

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """Phrases of one kind of identifier, by where in a name they say so; a whole name has no number."""

    anywhere: frozenset[Phrase]
    short: frozenset[Phrase]
    whole: frozenset[Phrase]

    def are_in(self, name: Phrase, numbered: bool) -> bool:
        if name in self.whole and not numbered:
            return True
        wanted = self.anywhere | self.short if len(name) <= SHORT_NAME else self.anywhere
        longest = max(map(len, wanted), default=0)
        return any(
            name[at : at + length] in wanted for length in range(1, longest + 1) for at in range(len(name))
        )


def kind_of(name: str) -> str | None:
    """The kind of identifiers.toml that a column's name says it is; None where it says nothing of people."""
    words, numbered = _words(name), any(sign.isdecimal() for sign in name)
    return next((kind for kind, listed in _listed().items() if listed.are_in(words, numbered)), None)


def holds_address(name: str) -> bool:
    """Whether a column's name has somebody's e-mail address in it."""
    return "@" in name and _EMAIL.search(name) is not None


def _words(name: str) -> Phrase:
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(word.lower() for word in _WORD.findall(bare))


@cache
def _listed() -> Mapping[str, Words]:
    raw = tomllib.loads((files("schemas") / "identifiers.toml").read_text(encoding="utf-8"))
    return {kind: _words_of(lists) for kind, lists in raw.items()}


def _words_of(lists: Mapping[str, Collection[str]]) -> Words:
    anywhere, short, whole = (
        frozenset(tuple(phrase.split()) for phrase in lists.get(where, ()))
        for where in ("anywhere", "short", "whole")
    )
    return Words(anywhere, short, whole)
