"""One table of a TOML file, read key by key; every problem is collected, none stops the reading.

What was asked for is what may be there: `close` reports every other key with the nearest right one.
A wrong value is reported and replaced by a harmless one, so that one reading finds all problems.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any


def nearest(word: str, known: Collection[str]) -> str:
    """The known word most like this one; the first in order where several are."""
    same = [one for one in sorted(known) if one.casefold() == word.casefold()]
    return (same or difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.0))[0]


class RawTable:
    """A table of a configuration file.

    place: how a person finds it, e.g. `site.toml: [[feeds]] northvale-alliance`; of a whole file `site.toml:`
    problems: shared by all tables of the file; one sentence each, beginning with place and key
    """

    def __init__(self, raw: object, place: str, problems: list[str]) -> None:
        self.place = place
        self.problems = problems
        self._asked: dict[str, None] = {}
        self._raw: Mapping[str, Any] = {}
        if isinstance(raw, Mapping):
            self._raw = raw
        else:
            problems.append(f"{place}: is not a table")

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self._below(key)}: {text}")

    def _below(self, name: str) -> str:
        return f"{self.place} {name}" if self.place.endswith(":") else f"{self.place}, {name}"

    def value(self, key: str) -> Any:  # noqa: ANN401 - what TOML holds
        """The value as read, None where the key is not there."""
        self._asked[key] = None
        return self._raw.get(key)

    def keys(self) -> tuple[str, ...]:
        """All keys, each counted as known: for tables whose keys are free."""
        self._asked.update(dict.fromkeys(self._raw))
        return tuple(self._raw)

    def text(self, key: str) -> str:
        """A text that must be there and not be blank."""
        value = self.value(key)
        if isinstance(value, str) and value.strip():
            return value
        self.problem(key, "is missing" if value is None else "must be a text that is not blank")
        return ""

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self._raw else self.value(key)

    def character(self, key: str) -> str | None:
        """One character, which may be a tab; None where the key is not there."""
        value = self.value(key)
        if value is None or (isinstance(value, str) and len(value) == 1 and value not in "\r\n"):
            return value
        self.problem(key, "must be one character")
        return None

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false; the default where the key is not there."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problem(key, "must be true or false")
        return default

    def whole(self, key: str, default: int, least: int, most: int | None = None) -> int:
        """A whole number of at least `least`, at most `most`; the default where the key is not there."""
        value = self.value(key)
        if value is None:
            return default
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and value >= least and (most is None or value <= most):
            return int(value)
        upper = "" if most is None else f" and at most {most}"
        self.problem(key, f"must be a whole number of at least {least}{upper}")
        return default

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words; without a default it must be there."""
        if key not in self._raw and default is not None:
            self.value(key)
            return default
        return self.known(key, self.text(key), allowed)

    def known(self, key: str, word: str, allowed: Collection[str]) -> str:
        """The word itself, reported with the nearest right one where it is not allowed."""
        if word and word not in allowed:
            hint = f"; the nearest is {nearest(word, allowed)!r}" if allowed else ""
            self.problem(key, f"{word!r} is not known{hint}")
        return word

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; whole numbers are read as they are written."""
        value = self.value(key)
        if value is None:
            return ()
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(_is_text_or_whole(item) for item in found):
            self.problem(key, "must be a list of texts")
            return ()
        words = tuple(str(item) for item in found)
        if any(not word.strip() for word in words):
            self.problem(key, "holds a blank text")
        if len(set(words)) < len(words):
            self.problem(key, "names the same text twice")
        return words

    def table(self, key: str, title: str) -> RawTable:
        """The table below this one; an empty one where it is not there."""
        value = self.value(key)
        return RawTable({} if value is None else value, self._below(title), self.problems)

    def tables(self, key: str, title: str, name: str) -> Iterator[RawTable]:
        """The array of tables, each placed by the value of its naming key or else by its number."""
        value = self.value(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.problem(key, f"must be written as {title}")
            return
        for number, raw in enumerate(value, start=1):
            given = raw.get(name) if isinstance(raw, Mapping) else None
            label = given if isinstance(given, str) and given else f"no. {number}"
            yield RawTable(raw, self._below(f"{title} {label}"), self.problems)

    def close(self) -> None:
        """Report every key nobody asked for."""
        for key in self._raw:
            if key not in self._asked:
                hint = f"; the nearest right key is {nearest(key, self._asked)!r}" if self._asked else ""
                self.problem(key, f"unknown key{hint}")


def _is_text_or_whole(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
