"""Every figure but the alliance's, computed a second time in plain Python over random sites."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import duckdb
import pytest

from schemas import metrics
from schemas.tables import MART_FIGURE
from tests.lib.plain_alliance import FIGURES as FIGURES_OF_ALLIANCE
from tests.lib.plain_figures import Figures
from tests.lib.random_alliance import random_alliance_site
from tests.lib.random_site import random_site
from tests.lib.small_warehouse import warehouse
from warehouse.marts import MARTS

MID_MONTH = date(2026, 6, 17)
"""as_of of the random sites: what happens after it is in a month that has figures."""
SEEDS = range(6)


def test_every_figure_of_the_dictionary_is_computed_and_none_else():
    cons = [random_warehouse(3), warehouse(random_alliance_site(3), MID_MONTH)]
    query = "SELECT DISTINCT figure FROM mart_fact"
    computed = {row[0] for con in cons for row in con.execute(query).fetchall()}
    assert computed | {"clients_seen"} == {metric.figure for metric in counted_metrics()}


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
