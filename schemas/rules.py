"""Rules that keep a file, a record or an administration out, as data: message and remedy."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from unicodedata import category

EXCLUDED_REASONS = (
    "preview",
    "test",
    "spam",
    "not_finished",
    "no_consent",
    "attention_check",
    "outside_period",
    "empty",
    "exact_duplicate",
)
"""Reasons of exclusion; the first that applies, in this order, counts."""


LONGEST_COLUMN = 200
"""Of a column's name that messages show: a name may be any text of a file."""


@dataclass(frozen=True)
class Rule:
    """One rule of rules.toml. level: file, record, administration or warning."""

    id: str
    level: str
    message: str
    remedy: str


@cache
def rules() -> dict[str, Rule]:
    """All rules by id."""
    raw = tomllib.loads((files("schemas") / "rules.toml").read_text(encoding="utf-8"))
    return {id_: Rule(id_, **body) for id_, body in raw.items()}


def describe(rule: str, feed: str, file: str, row: int | None = None, column: str = "") -> str:
    """One line for people: place, what is wrong, what to do. Never a value."""
    place = f"{feed}: {one_line(file)}"
    if row is not None:
        place += f", row {row}"
    if column:
        place += f", column {one_line(column, LONGEST_COLUMN)}"
    known = rules()[rule]
    return f"{place}: {known.message} ({rule}). {known.remedy[0].upper()}{known.remedy[1:]}."


def one_line(text: str, most: int | None = None) -> str:
    """A name as it can be shown on any screen: signs that move or hide others are written as escapes."""
    shown = "".join(sign if _is_seen(sign) else sign.encode("unicode_escape").decode() for sign in text[:most])
    return shown if most is None or len(text) <= most else f"{shown}…"


def _is_seen(sign: str) -> bool:
    return sign.isprintable() or category(sign) == "Zs"
