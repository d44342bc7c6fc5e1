"""Figures of the alliance from core tables, computed a second time in plain Python."""

from __future__ import annotations

from datetime import date
from functools import cache

import duckdb
import pytest

from schemas import metrics
from schemas.tables import MART_FIGURE
from tests.lib.plain_alliance import FIGURES, AllianceFigures
from tests.lib.random_alliance import random_alliance_site
from tests.lib.small_warehouse import Site, warehouse
from warehouse.marts import MARTS

MID_MONTH = date(2026, 6, 17)
SEEDS = range(6)


@cache
def random_warehouse(seed: int) -> duckdb.DuckDBPyConnection:
    return warehouse(random_alliance_site(seed), MID_MONTH)


def computed(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, ...], tuple[object, ...]]:
    columns = ", ".join((*MART_FIGURE.key, "numerator", "denominator", "state"))
    found = con.execute(f"SELECT {columns} FROM mart_figure WHERE figure IN {FIGURES}").fetchall()
    return {row[:8]: row[8:] for row in found}


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_equal_a_second_computation(seed):
    found = computed(random_warehouse(seed))
    series = {(key[0], key[1], key[6], key[7]) for key in found}
    expected = AllianceFigures(random_alliance_site(seed), MID_MONTH).table(series)
    assert found.keys() == expected.keys()
    differing = {key: (found[key], expected[key]) for key in found if found[key] != expected[key]}
    assert differing == {}


def test_the_random_sites_give_every_figure_a_value():
    cons = [random_warehouse(seed) for seed in SEEDS]
    query = (
        f"SELECT DISTINCT figure, definition FROM mart_figure WHERE figure IN {FIGURES} AND state = 'value'"
    )
    found = {row for con in cons for row in con.execute(query).fetchall()}
    unused = {"observer_rated", "caregiver_rated", "wai_s", "wai_36", "arm_5", "haq_2"}
    asked = {(m.figure, m.definition) for m in metrics.load() if m.figure in FIGURES}
    assert found == {(figure, made) for figure, made in asked if made not in unused}


def test_marts_are_the_same_for_any_number_of_threads_and_any_order_of_clinics():
    site = random_alliance_site(7)
    turned = Site(
        dict(reversed(site.clinics.items())), site.referrals, site.appointments, site.scores, site.due,
        site.lacks, site.rules, site.thresholds, site.measure_for,
    )  # fmt: skip
    one, eight = warehouse(site, MID_MONTH, threads=1), warehouse(turned, MID_MONTH, threads=8)
    for name in MARTS:
        query = f"SELECT * FROM {name} ORDER BY ALL"
        assert one.execute(query).fetchall() == eight.execute(query).fetchall(), name
