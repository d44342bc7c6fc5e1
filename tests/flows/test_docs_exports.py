"""docs/exports.md: every dialect is told of, and what is said to prove it is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from schemas.dialect import DIALECT_NAMES, load_dialects
from schemas.rules import rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
HEADS = ("| dialect |", "| system | as it comes |")


def links(text: str = PAGE) -> list[tuple[str, str]]:
    """Text and target of each link."""
    return LINK.findall(text)


def rows(head: str) -> list[list[str]]:
    """Cells of the table that begins so, its head left out."""
    table = PAGE[PAGE.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


@cache
def names_in(file: Path) -> frozenset[str]:
    """Test functions of a file; of a class as Class::function."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    for owner in (one for one in tree.body if isinstance(one, ast.ClassDef)):
        found |= {f"{owner.name}::{one.name}" for one in owner.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.split("::")[-1].startswith("test_"))


def test_every_dialect_can_be_read_and_is_a_row_of_its_own():
    assert set(load_dialects()) == set(DIALECT_NAMES)
    assert [row[0].strip("`") for row in rows(HEADS[0])] == list(DIALECT_NAMES)


@pytest.mark.parametrize("place", ["README.md", "flows/starter.toml"])
def test_every_dialect_is_named_where_a_feed_is_written(place):
    text = (ROOT / place).read_text(encoding="utf-8")
    assert [name for name in DIALECT_NAMES if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("head", HEADS)
def test_every_row_names_a_test(head):
    found = rows(head)
    assert len({len(row) for row in found}) == 1
    assert [row[:2] for row in found if not links(row[-1])] == []


def test_every_linked_file_exists():
    assert [target for _, target in links() if not (ROOT / "docs" / target).exists()] == []


def test_every_named_test_is_in_its_file():
    named = [(text, ROOT / "docs" / target) for text, target in links() if target.endswith(".py")]
    assert len(named) > len(rows(HEADS[1]))
    wrong = [
        text
        for text, file in named
        if file.stem != text.partition("::")[0]
        or ("::" in text and text.partition("::")[2] not in names_in(file))
    ]
    assert wrong == []


def test_every_rule_that_is_told_of_is_one():
    """Words with an underscore in backticks are rules, keys of a feed or names of a dialect's columns."""
    column = [row[2] for row in rows(HEADS[0])] + [
        line for line in PAGE.splitlines() if line.startswith("| an ")
    ]
    told = {word for text in column for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)}
    assert told - set(rules()) - {"date_format"} == set()


def test_every_measure_is_within_three_times_the_bare_call():
    _, _, measures = PAGE.partition("## How fast")
    multiples = [
        float(line.rsplit("|", 2)[1]) for line in measures.splitlines() if re.match(r"\| [A-Z]", line)
    ]
    assert len(multiples) == 11
    assert max(multiples) <= 3
