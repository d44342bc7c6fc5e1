"""Contacts, clients seen, dropout, and questionnaires completed of those due."""

from __future__ import annotations

import pytest

from tests.lib.exact_figures import (
    AS_OF,
    CONTACTS,
    COURSES,
    DUE_CONTACTS,
    DUE_SCORES,
    ONE_CLINIC,
    courses,
    exact,
)
from tests.lib.small_warehouse import Site, warehouse
from tests.lib.tables import rows


def test_events_belong_to_the_latest_referral_on_or_before_their_day_else_to_the_first():
    site = Site(
        ONE_CLINIC,
        referrals=rows("""
            clinic | client | received_on | ended_on   | ending
            north  | 1      | 2026-01-10  | 2026-02-20 | completed
            north  | 1      | 2026-04-01  |            |
        """),
        appointments=rows("""
            clinic | client | starts_at        | status
            north  | 1      | 2026-01-05 10:00 | attended
            north  | 1      | 2026-03-31 10:00 | attended
            north  | 1      | 2026-04-01 08:00 | attended
            north  | 2      | 2026-04-02 08:00 | attended
        """),
    )
    con = warehouse(site, AS_OF)
    assert con.execute(
        "SELECT client_key, episode_no, starts_on::VARCHAR, session_no FROM mart_session ORDER BY starts_at"
    ).fetchall() == [
        (1, 1, "2026-01-05", 1),
        (1, 1, "2026-03-31", 2),
        (1, 2, "2026-04-01", 1),
        (2, 1, "2026-04-02", 1),
    ]
    assert con.execute(
        "SELECT client_key, episode_no, origin FROM mart_episode ORDER BY client_key, episode_no"
    ).fetchall() == [(1, 1, "referral"), (1, 2, "referral"), (2, 1, "client")]


def test_attendance_leaves_cancelled_contacts_out_and_dna_keeps_them():
    con = warehouse(Site(ONE_CLINIC, appointments=CONTACTS), AS_OF)
    may = {"grain": "month", "period": "2026-05"}
    assert exact(con, "appointments_held", **may) == ["2026-05: 3/- = 3 value"]
    assert exact(con, "attendance_rate", **may) == ["2026-05: 3/5 = 60 value"]
    assert exact(con, "dna_rate", **may) == ["2026-05: 1/8 = 12.5 value"]
    assert exact(con, "dna_rate") == ["all: 1/9 = 11.1111 value"]


def test_clients_seen_are_counted_once_in_every_period_and_unit():
    """Client 1 goes to both clinics: the site has shared ids."""
    south = rows("""
        clinic | client | starts_at        | status
        south  | 1      | 2026-05-07 10:00 | attended
        south  | 4      | 2025-03-07 10:00 | attended
        south  | 4      | 2026-03-07 10:00 | attended
    """)
    con = warehouse(Site({"north": "adult", "south": "adult"}, appointments=[*CONTACTS, *south]), AS_OF)
    assert exact(con, "clients_seen") == ["all: 3/- = 3 value"]
    assert exact(con, "clients_seen", grain="quarter")[-2:] == [
        "2026-Q1: 1/- = 1 value",
        "2026-Q2: 2/- = 2 value",
    ]
    assert exact(con, "clients_seen", grain="year", service="adult") == [
        "2025: 1/- = 1 value",
        "2026: 3/- = 3 value",
    ]
    rolling = exact(con, "clients_seen", grain="rolling_12_months", service="adult", clinic="south")
    assert [line for line in rolling if line[:7] in ("2026-02", "2026-03", "2026-05")] == [
        "2026-02: 1/- = 1 value",
        "2026-03: 1/- = 1 value",
        "2026-05: 2/- = 2 value",
    ]


def test_dropout_is_of_ended_referrals_with_a_treatment_contact():
    site = Site(
        ONE_CLINIC,
        referrals=rows("""
            clinic | client | received_on | ended_on   | ending
            north  | 1      | 2026-01-05  | 2026-03-20 | dropped_out
            north  | 2      | 2026-01-05  | 2026-03-20 | completed
            north  | 3      | 2026-01-05  | 2026-03-20 | dropped_out
            north  | 4      | 2026-01-05  |            |
            north  | 5      | 2026-01-05  | 2026-07-20 | dropped_out
        """),
        appointments=rows("""
            clinic | client | starts_at        | status   | kind
            north  | 1      | 2026-01-12 10:00 | attended | treatment
            north  | 2      | 2026-01-12 10:00 | attended | both
            north  | 3      | 2026-01-12 10:00 | attended | assessment
            north  | 3      | 2026-01-19 10:00 | dna      | treatment
            north  | 4      | 2026-01-12 10:00 | attended | treatment
            north  | 5      | 2026-01-12 10:00 | attended | treatment
        """),
    )
    con = warehouse(site, AS_OF)
    assert exact(con, "dropout_rate") == ["all: 1/2 = 50 value"]
    assert exact(con, "referrals_ended") == ["all: 3/- = 3 value"]
    assert exact(con, "referrals_received") == ["all: 5/- = 5 value"]


@pytest.mark.parametrize(
    ("rule", "ended_on", "expected"),
    [
        ("phq_9 | client | all | ", "", "2/4 = 50 value"),
        ("phq_9 | client | listed | 2", "", "0/1 = 0 zero"),
        ("phq_9 | client | listed | 9", "", "0/0 = - no_data"),
        ("phq_9 | client | first_last | ", "", "1/1 = 100 value"),
        ("phq_9 | client | first_last | ", "2026-03-05", "2/2 = 100 value"),
        ("wai_sr | client | listed | 4", "", "0/1 = 0 zero"),
    ],
)
def test_completion_counts_forms_due_at_attended_contacts(rule, ended_on, expected):
    """By session number first, else by day; a form with too many answers missing is not completed."""
    site = Site(
        ONE_CLINIC,
        referrals=rows(f"""
            clinic | client | received_on | ended_on | ending
            north  | 1      | 2026-01-05  | {ended_on} | completed
        """),
        appointments=DUE_CONTACTS,
        scores=DUE_SCORES,
        due=rows(f"service | instrument | rater | due_when | session\nadult | {rule}"),
    )
    con = warehouse(site, AS_OF)
    assert exact(con, "questionnaire_completion_rate") == [f"all: {expected}"]


def test_a_full_form_whose_key_is_not_confirmed_is_completed():
    scores = rows("""
        clinic | client | instrument | completed_at     | status            | answered
        north  | 1      | core_10    | 2026-01-12 10:00 | key_not_confirmed | 10
        north  | 1      | core_10    | 2026-01-19 10:00 | key_not_confirmed | 9
    """)
    due = rows("service | instrument | rater | due_when\nadult | core_10 | client | all")
    con = warehouse(Site(ONE_CLINIC, appointments=DUE_CONTACTS, scores=scores, due=due), AS_OF)
    assert exact(con, "questionnaire_completion_rate") == ["all: 1/4 = 25 value"]


def test_without_rules_of_what_is_due_there_is_no_completion_figure():
    con = warehouse(courses(COURSES), AS_OF)
    assert exact(con, "questionnaire_completion_rate") == ["all: -/- = - not_applicable"]


def test_a_rule_for_an_instrument_that_no_feed_brings_is_not_applicable():
    due = rows("service | instrument | rater | due_when\nadult | wai_36 | client | all")
    con = warehouse(Site(ONE_CLINIC, appointments=DUE_CONTACTS, due=due), AS_OF)
    assert exact(con, "questionnaire_completion_rate") == ["all: -/- = - not_applicable"]
