"""What models are fed, counted a second time in plain Python; units, needs, storing; nothing for nothing."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.lib.course_site import course_site
from tests.lib.small_warehouse import Row, Site, warehouse
from warehouse import models
from warehouse.model_frames import FEWEST, rounded
from warehouse.models import Estimate

AS_OF = date(2026, 3, 31)
ROOT = Path(__file__).parents[2]
UNITS: Mapping[tuple[str, str], frozenset[str]] = {
    ("all", "all"): frozenset({"harbour", "mill", "north", "south"}),
    ("adult", "all"): frozenset({"north", "south"}),
    ("young", "all"): frozenset({"harbour", "mill"}),
    ("adult", "north"): frozenset({"north"}),
    ("adult", "south"): frozenset({"south"}),
    ("young", "harbour"): frozenset({"harbour"}),
    ("young", "mill"): frozenset({"mill"}),
}
FOLLOWED = frozenset({"harbour", "north", "south"})
"""Clinics with referrals."""


@cache
def site() -> Site:
    return course_site(1)


@cache
def built() -> duckdb.DuckDBPyConnection:
    return warehouse(site(), AS_OF)


def estimates(
    con: duckdb.DuckDBPyConnection, figure: str, definition: str = "standard", scale: str = "total"
):
    """(service, clinic) -> (value, n), of all time."""
    query = (
        "SELECT service, clinic, value, n FROM mart_model"
        " WHERE figure = ? AND definition = ? AND period = 'all' AND scale = ?"
    )
    found = con.execute(query, [figure, definition, scale]).fetchall()
    return {(service, clinic): (value, n) for service, clinic, value, n in found}


# ---- the courses, counted again


class Course:
    """What a client of the site did, in plain Python."""

    def __init__(self, client: str) -> None:
        mine = [[row for row in rows if row["client"] == client] for rows in
                (site().referrals, site().appointments, site().scores)]  # fmt: skip
        self.referral = next(iter(mine[0]), None)
        self.visits = sorted(
            (r for r in mine[1] if r["status"] in ("attended", "late")), key=lambda r: r["starts_at"]
        )
        self.clinic = (mine[1] or mine[2])[0]["clinic"]
        self.forms = sorted(mine[2], key=lambda r: r["completed_at"])

    @property
    def treatments(self) -> int:
        return sum(visit["kind"] == "treatment" for visit in self.visits)

    @property
    def ended(self) -> bool:
        return bool(self.referral and self.referral.get("ended_on", "9999") <= f"{AS_OF}")

    @property
    def cause(self) -> int:
        ending = self.referral.get("ending")
        return {"dropped_out": 1, "completed": 2}.get(ending, 3) if self.ended else 0

    @property
    def landmark(self) -> str | None:
        days = [visit["starts_at"][:10] for visit in self.visits if visit["kind"] != "follow_up"]
        return days[4] if self.referral and len(days) >= 5 else None

    def alliance(self, rater: str = "client") -> list[Row]:
        return [form for form in self.forms if form["instrument"] == "wai_sr" and form["rater"] == rater]

    def early(self, until: str = "9999") -> list[Row]:
        return [
            form
            for form in self.alliance()
            if form["session"] in "345" and form["completed_at"][:10] <= until
        ]

    def outcomes(self) -> list[tuple[str, int]]:
        """(day, score) without those of follow-ups: the contact of the day says so, if it has no other."""
        kinds = defaultdict(set)
        for visit in self.visits:
            kinds[visit["starts_at"][:10]].add(visit["kind"])
        scored = [(f["completed_at"][:10], int(f["total"])) for f in self.forms if f["instrument"] == "phq_9"]
        return [(day, score) for day, score in scored if kinds[day] != {"follow_up"}]


@cache
def courses() -> list[Course]:
    clients = {
        row["client"] for rows in (site().referrals, site().appointments, site().scores) for row in rows
    }
    return [Course(client) for client in sorted(clients)]


def mean(forms: list[Row]) -> float:
    return round(sum(int(form["total"]) for form in forms) / len(forms), 4)


def landmarked() -> Iterator[tuple[Course, float]]:
    for course in courses():
        if course.landmark and (early := course.early(course.landmark)):
            yield course, mean(early)


def of_unit(cases: list[tuple[str, tuple]], unit: tuple[str, str]) -> np.ndarray | None:
    inside = [case for clinic, case in cases if clinic in UNITS[unit]]
    return np.array(inside, dtype=float).T if len(inside) >= FEWEST else None


def expected(cases: list[tuple[str, tuple]], estimator: Callable[..., Estimate | None]):
    """(service, clinic) -> (value, n) of the units with cases enough."""
    found = {}
    for unit in UNITS:
        columns = of_unit(cases, unit)
        estimate = estimator(*columns) if columns is not None else None
        if estimate:
            found[unit] = (rounded(estimate.value), estimate.n)
    return found


# ---- the same estimates from them


def test_cumulative_incidence_of_all_units():
    ended = [(c.clinic, (c.treatments, c.cause)) for c in courses() if c.referral and c.treatments]
    found = built().execute(
        "SELECT figure, service, clinic, period, value, n FROM mart_model WHERE grain = 'session'"
        " AND figure NOT LIKE '%_low' AND figure NOT LIKE '%_high'"
    ).fetchall()  # fmt: skip
    wanted = {}
    for service, clinic in UNITS:
        columns = of_unit(ended, (service, clinic))
        if columns is None:
            continue
        curves = models.cumulative_incidence(*columns.astype(np.int64), 3, 12)
        for name, curve in zip(("dropout", "planned_ending", "other_ending"), curves, strict=True):
            for session, estimate in enumerate(curve, 1):
                if estimate:
                    key = (f"{name}_cumulative_incidence", service, clinic, str(session))
                    wanted[key] = (rounded(estimate.value), estimate.n)
    assert {tuple(row[:4]): row[4:] for row in found} == wanted
    assert {unit[1] for unit in wanted} <= {"all", "adult", "young"}
    assert len({key[1:3] for key in wanted}) == 5


def test_landmark_correlation_of_all_units():
    cases = []
    for course, early in landmarked():
        known = [one for one in course.outcomes() if one[0] <= course.landmark]
        later = [one for one in course.outcomes() if one[0] > course.landmark]
        if later and known and known[0][0] < known[-1][0]:
            first, at, last = known[0][1], known[-1][1], later[-1][1]
            cases.append((course.clinic, (at - last, early, first, first - at)))
    found = estimates(built(), "landmark_outcome_correlation", "phq_9")
    assert found == expected(cases, models.partial_correlation)
    assert {("all", "all"), ("adult", "all"), ("young", "all")} <= found.keys()
    assert found["all", "all"][0] > 0


def test_landmark_odds_ratio_of_all_units():
    cases = [
        (course.clinic, (course.cause == 1, early))
        for course, early in landmarked()
        if course.ended and course.referral["ended_on"] > course.landmark
    ]
    found = estimates(built(), "landmark_dropout_odds_ratio")
    assert found == expected(cases, lambda event, early: models.odds_ratio(event.astype(bool), early))
    assert found["all", "all"][0] < 1


def test_variance_of_early_alliance_counts_episodes_with_a_clinician():
    """Whoever the form does not name is the clinician of the contact; single clinics have no shares."""
    seen = Counter()
    for course in courses():
        days = {visit["starts_at"][:10] for visit in course.visits}
        early = course.early()
        # Contacts have no numbers here, so a form belongs to that of its day.
        if any(form["clinician_key"] or form["completed_at"][:10] in days for form in early):
            seen[course.clinic] += 1
    found = estimates(built(), "alliance_variance_clinician")
    assert {unit: n for unit, (_, n) in found.items()} == {
        unit: sum(seen[clinic] for clinic in clinics) for unit, clinics in UNITS.items() if unit[1] == "all"
    }
    assert found["all", "all"][0] > 10


def test_early_alliance_is_that_of_the_figures():
    of_course = (
        "SELECT clinic, client_key, episode_no, early FROM mart_alliance_course WHERE early IS NOT NULL"
    )
    of_figure = "SELECT clinic, client_key, episode_no, score FROM mart_alliance_early WHERE rater = 'client'"
    found = [sorted(built().execute(query).fetchall()) for query in (of_course, of_figure)]
    assert len(found[0]) > 200
    assert found[0] == found[1]


def test_slope_of_all_units_counts_episodes_with_three_scores():
    wanted = Counter(course.clinic for course in courses() if len(course.alliance()) >= 3)
    found = estimates(built(), "alliance_slope")
    assert {unit: n for unit, (_, n) in found.items()} == {
        unit: n for unit, clinics in UNITS.items() if (n := sum(wanted[c] for c in clinics)) >= FEWEST
    }


def test_slope_is_that_of_the_scores():
    rows = [(c.clinic, int(f["session"]) - 3, int(f["total"]), i) for i, c in enumerate(courses())
            for f in c.alliance() if len(c.alliance()) >= 3]  # fmt: skip
    _, x, y, episode = (np.array(column) for column in zip(*rows, strict=True))
    inner = [
        (x[episode == e] - x[episode == e].mean(), y[episode == e] - y[episode == e].mean())
        for e in set(episode)
    ]
    within = sum(dx @ dy for dx, dy in inner) / sum(dx @ dx for dx, _ in inner)
    value, _ = estimates(built(), "alliance_slope")["all", "all"]
    assert float(value) == pytest.approx(within, abs=0.05)


@pytest.mark.parametrize("scale", ["total", "task", "bond", "goal"])
def test_alpha_of_first_forms(scale):
    items = {"total": range(1, 13), "task": (1, 2, 10, 12), "bond": (3, 5, 7, 9), "goal": (4, 6, 8, 11)}[
        scale
    ]
    first = [course.alliance()[0] for course in courses() if course.alliance()]
    answers = np.array([[int(form[f"item_{item:02}"]) for item in items] for form in first])
    k = len(items)
    alpha = k / (k - 1) * (1 - answers.var(axis=0, ddof=1).sum() / answers.sum(axis=1).var(ddof=1))
    value, n = estimates(built(), "scale_alpha", scale=scale)["all", "all"]
    assert (float(value), n) == (pytest.approx(alpha, abs=1e-4), len(first))
    assert len(estimates(built(), "scale_alpha", scale=scale)) == 1


def test_agreement_is_that_of_the_observers_who_together_rated_most():
    segments = defaultdict(dict)
    for course in courses():
        for form in course.alliance("observer"):
            segments[form["client"], form["segment"]][form["rater_id"]] = int(form["total"])
    pair = [(s["ann"], s["ben"]) for s in segments.values() if set(s) == {"ann", "ben"}]
    value, n = estimates(built(), "rater_icc_2k", "observer_rated")["all", "all"]
    assert (value, n) == (rounded(models.icc_2k(np.array(pair, dtype=float)).value), len(pair))


def test_a_clinic_whose_sessions_nobody_observes_has_no_agreement_and_stops_no_other():
    """Its service and the whole site have that of the others."""
    observed = [row for row in site().scores if row["clinic"] != "harbour" or row.get("rater") != "observer"]
    found = estimates(warehouse(replace(site(), scores=observed), AS_OF), "rater_icc_2k", "observer_rated")
    assert ("all", "all") in found
    assert ("young", "harbour") not in found


# ---- units, needs, storing


def test_a_clinic_without_the_feed_takes_no_part():
    """mill has no referrals; its alliance has a slope all the same."""
    figures = built().execute("SELECT DISTINCT figure FROM mart_model WHERE clinic = 'mill'").fetchall()
    assert {figure.removesuffix("_low").removesuffix("_high") for (figure,) in figures} == {"alliance_slope"}


def test_estimates_are_figures_and_what_has_none_says_so():
    query = "SELECT state, value, n FROM mart_figure WHERE figure = 'alliance_slope' AND clinic = ? AND instrument = 'wai_sr'"
    (state, value, n), = built().execute(query, ["north"]).fetchall()  # fmt: skip
    assert (state, (value, n)) == ("value", estimates(built(), "alliance_slope")["adult", "north"])
    assert built().execute(query, ["south"]).fetchall() == [("no_data", None, 0)]


def test_every_estimate_lies_in_its_interval():
    rows = built().execute("""
        SELECT e.figure, low.value <= e.value AND e.value <= high.value AND low.n = e.n
        FROM mart_model AS e
        JOIN mart_model AS low ON low.figure = e.figure || '_low'
            AND (low.definition, low.service, low.clinic, low.period, low.instrument, low.scale)
            = (e.definition, e.service, e.clinic, e.period, e.instrument, e.scale)
        JOIN mart_model AS high ON high.figure = e.figure || '_high'
            AND (high.definition, high.service, high.clinic, high.period, high.instrument, high.scale)
            = (e.definition, e.service, e.clinic, e.period, e.instrument, e.scale)
    """).fetchall()  # fmt: skip
    assert {figure for figure, _ in rows} == {
        "dropout_cumulative_incidence", "planned_ending_cumulative_incidence", "other_ending_cumulative_incidence",
        "landmark_outcome_correlation", "landmark_dropout_odds_ratio", "alliance_variance_clinician",
        "alliance_variance_clinic", "alliance_slope", "scale_alpha", "rater_icc_2k",
    }  # fmt: skip
    assert [figure for figure, holds in rows if not holds] == []


def test_estimates_are_the_same_for_any_number_of_threads_and_any_order_of_rows():
    plain = site()
    turned = Site(
        dict(reversed(plain.clinics.items())), plain.referrals[::-1], plain.appointments[::-1], plain.scores[::-1],
        lacks=plain.lacks,
    )  # fmt: skip
    query = "SELECT * FROM mart_model ORDER BY ALL"
    one, eight = (
        warehouse(s, AS_OF, threads).execute(query).fetchall() for s, threads in ((plain, 1), (turned, 8))
    )
    assert len(one) > 500
    assert one == eight


@pytest.mark.parametrize(
    ("value", "stored"), [(0.00005, "0.0001"), (0.00003, "0.0000"), (-1.23455, "-1.2346"), (2.5, "2.5000")]
)
def test_four_decimals(value, stored):
    assert rounded(value) == Decimal(stored)


def test_half_goes_to_even():
    """Halves that a binary number can hold exactly: 1/32 of a thousandth has them not, 0.03125 has."""
    assert [rounded(value) for value in (0.03125, 0.09375)] == [Decimal("0.0312"), Decimal("0.0938")]


def test_nothing_to_estimate_loads_no_library():
    code = (
        "import sys; from datetime import date; from tests.lib.course_site import course_site;"
        "from tests.lib.small_warehouse import warehouse;"
        "con = warehouse(course_site(1, clients=25), date(2026, 3, 31));"
        "print(con.execute('SELECT count(*) FROM mart_model').fetchone()[0],"
        " sorted({'scipy', 'statsmodels', 'threadpoolctl'} & sys.modules.keys()))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.stdout.splitlines()[-1:] == ["0 []"], result.stderr


def test_what_is_no_number_is_not_stored():
    values = built().execute("SELECT value FROM mart_model").fetchall()
    assert all(math.isfinite(value) for (value,) in values)
