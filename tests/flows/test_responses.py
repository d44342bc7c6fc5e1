"""What becomes of each row of a responses feed, before other deliveries are known."""

from __future__ import annotations

from datetime import date

import pytest

from tests.lib.exports import csv_text, feed, process

PLAIN = """
dialect = "csv"
{top}
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
missing = ["9"]
refused = ["R"]
not_shown = ["NS"]
not_applicable = ["NA"]
{more}
"""
TWO = (
    PLAIN
    + """
[[feeds.instruments]]
id = "duo"
rater = "therapist"
items = "D{{n}}"
"""
)
QUALTRICS = """
dialect = "qualtrics"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
[[feeds.attention]]
column = "ATT"
pass = ["3", "three"]
"""
GOOD = {"PID": "c1", "When": "2026-07-01 10:00:00", "Q1": "1", "Q2": "2"}
HEADER = ("PID", "When", "Q1", "Q2", "D1", "D2")


def settle(tmp_path, rows, toml=PLAIN, header=HEADER, **more):
    of = feed(toml.format(**{"top": "", "more": "", **more}))
    return process(tmp_path, of, csv_text(header, rows))


def settle_text(tmp_path, text, toml=PLAIN):
    return process(tmp_path, feed(toml.format(top="", more="")), text)


def qualtrics(tmp_path, *rows):
    header = ("EndDate", "Status", "Finished", "ResponseId", "ATT", "PID", "Q1", "Q2")
    names = ",".join(header)
    ids = ",".join(['"{""ImportId"":""x""}"'] * len(header))
    text = csv_text(header, rows).split("\n", 1)[1]
    return process(tmp_path, feed(QUALTRICS), f"{names}\n{names}\n{ids}\n{text}")


SOUND = {
    "EndDate": "2026-07-01 10:00:00",
    "Status": "0",
    "Finished": "1",
    "ATT": "3",
    "PID": "c1",
    "Q1": "1",
    "Q2": "2",
}


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({}, "accepted"),
        ({"Q2": ""}, "accepted"),
        ({"Q2": "9"}, "accepted"),
        ({"Q1": "R", "Q2": "R"}, "accepted"),
        ({"Q1": "R", "Q2": "NS"}, "accepted"),
        ({"Q1": "1", "Q2": "NA"}, "accepted"),
        ({"Q1": "", "Q2": " "}, "empty"),
        ({"Q1": "9", "Q2": "9"}, "empty"),
        ({"Q1": "NS", "Q2": "NA"}, "empty"),
        ({"PID": "", "Q1": "", "Q2": ""}, "empty"),
        ({"When": "soon", "Q1": "", "Q2": ""}, "empty"),
        ({"Q1": "7"}, "out_of_range"),
        ({"Q1": "-102"}, "out_of_range"),
        ({"Q1": "7.9"}, "not_an_answer"),
        ({"Q1": "x", "Q2": ""}, "not_an_answer"),
        ({"PID": ""}, "missing_client"),
        ({"PID": "  "}, "missing_client"),
        ({"When": ""}, "missing_date"),
        ({"When": "01/07/2026"}, "invalid_date"),
        ({"When": "2026-03-29 01:30:00"}, "invalid_date"),
    ],
)
def test_one_row(tmp_path, change, fate):
    part = settle(tmp_path, [{**GOOD, **change}])
    if fate == "accepted":
        assert (part.records(), part.counts.accepted) == ({}, 1)
    elif fate == "empty":
        assert part.records() == {1: ("excluded", "empty")}
    else:
        assert part.records() == {1: ("quarantined", "problems")}
        assert {rule for *_, rule in part.problems()} == {fate}
        assert part.rows("mini").is_empty()


def test_a_row_of_refusals_has_no_score(tmp_path):
    row = settle(tmp_path, [{**GOOD, "Q1": "R", "Q2": "R"}]).rows("mini").to_dicts()[0]
    assert (row["item_01"], row["item_02"], row["score_total"], row["status_total"]) == (
        -102,
        -102,
        None,
        "too_many_missing",
    )


def test_every_bad_cell_is_a_problem(tmp_path):
    part = settle(tmp_path, [{**GOOD, "When": "soon", "Q1": "7", "Q2": "7.9"}, GOOD])
    assert part.problems() == [
        (1, "mini", "Q1", "out_of_range"),
        (1, "mini", "Q2", "not_an_answer"),
        (1, "mini", "When", "invalid_date"),
    ]
    assert part.rows("mini")["source_row"].to_list() == [2]


def test_of_several_questionnaires_a_bad_one_is_quarantined_alone(tmp_path):
    both = {**GOOD, "D1": "0", "D2": "0"}
    rows = [
        both,
        {**both, "Q1": "7"},
        {**both, "Q1": "7", "D1": "x"},
        {**both, "Q1": "7", "D1": "", "D2": ""},
        GOOD,
    ]
    part = settle(tmp_path, rows, TWO)
    assert part.rows("mini")["source_row"].to_list() == [1, 5]
    assert part.rows("duo").select("source_row", "form_no").rows() == [(1, 2), (2, 2)]
    assert part.records() == {3: ("quarantined", "problems"), 4: ("quarantined", "problems")}
    assert [problem[:2] for problem in part.problems()] == [(2, "mini"), (3, "duo"), (3, "mini"), (4, "mini")]


def test_a_row_without_a_client_has_one_problem_however_many_questionnaires(tmp_path):
    part = settle(tmp_path, [{**GOOD, "PID": "", "D1": "0", "D2": "0"}], TWO)
    assert part.problems() == [(1, "", "PID", "missing_client")]


def test_half_an_id_is_no_id(tmp_path):
    toml = PLAIN.replace('client = "PID"', 'client = ["Site", "PID"]')
    rows = [
        {**GOOD, "Site": "N"},
        {**GOOD, "Site": ""},
        {**GOOD, "Site": "N", "PID": ""},
        {**GOOD, "Site": "N"},
    ]
    part = settle(tmp_path, rows, toml, ("Site", *HEADER))
    people = part.rows("mini").select("source_row", "client_key").rows()
    assert [row for row, _ in people] == [1, 4]
    assert people[0][1] == people[1][1]
    assert part.problems() == [(row, "", "Site/PID", "missing_client") for row in (2, 3)]


def test_codes_of_a_feed_mean_no_answer_in_every_column(tmp_path):
    part = settle(
        tmp_path,
        [{**GOOD, "PID": "-99"}, {**GOOD, "When": "-99.0"}, {**GOOD, "Q1": "-99"}],
        top='missing = ["-99"]',
    )
    assert [problem[3] for problem in part.problems()] == ["missing_client", "missing_date"]
    assert part.rows("mini").select("source_row", "item_01").rows() == [(3, None)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Status": "1"}, "preview"),
        ({"Status": "Survey Preview"}, "preview"),
        ({"Status": " 2 "}, "test"),
        ({"Status": "Survey Test"}, "test"),
        ({"Status": "8"}, "spam"),
        ({"Finished": "0"}, "not_finished"),
        ({"Finished": "False"}, "not_finished"),
        ({"Finished": ""}, "not_finished"),
        ({"ATT": "2"}, "attention_check"),
        ({"ATT": ""}, "attention_check"),
        ({"Q1": "", "Q2": ""}, "empty"),
        ({"Status": "1", "Finished": "0", "ATT": "2", "Q1": "", "Q2": ""}, "preview"),
        ({"Status": "8", "Finished": "0"}, "spam"),
        ({"Finished": "0", "ATT": "2"}, "not_finished"),
        ({"ATT": "2", "Q1": "", "Q2": ""}, "attention_check"),
        ({"Status": "2", "PID": "", "Q1": "x"}, "test"),
        (dict.fromkeys(SOUND, ""), "empty"),
        (dict.fromkeys(SOUND, " "), "empty"),
    ],
)
def test_the_first_reason_that_applies_excludes_the_record(tmp_path, change, reason):
    part = qualtrics(tmp_path, {**SOUND, **change})
    assert part.records() == {1: ("excluded", reason)}
    assert part.problems() == []


@pytest.mark.parametrize(
    "change", [{}, {"Status": "IP Address"}, {"Finished": "True"}, {"ATT": "three"}, {"Status": ""}]
)
def test_what_does_not_exclude_a_record(tmp_path, change):
    assert qualtrics(tmp_path, {**SOUND, **change}).counts.accepted == 1


REDCAP = """
dialect = "redcap"
{top}
[feeds.columns]
client = "record_id"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "m{{n}}"
[[feeds.instruments]]
id = "duo"
rater = "client"
items = "d{{n}}"
"""
REDCAP_HEADER = (
    "record_id",
    "m_timestamp",
    "m1",
    "m2",
    "m_complete",
    "d_timestamp",
    "d1",
    "d2",
    "d_complete",
)


def redcap(mini="", duo=""):
    cells = ["c1", *(mini.split(",") if mini else [""] * 4), *(duo.split(",") if duo else [""] * 4)]
    return dict(zip(REDCAP_HEADER, cells, strict=True))


DONE = "2026-07-01 10:00:00,1,2,2"
BEGUN = "[not completed],1,,0"
GREY = "2026-07-01 10:00:00,1,2,"
BLANK = ",,,0"


@pytest.mark.parametrize(
    ("mini", "duo", "fate"),
    [
        (DONE, DONE, "accepted"),
        (DONE, "", "accepted"),
        ("", DONE, "accepted"),
        (DONE, BEGUN, "accepted"),
        (BEGUN, DONE, "accepted"),
        (BEGUN, "", "not_finished"),
        ("", GREY, "not_finished"),
        (BLANK, BLANK, "empty"),
        ("", BLANK, "empty"),
        ("", "", "empty"),
    ],
)
def test_the_forms_of_a_redcap_row_are_finished_one_by_one(tmp_path, mini, duo, fate):
    part = settle(tmp_path, [redcap(mini, duo)], REDCAP, REDCAP_HEADER)
    if fate == "accepted":
        assert part.counts.accepted == 1
        assert (part.rows("mini").height, part.rows("duo").height) == (mini == DONE, duo == DONE)
    else:
        assert part.records() == {1: ("excluded", fate)}


def test_every_row_its_own_person(tmp_path):
    toml = PLAIN.replace('client = "PID"', 'client = "@row"')
    frame = settle(tmp_path, [GOOD, GOOD, {**GOOD, "PID": ""}], toml).rows("mini")
    assert frame["client_key"].n_unique() == 3
    assert frame["each_row"].all()


def test_a_row_may_hold_one_questionnaire_twice(tmp_path):
    toml = (
        PLAIN.format(top="", more="session = 1")
        + """
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "D{n}"
session = 2
"""
    )
    part = process(
        tmp_path,
        feed(toml),
        csv_text(HEADER, [{**GOOD, "D1": "0", "D2": "7"}, {**GOOD, "D1": "0", "D2": "0"}]),
    )
    rows = part.rows("mini").select("source_row", "form_no", "session", "item_01").rows()
    assert sorted(rows) == [(1, 1, 1, 1), (2, 1, 1, 1), (2, 2, 2, 0)]
    assert part.problems() == [(1, "mini", "D2", "out_of_range")]
    assert part.counts.accepted == 2


# --- what is held ----------------------------------------------------------------------------------

HELD = ("source_row", "form_no", "instrument", "rater", "session", "completed_on", "has_key")


def held(part):
    """What is held of each administration, and whether its client is known."""
    frame = part.rows("held").sort("source_row", "form_no")
    known = frame["client_key"].is_not_null().to_list()
    return [(*row, client) for row, client in zip(frame.select(HELD).rows(), known, strict=True)]


def test_of_what_is_quarantined_it_is_kept_who_and_when(tmp_path):
    part = settle(tmp_path, [GOOD, {**GOOD, "Q1": "8"}, {**GOOD, "PID": "", "D1": "1", "D2": "1"}], TWO)
    day = date(2026, 7, 1)
    assert held(part) == [
        (2, 1, "mini", "client", None, day, True, True),
        (3, 1, "mini", "client", None, day, False, False),
        (3, 2, "duo", "therapist", None, day, False, False),
    ]


def test_a_row_that_cannot_be_read_is_held_without_anything(tmp_path):
    text = csv_text(HEADER, [GOOD]) + "c2,2026\n"
    assert held(settle_text(tmp_path, text)) == [(2, 0, "", None, None, None, False, False)]


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"Q1": "8"}, True),
        ({"When": "soon"}, False),
        ({"When": "soon", "S": "3"}, True),
        ({"When": "", "S": "3"}, True),
        ({"S": "x"}, False),
        ({"PID": "", "S": "3"}, False),
    ],
)
def test_a_later_row_can_be_seen_to_mend_one_whose_client_and_occasion_can_be_read(tmp_path, change, known):
    top = 'session = "S"'
    toml = PLAIN.replace('completed_at = "When"', 'completed_at = "When"\n' + top)
    part = settle(tmp_path, [{**GOOD, **change}], toml, (*HEADER, "S"))
    assert [row[-2] for row in held(part)] == [known]


def test_nothing_of_an_answer_is_held(tmp_path):
    part = settle(tmp_path, [{**GOOD, "Q1": "877777", "PID": "Jane"}])
    assert not any(mark in part.text() for mark in (b"877777", b"Jane"))
