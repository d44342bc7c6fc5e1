"""The gate on a good candidate and on damaged ones: each damage is found, and no value is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import duckdb
import pytest

from tests.warehouse.candidate import FACTS, RUN
from tests.warehouse.gated import Gated
from warehouse import gate
from warehouse.checks import CRITICAL, WARNING

CANARY = "Canary Featherstone"
CANARY_NUMBER = 87654321


@dataclasses.dataclass(frozen=True)
class Damage:
    """A statement and the failure it must be found by: table, expectation, column."""

    sql: str
    table: str
    expectation: str
    column: str
    severity: str = CRITICAL


WAREHOUSE_DAMAGE = (
    Damage("INSERT INTO core_run SELECT * FROM core_run", "core_run", "unique_key", "name"),
    Damage(
        "ALTER TABLE core_clinic ALTER clinic_name DROP NOT NULL;"
        " UPDATE core_clinic SET clinic_name = NULL WHERE clinic = 'westmere'",
        "core_clinic", "not_null", "clinic_name",
    ),
    Damage(
        f"UPDATE core_scale SET direction = '{CANARY}' WHERE instrument = 'srs'",
        "core_scale", "vocabulary", "direction",
    ),
    Damage("DELETE FROM core_instrument", "core_instrument", "some_rows", ""),
    Damage("UPDATE core_export SET excluded = 2 WHERE entry_no = 1", "core_export", "conservation", "received"),
    Damage(
        "DELETE FROM core_record WHERE fate = 'superseded'", "core_export", "conservation", "superseded"
    ),
    Damage(
        "DELETE FROM administration_srs WHERE source_row = 2", "core_export", "conservation", "administrations"
    ),
    Damage("UPDATE core_export SET bytes = -1 WHERE entry_no = 1", "core_export", "count_range", "bytes"),
    Damage(f"UPDATE core_export SET entry = '{CANARY}' WHERE entry_no = 2", "core_export", "entry_form", "entry"),
    Damage(
        "UPDATE core_export SET refused = 'long_row' WHERE entry_no = 4", "core_export", "vocabulary", "refused"
    ),
    Damage(
        f"UPDATE core_record SET reason = '{CANARY}' WHERE fate = 'excluded'",
        "core_record", "vocabulary", "reason",
    ),
    Damage("UPDATE core_quarantine SET entry_no = 99 WHERE source_row = 7", "core_quarantine", "known", "entry_no"),
    Damage("UPDATE core_quarantine SET rule = 'typo' WHERE source_row = 8", "core_quarantine", "vocabulary", "rule"),
    Damage(
        "DELETE FROM core_referral WHERE source_row = 2", "core_referral", "conservation", ""
    ),
    Damage(
        f"UPDATE core_referral SET clinic = '{CANARY}'", "core_referral", "vocabulary", "clinic"
    ),
    Damage(
        f"UPDATE core_appointment SET status = '{CANARY}' WHERE source_row = 1",
        "core_appointment", "vocabulary", "status",
    ),
    Damage(
        "UPDATE core_appointment SET source_row = 33 WHERE source_row = 2", "core_appointment", "known", "entry_no"
    ),
    Damage(
        "UPDATE administration_gad_7 SET item_03 = 87 WHERE source_row = 1",
        "administration_gad_7", "item_range", "item_03",
    ),
    Damage(
        f"UPDATE administration_gad_7 SET score_total = {CANARY_NUMBER % 100000} WHERE source_row = 2",
        "administration_gad_7", "score_range", "score_total",
    ),
    Damage(
        "UPDATE administration_gad_7 SET status_total = 'too_many_missing' WHERE source_row = 3",
        "administration_gad_7", "score_and_status", "score_total",
    ),
    Damage(
        "UPDATE administration_gad_7 SET status_total = NULL WHERE source_row = 4",
        "administration_gad_7", "not_null", "status_total",
    ),
    Damage(
        "UPDATE administration_gad_7 SET answered_total = 8 WHERE source_row = 4",
        "administration_gad_7", "answered_range", "answered_total",
    ),
    Damage(
        "UPDATE administration_gad_7 SET source_row = 7 WHERE source_row = 5",
        "administration_gad_7", "one_fate", "source_row",
    ),
    Damage(
        "CREATE OR REPLACE TABLE administration_gad_7 AS"
        " SELECT * REPLACE (rater::VARCHAR AS rater) FROM administration_gad_7;"
        f" UPDATE administration_gad_7 SET rater = '{CANARY}' WHERE source_row = 1",
        "administration_gad_7", "vocabulary", "rater",
    ),
    Damage(
        "INSERT INTO core_total_check VALUES (1, 1, 1, 'northvale', 'srs', 'total', 'scored', 36, 99, -63)",
        "core_total_check", "stored_total", "stored_total", WARNING
    ),
    Damage(
        f"UPDATE mart_figure SET state = '{CANARY}' WHERE figure = 'alliance_mean'", "mart_figure", "vocabulary", "state"
    ),
    Damage("UPDATE mart_figure SET value = 101 WHERE figure = 'dna_rate'", "mart_figure", "percent_range", "value"),
    Damage("UPDATE mart_figure SET state = 'no_data' WHERE figure = 'referrals_received'", "mart_figure", "state_and_value", "value"),
    Damage("UPDATE mart_figure SET numerator = 30", "mart_figure", "part_of_whole", "numerator"),
    Damage("UPDATE mart_disclosed SET cause = '' WHERE state = 'suppressed'", "mart_disclosed", "state_and_cause", "cause"),
    Damage("UPDATE mart_disclosed SET period = '2026-09'", "mart_disclosed", "known", "figure"),
    Damage("UPDATE mart_bound SET low_percent = 24.2", "mart_bound", "bounds_hold_the_value", "low_percent"),
    Damage("UPDATE mart_bound SET figure = 'dropout_rate'", "mart_bound", "bounds_hold_the_value", "low_percent"),
)  # fmt: skip

PUBLISHED_DAMAGE = (
    Damage(
        "UPDATE pub_figure SET bound_low = 4 WHERE state = 'suppressed'", "pub_figure", "hidden_number", "state"
    ),
    Damage("UPDATE pub_figure SET held = 3 WHERE held = 0", "pub_figure", "small_count", "held"),
    Damage("UPDATE pub_figure SET bound_low = NULL WHERE held = 5", "pub_figure", "bounds_of_rates", "bound_low"),
    Damage(
        "UPDATE pub_figure SET bound_low = 0, bound_high = 9 WHERE held = 0",
        "pub_figure", "bounds_of_rates", "bound_low",
    ),
    Damage(
        "UPDATE pub_figure SET held = 5 WHERE figure = 'referrals_received' AND clinic = 'all'",
        "pub_figure", "bounds_of_rates", "held",
    ),
    Damage("UPDATE pub_figure SET bound_low = 17 WHERE held = 5", "pub_figure", "bounds_hold_the_value", "value"),
    Damage("UPDATE pub_figure SET bound_high = 47 WHERE held = 5", "pub_figure", "bounds_of_published", "bound_low"),
    Damage(
        "UPDATE pub_figure SET n = 3 WHERE state = 'suppressed'", "pub_figure", "hidden_number", "state"
    ),
    Damage(
        f"UPDATE pub_figure SET state = '{CANARY}' WHERE service = 'adult' AND clinic = 'all'",
        "pub_figure", "vocabulary", "state",
    ),
    Damage(
        "UPDATE pub_figure SET numerator = 17 WHERE figure = 'referrals_received' AND clinic = 'all'",
        "pub_figure", "rounded_count", "numerator",
    ),
    Damage(
        "UPDATE pub_figure SET value = 17 WHERE figure = 'referrals_received' AND clinic = 'all'",
        "pub_figure", "rounded_count", "value",
    ),
    Damage(
        "UPDATE pub_figure SET denominator = 4 WHERE figure = 'dna_rate' AND state = 'value'",
        "pub_figure", "small_count", "denominator",
    ),
    Damage(
        "UPDATE pub_figure SET denominator = 4 WHERE figure = 'dna_rate' AND state = 'value'",
        "pub_figure", "rate_denominator", "denominator",
    ),
    Damage(
        "UPDATE pub_figure SET value = 61 WHERE figure = 'dna_rate' AND state = 'value'",
        "pub_figure", "rate_of_rounded", "value",
    ),
    Damage("UPDATE pub_figure SET n = 5 WHERE figure = 'alliance_mean'", "pub_figure", "mean_cases", "n"),
    Damage(
        "UPDATE pub_figure SET value = 34.5678 WHERE figure = 'alliance_mean'", "pub_figure", "mean_decimals", "value"
    ),
    Damage(
        "UPDATE pub_figure SET numerator = 690 WHERE figure = 'alliance_mean'", "pub_figure", "mean_sum", "numerator"
    ),
    Damage(
        "UPDATE pub_figure SET n = NULL WHERE state = 'update_withheld' AND figure = 'dna_rate'",
        "pub_figure", "whole_figure", "n",
    ),
    Damage(
        "UPDATE pub_figure SET numerator = NULL WHERE figure = 'dna_rate' AND service = 'all'",
        "pub_figure", "whole_figure", "numerator",
    ),
    Damage(
        "UPDATE pub_figure SET denominator = NULL WHERE figure = 'alliance_mean'",
        "pub_figure", "whole_figure", "denominator",
    ),
    Damage(
        "UPDATE pub_figure SET n = 20 WHERE figure = 'referrals_received' AND service = 'adult' AND clinic = 'all'",
        "pub_figure", "told_twice", "value",
    ),
    Damage("DELETE FROM pub_unit WHERE clinic = 'westmere'", "pub_figure", "known", "clinic"),
    Damage("DELETE FROM pub_period", "pub_figure", "known", "period"),
    Damage(
        f"INSERT INTO pub_figure SELECT * REPLACE ('{CANARY}' AS figure) FROM pub_figure LIMIT 1",
        "pub_figure", "known", "figure",
    ),
    Damage("INSERT INTO pub_figure SELECT * FROM pub_figure LIMIT 1", "pub_figure", "unique_key", ""),
    Damage(f"UPDATE pub_quality SET clinic = '{CANARY}'", "pub_quality", "vocabulary", "clinic"),
    Damage("UPDATE pub_quality SET received = 13", "pub_quality", "rounded_count", "received"),
    Damage("UPDATE pub_quality SET excluded = NULL", "pub_quality", "hidden_line", "accepted"),
    Damage(
        "UPDATE pub_quality SET (accepted, quarantined, excluded, superseded, totals_compared) ="
        " (NULL, NULL, NULL, NULL, 20)",
        "pub_quality", "hidden_line", "accepted",
    ),
    Damage("UPDATE pub_quality SET superseded = 1", "pub_quality", "small_count", "superseded"),
    Damage("UPDATE pub_run SET value = 'another' WHERE name = 'run'", "pub_run", "this_run", "value"),
    Damage(f"INSERT INTO pub_run VALUES ('{CANARY}', '1')", "pub_run", "vocabulary", "name"),
)  # fmt: skip


@pytest.fixture(scope="module")
def damaged(gated) -> Gated:
    return gated([one.sql for one in WAREHOUSE_DAMAGE], [one.sql for one in PUBLISHED_DAMAGE])


def test_a_good_candidate_passes(good):
    assert good.result.failures == ()
    assert (good.result.verdict, good.result.failed, good.result.critical_failed) == ("passed", 0, 0)
    assert good.result.checked > 300
    assert good.result.report == good.folder / RUN / "index.html"


def test_the_report_of_equal_candidates_is_equal(gated, good):
    again = gated()
    for name in ("index.html", "gate.json"):
        assert (again.folder / RUN / name).read_bytes() == (good.folder / RUN / name).read_bytes()


@pytest.mark.parametrize(
    "damage", [*WAREHOUSE_DAMAGE, *PUBLISHED_DAMAGE], ids=lambda one: f"{one.table}-{one.expectation}-{one.column}"
)  # fmt: skip
def test_damage_is_found_by_name(damaged, damage):
    found = [
        one
        for one in damaged.result.failures
        if (one.table, one.expectation, one.column) == (damage.table, damage.expectation, damage.column)
    ]
    assert [one.severity for one in found] == [damage.severity]
    assert found[0].unexpected_count
    assert damage.table in found[0].message


def test_a_damaged_candidate_fails(damaged):
    result = damaged.result
    assert result.verdict == "failed"
    assert result.failed == len(result.failures)
    assert result.critical_failed == sum(one.severity == CRITICAL for one in result.failures)
    assert 0 < result.critical_failed < result.failed


def test_nothing_is_said(good, damaged):
    assert (good.said, damaged.said) == ("", "")


def test_no_failing_value_is_seen_anywhere(damaged):
    seen = damaged.text()
    for value in (CANARY, "Canary", "Featherstone", str(CANARY_NUMBER % 100000), "34.5678", "another"):
        assert value not in seen


def test_counts_are_those_of_the_broken_rows(damaged):
    counts = {
        (one.table, one.expectation, one.column): one.unexpected_count for one in damaged.result.failures
    }
    assert counts["core_total_check", "stored_total", "stored_total"] == 1
    assert counts["administration_gad_7", "item_range", "item_03"] == 1
    assert counts["core_referral", "vocabulary", "clinic"] == 1


def test_warnings_do_not_block(gated):
    late = gated(as_of=dt.date(2026, 12, 31), feeds=(*FACTS.feeds, "westmere-forms"))
    assert late.result.verdict == "passed"
    assert late.result.critical_failed == 0
    assert late.failures() == {("core_export", "feed_silent", "feed")}
    assert late.result.failed == 4


def test_a_refused_file_and_many_quarantined_records_warn(gated):
    busy = gated([
        "UPDATE core_export SET arrived_at = TIMESTAMP '2026-10-30' WHERE refused IS NOT NULL",
        "UPDATE core_export SET quarantined = 3, excluded = 0 WHERE entry_no = 1",
        "UPDATE core_record SET fate = 'quarantined', reason = 'out_of_range' WHERE fate = 'excluded'",
        "INSERT INTO core_quarantine VALUES (1, 9, '', '', 'short_row')",
    ])  # fmt: skip
    assert busy.result.verdict == "passed"
    assert busy.failures() == {
        ("core_export", "feed_refused", "feed"),
        ("core_export", "feed_quarantined", "feed"),
    }


def test_tables_that_are_missing_or_foreign(gated):
    strange = gated(
        [
            "DROP TABLE core_record",
            "DROP TABLE administration_srs",
            "CREATE TABLE administration_unknown (client_key UBIGINT)",
            "CREATE OR REPLACE TABLE core_referral AS"
            " SELECT * REPLACE (age_years::VARCHAR AS age_years) FROM core_referral",
        ],
        [
            f"CREATE TABLE person AS SELECT '{CANARY}' AS name",
            "ALTER TABLE pub_quality ADD COLUMN client_key UBIGINT",
        ],
    )
    assert strange.failures() == {
        ("core_record", "columns", ""),
        ("administration_srs", "columns", ""),
        ("core_referral", "columns", ""),
        ("", "tables", ""),
        ("pub_quality", "columns", ""),
    }
    tables = [one.message for one in strange.result.failures if one.expectation == "tables"]
    assert sorted(message.split(":")[0] for message in tables) == ["published file", "warehouse"]
    assert CANARY not in strange.text()
    states = {
        (one["table"], one["state"])
        for one in json.loads((strange.folder / RUN / "gate.json").read_text())["expectations"]
    }
    assert ("core_record", "not_run") in states
    assert ("core_appointment", "passed") in states


def test_an_expectation_that_cannot_be_run_fails_without_its_error(gated, monkeypatch):
    def with_bad_query(*arguments):
        for one in original(*arguments):
            if one.name == "this_run":
                sql = "SELECT 1 AS broken FROM {batch} WHERE CAST(value AS INTEGER) > 0"
                one = dataclasses.replace(one, check=type(one.check)(sql))
            yield one

    original = gate.publication_expectations
    monkeypatch.setattr(gate, "publication_expectations", with_bad_query)
    result = gated([], [f"UPDATE pub_run SET value = '{CANARY}'"])
    assert result.failures() == {("pub_run", "this_run", "value")}
    assert result.result.verdict == "failed"
    assert result.result.failures[0].unexpected_count is None
    assert CANARY not in result.text()


def test_the_candidate_is_left_as_it_was_and_free(gated, good):
    folder = good.folder.parent
    assert {path.name for path in folder.iterdir()} == {"warehouse.duckdb", "published.duckdb", "quality"}
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("CREATE TABLE writable (n INTEGER)")
