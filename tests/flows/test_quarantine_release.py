"""Rows that people have dealt with elsewhere leave the quarantine, with a reason on record.

How a whole file is let through is tested with the detector, in tests/functional/test_detector.py.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.quarantine import listed, shown
from flows.quarantine_release import release, release_rows
from flows.report import run_lines
from flows.rerun import rerun
from schemas.errors import ConfigError
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import run_night
from tests.lib.walkthrough import file
from warehouse import ledger, manifest

REASON = "the clinic has closed"
FORMS = "forms-may.csv"


def test_released_rows_are_superseded_by_the_next_run_and_earlier_runs_stay_as_they_were(broken: Path):
    before = manifest.read(broken, "latest")
    said = release_rows(broken, FORMS, "9-11, 2", REASON, NOW + timedelta(hours=1))
    assert "4 rows released by hand" in said[0]
    payload = ledger.read(broken)[-1].payload
    assert (payload["rows"], payload["reason"]) == ([2, 9, 10, 11], REASON)
    run_night(broken, NOW + timedelta(days=1), gate=False)
    after = manifest.read(broken, "latest")
    assert (before.counts.quarantined, before.counts.superseded) == (12, 0)
    assert (after.counts.quarantined, after.counts.superseded) == (8, 4)
    assert after.counts.received == after.counts.accepted + 12
    assert {2, 9, 10, 11}.isdisjoint({row["source_row"] for row in shown(broken, file=FORMS)})
    assert not rerun(broken, before.run, KEY).differs
    assert not rerun(broken, after.run, KEY).differs


def test_a_file_is_named_by_its_entry_too(broken: Path):
    entry = str(shown(broken, file=FORMS)[0]["entry"])
    assert "1 row released" in release_rows(broken, entry, "2", REASON, NOW)[0]


@pytest.mark.parametrize(
    ("what", "rows", "reason", "said"),
    [
        (FORMS, "2", "short", "say what became of the rows"),
        (FORMS, "", REASON, "give row numbers"),
        (FORMS, "2;3", REASON, "give row numbers"),
        (FORMS, "0", REASON, "give row numbers"),
        (FORMS, "5-3", REASON, "give row numbers"),
        (FORMS, "1-999999999", REASON, "give row numbers"),
        (FORMS, "1,2,12", REASON, "not in quarantine: row 1, 12;"),
        (FORMS, "99", REASON, "not in quarantine: row 99;"),
        ("no-such.csv", "2", REASON, "no delivery has this entry or file name"),
    ],
)
def test_what_is_not_released(broken_site: Path, what: str, rows: str, reason: str, said: str):
    lines = len(ledger.read(broken_site))
    with pytest.raises(ConfigError, match=said):
        release_rows(broken_site, what, rows, reason, NOW)
    assert len(ledger.read(broken_site)) == lines


def test_of_two_files_of_one_name_the_entry_tells_which(broken: Path):
    again = file(mended=False).replace(b"C-1,1", b"C-1,7").replace(b"C-12,2", b"C-12,7")
    (broken / "inbox" / "northvale" / FORMS).write_bytes(again)
    run_night(broken, NOW + timedelta(days=1), gate=False)
    with pytest.raises(ConfigError, match="several files are meant"):
        release_rows(broken, FORMS, "2", REASON, NOW)


CUT = "forms-cut.csv"


def refused_once(site: Path) -> manifest.Manifest:
    (site / "inbox" / "northvale" / CUT).write_bytes(b"PID;Done\nC-1;2026-05-01\n")
    return run_night(site, NOW + timedelta(days=1), gate=False).record


def test_a_refused_file_is_let_go_when_it_needs_no_mending(broken: Path):
    before = refused_once(broken)
    said = release(broken, CUT, REASON, NOW + timedelta(days=1, hours=1))
    assert "is let go: wrong_delimiter" in said[0]
    after = run_night(broken, NOW + timedelta(days=2), gate=False).record
    assert CUT not in {one["file"] for one in listed(broken)}
    assert not [line for line in run_lines(broken, after) if CUT in line]
    assert after.counts == before.counts
    assert after.counts.files_refused == 1
    with pytest.raises(ConfigError, match="was released before"):
        release(broken, CUT, REASON, NOW + timedelta(days=3))
    for run in (before.run, after.run):
        assert not rerun(broken, run, KEY).differs


def test_a_refused_snapshot_waits_for_nothing_once_a_newer_one_came(broken: Path):
    toml = broken / "site.toml"
    feed = 'path = "inbox/northvale/forms*.csv"'
    toml.write_text(toml.read_text("utf-8").replace(feed, f'{feed}\ndelivery = "snapshot"'), "utf-8")
    refused_once(broken)
    assert CUT in {one["file"] for one in listed(broken)}
    (broken / "inbox" / "northvale" / "forms-june.csv").write_bytes(file(mended=True))
    run_night(broken, NOW + timedelta(days=2), gate=False)
    assert {one["file"] for one in listed(broken)} == {"diary.csv"}
