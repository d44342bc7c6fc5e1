"""Rows that withdraw a response: what the door makes of them."""

from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from tests.lib.exports import csv_text, feed, process

TOML = """
dialect = "csv"
[feeds.columns]
client = "PID"
response = "RID"
completed_at = "When"
withdrawn = "State"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
[feeds.values.withdrawn]
"entered-in-error" = "withdrawn"
"completed" = "kept"
"""
HEADER = ("RID", "PID", "When", "State", "Q1", "Q2")
ROW = {
    "RID": "r1",
    "PID": "c1",
    "When": "2026-05-01 10:00:00",
    "State": "completed",
    "Q1": "1",
    "Q2": "2",
}
GONE = {"State": "Entered-in-Error ", "PID": "", "When": "", "Q1": "", "Q2": ""}


def settle(tmp_path, *rows, toml=TOML):
    return process(tmp_path, feed(toml), csv_text(HEADER, [{**ROW, **row} for row in rows]))


def test_a_tombstone_is_excluded_and_remembers_its_response(tmp_path):
    part = settle(tmp_path, {}, GONE, {**GONE, "RID": "r2", "Q1": "1", "Q2": "x"})
    assert part.records() == {2: ("excluded", "withdrawn"), 3: ("excluded", "withdrawn")}
    assert part.counts.excluded == {"withdrawn": 2}
    keys = part.rows("withdrawn")
    assert keys["source_row"].to_list() == [2, 3]
    assert keys["response_key"][0] == part.rows("mini")["response_key"][0] != keys["response_key"][1]
    assert part.problems() == []


def test_a_blank_cell_keeps(tmp_path):
    part = settle(tmp_path, {"State": ""}, {"State": " "})
    assert part.counts.accepted == 2
    assert part.rows("withdrawn").is_empty()


def test_a_text_that_is_not_listed_holds_the_record(tmp_path):
    part = settle(tmp_path, {"State": "amended", "Q1": "7"}, {})
    assert part.problems() == [(1, "", "State", "unknown_code")]
    assert part.records() == {1: ("quarantined", "problems")}
    assert part.rows("held")["source_row"].to_list() == [1]


def test_a_tombstone_without_a_response_withdraws_nothing_and_is_told(tmp_path):
    part = settle(tmp_path, {**GONE, "RID": ""})
    assert part.problems() == [(1, "", "RID", "missing_response")]
    assert part.rows("withdrawn").is_empty()


def test_a_blank_row_is_empty(tmp_path):
    part = settle(tmp_path, dict.fromkeys(ROW, ""))
    assert part.records() == {1: ("excluded", "empty")}


def test_the_words_stand_for_themselves(tmp_path):
    plain = TOML.split("[feeds.values")[0]
    part = settle(tmp_path, {"State": "kept"}, {"State": "Withdrawn"}, toml=plain)
    assert part.records() == {2: ("excluded", "withdrawn")}


def test_a_feed_without_response_ids_cannot_withdraw():
    with pytest.raises(ConfigError, match="withdrawn: needs response"):
        feed(TOML.replace('response = "RID"\n', ""))
