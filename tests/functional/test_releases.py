"""What is published stands still until a month has ended, and a rerun knows what was released when."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.rerun import rerun
from schemas.errors import ArchiveError
from tests.lib.handmade_site import KEY, NOW, make_site
from tests.lib.nights import copied, run_night, status
from warehouse import manifest
from warehouse.manifest import Manifest
from warehouse.releases import earlier

SAME = ("pub_figure", "pub_unit", "pub_period", "pub_metric", "pub_instrument")


def deliver(site: Path, number: int) -> None:
    """A diary of ten more people seen in September, which any figure of that month would show."""
    rows = "".join(f"D-{number}{one},T1,2026-09-10 1{one}:00,5\n" for one in range(10))
    (site / "inbox" / f"diary-9{number}.csv").write_text(f"Client,Who,Start,Status\n{rows}", encoding="utf-8")


def night(site: Path, day: int, as_of: str) -> Manifest:
    """A night on the given day after the first, with a new delivery."""
    deliver(site, day)
    found = run_night(site, NOW + timedelta(days=day), as_of=date.fromisoformat(as_of), gate=False)
    assert found.error is None
    assert found.record is not None
    assert found.record.state == "published"
    return found.record


def published(site: Path, run: str, table: str = "pub_figure") -> list[tuple[object, ...]]:
    with duckdb.connect(str(site / "published" / f"{run}.duckdb"), read_only=True) as con:
        return con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Manifest]]:
    """A first night, two more of that month, one of the next month and one after it. Only to be read."""
    site = tmp_path_factory.mktemp("releases") / "site"
    make_site(site)
    runs = [
        night(site, 0, "2026-10-10"),
        night(site, 1, "2026-10-11"),
        night(site, 2, "2026-10-12"),
        night(site, 3, "2026-11-01"),
    ]
    return site, runs


class TestNights:
    def test_three_nights_of_a_month_are_one_release(self, nights):
        site, (first, second, third, _) = nights
        assert [one.release["new"] for one in (first, second, third)] == [True, False, False]
        assert {one.release["id"] for one in (first, second, third)} == {first.run}
        for table in SAME:
            digests = {one.digests[table]["sha256"] for one in (first, second, third)}
            assert len(digests) == 1, table
        assert first.digests["mart_figure"] != third.digests["mart_figure"]
        assert published(site, second.run) == published(site, third.run)

    def test_quality_and_the_run_are_of_the_night(self, nights):
        site, (_, second, third, _) = nights
        run = dict(published(site, third.run, "pub_run"))
        assert (run["run"], run["as_of"]) == (third.run, "2026-10-12")
        assert (run["released_run"], run["released_as_of"]) == (third.release["id"], "2026-10-10")
        assert third.counts is not None
        assert int(run["received"]) == third.counts.received
        assert dict(published(site, second.run, "pub_run"))["received"] < run["received"]

    def test_the_next_month_is_a_release(self, nights):
        site, (*_, third, last) = nights
        assert (last.release["new"], last.release["id"], last.release["why"]) == (True, last.run, "closed")
        assert last.digests["pub_figure"] != third.digests["pub_figure"]
        run = dict(published(site, last.run, "pub_run"))
        assert run["released_as_of"] == run["revised_as_of"] == "2026-11-01"

    def test_a_release_is_a_private_file_with_the_rows_as_published(self, nights):
        site, (first, *_, last) = nights
        releases = earlier(site).releases
        assert [one.run for one in releases] == [first.run, last.run]
        assert [one.rows.stat().st_mode & 0o777 for one in releases] == [0o600, 0o600]
        rows = duckdb.sql(
            f"SELECT * EXCLUDE (kind, closed, first_slot, last_slot, clinics) FROM '{releases[-1].rows}' ORDER BY ALL"
        )
        assert rows.fetchall() == published(site, last.run)

    def test_status_says_which_release_is_shown(self, nights):
        site, (*_, last) = nights
        assert status(site)["released_as_of"] == last.as_of


class TestRerun:
    def test_every_run_is_what_it_was(self, nights):
        site, runs = nights
        for one in runs:
            report = rerun(site, one.run, KEY)
            assert (report.differs, report.changed) == (False, ()), report

    @pytest.mark.parametrize("which", [0, -1])
    def test_a_release_that_is_missing(self, nights, tmp_path: Path, which: int):
        """Later runs saw it; a run before it did not."""
        site = copied(nights[0], tmp_path / "site")
        release = earlier(site).releases[0]
        release.rows.unlink()
        if which == 0:
            assert not rerun(site, release.run, KEY).differs
            return
        report = rerun(site, "latest", KEY)
        assert report.differs
        assert report.changed == (
            f"release: runs/{release.run}.release.parquet is missing: restore it from the backup",
        )
        assert {name for name in report.differing if not name.startswith("pub_")} == {"mart_disclosed"}
        assert any(name.startswith("pub_") for name in report.differing)

    def test_a_release_that_was_altered(self, nights, tmp_path: Path):
        site = copied(nights[0], tmp_path / "site")
        release = earlier(site).releases[0]
        release.rows.write_bytes(release.rows.read_bytes().replace(b"PAR1", b"PAR2"))
        report = rerun(site, "latest", KEY)
        assert report.differs
        assert "is not what was released" in report.changed[0]

    def test_a_release_and_its_record_that_are_gone(self, nights, tmp_path: Path):
        """A run that showed it names it; a later release, which is built without it, knows there was one."""
        site = copied(nights[0], tmp_path / "site")
        release = earlier(site).releases[0]
        for path in (site / "runs").glob(f"{release.run}*"):
            path.unlink()
        assert "is missing" in rerun(site, nights[1][1].run, KEY).changed[0]
        for one in nights[1][1:3]:
            (site / "runs" / f"{one.run}.json").unlink()
        report = rerun(site, "latest", KEY)
        assert report.differs
        assert report.changed == ("release: the releases before this run are not those it saw",)
        assert report.verdict.startswith("the figures are the same, but the releases")


class TestDamage:
    def test_a_night_publishes_nothing_without_its_history(self, nights, tmp_path: Path):
        site = copied(nights[0], tmp_path / "site")
        earlier(site).releases[0].rows.unlink()
        deliver(site, 9)
        found = run_night(site, NOW + timedelta(days=9), gate=False)
        assert isinstance(found.error, ArchiveError)
        assert status(site)["published_run"] == nights[1][-1].run

    def test_a_damaged_record_of_a_release_takes_nothing_from_the_history(self, nights, tmp_path: Path):
        site = copied(nights[0], tmp_path / "site")
        before = earlier(site)
        (site / "runs" / f"{before.releases[0].run}.json").write_text("{", encoding="utf-8")
        assert earlier(site) == before


def test_a_refused_release_is_none(nights, tmp_path: Path):
    site = copied(nights[0], tmp_path / "site")
    last = nights[1][-1]
    path = site / "runs" / f"{last.run}.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"state": "refused"}), encoding="utf-8")
    assert [one.run for one in earlier(site).releases] == [nights[1][0].run]
    assert manifest.read(site, last.run).release["new"]


def test_a_release_that_may_not_revise_passes_the_gate_with_earlier_values(tmp_path: Path):
    """September was told with ten people seen, or twenty: in November, of a quarterly site, it stays so."""
    site = tmp_path / "site"
    make_site(site)
    toml = site / "site.toml"
    toml.write_text(
        f'{toml.read_text(encoding="utf-8")}\n[disclosure]\nrevisions = "quarterly"\n', encoding="utf-8"
    )
    night(site, 0, "2026-10-10")
    deliver(site, 1)
    found = run_night(site, NOW + timedelta(days=1), as_of=date(2026, 11, 2))
    assert found.record is not None
    assert (found.record.state, found.record.message) == ("published", "")
    assert (found.record.release["new"], found.record.release["revises"]) == (True, False)
    with duckdb.connect(str(site / "published" / f"{found.record.run}.duckdb"), read_only=True) as con:
        seen = dict(
            con.execute(
                "SELECT period, (state, value::INTEGER) FROM pub_figure WHERE figure = 'clients_seen' "
                "AND service = 'all' AND grain = 'month' AND period IN ('2026-09', '2026-10')"
            ).fetchall()
        )
        assert dict(con.execute("FROM pub_run").fetchall())["revised_as_of"] == "2026-10-10"
    assert seen["2026-09"] == ("update_withheld", 10)
    assert seen["2026-10"] == ("zero", 0)
    assert not rerun(site, found.record.run, KEY).differs
