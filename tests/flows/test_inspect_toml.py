"""Tables of site.toml with reasons: right TOML whatever stands in names and texts."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.inspect_toml import Line, TomlTable, doubts, edits, one_line, toml_string, toml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_comes_back_and_stays_in_its_place(value: str, key: str, why: str):
    table = TomlTable("[x]", (Line("a", value, why), Line(key or "b", [value], why, sure=False)), why=why)
    read = tomllib.loads(toml_text([table, TomlTable("[y]", (Line("b", 1, why),), why, open=True)]))
    assert read == {"x": {"a": value} | {key or "b": [value]}}


def test_each_line_says_how_sure_it_is():
    lines = (Line("a", "x", "its name"), Line("b", True, "no dates", sure=False), Line("c", {"A1": 0}, ""))
    text = toml_text([TomlTable("[x]", lines)])
    assert text.splitlines() == [
        "[x]",
        'a = "x"                            # sure: its name',
        "b = true                           # unsure: no dates",
        'c = { "A1" = 0 }',
    ]


def test_what_a_person_must_choose_is_a_comment_with_every_choice():
    line = Line("date_format", "%d/%m/%Y", "either", choices=("%d/%m/%Y", "%m/%d/%Y"))
    tables = [TomlTable("[[feeds]]", (line, Line("u", 1, "maybe", sure=False)))]
    text = toml_text(tables)
    assert tomllib.loads(text) == {"feeds": [{"u": 1}]}
    assert text.count("# date_format = ") == 2
    assert edits(tables) == ["[[feeds]] date_format: either"]
    assert doubts(tables) == ["[[feeds]] u: maybe"]


def test_a_table_to_choose_is_all_comment():
    tables = [TomlTable("[[a]]", (Line("b", 1, "", sure=False),), "one of two", open=True)]
    assert tomllib.loads(toml_text(tables)) == {}
    assert edits(tables) == ["[[a]] one of two"]
    assert doubts(tables) == []


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\0"])
def test_no_sign_breaks_a_line_or_reaches_a_terminal(sign: str):
    assert one_line(f"a{sign}b").isprintable()
    assert toml_string(f"a{sign}b").replace("\u2028", "").isprintable()
