"""Wrongly coded files on their way through nights: held, listed, released, and built again as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.quarantine import listed, listed_lines
from flows.quarantine_release import release
from flows.rerun import rerun
from flows.sample import write_sample
from schemas.errors import ConfigError
from tests.lib.answered import answers, forms, turned
from tests.lib.handmade_site import KEY, NOW
from tests.lib.nights import copied, run_night
from warehouse import ledger, manifest
from warehouse.manifest import FileCounts

REASON = "Checked against the paper forms"
REVERSED = "suspect_reversed_items"


def night(site: Path, days: int = 0) -> manifest.Manifest:
    found = run_night(site, now=NOW + timedelta(days=days), gate=False)
    assert found.error is None
    assert found.record is not None
    return found.record


def files(site: Path) -> tuple[FileCounts, ...]:
    """Of the newest run, in order of the ledger."""
    return manifest.read_files(site, manifest.read(site, "latest").run)


class TestSample:
    @pytest.fixture(scope="class")
    @staticmethod
    def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
        site = tmp_path_factory.mktemp("flipped") / "site"
        write_sample(site, clinics=1, clients=150, months=12, seed=3)
        night(site)
        return site

    @pytest.fixture
    def site(self, first: Path, tmp_path: Path) -> Path:
        return copied(first, tmp_path / "site")

    @pytest.fixture
    def truth(self, first: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((first / "sample" / "truth.json").read_bytes())
        return found

    def test_the_flipped_file_is_held_and_every_count_is_the_truth(self, first: Path, truth: dict[str, Any]):
        run = manifest.read(first, "latest")
        found = {(one.feed, one.entry): one for one in files(first)}
        assert len(found) == len(truth["files"])
        fates = ("received", "accepted", "quarantined", "superseded", "excluded")
        counted = sorted((one.feed, *(str(getattr(one, name)) for name in fates)) for one in found.values())
        assert counted == sorted((one["feed"], *(str(one[name]) for name in fates)) for one in truth["files"])
        assert run.counts is not None
        assert run.counts.quarantined == truth["quarantined"]

    def test_no_other_file_is(self, first: Path):
        held = [one for one in listed(first) if one["entry"]]
        flipped = [
            line.split(",")[:2]
            for line in (first / "sample" / "defects.csv").read_text().splitlines()
            if "reversed_items_already_flipped" in line
        ]
        assert [[one["feed"], one["file"]] for one in held] == flipped
        assert {one["rule"] for one in held} == {REVERSED}
        warned = [one for one in manifest.read(first, "latest").warnings if ": held" in one]
        assert len(warned) == 1
        assert "held, wai_36, W36_1, W36_3, W36_7, W36_9," in warned[0]

    def test_the_list_says_what_to_do(self, first: Path):
        [held] = [one for one in listed(first) if one["entry"]]
        lines = list(listed_lines(listed(first)))
        assert lines[0] == f"held: {held['feed']}: {held['file']} (entry {held['entry']})"
        assert "wai_36: W36_1, W36_3" in lines[1]
        assert "run against the rest of the form" in lines[1]
        hint = f"accord quarantine release {str(held['entry'])[:8]} --reason TEXT"
        assert hint in str(held["remedy"])
        assert len([line for line in lines if hint in line]) == 1

    @pytest.mark.parametrize("by", ["entry", "start", "file"])
    def test_it_is_released_by_its_entry_or_name(self, site: Path, by: str):
        [held] = [one for one in listed(site) if one["entry"]]
        what = {"entry": held["entry"], "start": str(held["entry"])[:9], "file": held["file"]}[by]
        said = release(site, str(what), REASON, NOW + timedelta(hours=1))
        assert "is released" in said[0]
        assert ledger.read(site)[-1].payload == {"entry": held["entry"], "reason": REASON}

    def test_a_released_file_is_taken_by_the_next_night(self, site: Path):
        """The run before it is built again without the release, which came later."""
        [held] = [one for one in listed(site) if one["entry"]]
        before = manifest.read(site, "latest")
        release(site, str(held["entry"]), REASON, NOW + timedelta(hours=1))
        after = night(site, days=1)
        assert before.counts is not None
        assert after.counts is not None
        assert after.counts.quarantined == before.counts.quarantined - int(held["problems"])
        assert [one for one in listed(site) if one["entry"]] == []
        assert (rerun(site, before.run, KEY).verdict, rerun(site, after.run, KEY).verdict) == tuple(
            f"0 differences in {len(one.digests)} tables, {sum(t['rows'] for t in one.digests.values()):,} rows"
            for one in (before, after)
        )

    @pytest.mark.parametrize(
        ("what", "reason", "said"),
        [
            (None, "too short", "--reason: say why the file is right"),
            (None, "   \n spaces  ", "--reason: say why the file is right"),
            ("no-such-file.csv", REASON, "no delivery has this entry or file name"),
            ("0123456", REASON, "no delivery has this entry or file name"),
            ("sound", REASON, "is not held or refused; there is nothing to release"),
        ],
    )
    def test_what_is_not_released(self, first: Path, what: str | None, reason: str, said: str):
        [held] = [one for one in listed(first) if one["entry"]]
        sound = next(one.entry for one in files(first) if one.entry != held["entry"])
        meant = {None: str(held["entry"]), "sound": sound}.get(what, what)
        lines = len(ledger.read(first))
        with pytest.raises(ConfigError, match=said):
            release(first, str(meant), reason, NOW)
        assert len(ledger.read(first)) == lines

    def test_it_is_not_released_twice(self, site: Path):
        [held] = [one for one in listed(site) if one["entry"]]
        release(site, str(held["entry"]), REASON, NOW)
        with pytest.raises(ConfigError, match="was released before"):
            release(site, str(held["entry"]), REASON, NOW)

    def test_before_the_first_night_there_is_nothing_to_release(self, tmp_path: Path):
        with pytest.raises(ConfigError, match="run `accord nightly` first"):
            release(tmp_path, "0123456789abcdef", REASON, NOW)


SITE = """
[site]
name = "One feed"
timezone = "Europe/London"
[[clinics]]
id = "north"
name = "North"
service = "adult"
[[feeds]]
id = "north-phq"
clinic = "north"
kind = "responses"
path = "inbox/phq-*.csv"
dialect = "csv"
delivery = "{delivery}"
[feeds.columns]
client = "PID"
completed_at = "Done"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "p{{n}}"
"""


class TestHistory:
    """A form turned over in every item is seen against the feed's earlier files."""

    @staticmethod
    def deliver(site: Path, number: int, over: bool, people: int = 80) -> None:
        card = forms()["phq_9"]
        rows = answers(np.random.default_rng(number), card, people)
        lines = ["PID,Done," + ",".join(f"p{item}" for item in card.items)]
        for at, row in enumerate(turned(card, rows, card.items) if over else rows):
            day = f"2026-0{number}-{1 + at % 28:02} 10:00:00"
            lines.append(f"C{number}-{at},{day}," + ",".join(map(str, row)))
        (site / "inbox").mkdir(parents=True, exist_ok=True)
        (site / "inbox" / f"phq-{number}.csv").write_text("\n".join(lines) + "\n")

    @pytest.fixture(params=["increment", "snapshot"])
    def site(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
        (tmp_path / "site.toml").write_text(SITE.format(delivery=request.param))
        self.deliver(tmp_path, 1, over=False)
        night(tmp_path)
        self.deliver(tmp_path, 2, over=True)
        return tmp_path

    def fates(self, site: Path) -> list[tuple[int, int, int]]:
        return [(one.accepted, one.quarantined, one.superseded) for one in files(site)]

    def test_it_is_held_and_the_sound_file_stands(self, site: Path):
        """Also a snapshot: one that is held replaces nothing."""
        run = night(site, days=1)
        assert self.fates(site) == [(80, 0, 0), (0, 80, 0)]
        [held] = [one for one in listed(site) if one["entry"]]
        assert (held["rule"], held["items"]) == ("suspect_flipped", "phq_9: p1 to p9")
        assert rerun(site, run.run, KEY).differs is False

    def test_a_later_sound_file_is_taken(self, site: Path):
        snapshot = "snapshot" in (site / "site.toml").read_text()
        night(site, days=1)
        self.deliver(site, 3, over=False)
        night(site, days=2)
        assert self.fates(site) == (
            [(0, 0, 80), (0, 0, 80), (80, 0, 0)] if snapshot else [(80, 0, 0), (0, 80, 0), (80, 0, 0)]
        )

    def test_released_it_is_taken(self, site: Path):
        snapshot = "snapshot" in (site / "site.toml").read_text()
        held = night(site, days=1)
        release(site, "phq-2.csv", REASON, NOW + timedelta(days=1, hours=1))
        night(site, days=2)
        assert self.fates(site) == ([(0, 0, 80), (80, 0, 0)] if snapshot else [(80, 0, 0)] * 2)
        assert rerun(site, held.run, KEY).differs is False

    def test_parts_are_made_once(self, site: Path):
        night(site, days=1)
        parts = sorted(path.name for path in (site / "parts").glob("*/*"))
        assert len(parts) == 3
        self.deliver(site, 3, over=False)
        again = run_night(site, now=NOW + timedelta(days=2), gate=False)
        assert [label for name, label in again.steps if name == "process"] == [
            f"process north-phq-{files(site)[2].entry[:8]}"
        ]
