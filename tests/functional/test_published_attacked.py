"""What is published of made-up services, attacked: nothing about one to threshold - 1 people may follow from it.

Few services here; with ACCORD_ATTACK=all in the environment three hundred, of all shapes, ten of them large.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import pytest

from schemas import metrics
from schemas.site import Disclosure
from tests.lib.attacker import Breach, Publication, attack
from tests.lib.best_suppression import fewest_hidden
from tests.lib.course_site import course_site
from tests.lib.naive_schemes import primary_only
from tests.lib.released import POLICY, exactly, published
from tests.lib.service_warehouse import known_of, open_periods
from tests.lib.small_services import given, small_service
from tests.lib.small_warehouse import instruments, warehouse
from tests.lib.statements import rows_of
from warehouse.disclosure import publish_tables
from warehouse.policy_rows import QUARTER_ENDS

ALL = os.environ.get("ACCORD_ATTACK") == "all"
SERVICES = 300 if ALL else 25
IN_ONE_TEST = 5
SMALL, LARGE = (3, 9), (8, 30)
"""Most clinics and months."""
EACH = 30
"""One of so many is large, where all are attacked."""


@pytest.mark.parametrize("first", range(0, SERVICES, IN_ONE_TEST))
def test_nothing_follows_from_what_is_published(first, tmp_path):
    breaches: dict[int, list[Breach]] = {}
    for seed in range(first, first + IN_ONE_TEST):
        service = small_service(seed, *(LARGE if ALL and seed % EACH == 0 else SMALL))
        found = attack([published(service, tmp_path)], exactly(service), POLICY, enough=3)
        breaches |= {seed: found} if found else {}
    assert not breaches


def test_nothing_follows_from_figures_of_every_kind(tmp_path):
    """A small site through its own marts, with all figures of the dictionary."""
    as_of = date(2026, 3, 31)
    with warehouse(course_site(1), as_of) as con:
        rows, known = known_of(con)
        publish_tables(
            con, tmp_path / "out.duckdb", POLICY, {"as_of": as_of.isoformat()}, metrics.load(), instruments()
        )
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as con:
        public = Publication(rows_of(con, "pub_figure"), known)
    assert not attack([public], Publication(rows, known), POLICY, enough=3)


@pytest.mark.parametrize(
    "policy",
    [Disclosure(3, 5), Disclosure(5, 1), Disclosure(8, 10)],
    ids=lambda one: f"{one.threshold}-{one.round_to}",
)
def test_nothing_follows_under_another_policy(policy, tmp_path):
    for seed in range(3):
        service = small_service(seed, most_clinics=2, most_months=6)
        assert not attack([published(service, tmp_path, policy)], exactly(service), policy, enough=3)


def test_nothing_follows_in_whole_numbers(tmp_path):
    """Small services, since whole numbers take long: an attacker who allows no fractions of people."""
    figures = [
        ("referrals_received", "standard"),
        ("referrals_ended", "standard"),
        ("finished_course", "standard"),
    ]
    for seed in range(30 if ALL else 8):
        draw = np.random.default_rng(seed)
        ended = draw.poisson(8, (2, 4))
        finished = draw.binomial(ended, 0.6)
        # What is still open is not below zero, so that as many are received at first as end at all.
        received = draw.poisson(3, (2, 4)) + np.pad(ended.sum(axis=1)[:, None], ((0, 0), (0, 3)))
        counts = {"received": received, "ended": ended, "finished": finished}
        service = given({name: table.tolist() for name, table in counts.items()}, figures)
        assert not attack([published(service, tmp_path)], exactly(service), POLICY, enough=1, whole=True)


def test_no_more_is_hidden_than_twice_what_has_to_be(tmp_path):
    """Two clinics and four months of referrals, so few that the fewest rows to hide can be found out."""
    ours = best = 0
    for seed in range(10 if ALL else 5):
        counts = np.random.default_rng(seed).poisson(6, (2, 4))
        service = given({"received": counts.tolist()}, [("referrals_received", "standard")])
        plain = primary_only([*filter(_is_told, service.rows)], POLICY, open_periods(service))
        best += len(fewest_hidden(plain, exactly(service), POLICY))
        ours += _hidden(published(service, tmp_path).rows) - _hidden(plain)
        assert not attack([published(service, tmp_path)], exactly(service), POLICY)
    print(f"hidden beyond the small ones: {ours}, at least {best}")
    assert best <= ours <= 2 * best


def _is_told(row: dict) -> bool:
    """Rolling years are told to the ends of quarters."""
    return row["grain"] != "rolling_12_months" or row["period"][-2:] in QUARTER_ENDS


def _hidden(rows: Sequence[dict]) -> int:
    return sum(row["state"] == "suppressed" for row in rows)
