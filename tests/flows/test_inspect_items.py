"""Columns that stand together as items."""

from __future__ import annotations

import pytest

from flows.inspect_columns import Column
from flows.inspect_items import coded, neighbours, numbered, stemmed, worded
from schemas.recognition import forms


def columns(*names: str, cells: tuple[str, ...] = ("0", "1", "2", "1", "0", "2")) -> list[Column]:
    return [Column(name, at, cells) for at, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (("Q1", "Q2", "Q3"), "Q{n}"),
        (("phq9_01", "phq9_02", "phq9_03"), "phq9_{n:02}"),
        (("PHQ[SQ001]", "PHQ[SQ002]", "PHQ[SQ003]"), "PHQ[SQ{n:03}]"),
        (("Item1_num", "Item2_num", "Item3_num"), "Item{n}_num"),
        (("Q3", "x", "Q1", "Q2"), "Q{n}"),
        (("Q1#2", "Q2#2", "Q3#2"), "Q{n}#2"),
    ],
)
def test_numbered_names(names: tuple[str, ...], pattern: str):
    [block] = numbered(columns(*names))
    assert block.pattern == pattern
    assert [column.name for column in block.columns] == sorted(name for name in names if name != "x")


def test_a_gap_ends_the_numbers():
    [block] = numbered(columns("Q1", "Q2", "Q3", "Q5"))
    assert block.size == 3


def test_a_number_that_is_the_forms_own_is_not_the_items():
    [block] = numbered(columns(*(f"phq9_{n}" for n in range(1, 10))))
    assert (block.pattern, block.size) == ("phq9_{n}", 9)
    assert "phq9" in block.stems


@pytest.mark.parametrize("name", ["WAI_{}", "wai{}", "WAI[SQ{}]", "group/wai_q{}", "WAI item {}"])
def test_stems(name: str):
    [block] = numbered(columns(*(name.format(n) for n in range(1, 13))))
    assert "wai" in block.stems


def test_names_that_fit_no_pattern_are_a_list():
    [block] = numbered(columns("Q01", "Q2", "Q3"))
    assert block.pattern == ""


def test_checkboxes_are_no_items():
    assert numbered(columns("race___1", "race___2", "race___3")) == []
    assert neighbours(columns("race___1", "race___2", "race___3")) == []


def test_questions_are_put_into_the_forms_order_by_their_words():
    words = [" and ".join(listed) for listed in forms()["gad_7"].keywords]
    shuffled = [f"How often: {text}?" for text in (*words[3:], *words[:3])]
    [block] = worded(columns("Timestamp", *shuffled))
    assert block.form == "gad_7"
    assert [column.name for column in block.columns] == [f"How often: {text}?" for text in words]


def test_a_question_of_a_second_header_row_counts():
    listed = forms()["gad_7"].keywords
    found = [
        Column(f"Q{n}", n, ("1", "2"), title=f"Statement - {' '.join(words)}")
        for n, words in enumerate(listed)
    ]
    [block] = worded(found)
    assert [column.name for column in block.columns] == [f"Q{n}" for n in range(7)]


def test_public_codes_of_questions():
    codes = forms()["phq_9"].codes
    [block] = coded(columns("id", *(f"/{code}" for code in reversed(codes))))
    assert [column.name for column in block.columns] == [f"/{code}" for code in codes]


def test_names_with_a_forms_stem_and_a_word():
    [block] = stemmed(columns("phq9_interest", "phq9_mood", "phq9_sleep", "age"))
    assert (block.by, block.size) == ("stem", 3)


def test_neighbours_are_answered_alike():
    mixed = [*columns("a", "b", "c"), Column("d", 3, ("yes", "no") * 9), *columns("e")]
    [block] = neighbours(mixed)
    assert [column.name for column in block.columns] == ["a", "b", "c"]
