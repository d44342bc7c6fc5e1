"""Appointments as systems for records and for online therapy export them: dates, keys and clinicians as they come."""

from __future__ import annotations

import pytest

from tests.lib.exports import count_lines, csv_text, fates, loaded, open_problems, site

FEED = """
[[feeds]]
id = "diary"
clinic = "north"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
date_format = "%d/%m/%Y %H:%M"
[feeds.columns]
client = "PID"
clinician = "Therapist"
starts_at = "Start"
kind = "Kind"
status = "Status"
[feeds.values.status]
"5" = "attended"
"3" = "dna"
"finished" = "attended"
[feeds.values.kind]
"session" = "treatment"
"login" = "other"
"message" = "other"
"""
HEAD = ("PID", "Therapist", "Start", "Kind", "Status")
HELD = {"PID": "c1", "Therapist": "t1", "Start": "01/07/2026 10:00", "Kind": "session", "Status": "5"}


def read(tmp_path, *rows):
    of = site(FEED).feeds[0]
    return loaded(tmp_path, [(of, csv_text(HEAD, [HELD | row for row in rows]))])


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("", "missing_date"),
        ("01/07/0026 10:00", "invalid_date"),
        ("01/07/1026 10:00", "invalid_date"),
        ("01/07/2206 10:00", "invalid_date"),
        ("31/06/2026 10:00", "invalid_date"),
        ("00/00/0000 00:00", "invalid_date"),
        ("01/07/2027 10:00", "future_date"),
    ],
)
def test_a_date_that_is_missing_or_cannot_be_waits(tmp_path, start, rule):
    with read(tmp_path, {}, {"PID": "c2", "Start": start}) as con:
        assert fates(con)[1, 1] == ("accepted", "")
        assert [(row, column, what) for _, row, _, column, what in open_problems(con)] == [(2, "Start", rule)]


def test_what_comes_twice_counts_once_and_the_later_of_two_wins(tmp_path):
    """Same client, clinician and time: told again it is a duplicate, changed it replaces the earlier row."""
    with read(tmp_path, {}, {}, {"Status": "3"}, {"Start": "01/07/2026 11:00"}) as con:
        assert count_lines(con) == [(4, 2, 0, 1, 1, 0)]
        assert [fates(con)[1, row][0] for row in (1, 2, 3, 4)] == [
            "superseded",
            "excluded",
            "accepted",
            "accepted",
        ]
        assert con.execute("SELECT status FROM core_appointment ORDER BY starts_at").fetchall() == [
            ("dna",),
            ("attended",),
        ]


def test_clinicians_are_texts_and_may_be_blank(tmp_path):
    """Tags of digits keep their zeros, and a contact without one is a contact of nobody known."""
    tags = ("7", "07", "007", "", " ", "Z-7")
    rows = [{"Therapist": tag, "Start": f"0{n}/07/2026 10:00"} for n, tag in enumerate(tags, 1)]
    with read(tmp_path, *rows) as con:
        assert count_lines(con) == [(6, 6, 0, 0, 0, 0)]
        told = "SELECT count(DISTINCT clinician_key), count(*) - count(clinician_key) FROM core_appointment"
        assert con.execute(told).fetchall() == [(4, 2)]


def test_logins_are_contacts_of_another_kind(tmp_path):
    """A platform lists each login: the feed says that it is no treatment, so it is in no dose and no course."""
    rows = [
        {"Kind": kind, "Start": f"01/07/2026 {hour}:00", "Status": "finished", "Therapist": ""}
        for hour, kind in ((10, "login"), (11, "message"), (12, "session"), (13, "Login "))
    ]
    with read(tmp_path, *rows, {"Kind": "chat", "PID": "c2"}) as con:
        kinds = con.execute("SELECT kind FROM core_appointment ORDER BY starts_at").fetchall()
        assert kinds == [("other",), ("other",), ("treatment",), ("other",)]
        assert [rule for *_, rule in open_problems(con)] == ["unknown_code"]
