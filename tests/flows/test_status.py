"""status.json as the page reads it, the lists of runs, and the summary that scripts read."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from flows import status as statuses
from flows.status import line_of, summary
from tests.flows.test_night import NEXT, damage_candidate
from tests.lib.handmade_site import FILES, NOW
from tests.lib.nights import Night, copied, run_night, status
from warehouse import manifest
from warehouse.read import read_status

FILE_KEYS = {
    "feed", "file", "entry", "received", "accepted", "quarantined", "excluded", "superseded", "refused",
}  # fmt: skip
SUMMARY_KEYS = {
    "run", "state", "published", "received", "accepted", "quarantined", "excluded", "superseded", "files",
    "files_refused",
}  # fmt: skip


@pytest.fixture(scope="module")
def four(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a run of each state. Only to be read."""
    site = copied(first_night, tmp_path_factory.mktemp("four") / "site")
    run_night(site, NEXT)
    days = [NEXT + timedelta(days=n) for n in (1, 2)]
    run_night(site, days[0], as_of=NOW.date().replace(day=1), before={"gate": lambda: damage_candidate(site)})
    run_night(site, days[1], environ={})
    return site


def test_each_state_has_its_line(four: Path):
    assert [one["state"] for one in status(four)["runs"]] == ["published", "idle", "refused", "failed"]


def test_the_page_can_read_each(four: Path, first_night: Path):
    found = read_status(four / "published")
    assert found is not None
    assert [run.state for run in found.runs] == ["failed", "refused", "idle", "published"] or len(
        found.runs
    ) == 4
    assert found.last_run.state == "failed"
    assert found.last_run.received is None
    assert found.published_run == manifest.history(four)[0].run
    first = read_status(first_night / "published")
    assert first is not None
    assert first.gate.verdict == "passed"
    assert first.gate.checked > 100
    assert {feed.feed for feed in first.freshness} >= {"north-gad", "south-srs"}


def test_what_is_published_is_said_beside_what_ran_last(four: Path):
    said = status(four)
    assert said["last_run"]["run"] != said["published_run"]
    assert said["published_as_of"] == said["released_as_of"] == "2026-10-31"


def test_counts_of_the_last_run_close(first_night: Path):
    last = status(first_night)["last_run"]
    fates = last["accepted"] + last["quarantined"] + sum(last["excluded"].values()) + last["superseded"]
    assert last["received"] == fates > 0


def test_the_newest_fifty_runs(site: Path):
    [run] = manifest.history(site)
    for number in range(60):
        manifest.write(site, manifest.Manifest(**{**vars(run), "run": f"20261101T{number:06}Z-00000000"}))
    statuses.write(site, run, "Europe/London")
    runs = status(site)["runs"]
    assert len(runs) == 50
    assert runs[-1]["run"] == "20261101T000059Z-00000000"


def test_a_damaged_status_is_written_anew(site: Path):
    (site / "published" / "status.json").write_text("{", encoding="utf-8")
    run_night(site, NEXT, environ={})
    assert status(site)["freshness"] == []
    (site / "published" / "status.json").write_text("{", encoding="utf-8")
    run_night(site, NEXT)
    assert status(site)["freshness"] != []


def test_a_line_has_the_same_keys_in_every_state(four: Path):
    assert len({tuple(line_of(one)) for one in manifest.history(four)}) == 1


class TestSummary:
    def test_published(self, first: tuple[Path, Night]):
        site, night = first
        found = summary(site, night.record)
        assert set(found) >= SUMMARY_KEYS
        assert (found["state"], found["published"], found["files_refused"]) == ("published", True, 1)
        assert {file["file"] for file in found["files"]} == set(FILES)
        for file in found["files"]:
            assert set(file) == FILE_KEYS
            fates = file["accepted"] + file["quarantined"] + file["excluded"] + file["superseded"]
            assert file["received"] == fates
        assert found["received"] == sum(file["received"] for file in found["files"])
        [refused] = [file for file in found["files"] if file["refused"]]
        assert (refused["file"], refused["refused"]) == ("gad-3.csv", "missing_column")
        assert len(refused["entry"]) == 16
        assert json.loads(json.dumps(found)) == found

    def test_idle_has_the_files_of_the_run_it_is_the_same_as(self, site: Path):
        night = run_night(site, NEXT)
        found = summary(site, night.record)
        assert (found["state"], found["published"]) == ("idle", False)
        assert {file["file"] for file in found["files"]} == set(FILES)

    def test_failed_has_no_counts(self, four: Path):
        found = summary(four, manifest.history(four)[-1])
        assert (found["state"], found["published"], found["files"], found["received"]) == (
            "failed",
            False,
            [],
            None,
        )
        assert found["message"]
