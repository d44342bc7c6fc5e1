"""Rows of appointments and referrals feeds."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.lib.exports import csv_text, process, site

APPOINTMENTS = """
[[feeds]]
id = "diary"
clinic = "north"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
date_format = "%d/%m/%Y %H:%M"
[feeds.columns]
client = "PID"
clinician = "T"
starts_at = "Start"
session = "S"
kind = "Kind"
status = "Status"
[feeds.values.status]
"5" = "attended"
"3" = "dna"
[feeds.values.kind]
"first" = "assessment"
"""
REFERRALS = """
[[feeds]]
id = "referrals"
clinic = "north"
kind = "referrals"
path = "inbox/referrals/*"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "In"
ended_at = "Out"
ending = "Why"
problem = "P"
age_years = "Age"
sex = "Sex"
episode = "E"
[feeds.values.ending]
"46" = "completed"
[feeds.values.problem]
"F32" = "depression"
"""
HELD = {"PID": "c1", "T": "t1", "Start": "01/07/2026 23:30", "S": "3", "Kind": "First", "Status": "5"}
SENT = {
    "PID": "c1",
    "In": "2026-01-05",
    "Out": "2026-06-30",
    "Why": "46",
    "P": "f32",
    "Age": "41",
    "Sex": "F",
    "E": "e1",
}


def settle(tmp_path, toml, rows):
    of = site(toml).feeds[0]
    return process(tmp_path, of, csv_text(tuple(rows[0]), rows))


def test_an_appointment(tmp_path):
    row = settle(tmp_path, APPOINTMENTS, [HELD]).rows("appointments").to_dicts()[0]
    assert row["starts_at"] == datetime.fromisoformat("2026-07-01T22:30")
    assert (row["starts_on"], row["session"], row["kind"], row["status"]) == (
        date(2026, 7, 1),
        3,
        "assessment",
        "attended",
    )
    assert row["client_key"] != row["clinician_key"]


def test_no_kind_is_treatment(tmp_path):
    rows = settle(tmp_path, APPOINTMENTS, [{**HELD, "Kind": ""}]).rows("appointments")
    assert rows["kind"].to_list() == ["treatment"]
    without = APPOINTMENTS.replace('kind = "Kind"\n', "").split("[feeds.values.kind]")[0]
    assert settle(tmp_path, without, [HELD]).rows("appointments")["kind"].to_list() == ["treatment"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"PID": ""}, ("PID", "missing_client")),
        ({"Start": ""}, ("Start", "missing_date")),
        ({"Start": "2026-07-01 23:30"}, ("Start", "invalid_date")),
        ({"Start": "29/03/2026 01:30"}, ("Start", "invalid_date")),
        ({"Status": "7"}, ("Status", "unknown_code")),
        ({"Status": ""}, ("Status", "unknown_code")),
        ({"Kind": "second"}, ("Kind", "unknown_code")),
        ({"S": "two"}, ("S", "invalid_session")),
        ({"S": "--2"}, ("S", "invalid_session")),
    ],
)
def test_an_appointment_that_must_wait(tmp_path, change, problem):
    part = settle(tmp_path, APPOINTMENTS, [HELD, {**HELD, **change}])
    assert part.records() == {2: ("quarantined", "problems")}
    assert part.problems() == [(2, "", *problem)]
    assert part.rows("appointments")["source_row"].to_list() == [1]


def test_every_problem_of_a_row_is_listed(tmp_path):
    part = settle(tmp_path, APPOINTMENTS, [{**HELD, "PID": "", "Start": "", "Status": "x"}])
    assert [problem[2:] for problem in part.problems()] == [
        ("PID", "missing_client"), ("Start", "missing_date"), ("Status", "unknown_code"),
    ]  # fmt: skip
    assert part.counts.quarantined == 1


def test_a_blank_row_is_empty(tmp_path):
    part = settle(tmp_path, APPOINTMENTS, [HELD, dict.fromkeys(HELD, ""), dict.fromkeys(HELD, " ")])
    assert part.records() == {2: ("excluded", "empty"), 3: ("excluded", "empty")}
    assert part.problems() == []


def test_a_referral(tmp_path):
    row = settle(tmp_path, REFERRALS, [SENT]).rows("referrals").to_dicts()[0]
    assert (row["received_on"], row["ended_on"], row["ending"]) == (
        date(2026, 1, 5),
        date(2026, 6, 30),
        "completed",
    )
    assert (row["problem"], row["age_years"], row["sex"]) == ("depression", 41, "F")
    assert row["episode"] not in (None, "e1")


def test_an_open_referral_has_no_ending_and_an_ended_one_has(tmp_path):
    rows = [{**SENT, "Out": "", "Why": ""}, {**SENT, "Why": ""}]
    frame = settle(tmp_path, REFERRALS, rows).rows("referrals")
    assert frame.select("ended_on", "ending").rows() == [(None, None), (date(2026, 6, 30), "unknown")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"In": ""}, ("In", "missing_date")),
        ({"In": "05/01/2026"}, ("In", "invalid_date")),
        ({"Out": "soon"}, ("Out", "invalid_date")),
        ({"Why": "47"}, ("Why", "unknown_code")),
        ({"P": "F99"}, ("P", "unknown_code")),
        ({"Age": "131"}, ("Age", "invalid_age")),
        ({"Age": "-1"}, ("Age", "invalid_age")),
        ({"Age": "forty"}, ("Age", "invalid_age")),
    ],
)
def test_a_referral_that_must_wait(tmp_path, change, problem):
    part = settle(tmp_path, REFERRALS, [SENT, {**SENT, **change}])
    assert part.records() == {2: ("quarantined", "problems")}
    assert part.problems() == [(2, "", *problem)]


def test_a_text_that_means_no_date_is_a_blank_one(tmp_path):
    toml = REFERRALS.replace('dialect = "csv"', 'dialect = "limesurvey"\ndelimiter = ","')
    part = settle(
        tmp_path, toml,
        [{**SENT, "In": "2026-01-05 00:00:00", "Out": "1980-01-01 00:00:00", "Why": ""},
         {**SENT, "In": "1980-01-01 00:00:00", "Out": ""}],
    )  # fmt: skip
    assert part.rows("referrals").select("source_row", "ended_on").rows() == [(1, None)]
    assert part.problems() == [(2, "", "In", "missing_date")]


@pytest.mark.parametrize(
    ("change", "when", "known"),
    [
        ({"Status": "77"}, "2026-07-03T13:15", True),
        ({"Start": "soon"}, None, True),
        ({"Start": "soon", "S": ""}, None, False),
        ({"Status": "77", "S": "x"}, "2026-07-03T13:15", False),
        ({"PID": ""}, "2026-07-03T13:15", False),
    ],
)
def test_of_a_quarantined_appointment_it_is_kept_who_and_when(tmp_path, change, when, known):
    row = {"PID": "c1", "T": "t1", "Start": "03/07/2026 14:15", "S": "2", "Kind": "", "Status": "5"}
    text = csv_text(tuple(row), [{**row, **change}])
    held = process(tmp_path, site(APPOINTMENTS).feeds[0], text).rows("held")
    assert held.select("form_no", "instrument", "completed_at", "has_key").rows() == [
        (0, "", when and datetime.fromisoformat(when), known)
    ]
    assert held["client_key"].null_count() == (not change.get("PID", "c1"))
