"""SPSS: codes are the answers, user-missing codes have the meaning the feed gives them, dates are typed."""

from __future__ import annotations

import pytest

from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN, REFUSED
from schemas.registry import load
from tests.lib.exports import fates, feed, loaded, open_problems, process, standing
from tests.lib.spss import sav

REGISTRY = load()
ITEMS = [f"phq{n}" for n in range(1, 10)]
SECONDS = 13_991_734_800.0
"""1 March 2026, 09:00, in seconds since 14 October 1582."""
TOML = """
dialect = "spss"
{more}
[feeds.columns]
client = "pid"
completed_at = "done"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "phq{{n}}"
{codes}
"""
LABELS = {
    name: {0: "überhaupt nicht", 1: "an einzelnen Tagen", 2: "öfter", 3: "beinahe täglich"} for name in ITEMS
}


def spss(codes="", more=""):
    return feed(TOML.format(codes=codes, more=more), forms=REGISTRY)


def export(rows, dates=None, **how):
    """Rows of nine answers, each of one client."""
    columns = {"pid": [f"P{n}" for n in range(1, len(rows) + 1)], "done": dates or [SECONDS] * len(rows)}
    columns |= {name: [row[at] for row in rows] for at, name in enumerate(ITEMS)}
    return sav(columns, variable_format={"done": "DATETIME20"}, **how)


def test_codes_are_answers_whatever_their_labels(tmp_path):
    """Where codes and labels both exist the codes win; a listed label has no say."""
    of = spss('labels = { "an einzelnen Tagen" = 3 }')
    with loaded(
        tmp_path, [(of, export([[1.0] * 9, [None] * 9], variable_value_labels=LABELS))], REGISTRY
    ) as con:
        told = con.execute("SELECT score::INTEGER, completed_at::VARCHAR FROM core_score")
        assert told.fetchall() == [(9, "2026-03-01 09:00:00")]
        assert fates(con) == {(1, 1): ("accepted", ""), (1, 2): ("excluded", "empty")}


def test_user_missing_codes_keep_their_meaning_where_the_feed_lists_them(tmp_path):
    """Discrete codes and ranges; an unlisted one is missing, and so is the system's own."""
    ranges = {name: [{"lo": 7, "hi": 9}, 99] for name in ITEMS}
    raw = export([[7.0, 8.0, 9.0, 99.0, None, 1.0, 1.0, 1.0, 1.0]], missing_ranges=ranges)
    of = spss('refused = ["7"]\nnot_shown = ["8"]\nnot_applicable = ["9"]')
    with loaded(tmp_path, [(of, raw)], REGISTRY) as con:
        assert standing(con)[1, 1, 1] == [REFUSED, NOT_SHOWN, NOT_APPLICABLE, None, None, 1, 1, 1, 1]


def test_a_file_that_lost_what_is_missing_has_answers_out_of_range(tmp_path):
    """The same codes as plain values are never scores by chance."""
    with loaded(tmp_path, [(spss(), export([[99.0] + [1.0] * 8]))], REGISTRY) as con:
        assert open_problems(con) == {(1, 1, "phq_9", "phq1", "out_of_range")}


@pytest.mark.parametrize(
    ("seconds", "rule"),
    [(1e15, "invalid_date"), (-5.0, "invalid_date"), (1.0, "invalid_date"), (None, "missing_date")],
)
def test_a_date_that_cannot_be_costs_its_own_record(tmp_path, seconds, rule):
    raw = export([[1.0] * 9] * 2, dates=[SECONDS, seconds])
    with loaded(tmp_path, [(spss(), raw)], REGISTRY) as con:
        assert open_problems(con) == {(1, 2, "phq_9", "done", rule)}
        assert list(standing(con)) == [(1, 1, 1)]


@pytest.mark.parametrize(
    ("answer", "rule"), [(1.5, "not_an_answer"), (7.9, "not_an_answer"), (1e6, "out_of_range")]
)
def test_an_answer_is_a_whole_number(tmp_path, answer, rule):
    with loaded(tmp_path, [(spss(), export([[answer] + [1.0] * 8]))], REGISTRY) as con:
        assert open_problems(con) == {(1, 1, "phq_9", "phq1", rule)}


SCRIPTS = {
    "Cyrillic": ["совсем нет", "несколько дней", "более половины", "почти каждый день"],
    "Japanese": ["全くない", "数日", "半分以上", "ほとんど毎日"],
    "Arabic": ["أبداً", "عدة أيام", "أكثر من نصف الأيام", "كل يوم تقريباً"],
}


@pytest.mark.parametrize("words", SCRIPTS.values(), ids=SCRIPTS)
def test_labels_and_texts_in_any_script(tmp_path, words):
    """As labels beside codes they change nothing; as the answers themselves the feed lists them."""
    labels = {name: dict(enumerate(words)) for name in ITEMS}
    raw = export([[2.0] * 9], variable_value_labels=labels, column_labels=[words[0]] * 11)
    texts = sav({"pid": ["P1"], "done": ["2026-03-01"], **{name: [words[2]] for name in ITEMS}})
    listed = spss(f'labels = {{ "{words[2]}" = 2 }}')
    for of, content in ((spss(), raw), (listed, texts)):
        part = process(tmp_path, of, content, REGISTRY)
        assert part.rows("phq_9")["score_total"].to_list() == [18]


def test_answers_as_texts_are_read_by_labels(tmp_path):
    """Variables that hold the words themselves, and dates as texts in the order the feed says."""
    columns = {"pid": ["P1"], "done": ["1.3.2026"], **{name: ["öfter  "] for name in ITEMS}}
    of = spss('labels = { "Öfter" = 2 }', 'date_format = "%d.%m.%Y"')
    with loaded(tmp_path, [(of, sav(columns))], REGISTRY) as con:
        assert con.execute("SELECT score::INTEGER FROM core_score").fetchall() == [(18,)]


@pytest.mark.parametrize(("raw", "rule"), [
    (b"pid,phq1\nP1,2\n", "not_this_dialect"), (b"", "empty_file"), (b"$FL2 cut", "broken_spss"), (export([[1.0] * 9])[:-9], "broken_spss"),
])  # fmt: skip
def test_refusals(tmp_path, raw, rule):
    assert process(tmp_path, spss(), raw, REGISTRY).counts.refused == rule


def test_a_file_without_records_is_a_warning(tmp_path):
    assert process(tmp_path, spss(), export([]), REGISTRY).counts.warnings == ["header_only"]
