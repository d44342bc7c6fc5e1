"""Tables that people make by hand: items in any order and by any name, answers in words, codes of all kinds."""

from __future__ import annotations

import json

import pytest

from schemas.errors import ConfigError
from schemas.instrument import REFUSED
from schemas.registry import load
from tests.lib.exports import csv_text
from tests.lib.read_exports import outcome

SHIPPED = load()
FEED = """
dialect = "csv"
{more}
[feeds.columns]
client = "PID"
completed_at = "Date"
[[feeds.instruments]]
id = "{form}"
rater = "client"
items = {items}
{codes}
"""
ANSWERS = [0, 1, 2, 3, 0, 1, 2, 3, 1]
NAMED = {
    "numbered": [f"PHQ{n}" for n in range(1, 10)],
    "with zeros": [f"phq9_{n:02}" for n in range(1, 10)],
    "in words": ["Interest", "Low", "Sleep", "Tired", "Appetite", "Guilt", "Focus", "Slow", "Harm"],
    "as questions": [f"{n}. How often, over two weeks, {n}?" for n in "ABCDEFGHI"],
    "five ways at once": ["PHQ9 #1", "q_2", "Item 3", "4", "phq.5", "Guilt", "07", "PHQ-8 (slow)", "i9"],
}


def read(tmp_path, header, rows, items, codes="", form="phq_9", more="", delimiter=","):
    toml = FEED.format(items=json.dumps(items), codes=codes, form=form, more=more)
    named = [{"PID": f"p{n}", "Date": "2026-07-01", **row} for n, row in enumerate(rows, 1)]
    return outcome(tmp_path, toml, csv_text(["PID", "Date", *header], named, delimiter), SHIPPED)


def answered(items, answers=ANSWERS):
    return dict(zip(items, map(str, answers), strict=True))


@pytest.mark.parametrize("items", NAMED.values(), ids=NAMED)
def test_items_in_any_order_and_by_any_name(tmp_path, items):
    """The feed lists them in the order of the form: where they stand in the file says nothing."""
    shuffled = [items[at] for at in (4, 8, 0, 3, 7, 1, 6, 2, 5)]
    assert read(tmp_path, shuffled, [answered(items)], items).answers == {1: ANSWERS}


@pytest.mark.parametrize("pattern", ["PHQ{n}", "PHQ_{n:02}"])
def test_a_pattern_of_names(tmp_path, pattern):
    items = [pattern.format(n=n) for n in range(1, 10)]
    assert read(tmp_path, items[::-1], [answered(items)], pattern).answers == {1: ANSWERS}


def test_the_tenth_item_of_the_phq_9_counts_in_no_score(tmp_path):
    """How difficult things were, asked in the midst of the nine: the feed lists the nine, and cannot list ten."""
    items = NAMED["in words"]
    header = [*items[:4], "Difficulty", *items[4:]]
    found = read(tmp_path, header, [answered(items) | {"Difficulty": "3"}], items)
    assert (found.answers, found.totals) == ({1: ANSWERS}, {1: 13})
    with pytest.raises(ConfigError, match="10 columns, but the form has 9 items"):
        read(tmp_path, header, [], header)


EXPLAINED = {
    "0 - Not at all": 0,
    "1 - Several days (less than 15 days)": 1,
    "2 - More than half the days (more than 15 days)": 2,
    "3 - Nearly every day": 3,
}
LANGUAGES = {
    "explained": EXPLAINED,
    "Japanese": {"全くない": 0, "数日": 1, "半分以上": 2, "ほとんど毎日": 3},
    "Arabic": {"أبداً": 0, "عدة أيام": 1, "أكثر من نصف الأيام": 2, "كل يوم تقريباً": 3},
    "Greek": {"Καθόλου": 0, "Μερικές ημέρες": 1, "Πάνω από τις μισές": 2, "Σχεδόν κάθε μέρα": 3},
    "Turkish": {"Hiçbir zaman": 0, "Birkaç gün": 1, "Günlerin yarısından fazla": 2, "Neredeyse her gün": 3},
}


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_answers_in_words_of_any_language(tmp_path, words):
    """Trimmed; a number at the beginning of a label is part of it."""
    codes = f"labels = {{ {', '.join(f'{json.dumps(text)} = {n}' for text, n in words.items())} }}"
    items, texts = NAMED["numbered"], list(words)
    rows = [
        answered(items, [before + texts[n] + behind for n in ANSWERS])
        for before, behind in (("", ""), ("  ", " "))
    ]
    assert read(tmp_path, items, rows, items, codes).answers == {1: ANSWERS, 2: ANSWERS}


def test_words_in_other_letter_case(tmp_path):
    """As each letter has it by itself; of a language that has other pairs (Turkish) such a text waits."""
    items = NAMED["numbered"]
    codes = 'labels = { "Καθόλου" = 0, "Größtenteils" = 2, "Yarısından fazla" = 3 }'
    rows = [
        answered(items, ["ΚΑΘΌΛΟΥ"] * 9),
        answered(items, ["GRÖSSTENTEILS"] * 9),
        answered(items, ["YARISINDAN FAZLA"] * 9),
    ]
    found = read(tmp_path, items, rows, items, codes)
    assert found.answers == {1: [0] * 9, 2: [2] * 9}
    assert {rule for _, _, rule in found.problems} == {"not_an_answer"}


def test_words_that_nobody_listed_are_no_answers(tmp_path):
    """Not even where they begin with a number: "1 - Several days" may be counted from one."""
    items = NAMED["numbered"]
    found = read(tmp_path, items, [answered(items) | {"PHQ2": "1 - Several days"}], items)
    assert (found.answers, found.problems) == ({}, [(1, "PHQ2", "not_an_answer")])


def test_questions_of_attention_stand_between_the_items(tmp_path):
    items = NAMED["numbered"]
    header = [*items[:3], "ATT1", *items[3:]]
    codes = '[[feeds.attention]]\ncolumn = "ATT1"\npass = ["2", "Often"]'
    rows = [answered(items) | {"ATT1": text} for text in ("2", "often ", "2.0", "0", "")]
    found = read(tmp_path, header, rows, items, codes)
    assert found.answers == dict.fromkeys((1, 2, 3), ANSWERS)
    assert found.fates == {4: "attention_check", 5: "attention_check"}


def test_numbers_as_quoted_texts(tmp_path):
    items = NAMED["numbered"]
    header = ",".join(f'"{name}"' for name in ("PID", "Date", *items))
    quoted = ",".join(f'"{n}"' for n in ("p1", "2026-07-01", *ANSWERS))
    spaced = ",".join(f'" {n} "' for n in ("p2", "2026-07-01", *(f"{n}.0" for n in ANSWERS)))
    toml = FEED.format(items=json.dumps(items), codes="", form="phq_9", more="")
    assert outcome(tmp_path, toml, f"{header}\n{quoted}\n{spaced}\n", SHIPPED).answers == {
        1: ANSWERS,
        2: ANSWERS,
    }


@pytest.mark.parametrize("code", ["N/A", "NA", "-", ".", "7", "9", "99", "-99"])
def test_codes_of_missing_answers_are_listed(tmp_path, code):
    """One of nine missing is a form without a total; one that nobody listed is no answer at all."""
    items = NAMED["numbered"]
    rows = [answered(items) | {"PHQ3": code}]
    found = read(tmp_path, items, rows, items, f'missing = ["{code}"]')
    assert (found.answers[1][2], found.totals) == (None, {1: None})
    refused = read(tmp_path, items, rows, items, f'refused = ["{code}"]')
    assert refused.answers[1][2] == REFUSED
    unlisted = read(tmp_path, items, rows, items)
    assert (unlisted.answers, [column for _, column, _ in unlisted.problems]) == ({}, ["PHQ3"])


def test_a_form_in_another_order_than_the_textbooks(tmp_path):
    """The key belongs to the form's own numbers: the same answers in the file's order would be another score."""
    n_items, reverse = SHIPPED["core_10"].n_items, SHIPPED["core_10"].reverse
    items = [f"C{n}" for n in range(1, n_items + 1)]
    printed = items[::-1]
    row = {name: "4" if int(name[1:]) in reverse else "0" for name in items}
    right = read(tmp_path, printed, [row], items, form="core_10")
    wrong = read(tmp_path, printed, [row], printed, form="core_10")
    assert right.totals == {1: 0}
    assert wrong.totals != right.totals


def test_a_table_whose_delimiter_changes_on_the_way_loses_no_row(tmp_path):
    """Two files put together by hand: rows of the other kind are named one by one, and no row is filled up."""
    items = NAMED["numbered"]
    head = ",".join(("PID", "Date", *items))
    commas = [",".join((f"p{n}", "2026-07-01", *map(str, ANSWERS))) for n in (1, 2)]
    others = [mark.join((f"p{n}", "2026-07-01", *map(str, ANSWERS))) for n, mark in ((3, ";"), (4, "\t"))]
    toml = FEED.format(items=json.dumps(items), codes="", form="phq_9", more="")
    content = "\r\n".join([head, *commas]) + "\n" + "\n".join([*others, commas[0].replace("p1", "p5")]) + "\n"
    found = outcome(tmp_path, toml, content, SHIPPED)
    assert (found.received, sorted(found.answers)) == (5, [1, 2, 5])
    assert found.problems == [(3, "", "short_row"), (4, "", "short_row")]


def test_quotes_that_begin_on_the_way(tmp_path):
    items = NAMED["numbered"]
    plain = ",".join(("p1", "2026-07-01", *map(str, ANSWERS), "a note"))
    quoted = ",".join(f'"{cell}"' for cell in ("p2", "2026-07-01", *map(str, ANSWERS), "a, b\nand c"))
    toml = FEED.format(items=json.dumps(items), codes="", form="phq_9", more="")
    content = (
        "\n".join([",".join(("PID", "Date", *items, "Note")), plain, quoted, plain.replace("p1", "p3")])
        + "\n"
    )
    assert outcome(tmp_path, toml, content, SHIPPED).answers == dict.fromkeys((1, 2, 3), ANSWERS)
