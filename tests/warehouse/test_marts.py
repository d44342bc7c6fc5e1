"""Figures from core tables: spelled out by hand, and computed a second time in plain Python."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files

import duckdb
import pytest

from schemas import metrics
from schemas.tables import MART_FIGURE
from tests.lib.plain_alliance import FIGURES as FIGURES_OF_ALLIANCE
from tests.lib.plain_figures import Figures
from tests.lib.random_alliance import random_alliance_site
from tests.lib.random_site import random_site
from tests.lib.small_warehouse import Site, figures, warehouse
from tests.lib.tables import rows
from warehouse.marts import GRAIN, MACROS, MARTS, mart_sql

AS_OF = date(2026, 6, 30)
MID_MONTH = date(2026, 6, 17)
"""as_of of the random sites: what happens after it is in a month that has figures."""
ONE_CLINIC = {"north": "adult"}
SEEDS = range(6)


def exact(con: duckdb.DuckDBPyConnection, figure: str, **where: str) -> list[str]:
    """The figure's rows of a unit, as `period: numerator/denominator = value state`.

    The whole site, all time, in the first definition, where nothing else is asked.
    """
    definition = "nhs_pdt" if figure == "dna_rate" else "standard"
    asked = {"clinic": "all", "service": "all", "grain": "all", "definition": definition} | where
    return [
        f"{period}: {plain(numerator)}/{plain(denominator)} = {plain(value)} {state}"
        for *_, period, _, _, numerator, denominator, value, _, _, state in figures(
            con, figure=figure, **asked
        )
    ]


def plain(number: Decimal | int | None) -> str:
    return (
        "-"
        if number is None
        else f"{Decimal(number):f}".rstrip("0").rstrip(".")
        if "." in str(number)
        else str(number)
    )


COURSES = rows("""
    case | dep_first | dep_last | anx_first | anx_last
    1    | 15        | 8        | 12        | 6
    2    | 11        | 9        | 7         | 7
    3    | 18        | 11       | 10        | 15
    4    | 9         | 3        | 7         | 2
    5    | 12        | 6        | 9         | 8
""")
"""The worked cases of the two-measure rules: caseness 10 and 8, reliable change 6 and 4."""


def courses(cases: list[dict[str, str]]) -> Site:
    """A clinic whose clients each finished a course with a first and a last score."""
    referrals, appointments, scores = [], [], []
    for case in cases:
        who = {"clinic": "north", "client": case["case"]}
        referrals.append(who | {"received_on": "2026-01-05", "ended_on": "2026-03-20", "ending": "completed"})
        for day, part in (("2026-01-12", "first"), ("2026-03-16", "last")):
            appointments.append(who | {"starts_at": f"{day} 10:00", "status": "attended"})
            for instrument, column in (("phq_9", "dep"), ("gad_7", "anx")):
                given = {
                    "instrument": instrument,
                    "completed_at": f"{day} 09:50",
                    "total": case[f"{column}_{part}"],
                }
                scores.append(who | given)
    return Site(ONE_CLINIC, referrals, appointments, scores)


@pytest.mark.parametrize(
    ("case", "eligible", "recovered", "improved", "deteriorated", "reliably_recovered"),
    [
        ("1", 1, 1, 1, 0, 1),
        ("2", 1, 1, 0, 0, 0),
        ("3", 1, 0, 0, 0, 0),
        ("4", 0, 0, 1, 0, 0),
        ("5", 1, 0, 1, 0, 0),
    ],
)
def test_worked_cases_of_the_two_measure_rules(
    case, eligible, recovered, improved, deteriorated, reliably_recovered
):
    con = warehouse(courses([row for row in COURSES if row["case"] == case]), AS_OF)

    def shares(figure: str) -> tuple[int, int]:
        ((numerator, denominator),) = con.execute(
            "SELECT numerator::INTEGER, denominator FROM mart_figure WHERE figure = ? AND clinic = 'north' AND period = 'all' AND definition = 'standard'",
            [figure],
        ).fetchall()
        return numerator, denominator

    assert shares("recovery_rate") == (recovered, eligible)
    assert shares("reliable_recovery_rate") == (reliably_recovered, eligible)
    assert shares("reliable_improvement_rate") == (improved, 1)
    assert shares("reliable_deterioration_rate") == (deteriorated, 1)
    assert shares("paired_outcome_rate") == (1, 1)


def test_outcome_rates_keep_every_finished_course_in_the_denominator():
    """A course without a pair is no success; one below both cut-offs at the start cannot recover."""
    no_pair = {"case": "6", "dep_first": "20", "dep_last": "", "anx_first": "15", "anx_last": ""}
    con = warehouse(courses([*COURSES, no_pair]), AS_OF)
    assert exact(con, "finished_course") == ["all: 6/- = 6 value"]
    assert exact(con, "paired_outcomes") == ["all: 5/- = 5 value"]
    assert exact(con, "paired_outcome_rate") == ["all: 5/6 = 83.3333 value"]
    assert exact(con, "recovery_rate") == ["all: 2/5 = 40 value"]
    assert exact(con, "reliable_recovery_rate") == ["all: 1/5 = 20 value"]
    assert exact(con, "reliable_improvement_rate") == ["all: 3/6 = 50 value"]
    assert exact(con, "reliable_deterioration_rate") == ["all: 0/6 = 0 zero"]
    assert exact(con, "outcome_mean_first", instrument="phq_9") == ["all: 65/5 = 13 value"]
    assert exact(con, "outcome_mean_change", instrument="phq_9") == ["all: -28/5 = -5.6 value"]


def test_outcome_figures_are_dated_by_the_end_of_the_referral():
    con = warehouse(courses(COURSES), AS_OF)
    assert exact(con, "recovery_rate", grain="quarter") == [
        "2026-Q1: 2/4 = 50 value",
        "2026-Q2: 0/0 = - no_data",
    ]
    assert exact(con, "finished_course", grain="month")[2:4] == [
        "2026-03: 5/- = 5 value",
        "2026-04: 0/- = 0 zero",
    ]


def test_scores_of_follow_ups_and_pairs_of_one_day_do_not_count():
    who = "north | 1"
    site = Site(
        ONE_CLINIC,
        referrals=rows(f"""
            clinic | client | received_on | ended_on   | ending
            {who}           | 2026-01-05  | 2026-03-20 | completed
        """),
        appointments=rows(f"""
            clinic | client | starts_at        | status   | kind      | session
            {who}           | 2026-01-12 10:00 | attended | treatment | 1
            {who}           | 2026-01-19 10:00 | attended | treatment | 2
            {who}           | 2026-03-02 10:00 | attended | follow_up | 3
        """),
        scores=rows(f"""
            clinic | client | instrument | completed_at     | total | session
            {who}           | phq_9      | 2026-01-12 09:50 | 20    |
            {who}           | phq_9      | 2026-01-12 10:50 | 18    |
            {who}           | phq_9      | 2026-01-19 09:50 | 12    | 2
            {who}           | phq_9      | 2026-03-01 20:00 | 3     | 3
            {who}           | gad_7      | 2026-01-12 09:50 | 15    |
            {who}           | gad_7      | 2026-01-12 10:50 | 5     |
        """),
    )
    con = warehouse(site, AS_OF)
    assert con.execute(
        "SELECT instrument, first_score, last_score, scores, paired FROM mart_pair ORDER BY instrument"
    ).fetchall() == [("gad_7", 15, 5, 2, False), ("phq_9", 20, 12, 3, True)]
    assert exact(con, "finished_course") == ["all: 1/- = 1 value"]
    assert exact(con, "paired_outcomes") == ["all: 0/- = 0 zero"]


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


CONTACTS = rows("""
    clinic | client | starts_at        | status                | kind
    north  | 1      | 2026-05-04 10:00 | attended              | assessment
    north  | 1      | 2026-05-11 10:00 | late                  | treatment
    north  | 1      | 2026-06-01 10:00 | attended              | treatment
    north  | 2      | 2026-05-05 10:00 | dna                   | treatment
    north  | 2      | 2026-05-12 10:00 | late_not_seen         | treatment
    north  | 2      | 2026-05-19 10:00 | attended              | follow_up
    north  | 3      | 2026-05-06 10:00 | cancelled_by_client   | treatment
    north  | 3      | 2026-05-13 10:00 | cancelled_by_provider | treatment
    north  | 3      | 2026-05-20 10:00 | booked                | treatment
    north  | 3      | 2026-07-06 10:00 | booked                | treatment
""")


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


DUE_CONTACTS = rows("""
    clinic | client | starts_at        | status   | kind      | session
    north  | 1      | 2026-01-12 10:00 | attended | treatment | 1
    north  | 1      | 2026-01-19 10:00 | attended | treatment | 2
    north  | 1      | 2026-01-26 10:00 | dna      | treatment | 3
    north  | 1      | 2026-02-02 10:00 | attended | treatment | 4
    north  | 1      | 2026-03-02 10:00 | attended | follow_up | 5
""")
DUE_SCORES = rows("""
    clinic | client | instrument | rater     | completed_at     | total | session
    north  | 1      | phq_9      | client    | 2026-01-10 20:00 | 12    | 1
    north  | 1      | phq_9      | client    | 2026-01-19 09:50 |       |
    north  | 1      | phq_9      | client    | 2026-01-26 09:50 | 11    | 3
    north  | 1      | phq_9      | client    | 2026-02-02 09:50 | 10    | 9
    north  | 1      | wai_sr     | therapist | 2026-02-02 11:00 | 40    |
""")


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


def test_raters_are_never_mixed():
    due = rows("""
        service | instrument | rater     | due_when
        adult   | wai_sr     | client    | all
        adult   | wai_sr     | therapist | all
    """)
    con = warehouse(Site(ONE_CLINIC, appointments=DUE_CONTACTS, scores=DUE_SCORES, due=due), AS_OF)
    rate = "questionnaire_completion_rate"
    assert exact(con, rate, definition="standard") == ["all: 0/4 = 0 zero"]
    assert exact(con, rate, definition="therapist_rated") == ["all: 1/4 = 25 value"]
    therapist = exact(con, "alliance_mean", scale="total", definition="therapist_rated")
    assert therapist == ["all: 40/1 = 40 value"]
    assert exact(con, "alliance_mean", definition="standard") == ["all: -/- = - not_applicable"]


ALLIANCE = rows("""
    clinic | client | instrument | completed_at     | session | total | task | bond | goal
    north  | 1      | wai_sr     | 2026-01-12 10:00 | 1       | 49    | 17   | 19   | 13
    north  | 1      | wai_sr     | 2026-01-19 10:00 |         | 33    | 10   | 14   | 9
    north  | 1      | wai_sr     | 2026-02-02 10:00 | 13      | 36    | 12   | 12   | 12
    north  | 1      | wai_sr     |                  | 1       | 50    | 17   | 19   | 14
    north  | 2      | wai_sr     | 2026-02-09 10:00 |         |       | 13   |      |
    north  | 2      | wai_sr     | 2026-07-09 10:00 | 1       | 12    | 4    | 4    | 4
""")


def test_alliance_by_period_and_by_session():
    """Undated forms count by session only; a form without a session takes that of its contact."""
    con = warehouse(Site(ONE_CLINIC, appointments=DUE_CONTACTS, scores=ALLIANCE), AS_OF)
    months = exact(con, "alliance_mean", scale="total", grain="month")
    assert months[:3] == ["2026-01: 82/2 = 41 value", "2026-02: 36/1 = 36 value", "2026-03: 0/0 = - no_data"]
    assert exact(con, "alliance_mean", scale="task", grain="month")[1] == "2026-02: 25/2 = 12.5 value"
    sessions = exact(con, "alliance_by_session", scale="total", grain="session")
    assert [line for line in sessions if "value" in line] == ["1: 99/2 = 49.5 value", "2: 33/1 = 33 value"]
    assert len(sessions) == 12


def test_values_are_exact_and_rounded_half_away_from_zero():
    con = warehouse(Site(ONE_CLINIC), AS_OF)
    ratios = (
        "exact_ratio(1, 3, 100), exact_ratio(2, 3, 100), exact_ratio(-1, 8000, 1), exact_ratio(-3, 20000, 1)"
    )
    assert con.execute(f"SELECT {ratios}, exact_ratio(7, 0, 1)").fetchall() == [
        (Decimal("33.3333"), Decimal("66.6667"), Decimal("-0.0001"), Decimal("-0.0002"), None)
    ]


NOT_APPLICABLE = {
    ("north", "referrals"): (
        "referrals_received",
        "referrals_ended",
        "dropout_rate",
        "finished_course",
        "recovery_rate",
    ),
    ("north", "appointments"): (
        "appointments_held",
        "clients_seen",
        "attendance_rate",
        "dna_rate",
        "recovery_rate",
    ),
}


@pytest.mark.parametrize("lacks", NOT_APPLICABLE)
def test_what_a_site_has_no_feed_for_is_not_applicable(lacks):
    full = courses(COURSES)
    site = Site(
        ONE_CLINIC,
        [] if "referrals" in lacks else full.referrals,
        [] if "appointments" in lacks else full.appointments,
        full.scores,
        lacks=frozenset({lacks}),
    )
    con = warehouse(site, AS_OF)
    for figure in NOT_APPLICABLE[lacks]:
        assert set(exact(con, figure)) == {"all: -/- = - not_applicable"}


def test_without_rules_of_what_is_due_there_is_no_completion_figure():
    con = warehouse(courses(COURSES), AS_OF)
    assert exact(con, "questionnaire_completion_rate") == ["all: -/- = - not_applicable"]


def test_a_rule_for_an_instrument_that_no_feed_brings_is_not_applicable():
    due = rows("service | instrument | rater | due_when\nadult | wai_36 | client | all")
    con = warehouse(Site(ONE_CLINIC, appointments=DUE_CONTACTS, due=due), AS_OF)
    assert exact(con, "questionnaire_completion_rate") == ["all: -/- = - not_applicable"]


def test_outcome_is_not_applicable_where_a_measure_is_never_used():
    full = courses(COURSES)
    scores = [score for score in full.scores if score["instrument"] != "gad_7"]
    con = warehouse(Site(ONE_CLINIC, full.referrals, full.appointments, scores), AS_OF)
    assert exact(con, "recovery_rate") == ["all: -/- = - not_applicable"]
    assert exact(con, "finished_course") == ["all: 5/- = 5 value"]


@pytest.mark.parametrize("other", [{}, {"instrument": "gad_7", "rater": "therapist", "total": "9"}])
def test_a_unit_adds_up_the_clinics_a_figure_applies_to(other):
    """South has no GAD-7 of clients: its finished courses are in no rate that needs one."""
    full = courses(COURSES)
    south = [
        [row | {"clinic": "south"} for row in part]
        for part in (full.referrals, full.appointments, full.scores)
    ]
    depression = [score for score in south[2] if score["instrument"] == "phq_9"]
    therapist = [depression[0] | other] if other else []
    site = Site(
        {"north": "adult", "south": "adult"},
        [*full.referrals, *south[0]],
        [*full.appointments, *south[1]],
        [*full.scores, *depression, *therapist],
    )
    con = warehouse(site, AS_OF)
    assert exact(con, "recovery_rate", service="adult", clinic="south") == ["all: -/- = - not_applicable"]
    assert exact(con, "reliable_improvement_rate", service="adult") == ["all: 3/5 = 60 value"]
    assert exact(con, "finished_course", service="adult") == ["all: 10/- = 10 value"]


def test_periods_run_from_the_first_event_to_as_of():
    con = warehouse(Site(ONE_CLINIC, appointments=CONTACTS), date(2026, 6, 29))
    assert con.execute(
        "SELECT grain, period, title, first_day::VARCHAR, last_day::VARCHAR, closed FROM mart_period "
        "WHERE scaffold = 'period' ORDER BY grain, period"
    ).fetchall() == [
        ("all", "all", "All time", "2026-05-01", "2026-06-29", True),
        ("month", "2026-05", "May 2026", "2026-05-01", "2026-05-31", True),
        ("month", "2026-06", "June 2026", "2026-06-01", "2026-06-30", False),
        ("quarter", "2026-Q2", "April to June 2026", "2026-04-01", "2026-06-30", False),
        ("rolling_12_months", "2026-05", "Twelve months to May 2026", "2025-06-01", "2026-05-31", True),
        ("rolling_12_months", "2026-06", "Twelve months to June 2026", "2025-07-01", "2026-06-30", False),
        ("year", "2026", "2026", "2026-01-01", "2026-12-31", False),
    ]


@pytest.mark.parametrize(
    ("as_of", "closed"),
    [(date(2026, 6, 30), {"2026-05"}), (date(2026, 7, 1), {"2026-05", "2026-06"})],
)
def test_a_period_is_closed_on_the_day_after_its_last(as_of, closed):
    """A run in the night of as_of has not seen that day's records."""
    con = warehouse(Site(ONE_CLINIC, appointments=CONTACTS), as_of)
    found = con.execute("SELECT period FROM mart_period WHERE grain = 'month' AND closed").fetchall()
    assert {period for (period,) in found} == closed


def test_an_empty_site_has_its_figures_too():
    con = warehouse(Site(ONE_CLINIC), AS_OF)
    assert exact(con, "referrals_received", grain="month") == ["2026-06: 0/- = 0 zero"]
    assert exact(con, "attendance_rate", grain="month") == ["2026-06: 0/0 = - no_data"]


def test_every_file_is_a_mart_that_is_built():
    names = {file.name for file in (files("warehouse") / "marts").iterdir()}
    assert names == {f"{name}.sql" for name in (MACROS, *MARTS)}


def test_every_mart_says_grain_sources_and_readers():
    for name in MARTS:
        head = [line for line in mart_sql(name).splitlines() if line.startswith("--")]
        assert head[0].startswith(GRAIN), name
        assert any(line.startswith("-- From: ") for line in head), name
        assert any(line.startswith("-- Read by: ") for line in head), name


def test_every_figure_of_the_dictionary_is_computed_and_none_else():
    cons = [random_warehouse(3), warehouse(random_alliance_site(3), MID_MONTH)]
    query = "SELECT DISTINCT figure FROM mart_fact"
    computed = {row[0] for con in cons for row in con.execute(query).fetchall()}
    assert computed | {"clients_seen"} == {metric.figure for metric in counted_metrics()}


# ---- the same figures computed twice


def counted_metrics() -> list[metrics.Metric]:
    """All but what models estimate, which has tests of its own."""
    return [metric for metric in metrics.load() if metric.kind != "model"]


@cache
def random_warehouse(seed: int) -> duckdb.DuckDBPyConnection:
    return warehouse(random_site(seed), MID_MONTH)


def computed(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, ...], tuple[object, ...]]:
    """All but the figures of the alliance: those are computed again in test_alliance_figures.py."""
    columns = (*MART_FIGURE.key, "numerator", "denominator", "state")
    counted = "SELECT figure, definition FROM mart_metric WHERE kind <> 'model'"
    query = f"SELECT {', '.join(columns)} FROM mart_figure SEMI JOIN ({counted}) USING (figure, definition)"
    found = con.execute(query).fetchall()
    return {row[:8]: row[8:] for row in found if row[0] not in FIGURES_OF_ALLIANCE}


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_equal_a_second_computation(seed):
    site = random_site(seed)
    found = computed(random_warehouse(seed))
    series = {(key[0], key[1], key[6], key[7]) for key in found}
    expected = Figures(site, MID_MONTH).table(series)
    assert found.keys() == expected.keys()
    differing = {key: (found[key], expected[key]) for key in found if found[key] != expected[key]}
    assert differing == {}


def test_the_random_sites_give_every_figure_a_value():
    cons = [random_warehouse(seed) for seed in SEEDS]
    query = (
        "SELECT DISTINCT figure, definition FROM mart_figure WHERE state = 'value' AND numerator IS NOT NULL"
    )
    found = {row for con in cons for row in con.execute(query).fetchall()}
    unused = {"observer_rated", "caregiver_rated"}
    asked = {(m.figure, m.definition) for m in counted_metrics() if m.figure not in FIGURES_OF_ALLIANCE}
    assert {pair for pair in found if pair in asked} == {pair for pair in asked if pair[1] not in unused}


def test_every_value_follows_from_numerator_and_denominator():
    con = random_warehouse(2)
    kinds = {(metric.figure, metric.definition): metric.kind for metric in metrics.load()}
    for row in con.execute(
        "SELECT figure, definition, numerator, denominator, value, n, state FROM mart_figure"
    ).fetchall():
        figure, definition, numerator, denominator, value, n, state = row
        kind = kinds[figure, definition]
        if state in ("not_applicable", "no_data"):
            assert value is None
        elif kind == "model":
            assert (numerator, n) == (None, denominator)
        elif kind == "count":
            assert (value, n) == (numerator, numerator)
        else:
            factor = 100 if kind == "rate" else 1
            ratio = (factor * numerator / denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            assert (value, n) == (ratio, denominator)


def test_marts_are_the_same_for_any_number_of_threads_and_any_order_of_rows():
    site = random_site(7)
    shuffled = replace(site, clinics=dict(reversed(site.clinics.items())))
    one, eight = warehouse(site, MID_MONTH, threads=1), warehouse(shuffled, MID_MONTH, threads=8)
    for name in (*MARTS, "mart_model"):
        query = f"SELECT * FROM {name} ORDER BY ALL"
        assert one.execute(query).fetchall() == eight.execute(query).fetchall(), name
