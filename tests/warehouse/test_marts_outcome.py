"""Outcome of finished courses: the worked cases of the two-measure rules, pairs, and when each counts."""

from __future__ import annotations

import pytest

from tests.lib.exact_figures import (
    AS_OF,
    COURSES,
    ONE_CLINIC,
    courses,
    exact,
)
from tests.lib.small_warehouse import Site, warehouse
from tests.lib.tables import rows


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


def test_outcome_is_not_applicable_where_a_measure_is_never_used():
    full = courses(COURSES)
    scores = [score for score in full.scores if score["instrument"] != "gad_7"]
    con = warehouse(Site(ONE_CLINIC, full.referrals, full.appointments, scores), AS_OF)
    assert exact(con, "recovery_rate") == ["all: -/- = - not_applicable"]
    assert exact(con, "finished_course") == ["all: 5/- = 5 value"]
