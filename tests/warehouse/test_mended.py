"""What closes a problem: the response, the key, the file again as a whole, or a person's word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lib.exports import SMALL, csv_text, delivery, fates, feed, open_problems, process, site
from tests.lib.fate_feeds import PLAIN
from warehouse.connect import new_database
from warehouse.load import load

ACCEPTED = ("accepted", "")
DUPLICATE = ("excluded", "exact_duplicate")
LATER = ("superseded", "later_answers")
MENDED = ("superseded", "later_delivery")
BY_HAND = ("superseded", "released_by_hand")

HEADER = ("PID", "When", "S", "RID", "Q1", "Q2")
ONE = {"PID": "c1", "When": "2026-05-01 10:00:00", "S": "1", "RID": "", "Q1": "1", "Q2": "2"}
TWO = {**ONE, "S": "2"}
BAD = {"Q1": "7"}
NOBODY = {"PID": "", "S": "9"}
OUT_OF_RANGE = ("quarantined", "out_of_range")
NO_CLIENT = ("quarantined", "missing_client")
QUESTIONS = """
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""
FORMS = feed(PLAIN.format(top="") + QUESTIONS)
OTHER = feed(PLAIN.format(top="") + QUESTIONS, "g")


def rows(*changes):
    return csv_text(HEADER, [{**ONE, **change} for change in changes])


def settle(tmp_path, *files, let_go=()):
    """Fates, open problems and what is held. files: texts, or feed and text; let_go: rows of the first."""
    placed = [file if isinstance(file, tuple) else (FORMS, file) for file in files]
    found = [delivery(n, of, process(tmp_path, of, text)) for n, (of, text) in enumerate(placed, 1)]
    found[0] = replace(found[0], let_go=let_go)
    with new_database(tmp_path / "warehouse.duckdb") as con:
        load(con, found, [SMALL["mini"]], {})
        held = con.execute(
            "SELECT entry_no, source_row, form_no, clinic, kind, instrument, client_key IS NOT NULL,"
            " session, happened_on::VARCHAR FROM core_held ORDER BY ALL"
        ).fetchall()
        problems = open_problems(con)
        assert {row[:2] for row in held} == {row[:2] for row in problems}
        return fates(con), problems, held


def test_what_is_held_is_told_of_as_far_as_it_can_be_read(tmp_path):
    _, _, held = settle(tmp_path, rows(BAD, NOBODY, {"When": "soon"}, {}) + "c2,2026\n")
    assert held == [
        (1, 1, 1, "north", "responses", "mini", True, 1, "2026-05-01"),
        (1, 2, 1, "north", "responses", "mini", False, 9, "2026-05-01"),
        (1, 3, 1, "north", "responses", "mini", True, 1, None),
        (1, 5, 0, "north", "responses", "", False, None, None),
    ]


def test_a_row_of_the_same_client_and_occasion_mends_it(tmp_path):
    found, problems, held = settle(tmp_path, rows(BAD, {**TWO, **BAD}), rows({}))
    assert found == {(1, 1): MENDED, (1, 2): OUT_OF_RANGE, (2, 1): ACCEPTED}
    assert problems == {(1, 2, "mini", "Q1", "out_of_range")}
    assert [row[:3] for row in held] == [(1, 2, 1)]


@pytest.mark.parametrize(
    "change",
    [{"PID": "c2"}, {"S": "2"}, {"S": ""}, BAD],
    ids=["person", "session", "no session", "bad again"],
)
def test_no_other_row_does(tmp_path, change):
    assert settle(tmp_path, rows(BAD), rows(change))[0][1, 1] == OUT_OF_RANGE


def test_nor_one_that_came_before_or_by_another_feed(tmp_path):
    assert settle(tmp_path, rows({}), rows(BAD))[0][2, 1] == OUT_OF_RANGE
    (tmp_path / "other").mkdir()
    assert settle(tmp_path / "other", rows(BAD), (OTHER, rows({})))[0][1, 1] == OUT_OF_RANGE


def test_without_a_session_the_time_is_the_occasion(tmp_path):
    undone = {"S": "", **BAD}
    at_ten, at_noon = {"S": ""}, {"S": "", "When": "2026-05-01 12:00:00"}
    assert settle(tmp_path, rows(undone), rows(at_noon), rows(at_ten))[0][1, 1] == MENDED
    (tmp_path / "other").mkdir()
    assert settle(tmp_path / "other", rows(undone), rows(at_noon))[0][1, 1] == OUT_OF_RANGE


def test_a_session_that_cannot_be_read_may_be_any(tmp_path):
    found, _, _ = settle(tmp_path, rows({"S": "x"}), rows({"S": ""}))
    assert found[1, 1] == ("quarantined", "invalid_session")


def test_a_file_that_comes_again_as_a_whole_takes_its_problems_with_it(tmp_path):
    found, problems, held = settle(tmp_path, rows({}, NOBODY), rows({}, {**NOBODY, "PID": "c9"}))
    assert found == {(1, 1): ACCEPTED, (1, 2): MENDED, (2, 1): DUPLICATE, (2, 2): ACCEPTED}
    assert (problems, held) == (set(), [])


def test_so_it_does_with_other_answers(tmp_path):
    found, _, _ = settle(tmp_path, rows({}, NOBODY), rows({"Q1": "3"}, NOBODY))
    assert found == {(1, 1): LATER, (1, 2): MENDED, (2, 1): ACCEPTED, (2, 2): NO_CLIENT}


def test_a_row_nobody_mends_is_told_once_however_often_the_file_comes(tmp_path):
    nights = [rows({}, NOBODY, *({"S": str(n)} for n in range(20, 20 + night))) for night in range(4)]
    found, problems, _ = settle(tmp_path, *nights)
    assert problems == {(4, 2, "", "PID", "missing_client")}
    assert [found[night, 2] for night in (1, 2, 3, 4)] == [MENDED, MENDED, MENDED, NO_CLIENT]


@pytest.mark.parametrize(
    "later",
    [
        [rows({"Q1": "3"})],
        [rows({"Q1": "3"}, {"S": "4"}, {"S": "5"})],
        [rows({}, {"S": "4"}, {"S": "5"}), rows(TWO, {"S": "6"}, {"S": "7"})],
    ],
    ids=["one row", "one row among others", "half in each of two"],
)
def test_a_part_of_a_file_is_not_the_file(tmp_path, later):
    found, _, _ = settle(tmp_path, rows({}, TWO, NOBODY), *later)
    assert found[1, 3] == NO_CLIENT


def test_a_file_with_fewer_records_is_not_the_file_either(tmp_path):
    assert settle(tmp_path, rows({}, NOBODY), rows({}))[0][1, 2] == NO_CLIENT


def test_nor_is_one_without_the_day_of_the_row_that_waits(tmp_path):
    """A moving window, each night under the same name: the first row again, and others in place of the second."""
    window = rows({}, {"S": "4", "When": "2026-05-03 10:00:00"}, {"S": "5", "When": "2026-05-03 10:00:00"})
    lost = {**NOBODY, "When": "2026-05-02 10:00:00"}
    assert settle(tmp_path, rows({}, lost), window)[0][1, 2] == NO_CLIENT


def test_nor_is_anything_the_file_where_nothing_stood_in_it(tmp_path):
    assert settle(tmp_path, rows(NOBODY), rows(NOBODY, {}))[0][1, 1] == NO_CLIENT


def test_the_file_may_come_again_after_single_corrections(tmp_path):
    again = rows({}, TWO, NOBODY)
    found, _, _ = settle(tmp_path, again, rows({"Q1": "3"}), again + "\n")
    assert found[1, 3] == MENDED


def test_a_row_released_by_hand_is_superseded_and_says_so(tmp_path):
    text = rows(BAD, NOBODY, {})
    found, problems, held = settle(tmp_path, text, let_go=(2,))
    assert found == {(1, 1): OUT_OF_RANGE, (1, 2): BY_HAND, (1, 3): ACCEPTED}
    assert {row[:2] for row in problems} == {row[:2] for row in held} == {(1, 1)}


def test_a_row_that_stands_is_not_taken_away_by_hand(tmp_path):
    assert settle(tmp_path, rows({}), let_go=(1,))[0] == {(1, 1): ACCEPTED}


DIARY = """
[[feeds]]
id = "t"
clinic = "north"
kind = "appointments"
path = "inbox/t/*"
dialect = "csv"
[feeds.columns]
client = "PID"
starts_at = "At"
session = "S"
status = "St"
[feeds.values.status]
"a" = "attended"
"""
REFERRALS = """
[[feeds]]
id = "t"
clinic = "north"
kind = "referrals"
path = "inbox/t/*"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "At"
episode = "E"
ending = "Why"
[feeds.values.ending]
"46" = "completed"
"""


@pytest.mark.parametrize(
    ("toml", "bad", "good", "mended"),
    [
        (DIARY, "c1,2026-05-01 10:00:00,,z", "c1,2026-05-01 10:00:00,,a", True),
        (DIARY, "c1,soon,3,a", "c1,2026-05-01 10:00:00,3,a", True),
        (DIARY, "c1,2026-05-01 10:00:00,,z", "c1,2026-05-01 10:30:00,,a", False),
        (DIARY, "c1,2026-05-01 10:00:00,,z", "c2,2026-05-01 10:00:00,,a", False),
        (DIARY, ",2026-05-01 10:00:00,,a", "c1,2026-05-01 10:00:00,,a", False),
        (REFERRALS, "c1,2026-05-01,,99", "c1,2026-05-01,,46", True),
        (REFERRALS, "c1,soon,e1,46", "c1,2026-05-01,e1,46", True),
        (REFERRALS, "c1,2026-05-01,e1,99", "c1,2026-05-01,e2,46", False),
    ],
)
def test_appointments_and_referrals_are_mended_so_too(tmp_path, toml, bad, good, mended):
    of = site(toml).feeds[0]
    header = "PID,At,S,St\n" if toml is DIARY else "PID,At,E,Why\n"
    found, problems, held = settle(tmp_path, (of, f"{header}{bad}\n"), (of, f"{header}{good}\n"))
    assert (found[1, 1] == MENDED) is mended
    assert (not problems and not held) is mended
