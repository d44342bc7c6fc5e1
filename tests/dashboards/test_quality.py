from __future__ import annotations

import re
from pathlib import Path

import duckdb

from tests.dashboards.conftest import OpenApp
from tests.lib.pages import QUALITY, text
from tests.lib.published import write_site


def quality_page(open_app: OpenApp, site: Path) -> str:
    app = open_app(site).switch_page(QUALITY).run()
    assert not app.exception
    return text(app)


def test_every_feed_with_what_became_of_its_records(open_app: OpenApp, site: Path):
    shown = quality_page(open_app, site)
    assert "northvale-alliance responses 104 1 31 Oct 2026 12,000 11,600 25 330 45" in shown
    assert "northvale-diary appointments 104 0 31 Oct 2026 9,000 8,990 hidden 10 0" in shown


def test_rates_of_the_whole_site_with_how_far_held_records_could_move_them(open_app: OpenApp, site: Path):
    shown = quality_page(open_app, site)
    held = shown[shown.index("What held records could change") : shown.index("Totals that exports")]
    assert re.search(r"Attendance [\d.]+ % \d+ to \d+ %", held)
    assert "All services, twelve months to October 2026" in held


def test_a_site_in_which_nothing_is_held(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "clean", months=2)
    with duckdb.connect((site / "published" / "current").resolve()) as con:
        con.execute("UPDATE pub_figure SET held = 0, bound_low = NULL, bound_high = NULL WHERE held > 0")
    assert "Nothing to change." in quality_page(open_app, site)


def test_feeds_that_carry_totals_with_how_many_scores_differ(open_app: OpenApp, site: Path):
    shown = quality_page(open_app, site)
    totals = shown[shown.index("Totals that exports carry") :]
    assert "northvale-alliance 11,500 15" in totals
    assert "northvale-diary" not in totals


def test_the_conservation_line_of_the_whole_site_is_exact(open_app: OpenApp, site: Path):
    assert (
        "48,210 received = 46,377 accepted + 212 quarantined + 1,398 excluded + 223 superseded."
        in quality_page(open_app, site)
    )


def test_a_site_whose_exports_carry_no_totals(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "plain", months=2)
    with duckdb.connect((site / "published" / "current").resolve()) as con:
        con.execute("UPDATE pub_quality SET totals_compared = 0, totals_differing = 0")
    assert "Nothing to compare. No export carries a total." in quality_page(open_app, site)


def test_nothing_published_yet(open_app: OpenApp, tmp_path: Path):
    (tmp_path / "new").mkdir()
    assert "Records by feed" not in quality_page(open_app, tmp_path / "new")
