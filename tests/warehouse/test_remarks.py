"""Warnings of rows beside other rows, files and feeds: nothing is kept out, and each is one row."""

from __future__ import annotations

import pytest

from schemas.rules import rules
from schemas.tables import ADMINISTRATION_VIEW, CORE
from tests.lib.exports import count_lines, csv_text, feed, loaded, site
from warehouse.connect import create, new_database
from warehouse.remarks import RULES, Remarks, remark, remarks

FEEDS = """
[[feeds]]
id = "forms"
clinic = "north"
kind = "responses"
path = "inbox/forms/*"
dialect = "csv"
[feeds.columns]
client = "PID"
clinician = "Who"
session = "S"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
[[feeds]]
id = "diary"
clinic = "north"
kind = "appointments"
path = "inbox/diary/*"
dialect = "csv"
[feeds.columns]
client = "PID"
clinician = "Who"
starts_at = "At"
status = "St"
[feeds.values.status]
"a" = "attended"
"d" = "dna"
[[feeds]]
id = "referrals"
clinic = "north"
kind = "referrals"
path = "inbox/referrals/*"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "In"
"""
FORMS, DIARY, REFERRALS = site(FEEDS).feeds


def answers(*rows):
    """client, clinician, session, day"""
    header = ("PID", "Who", "S", "When", "Q1", "Q2")
    return csv_text(header, [dict(zip(header, (*row, "1", "2"), strict=True)) for row in rows])


def appointments(*rows):
    """client, clinician, day, status"""
    return csv_text(
        ("PID", "Who", "At", "St"), [dict(zip(("PID", "Who", "At", "St"), row, strict=True)) for row in rows]
    )


def remarked(con, rule):
    return con.execute(
        "SELECT entry_no, source_row, instrument FROM core_remark WHERE rule = ? ORDER BY ALL", [rule]
    ).fetchall()


def test_every_rule_is_a_warning_and_needs_its_feeds(tmp_path):
    assert {rules()[rule].level for rule in RULES} == {"warning"}
    rows = answers(
        ("c1", "t1", "1", "2026-05-01"), ("c1", "t1", "2", "2026-05-02"), ("c1", "t1", "3", "2026-05-03")
    )
    with loaded(tmp_path, [(FORMS, rows)]) as con:
        assert remarks(con) == []


def test_before_the_first_referral(tmp_path):
    files = [
        (REFERRALS, "PID,In\nc1,2026-05-10\nc1,2026-03-10\nc2,2026-05-10\n"),
        (
            FORMS,
            answers(
                ("c1", "", "1", "2026-03-09"), ("c1", "", "2", "2026-03-10"), ("c3", "", "1", "2026-01-01")
            ),
        ),
        (
            DIARY,
            appointments(
                ("c2", "", "2026-05-09", "a"), ("c2", "", "2026-05-08", "d"), ("c2", "", "2026-05-10", "a")
            ),
        ),
    ]
    with loaded(tmp_path, files) as con:
        assert remarked(con, "before_referral") == [(2, 1, "mini"), (3, 1, "")]
        assert [line[0] - line[1] for line in count_lines(con)] == [0, 0, 0], "all of them count"


def test_sessions_that_go_up_while_dates_go_down(tmp_path):
    rows = answers(
        ("c1", "", "1", "2026-05-08"), ("c1", "", "2", "2026-05-01"), ("c1", "", "3", "2026-05-01"),
        ("c2", "", "2", "2026-05-08"), ("c2", "", "1", "2026-05-01"), ("c2", "", "", "2026-04-01"),
    )  # fmt: skip
    with loaded(tmp_path, [(FORMS, rows)]) as con:
        assert remarked(con, "session_order") == [(1, 2, "mini")]


def test_clinicians_whom_no_appointment_knows(tmp_path):
    rows = answers(
        ("c1", "t1", "1", "2026-05-01"), ("c2", "T1", "1", "2026-05-01"), ("c3", "", "1", "2026-05-01")
    )
    diary = appointments(("c1", "t1", "2026-05-01", "a"))
    with loaded(tmp_path, [(FORMS, rows), (DIARY, diary)]) as con:
        assert remarked(con, "clinician_unknown") == [(1, 2, "mini")]
    nobody = appointments(("c1", "", "2026-05-01", "a"))
    (tmp_path / "warehouse.duckdb").unlink()
    with loaded(tmp_path, [(FORMS, rows), (DIARY, nobody)]) as con:
        assert remarked(con, "clinician_unknown") == []


def test_more_answers_than_contacts_and_one(tmp_path):
    days = ("2026-05-01", "2026-05-08", "2026-05-15")
    rows = [(client, "", str(n), day) for client in ("c1", "c2") for n, day in enumerate(days, 1)]
    diary = appointments(
        ("c1", "", days[0], "a"), ("c1", "", days[1], "d"), ("c2", "", days[0], "a"), ("c2", "", days[1], "a")
    )
    with loaded(tmp_path, [(FORMS, answers(*rows[::-1])), (DIARY, diary)]) as con:
        assert remarked(con, "more_answers_than_contacts") == [(1, 4, "mini")]


def test_missing_contacts_are_not_told_of_where_a_file_of_them_is_refused(tmp_path):
    """The refusal is told of, with its remedy; that contacts and clinicians are missing follows from it."""
    rows = [("c1", "z", str(n), f"2026-05-0{n}") for n in (1, 2, 3)]
    diary = appointments(("c1", "k", "2026-05-01", "a"))
    files = [(FORMS, answers(*rows)), (DIARY, diary)]
    (tmp_path / "whole").mkdir()
    with loaded(tmp_path / "whole", files) as con:
        assert remarked(con, "more_answers_than_contacts")
        assert remarked(con, "clinician_unknown")
    (tmp_path / "refused").mkdir()
    with loaded(tmp_path / "refused", [*files, (DIARY, "no,such,header\n1,2,3\n")]) as con:
        assert con.execute("SELECT count(*) FROM core_export WHERE refused IS NOT NULL").fetchone() == (1,)
        assert not remarked(con, "more_answers_than_contacts")
        assert not remarked(con, "clinician_unknown")


@pytest.mark.parametrize(("shared", "found"), [("True", [(1, 1, "mini"), (2, 1, "")]), ("False", [])])
def test_a_client_of_two_clinics_where_ids_are_shared(tmp_path, shared, found):
    with new_database(tmp_path / "w.duckdb") as con:
        for table in (*CORE, ADMINISTRATION_VIEW):
            create(con, table)
        con.execute("CREATE TEMP TABLE lost (fate VARCHAR)")
        con.execute("INSERT INTO core_run VALUES ('shared_ids', ?)", [shared])
        for row, clinic in ((2, "north"), (1, "north"), (3, "north")):
            con.execute(
                "INSERT INTO core_administration (entry_no, source_row, form_no, clinic, client_key, instrument,"
                " rater) VALUES (1, ?, 1, ?, ?, 'mini', 'client')",
                [row, clinic, 7 if row < 3 else 8],
            )
        con.execute(
            "INSERT INTO core_referral (entry_no, source_row, clinic, client_key, received_on)"
            " VALUES (2, 1, 'south', 7, '2026-01-01')"
        )
        remark(con)
        assert remarked(con, "client_in_two_clinics") == found


def test_an_increment_that_repeats_the_one_before(tmp_path):
    rows = [(f"c{n}", "", "1", "2026-05-01") for n in range(20)]
    more = [("new", "", "1", "2026-05-02")]
    with loaded(tmp_path, [(FORMS, answers(*rows)), (FORMS, answers(*rows[:17], *more))]) as con:
        assert remarked(con, "overlap") == []
    (tmp_path / "warehouse.duckdb").unlink()
    with loaded(tmp_path, [(FORMS, answers(*rows)), (FORMS, answers(*rows[:18], *more))]) as con:
        assert remarked(con, "overlap") == [(2, 0, "")]
        assert remarks(con) == [Remarks("forms", "export-2.csv", "overlap", 1)]


def test_a_snapshot_may_repeat_all(tmp_path):
    snapshot = feed(
        'delivery = "snapshot"\ndialect = "csv"\n[feeds.columns]\nclient = "PID"\ncompleted_at = "When"\n'
        '[[feeds.instruments]]\nid = "mini"\nrater = "client"\nitems = "Q{n}"\n'
    )
    rows = [(f"c{n}", "", "1", "2026-05-01") for n in range(20)]
    with loaded(
        tmp_path, [(snapshot, answers(*rows)), (snapshot, answers(*rows, ("n", "", "", "2026-05-01")))]
    ) as con:
        assert remarks(con) == []


def test_remarks_are_counted_by_file_and_rule(tmp_path):
    files = [
        (FORMS, answers(("c1", "t9", "1", "2026-05-01"), ("c2", "t9", "1", "2026-05-01"))),
        (FORMS, answers(("c3", "t9", "1", "2026-05-01"))),
        (DIARY, appointments(("c1", "t1", "2026-05-01", "a"))),
    ]
    with loaded(tmp_path, files) as con:
        assert remarks(con) == [
            Remarks("forms", "export-1.csv", "clinician_unknown", 2),
            Remarks("forms", "export-2.csv", "clinician_unknown", 1),
        ]
