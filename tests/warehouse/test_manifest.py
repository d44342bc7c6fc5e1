"""Records of runs: written once, read again, and a damaged one hides no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import ArchiveError, ConfigError
from warehouse import manifest
from warehouse.manifest import Counts, FileCounts, Manifest

NOW = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
RUN = "20261031T223000Z-0123abcd"
PUBLISHED = Manifest(
    run=RUN,
    state="published",
    started_at=NOW.isoformat(),
    finished_at=NOW.isoformat(),
    as_of="2026-10-31",
    inputs={"as_of": "2026-10-31", "instruments": {"gad_7": "ab"}},
    ledger_seq=7,
    site_toml='[site]\nname = "Zürich"\n',
    forms={"own.toml": "id"},
    counts=Counts(10, 7, 1, {"preview": 1}, 1, 2, 0),
    digests={"core_export": {"rows": 2, "sha256": "cd"}},
    gate={"verdict": "passed"},
    warnings=("one",),
    versions={"python": "3.11"},
    disclosure={"policy": "0123abcd", "method": "2", "words": "counts below 5 hidden"},
)
FAILED = replace(PUBLISHED, run="20261101T223000Z-0123abcd", state="failed", counts=None, as_of="", inputs={})
IDLE = replace(PUBLISHED, run="20261102T223000Z-0123abcd", state="idle", same_as=RUN)
FILES = (
    FileCounts("north", "00" * 8, 10, 7, 1, {"preview": 1}, 1, None),
    FileCounts("south", "11" * 8, 0, 0, 0, {}, 0, "missing_column", "g2, g3"),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for one in (FAILED, IDLE, PUBLISHED):
        manifest.write(tmp_path, one)
    manifest.write_entries(tmp_path, RUN, FILES, {"core_export": {"00" * 8: "ef"}})
    return tmp_path


def test_a_record_is_read_as_it_was_written(site: Path):
    for one in (PUBLISHED, FAILED, IDLE):
        assert manifest.read(site, one.run) == one


def test_runs_in_order_of_time(site: Path):
    assert manifest.history(site) == [PUBLISHED, FAILED, IDLE]


def test_latest_is_the_newest_that_made_figures(site: Path):
    assert manifest.read(site, "latest") == PUBLISHED
    refused = replace(PUBLISHED, run="20261103T223000Z-0123abcd", state="refused")
    manifest.write(site, refused)
    assert manifest.read(site, "latest") == refused


@pytest.mark.parametrize("run", ["20261031T223000Z-ffffffff", "..", "", "a/b", f"{RUN}.entries"])
def test_a_run_that_is_not_there(site: Path, run: str):
    with pytest.raises(ConfigError, match="there is no run"):
        manifest.read(site, run)


def test_no_run_has_made_figures(tmp_path: Path):
    manifest.write(tmp_path, FAILED)
    with pytest.raises(ConfigError, match="no run has made figures"):
        manifest.read(tmp_path, "latest")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"counts": 1, "warnings": []}'])
def test_a_damaged_record_is_named_and_hides_no_other(site: Path, content: bytes):
    (site / "runs" / f"{FAILED.run}.json").write_bytes(content)
    assert manifest.history(site) == [PUBLISHED, IDLE]
    assert manifest.damaged(site) == [FAILED.run]
    with pytest.raises(ArchiveError, match=f"runs/{FAILED.run}.json cannot be read: restore it"):
        manifest.read(site, FAILED.run)
    assert manifest.is_there(site, FAILED.run)


def test_what_other_programs_leave_is_no_run(site: Path):
    for name in ("notes.json", ".20261031T223000Z-0123abcd.json.1.tmp", "20261031.json"):
        (site / "runs" / name).write_text("{", encoding="utf-8")
    assert manifest.damaged(site) == []
    assert len(manifest.history(site)) == 3


def test_counts_of_deliveries(site: Path):
    assert manifest.read_files(site, RUN) == FILES
    assert manifest.read_entry_digests(site, RUN) == {"core_export": {"00" * 8: "ef"}}
    assert manifest.read_files(site, FAILED.run) == ()
    assert manifest.read_entry_digests(site, FAILED.run) == {}


@pytest.mark.parametrize("damage", [lambda content: b"x", lambda content: content[:-9], lambda content: b""])
def test_damaged_counts_of_deliveries(site: Path, damage):
    path = site / "runs" / f"{RUN}.entries.json.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArchiveError, match="cannot be read: restore it"):
        manifest.read_files(site, RUN)


def test_equal_records_are_equal_bytes(tmp_path: Path):
    first, second = (manifest.write(tmp_path / name, PUBLISHED).read_bytes() for name in "ab")
    assert first == second
    first, second = (manifest.write_entries(tmp_path / name, RUN, FILES, {}).read_bytes() for name in "ab")
    assert first == second


def test_only_the_owner_reads_them(site: Path):
    assert (site / "runs").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (site / "runs").iterdir()} == {0o600}


def test_run_ids():
    assert manifest.run_id(NOW, "0123abcdef") == RUN
    assert manifest.RUN_ID.fullmatch(RUN)


def test_the_newest_id_is_that_of_any_run_readable_or_not(site: Path):
    assert manifest.newest(site) == IDLE.run
    for name in ("20261103T223000Z-0123abcd", "20261399T999999Z-0123abcd", "notes"):
        (site / "runs" / f"{name}.json").write_text("{", encoding="utf-8")
    assert manifest.newest(site) == "20261103T223000Z-0123abcd"
    assert manifest.time_of(RUN) == NOW
    assert manifest.newest(site / "elsewhere") == ""
    with pytest.raises(ConfigError, match="no run"):
        manifest.time_of("latest")
