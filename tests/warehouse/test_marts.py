"""What holds for figures of every theme: raters, periods, units, what does not apply; and each mart's own words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files

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
from warehouse.marts import GRAIN, MACROS, MARTS, mart_sql


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
