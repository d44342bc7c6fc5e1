"""A proposal as tables of site.toml: every line with its reason, and whether a person should look at it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Value = str | int | bool | Sequence[str] | Mapping[str, int] | Mapping[str, str]

WIDTH = 34
"""Column at which comments begin, where the line before them is shorter."""


@dataclass(frozen=True)
class Line:
    """One key. sure: whether the file leaves no doubt; choices: values of which a person must take one:
    the line is then written once for each, as a comment."""

    key: str
    value: Value
    why: str
    sure: bool = True
    choices: tuple[Value, ...] = ()

    @property
    def open(self) -> bool:
        return bool(self.choices)

    def text(self) -> Iterator[str]:
        mark = "sure" if self.sure and not self.open else "unsure" if not self.open else "choose"
        for value in self.choices or (self.value,):
            left = f"{'# ' if self.open else ''}{toml_key(self.key)} = {toml_value(value)}"
            yield f"{left:<{WIDTH}} # {mark}: {one_line(self.why)}" if self.why else left


@dataclass(frozen=True)
class TomlTable:
    """One table. open: a person must choose it: all of it is written as comments, below the reason."""

    heading: str
    lines: tuple[Line, ...]
    why: str = ""
    open: bool = False

    def text(self) -> Iterator[str]:
        if self.why:
            yield f"# {one_line(self.why)}"
        mark = "# " if self.open else ""
        yield mark + self.heading
        for line in self.lines:
            for text in line.text():
                yield text if text.startswith("# ") or not self.open else mark + text


def toml_text(tables: Sequence[TomlTable]) -> str:
    return "\n\n".join("\n".join(table.text()) for table in tables) + "\n"


def edits(tables: Sequence[TomlTable]) -> list[str]:
    """What a person must decide: heading and key of each line or table that is only a comment."""
    found = []
    for table in tables:
        if table.open:
            found += [f"{table.heading} {table.why}"] if table.why else []
            continue
        found += [f"{table.heading} {line.key}: {line.why}" for line in table.lines if line.open]
    return found


def doubts(tables: Sequence[TomlTable]) -> list[str]:
    """Lines that hold as they are and that a person should look at."""
    return [
        f"{table.heading} {line.key}: {line.why}"
        for table in tables
        if not table.open
        for line in table.lines
        if not line.sure and not line.open
    ]


def toml_key(key: str) -> str:
    return key if re.fullmatch("[a-z_]+", key) else toml_string(key)


def toml_value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{toml_string(key)} = {toml_value(one)}" for key, one in value.items()) + " }"
        )
    return "[" + ", ".join(toml_value(one) for one in value) + "]"


def toml_string(text: str) -> str:
    """A basic string of TOML; JSON escapes the same signs the same way, but for DEL and some behind it."""
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(sign):04x}" if 0x7F <= ord(sign) < 0xA0 else sign for sign in plain)


def one_line(text: str) -> str:
    """A text that can stand in a comment or on a terminal, whatever the names of columns in it hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
