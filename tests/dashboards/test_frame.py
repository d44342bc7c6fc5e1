from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from tests.dashboards.conftest import OpenApp
from tests.lib.pages import text
from tests.lib.published import RUN, write_site, write_status


def test_no_site(open_app: OpenApp, tmp_path: Path):
    shown = text(open_app(tmp_path / "nowhere"))
    assert "There is no site here" in shown
    assert "accord sample ./site" in shown


def test_nothing_published_yet(open_app: OpenApp, tmp_path: Path):
    shown = text(open_app(tmp_path))
    assert "Nothing is published yet" in shown
    assert "accord nightly" in shown


def test_first_night_refused(open_app: OpenApp, tmp_path: Path):
    (tmp_path / "published").mkdir()
    write_status(tmp_path / "published", RUN, "refused", "rows of gad_7 fell")
    assert "No run has passed yet. The last one was refused: rows of gad_7 fell" in text(open_app(tmp_path))


def test_a_damaged_publication(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    (site / "published" / f"{RUN}.duckdb").write_bytes(b"no database")
    shown = text(open_app(site))
    assert "The published figures cannot be read" in shown
    assert "Traceback" not in shown


def test_a_damaged_status_leaves_the_figures(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    (site / "published" / "status.json").write_text('{"schema": 1')
    shown = text(open_app(site))
    assert "The state of the last run is unknown. status.json in published/ cannot be read" in shown
    assert "Showing All services , October 2026" in shown


def test_after_an_idle_night_the_verdict_is_that_of_the_run_shown(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    file = site / "published" / "status.json"
    status = json.loads(file.read_text())
    idle = {"run": "20261103T020000Z-99999999", "state": "idle"}
    status["last_run"] |= idle | {
        "gate": {"verdict": "not_run", "critical_failed": 0, "checked": 0, "report": ""}
    }
    file.write_text(json.dumps(status))
    assert "Checks Passed Last run: idle" in text(open_app(site))
    status["runs"] = []
    file.write_text(json.dumps(status))
    assert "Checks Passed when published Last run: idle" in text(open_app(site))


def test_a_feed_that_never_delivered_is_named(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    file = site / "published" / "status.json"
    status = json.loads(file.read_text())
    status["freshness"][1]["newest_arrival"] = None
    file.write_text(json.dumps(status))
    assert "Nothing yet from westmere-outcomes" in text(open_app(site))
    status["freshness"] = []
    file.write_text(json.dumps(status))
    assert "Newest delivery unknown" in text(open_app(site))


def test_feeds_that_all_delivered_on_one_day(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    file = site / "published" / "status.json"
    status = json.loads(file.read_text())
    status["freshness"][2]["newest_arrival"] = "2026-10-31"
    file.write_text(json.dumps(status))
    assert "31 Oct 2026 The same day from each of 3 feeds" in text(open_app(site))


def test_a_run_that_failed_before_counting(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1, state="failed", message="the ledger is damaged")
    file = site / "published" / "status.json"
    status = json.loads(file.read_text())
    nothing = dict.fromkeys(("received", "accepted", "quarantined", "excluded", "superseded", "as_of"))
    status["last_run"] |= nothing
    status["runs"][-1] |= nothing
    file.write_text(json.dumps(status))
    app = open_app(site).switch_page("screens/runs.py").run()
    assert not app.exception
    assert "not counted" in text(app)


def test_between_releases_the_figures_are_those_of_the_last_one(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site", months=1)
    later = shutil.copytree(site, tmp_path / "later", symlinks=True)
    with duckdb.connect(str(later / "published" / f"{RUN}.duckdb")) as con:
        con.execute("INSERT INTO pub_run VALUES ('released_as_of', '2026-10-01')")
    assert "Figures As of 31 Oct 2026" in text(open_app(site))
    said = text(open_app(later))
    assert f"Figures As released on 1 Oct 2026 Run {RUN}, as of 31 Oct 2026" in said
