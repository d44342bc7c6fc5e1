"""What a run is begun with: its id, what is new, what people should know, and when there is nothing to do."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.build import process_work
from flows.run import begin, fail_early, free_id, make_candidate
from tests.lib.handmade_site import FILES, KEY, NOW, make_site
from tests.lib.nights import status
from warehouse import manifest

NEXT = NOW + timedelta(days=1)


def changed(site: Path, old: str, new: str) -> None:
    toml = site / "site.toml"
    text = toml.read_text(encoding="utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), encoding="utf-8")


def published(site: Path) -> str:
    return manifest.read(site, "latest").run


class TestWhenThereIsNothingToDo:
    def test_equal_inputs(self, site: Path):
        run = begin(site, KEY, NEXT)
        assert run.idle_as is not None
        assert run.idle_as.run == published(site)
        assert run.waiting() == []

    def test_the_same_date_given_by_hand(self, site: Path):
        assert begin(site, KEY, NEXT, date(2026, 10, 31)).idle_as is not None

    def test_blank_lines_and_comments_in_site_toml(self, site: Path):
        changed(site, "[[clinics]]", "# a remark\n\n[[clinics]]")
        assert begin(site, KEY, NEXT).idle_as is not None


class TestWhenThereIsSomethingToDo:
    def test_another_date(self, site: Path):
        assert begin(site, KEY, NEXT, date(2026, 10, 30)).idle_as is None

    def test_another_configuration(self, site: Path):
        changed(site, "Hand Made", "Made by Hand")
        assert begin(site, KEY, NEXT).idle_as is None

    def test_another_key(self, site: Path):
        run = begin(site, {"ACCORD_KEY": "6b" * 32}, NEXT)
        assert run.idle_as is None
        assert len(run.waiting()) == len(FILES)

    def test_an_own_instrument(self, site: Path):
        card = (Path(__file__).parents[2] / "schemas" / "instruments" / "gad_7.toml").read_text(
            encoding="utf-8"
        )
        own = site / "instruments" / "own_7.toml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(card.replace('id = "gad_7"', 'id = "own_7"'), encoding="utf-8")
        run = begin(site, KEY, NEXT)
        assert run.idle_as is None
        # No feed asks for it, so that no file is processed again.
        assert run.waiting() == []

    def test_a_key_file(self, site: Path):
        """As a form of the site's own: it counts, and processes again only what it is about."""
        key = site / "instruments" / "taqr.key.toml"
        key.parent.mkdir(exist_ok=True)
        items = "\n".join(f'{number} = "total"' for number in range(1, 5))
        key.write_text(f'instrument = "taqr"\nsource = "p. 1"\nrecorded = 2026-11-23\n[items]\n{items}\n')
        run = begin(site, KEY, NEXT)
        assert run.idle_as is None
        assert run.waiting() == []
        assert run.setup.config.forms.keys() == {"taqr.key.toml"}

    @pytest.mark.parametrize("part", ["published", "warehouse"])
    def test_a_link_that_leads_elsewhere(self, site: Path, part: str):
        """A run that was killed between the two links: its record says published, readers see the old one."""
        link = site / part / "current"
        link.unlink()
        assert begin(site, KEY, NEXT).idle_as is None
        link.symlink_to("20260101T000000Z-00000000.duckdb")
        assert begin(site, KEY, NEXT).idle_as is None

    def test_the_last_run_was_refused(self, site: Path):
        """It is tried, and told of, until it is mended."""
        path = site / "runs" / f"{published(site)}.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"state": "refused"}), encoding="utf-8")
        assert begin(site, KEY, NEXT).idle_as is None

    def test_one_feed_changed_is_one_feed_processed_again(self, site: Path):
        changed(site, 'delimiter = ";"\n', 'delimiter = ";"\nmissing = ["-9"]\n')
        assert {work.feed.id for work in begin(site, KEY, NEXT).waiting()} == {"south-srs"}


class TestNotes:
    def test_files_that_were_not_taken(self, site: Path):
        outside = site.parent / "outside.csv"
        outside.write_text("x", encoding="utf-8")
        (site / "inbox" / "gad-8.csv").symlink_to(outside)
        [note] = begin(site, KEY, NEXT).notes
        assert note.startswith("north-gad-")
        assert "outside the site" in note
        assert "gad-8" not in note

    @pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
    def test_a_file_that_cannot_be_read(self, site: Path):
        (site / "inbox" / "gad-8.csv").write_text("x", encoding="utf-8")
        (site / "inbox" / "gad-8.csv").chmod(0)
        [note] = begin(site, KEY, NEXT).notes
        assert "see to its permissions" in note

    def test_a_form_that_gives_no_score(self, site: Path):
        """What the site must do, every night until it is done."""
        walk_in = 'client = "@row"\n[[feeds.instruments]]\nid = '
        changed(site, f'{walk_in}"gad_7"', f'{walk_in}"sdq"')
        [note] = begin(site, KEY, NEXT).notes
        assert note == (
            "instrument sdq: gives no score; compare its key with the printed form, then list "
            '"sdq" in confirmed_instruments of site.toml'
        )
        changed(site, "[site]", '[site]\nconfirmed_instruments = ["sdq"]')
        assert begin(site, KEY, NEXT).notes == ()


class TestIds:
    def test_runs_of_one_second_have_ids_of_their_own(self, tmp_path: Path):
        make_site(tmp_path)
        first = fail_early(tmp_path, "nothing works", NOW, NOW)
        second = fail_early(tmp_path, "nothing works", NOW, NOW)
        assert first.run != second.run
        assert [one.run for one in manifest.history(tmp_path)] == [first.run, second.run]

    def test_a_damaged_record_keeps_its_id(self, tmp_path: Path):
        (tmp_path / "runs").mkdir()
        (tmp_path / "runs" / f"{manifest.run_id(NOW, 'ab' * 32)}.json").write_text("{", encoding="utf-8")
        assert free_id(tmp_path, NOW, "ab" * 32) == manifest.run_id(NOW + timedelta(seconds=1), "ab" * 32)

    def test_a_clock_that_was_put_back_makes_no_older_id(self, site: Path):
        """What a run saw of releases is what has smaller ids."""
        run = begin(site, KEY, NOW - timedelta(days=4000))
        assert run.id > published(site)
        assert [one.run for one in run.history.releases] == [published(site)]

    def test_ids_begin_with_the_time_and_end_in_digits_of_the_inputs(self, site: Path):
        run = begin(site, KEY, NEXT)
        assert run.id == f"20261101T223000Z-{run.inputs.digest()[:8]}"


class TestCandidate:
    def test_nobody_sees_it(self, site: Path):
        changed(site, "Hand Made", "Made by Hand")
        before = {part: os.readlink(site / part / "current") for part in ("warehouse", "published")}
        run = begin(site, KEY, NEXT)
        for work in run.waiting():
            process_work(run.setup, work, run.store)
        make_candidate(run)
        assert {part: os.readlink(site / part / "current") for part in before} == before
        assert [path.stat().st_mode & 0o777 for path in (run.candidate, run.publication)] == [0o600, 0o600]
        assert status(site)["last_run"]["state"] == "published"
