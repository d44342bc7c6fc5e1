"""The published file of a run, and what is kept of it as a release."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.build import process_work
from flows.publication import keep_release, planned, publication_digests
from flows.run import begin, make_candidate
from schemas.published import PUBLISHED
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import copied
from warehouse import manifest
from warehouse.releases import NO_RELEASE, earlier

NEXT = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("as_of", "is_release", "why"),
    [("2026-10-31", False, ""), ("2026-09-01", False, ""), ("2026-11-01", True, "closed")],
)
def test_whether_a_run_is_a_release(
    first_night: Path, tmp_path: Path, as_of: str, is_release: bool, why: str
):
    site = copied(first_night, tmp_path / "site")
    run = begin(site, KEY, NEXT, date.fromisoformat(as_of))
    assert (run.plan.is_release, run.plan.why) == (is_release, why)
    assert run.plan == planned(run.setup, run.inputs, run.history)


def test_what_is_kept_is_what_was_published(site: Path):
    run = begin(site, KEY, NEXT, date(2026, 11, 1))
    for work in run.waiting():
        process_work(run.setup, work, run.store)
    make_candidate(run)
    rows = publication_digests(run.publication)
    assert set(rows) == {table.name for table in PUBLISHED}
    digest = keep_release(run.setup, run.inputs, run.history, run.id, run.candidate, run.publication)
    kept = earlier(site).releases[-1]
    assert (kept.run, kept.sha256, kept.as_of) == (run.id, digest, date(2026, 11, 1))
    assert {name: len(found) for name, found in kept.words.items()} == {
        name: rows[name]["rows"] for name in kept.words
    }
    found = pl.read_parquet(kept.rows)
    assert len(found) == rows["pub_figure"]["rows"]
    attendance = found.filter(pl.col("figure") == "attendance_rate", pl.col("service") == "adult")
    clinics = {tuple(row["clinics"]) for row in attendance.to_dicts() if row["clinic"] == "all"}
    assert clinics == {("northvale",)}


def test_a_run_that_ended_before_its_record_is_no_release_once_a_record_says_it_failed(site: Path):
    """The file is written before the record that says it is there."""
    [run] = manifest.history(site)
    [first] = earlier(site).releases
    later = "20261101T223000Z-00000000"
    first.rows.with_name(f"{later}.release.parquet").write_bytes(first.rows.read_bytes())
    assert [one.run for one in earlier(site).releases] == [first.run, later]
    manifest.write(site, replace(run, run=later, state="failed", release={}))
    assert [one.run for one in earlier(site).releases] == [first.run]
    assert begin(site, KEY, NEXT).plan == NO_RELEASE
