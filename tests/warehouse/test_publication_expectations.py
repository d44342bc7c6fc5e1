"""What the gate asks of published figures: each rule on a few rows, without Great Expectations."""

from __future__ import annotations

import dataclasses
import datetime as dt

import duckdb
import pytest

from schemas.published import PUBLISHED
from schemas.site import Disclosure
from tests.warehouse.candidate import FACTS, RUN, fill, published_rows
from warehouse.checks import NoRows, counting_query
from warehouse.publication_expectations import publication_expectations


def broken(tmp_path, rows: dict[str, list[dict[str, object]]], policy: Disclosure = FACTS.policy) -> set[str]:
    """Names of the expectations on pub_figure that these published rows break."""
    path = tmp_path / "published.duckdb"
    fill(path, PUBLISHED, rows)
    suite = publication_expectations(dataclasses.replace(FACTS, policy=policy), RUN)
    with duckdb.connect(str(path), read_only=True) as con:
        return {
            one.name
            for one in suite
            if one.table == "pub_figure" and isinstance(one.check, NoRows)
            if con.execute(counting_query(one)).fetchall() != [(0,)]
        }


def with_state(state: str, figure: str, **numbers: object) -> dict[str, list[dict[str, object]]]:
    """The good publication with one more row, of a clinic and month that has none."""
    rows = published_rows()
    unit = {"referrals_received": "referrals", "dna_rate": "%", "alliance_mean": "points"}[figure]
    rows["pub_figure"].append(
        {
            "figure": figure, "definition": "standard", "service": "adult", "clinic": "northvale",
            "grain": "month", "period": "2026-09", "instrument": "", "scale": "", "unit": unit,
            "state": state, **numbers,
        }
    )  # fmt: skip
    return rows


EARLIER_COUNT = {"numerator": 10, "value": 10, "n": 10}
EARLIER_RATE = {"numerator": 10, "denominator": 40, "value": 25, "n": 40}
EARLIER_MEAN = {"denominator": 20, "value": 31.5, "n": 20}


@pytest.mark.parametrize(
    ("figure", "numbers"),
    [
        ("referrals_received", {}),
        ("referrals_received", EARLIER_COUNT),
        ("referrals_received", {"numerator": 0, "value": 0, "n": 0}),
        ("dna_rate", EARLIER_RATE),
        ("dna_rate", EARLIER_RATE | {"held": 5, "bound_low": 6, "bound_high": 49}),
        ("dna_rate", {"numerator": 0, "denominator": 0, "n": 0}),
        ("alliance_mean", EARLIER_MEAN),
    ],
)
def test_a_withheld_update_has_no_number_or_those_of_an_earlier_release(tmp_path, figure, numbers):
    assert broken(tmp_path, with_state("update_withheld", figure, **numbers)) == set()


@pytest.mark.parametrize(
    ("figure", "numbers", "rule"),
    [
        ("referrals_received", {"n": 10}, "withheld_number"),
        ("dna_rate", {"denominator": 40, "n": 40}, "withheld_number"),
        ("dna_rate", {"bound_low": 5, "bound_high": 10}, "withheld_number"),
        ("referrals_received", {"numerator": 10, "value": 10}, "whole_figure"),
        ("dna_rate", EARLIER_RATE | {"denominator": None}, "whole_figure"),
        ("alliance_mean", EARLIER_MEAN | {"n": None}, "whole_figure"),
        ("referrals_received", {"numerator": 7, "value": 7, "n": 7}, "rounded_count"),
        ("dna_rate", {"numerator": 5, "denominator": 15, "value": 33.3, "n": 15}, "rate_denominator"),
        ("dna_rate", EARLIER_RATE | {"value": 30}, "rate_of_rounded"),
        ("alliance_mean", {"denominator": 5, "value": 31.5, "n": 5}, "mean_cases"),
    ],
)
def test_earlier_numbers_obey_the_rules_of_all_numbers(tmp_path, figure, numbers, rule):
    assert rule in broken(tmp_path, with_state("update_withheld", figure, **numbers))


@pytest.mark.parametrize("number", ["numerator", "denominator", "n", "held", "bound_low"])
def test_a_suppressed_figure_has_no_number(tmp_path, number):
    assert "hidden_number" in broken(tmp_path, with_state("suppressed", "dna_rate", **{number: 20}))


def test_no_number_before_the_period_is_over(tmp_path):
    rows = published_rows()
    rows["pub_figure"][-1] |= EARLIER_COUNT
    assert broken(tmp_path, rows) == {"open_period"}


class TestToldTwice:
    """A service of one clinic is that clinic, and a year is the twelve months to its December."""

    @pytest.fixture
    def rows(self) -> dict[str, list[dict[str, object]]]:
        rows = published_rows()
        rows["pub_unit"] = [one for one in rows["pub_unit"] if one["clinic"] != "westmere"]
        rows["pub_figure"] = []
        for grain, period in (("year", "2025"), ("rolling_12_months", "2025-12")):
            days = {"first_day": dt.date(2025, 1, 1), "last_day": dt.date(2025, 12, 31), "closed": True}
            rows["pub_period"].append({"grain": grain, "period": period, "title": period} | days)
            for service, clinic in (("all", "all"), ("adult", "all"), ("adult", "northvale")):
                cell = {"service": service, "clinic": clinic, "grain": grain, "period": period}
                rows["pub_figure"].append(
                    with_state("value", "referrals_received", **EARLIER_COUNT)["pub_figure"][-1] | cell
                )
        return rows

    def test_the_same(self, tmp_path, rows):
        assert broken(tmp_path, rows) == set()

    @pytest.mark.parametrize("place", range(6))
    def test_another_number(self, tmp_path, rows, place):
        rows["pub_figure"][place] |= {"numerator": 15, "value": 15, "n": 15}
        assert broken(tmp_path, rows) == {"told_twice"}

    def test_hidden_here_and_told_there(self, tmp_path, rows):
        rows["pub_figure"][3] |= {"numerator": None, "value": None, "n": None, "state": "suppressed"}
        assert broken(tmp_path, rows) == {"told_twice"}

    def test_an_earlier_number_may_be_another(self, tmp_path, rows):
        rows["pub_figure"][2] |= {"numerator": 5, "value": 5, "n": 5, "state": "update_withheld"}
        assert broken(tmp_path, rows) == set()

    def test_two_clinics_are_not_one(self, tmp_path, rows):
        rows["pub_unit"].append({"service": "adult", "clinic": "westmere", "title": "Westmere"})
        for place in (2, 5):
            rows["pub_figure"][place] |= {"numerator": 5, "value": 5, "n": 5}
        assert broken(tmp_path, rows) == set()


@pytest.mark.parametrize(
    "policy",
    [Disclosure(grains=("quarter", "year")), Disclosure(by_clinic=False)],
    ids=["month", "clinic"],
)
def test_what_the_policy_does_not_cross_is_not_told(tmp_path, policy):
    assert broken(tmp_path, published_rows(), policy) == {"policy"}


@pytest.mark.parametrize("grain", ["session", "stage"])
def test_sessions_and_stages_only_where_the_policy_has_them(tmp_path, grain):
    rows = published_rows()
    rows["pub_figure"] = [
        with_state("suppressed", "dna_rate")["pub_figure"][-1] | {"grain": grain, "period": "1"}
    ]
    without = dataclasses.replace(FACTS.policy, **{f"by_{grain}": False})
    assert broken(tmp_path, rows) == set()
    (tmp_path / "published.duckdb").unlink()
    assert broken(tmp_path, rows, without) == {"policy"}
