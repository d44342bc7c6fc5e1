"""Suites are generated: from tables, registry, site. Great Expectations is not needed to read them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections import Counter

import duckdb
import pytest

from schemas.published import PUBLISHED
from schemas.site import Disclosure
from schemas.tables import CORE, MART_FIGURE, administration_table
from tests.warehouse.candidate import FACTS, INSTRUMENTS, RUN, good_publication, good_warehouse
from warehouse.checks import (
    CRITICAL,
    WARNING,
    Between,
    Catalogue,
    Expectation,
    NotNull,
    OneOf,
    SomeRows,
    counting_query,
    literal,
)
from warehouse.expectations import warehouse_expectations
from warehouse.publication_expectations import publication_expectations

ROWS = {"administration_gad_7": 6, "administration_srs": 2}


def on_warehouse() -> list[Expectation]:
    return list(warehouse_expectations(INSTRUMENTS, FACTS, ROWS))


def on_publication() -> list[Expectation]:
    return list(publication_expectations(FACTS, RUN))


def test_every_required_column_of_every_table_is_expected_to_be_filled():
    wide = [administration_table(one.id, one.n_items, one.scale_ids) for one in INSTRUMENTS]
    required = {
        (table.name, column.name)
        for table in (*CORE, *wide, MART_FIGURE, *PUBLISHED)
        for column in table.columns
        if not column.nullable
    }
    expected = {
        (one.table, one.column)
        for one in (*on_warehouse(), *on_publication())
        if one.check == NotNull() and one.severity == CRITICAL
    }
    assert required <= expected


def test_every_table_has_its_key_and_its_columns_expected():
    by_name = Counter((one.name, one.table) for one in (*on_warehouse(), *on_publication()))
    for table in (*CORE, MART_FIGURE, *PUBLISHED):
        assert by_name["unique_key", table.name] == 1
        assert by_name["columns", table.name] == 1


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.id)
def test_ranges_come_from_the_registry(instrument):
    its = [one for one in on_warehouse() if one.table == f"administration_{instrument.id}"]
    items = {one.column: one.check for one in its if one.name == "item_range"}
    assert tuple(items) == instrument.item_columns
    allowed = {*range(instrument.step_min, instrument.step_max + 1), -102, -103, -104}
    assert all(isinstance(check, OneOf) and set(check.values) == allowed for check in items.values())
    scores = {one.column: one.check for one in its if one.name == "score_range"}
    assert scores == {f"score_{scale.id}": Between(*scale.range) for scale in instrument.scales}


def test_an_instrument_nobody_answered_costs_one_look_at_its_columns():
    quiet = warehouse_expectations(INSTRUMENTS, FACTS, {"administration_gad_7": 0, "administration_srs": 2})
    assert [one.name for one in quiet if one.table == "administration_gad_7"] == ["columns"]


def test_what_blocks_and_what_warns():
    severities = {one.name: one.severity for one in on_warehouse() if one.table == "core_export"}
    assert severities["conservation"] == CRITICAL
    assert severities["feed_silent"] == severities["feed_quarantined"] == WARNING
    assert {one.severity for one in on_publication() if one.name == "hidden_number"} == {CRITICAL}


def test_disclosure_settings_are_those_of_the_site():
    words = {one.words for one in on_publication()}
    assert {"n is a multiple of 5", "n is 0 or at least 5"} <= words


@pytest.mark.parametrize(
    ("threshold", "round_to", "least"), [(5, 5, 5), (7, 5, 5), (8, 5, 10), (10, 10, 10), (3, 5, 5)]
)
def test_the_least_shown_count_is_the_threshold_rounded(threshold, round_to, least):
    facts = dataclasses.replace(FACTS, policy=Disclosure(threshold, round_to))
    words = {one.words for one in publication_expectations(facts, RUN)}
    assert f"n is 0 or at least {least}" in words


def test_sizes_of_rates_and_means_are_those_of_the_site():
    facts = dataclasses.replace(FACTS, policy=Disclosure(rate_denominator=30, mean_cases=13))
    words = {one.words for one in publication_expectations(facts, RUN)}
    assert {"a rate has a denominator of at least 30", "a mean is of at least 15 cases"} <= words


def test_no_query_selects_a_column_of_the_data():
    for one in (*on_warehouse(), *on_publication()):
        sql = getattr(one.check, "sql", "SELECT 1 AS broken")
        assert sql.startswith("SELECT 1 AS broken"), one
        assert isinstance(one.check, Catalogue) == (one.name in {"columns", "tables"})


def test_the_query_given_to_people_counts_none_on_a_good_candidate(tmp_path):
    for path, suite in (
        (good_warehouse(tmp_path / "warehouse.duckdb"), on_warehouse()),
        (good_publication(tmp_path / "published.duckdb"), on_publication()),
    ):
        with duckdb.connect(str(path), read_only=True) as con:
            for one in suite:
                counted = con.execute(counting_query(one)).fetchall()[0][0]
                assert (counted > 0) == (one.check == SomeRows()), one


def test_literals_are_safe_for_formatter_and_parameters():
    assert literal("it's :a {b}") == r"'it''s \:a {{b}}'"


def test_reading_the_suites_does_not_load_great_expectations():
    code = "import sys, warehouse.gate, warehouse.expectations; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
