"""A past run is built again and compared; whatever is no longer as it was is said, and nothing is touched."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from flows.rerun import rerun
from schemas.errors import ConfigError
from schemas.site import Disclosure
from tests.flows.test_night import NEXT, damage_candidate, deliver
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import run_night, tree
from warehouse import archive, manifest


def entry_of(site: Path, file: str) -> archive.Entry:
    [entry] = [one for one in archive.deliveries(site) if one.file == file]
    return entry


def flip(site: Path, file: str, old: bytes, new: bytes) -> str:
    """Change archived bytes in place, as a bad disk or a bad hand would; the entry."""
    entry = entry_of(site, file)
    path = archive.locate(site, entry)
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    return entry.entry


class TestTheSame:
    def test_a_published_run(self, site: Path):
        before = tree(site)
        report = rerun(site, "latest", KEY)
        assert (report.differs, report.changed, report.places) == (False, (), ())
        assert report.verdict == f"0 differences in {report.tables} tables, {report.rows:,} rows"
        assert report.tables >= 20
        assert report.lines()[-1] == report.verdict
        assert json.loads(json.dumps(report.as_json()))["differs"] is False
        assert tree(site) == before

    def test_a_site_that_goes_on(self, site: Path):
        """site.toml is edited and a night follows: the old run is what it was, by its own configuration."""
        first = manifest.read(site, "latest").run
        toml = site / "site.toml"
        toml.write_text(
            toml.read_text(encoding="utf-8").replace("Hand Made", "Made by Hand"), encoding="utf-8"
        )
        deliver(site, "gad-9.csv", "gad-2.csv")
        run_night(site, NEXT, gate=False)
        report = rerun(site, first, KEY)
        assert not report.differs
        assert report.changed == ("config: site.toml was changed; the run's own configuration is used",)
        assert report.run == first
        assert not rerun(site, "latest", KEY).differs

    def test_an_idle_run_is_the_run_whose_figures_it_left(self, site: Path):
        idle = run_night(site, NEXT).record
        assert idle is not None
        report = rerun(site, idle.run, KEY)
        assert (report.run, report.differs) == (idle.same_as, False)

    def test_site_toml_that_cannot_be_read_any_more(self, site: Path):
        (site / "site.toml").unlink()
        report = rerun(site, "latest", KEY)
        assert not report.differs
        assert report.changed[0].startswith("config: site.toml cannot be read now")


class TestRefusedRun:
    def test_it_was_damaged_after_it_was_built(self, site: Path):
        """The rebuild is sound, the rejected candidate is not: that is a difference, and where it lies."""
        deliver(site, "gad-9.csv", "gad-2.csv")
        night = run_night(site, NEXT, before={"gate": lambda: damage_candidate(site)})
        assert night.record is not None
        report = rerun(site, "latest", KEY)
        assert report.run == night.record.run
        assert report.differing == ("core_export",)
        assert report.places == ("core_export, row with entry_no 1, column accepted: differs",)


class TestData:
    def test_one_answer_byte(self, site: Path):
        entry = flip(site, "gad-2.csv", b"0,0,0,0,0,0,0", b"0,0,1,0,0,0,0")
        report = rerun(site, "latest", KEY)
        assert report.differs
        [said] = [one for one in report.changed if one.startswith("data:")]
        assert entry in said
        assert "administration_gad_7" in report.differing
        number = entry_of(site, "gad-2.csv").entry_no
        cell = f"administration_gad_7, row with entry_no {number}, source_row 1"
        assert [one for one in report.places if one.startswith(cell) and "column item_02" in one]

    def test_a_byte_that_no_figure_comes_from(self, site: Path):
        entry = flip(site, "gad-2.csv", b"Note\n", b"note\n")
        report = rerun(site, "latest", KEY)
        assert report.differing == ()
        assert report.differs
        assert entry in report.changed[0]
        assert "not what was delivered" in report.verdict

    def test_a_missing_file(self, site: Path):
        entry = entry_of(site, "gad-2.csv")
        archive.locate(site, entry).unlink()
        report = rerun(site, "latest", KEY)
        assert f"entry {entry.entry}" in report.changed[0]
        assert "core_export" in report.differing
        assert f"core_export, row with entry_no {entry.entry_no}: is missing from the second" in report.places

    def test_a_changed_file_name(self, site: Path):
        entry = entry_of(site, "gad-2.csv")
        path = archive.locate(site, entry)
        path.with_name(f"{entry.sha256}.{entry.entry}.name").write_text("other.csv", encoding="utf-8")
        report = rerun(site, "latest", KEY)
        assert report.differs
        assert entry.entry in report.unbuilt

    def test_a_warehouse_no_longer_kept(self, site: Path):
        """Differences are told by table and source file, from the digests kept with the run."""
        entry = flip(site, "gad-2.csv", b"0,0,0,0,0,0,0", b"0,0,1,0,0,0,0")
        for path in (site / "warehouse").iterdir():
            path.unlink()
        report = rerun(site, "latest", KEY)
        assert f"administration_gad_7, rows of entry {entry}" in report.places
        (site / "runs" / f"{report.run}.entries.json.gz").write_bytes(b"x")
        assert rerun(site, "latest", KEY).differing == report.differing

    def test_a_warehouse_changed_by_hand(self, site: Path):
        """What is compared is the rebuild and the record: a later change of the file is another matter."""
        link = site / "warehouse" / "current"
        link.resolve().write_bytes(b"x")
        assert not rerun(site, "latest", KEY).differs


class TestDecisions:
    def test_a_line_changed(self, site: Path):
        text = (site / "ledger").read_bytes()
        (site / "ledger").write_bytes(text.replace(b"north-gad", b"north-gat", 1))
        report = rerun(site, "latest", KEY)
        assert report.differs
        assert "ledger, line 1: is not what was written" in report.unbuilt
        assert report.changed[-1].startswith("decision: ledger, line 1")

    def test_lines_cut_off(self, site: Path):
        lines = (site / "ledger").read_bytes().splitlines(keepends=True)
        (site / "ledger").write_bytes(b"".join(lines[:-2]))
        (site / "warehouse" / "current").resolve().unlink()
        report = rerun(site, "latest", KEY)
        assert "decision: the ledger up to this run is not what the run saw" in report.changed
        assert {"core_export", "core_run"} <= set(report.differing)
        assert [one for one in report.places if one.startswith("core_run: ")]

    def test_a_line_after_the_run(self, site: Path):
        """Damage that the run never saw is not its own; the nights stop at it."""
        first = manifest.read(site, "latest").run
        (site / "ledger").write_bytes((site / "ledger").read_bytes() + b'{"seq": "?"}\n')
        assert not rerun(site, first, KEY).differs


class TestPolicy:
    def test_every_night_records_it(self, site: Path):
        first = manifest.read(site, "latest")
        assert first.disclosure == Disclosure().record()
        idle = run_night(site, NEXT).record
        assert idle is not None
        assert idle.disclosure == first.disclosure

    def test_the_site_has_another_one_now(self, site: Path):
        """The run is rebuilt by its own: the figures are the same, and the policy is named."""
        toml = site / "site.toml"
        text = toml.read_text(encoding="utf-8")
        toml.write_text(f"{text}\n[disclosure]\nmean_cases = 12\n", encoding="utf-8")
        report = rerun(site, "latest", KEY)
        assert not report.differs
        assert report.changed == (
            "config: site.toml was changed; the run's own configuration is used",
            "policy: [disclosure] of site.toml says otherwise now; the run's own policy is used",
        )

    def test_it_is_applied_otherwise(self, site: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("schemas.policy.METHOD", "another")
        report = rerun(site, "latest", KEY)
        assert report.changed == ("policy: the rules of disclosure control are other ones than the run had",)


class TestKey:
    def test_it_is_lost(self, site: Path):
        report = rerun(site, "latest", {})
        assert report.differs
        assert "restore it from backup" in report.unbuilt
        assert not (site / "secret.key").exists()

    def test_it_is_another(self, site: Path):
        report = rerun(site, "latest", {"ACCORD_KEY": "6b" * 32})
        assert "key: the site has another secret key" in report.changed
        assert "core_appointment" in report.differing


class TestOwnInstrument:
    def test_a_form_of_the_site_is_the_recorded_one(self, site: Path):
        card = (Path(__file__).parents[2] / "schemas" / "instruments" / "gad_7.toml").read_text(
            encoding="utf-8"
        )
        own = site / "instruments" / "own_7.toml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(card.replace('id = "gad_7"', 'id = "own_7"'), encoding="utf-8")
        toml = site / "site.toml"
        text = toml.read_text(encoding="utf-8")
        toml.write_text(
            text.replace(
                'id = "gad_7"\nrater = "client"\nitems = "g{n}"\n\n',
                'id = "own_7"\nrater = "client"\nitems = "g{n}"\n\n',
                1,
            ),
            encoding="utf-8",
        )
        run_night(site, NEXT, gate=False)
        own.unlink()
        report = rerun(site, "latest", KEY)
        assert not report.differs
        assert report.changed[0].startswith("config: ")


class TestNothingToCompare:
    def test_no_run_of_that_name(self, first_night: Path):
        for name in ("20200101T000000Z-00000000", "../../etc/passwd", "yesterday"):
            with pytest.raises(ConfigError, match="there is no run"):
                rerun(first_night, name, KEY)

    def test_no_run_at_all(self, tmp_path: Path):
        with pytest.raises(ConfigError, match="no run has made figures yet"):
            rerun(tmp_path, "latest", KEY)

    def test_a_failed_run(self, site: Path):
        failed = run_night(
            site, NEXT, as_of=NOW.date() - timedelta(days=9), before={"load": lambda: 1 / 0}
        ).record
        assert failed is not None
        with pytest.raises(ConfigError, match="failed and made no figures"):
            rerun(site, failed.run, KEY)


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_a_site_that_can_only_be_read(site: Path):
    folders = [site, *(path for path in site.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert not rerun(site, "latest", KEY).differs
    finally:
        for folder in folders:
            folder.chmod(0o700)
