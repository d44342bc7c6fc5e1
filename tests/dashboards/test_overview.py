from __future__ import annotations

import os
import re
import shutil
import statistics
import time
from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import OpenApp
from tests.lib.pages import choice, choose, markup, text
from tests.lib.published import RUN, SITE_NAME, swap, write_publication, write_site, write_status
from warehouse.read import Publication, current


def test_a_first_visit_shows_the_whole_site_over_the_newest_twelve_months(open_app: OpenApp, site: Path):
    app = open_app(site)
    assert f"{SITE_NAME} Overview" in text(app)
    assert "Showing All services , twelve months to October 2026 (1 Nov 2025 to 31 Oct 2026)" in text(app)
    for heading in ("Engagement", "Working alliance", "Outcomes"):
        assert f"<h2>{heading}</h2>" in markup(app)


def test_every_number_shown_is_a_published_cell(open_app: OpenApp, site: Path):
    shown = text(open_app(site))
    publication = Publication.open(current(site / "published"))
    cell = {one.figure: one for one in publication.cell("all", "all", "rolling_12_months", "2026-10")}
    before = {one.figure: one for one in publication.cell("all", "all", "rolling_12_months", "2025-10")}
    rate, rate_before = cell["attendance_rate"], before["attendance_rate"]
    assert (
        f"Attendance {rate.value:.1f} % {rate.bound_low} to {rate.bound_high} % whatever the held records say "
        f"{rate.numerator:,.0f} of {rate.denominator:,} "
        f"· Twelve months to October 2026 Before: {rate_before.value:.1f} % "
        f"({rate_before.numerator:,.0f} of {rate_before.denominator:,}), twelve months to October 2025"
    ) in shown
    count = cell["referrals_received"]
    assert f"Referrals received {count.value:,.0f} referrals Twelve months to October 2026" in shown


def test_the_filters_choose_one_published_cell(open_app: OpenApp, site: Path):
    app = open_app(site)
    choose(app, "Service", "Adult")
    assert choice(app, "Clinic").options == ["All clinics", "North Vale", "Westmere"]
    choose(app, "Clinic", "Westmere")
    choose(app, "Period length", "Quarter")
    assert "Showing Westmere, Adult , Quarter 3 of 2026 (1 Jul 2026 to 30 Sep 2026)" in text(app)
    cell = Publication.open(current(site / "published")).cell("adult", "westmere", "quarter", "2026-Q3")
    clients = next(one for one in cell if one.figure == "clients_seen")
    assert f"Clients seen {clients.value:,.0f} clients Quarter 3 of 2026" in text(app)


def test_every_clinic_can_be_chosen_from_the_whole_site(open_app: OpenApp, site: Path):
    app = open_app(site)
    assert choice(app, "Clinic").options == ["All clinics", "North Vale", "Westmere", "Harbour House"]


def test_a_period_that_has_not_ended_is_not_offered(open_app: OpenApp, site: Path):
    app = choose(open_app(site), "Period length", "Quarter")
    assert choice(app, "Period").options[0] == "Quarter 3 of 2026"


def test_hidden_and_inapplicable_figures_say_so_and_show_no_number(open_app: OpenApp, site: Path):
    app = choose(open_app(site), "Clinic", "Harbour House")
    choose(app, "Period length", "Month")
    shown = text(app)
    assert "Attendance Hidden October 2026 · Too few people to show" in shown
    assert "Dropout Not applicable October 2026" in shown
    assert "Attendance by month: hidden in October 2026" in shown
    assert "Hidden. Too few people to show without risk of recognising them." in shown


def test_a_rate_that_held_records_could_move_says_how_far(open_app: OpenApp, site: Path):
    shown = text(open_app(site))
    assert re.search(r"Attendance [\d.]+ % \d+ to \d+ % whatever the held records say", shown)
    assert re.search(r"WAI-SR [\d.]+ % \(\d+\sto\s\d+\s%\)", shown)


def test_a_choice_outlives_a_visit_to_another_page(open_app: OpenApp, site: Path):
    app = choose(open_app(site), "Period length", "Month")
    app.switch_page("screens/runs.py").run()
    app.switch_page("screens/overview.py").run()
    assert choice(app, "Period length").value == "Month"


def test_each_rater_is_shown_apart(open_app: OpenApp, site: Path):
    app = open_app(site)
    assert choice(app, "Questionnaire").options == ["SRS", "WAI-SR", "WAI, by therapist"]
    choose(app, "Questionnaire", "wai_36-therapist")
    assert "WAI, by therapist: bond" in text(app)


def test_the_questionnaires_of_the_alliance_say_what_their_scores_can_be(open_app: OpenApp, site: Path):
    assert "possible 12 to 60" in text(open_app(site))


def test_every_chart_has_a_table_and_a_download(open_app: OpenApp, site: Path):
    app = open_app(site)
    charts = len(app.get("vega_lite_chart"))
    assert charts == 4
    assert [one.label for one in app.expander] == ["Table and download"] * charts
    assert all(button.proto.ignore_rerun for button in app.get("download_button"))


def test_every_chart_has_an_alternative_text(open_app: OpenApp, site: Path):
    for chart in open_app(site).get("vega_lite_chart"):
        assert chart.proto.alt.startswith("Line chart of ")


def test_most_tiles_carry_a_number(open_app: OpenApp, site: Path):
    shown = markup(open_app(site))
    assert shown.count("a-tile-empty") <= 0.2 * shown.count('<article class="a-tile')


def test_the_next_rerun_shows_a_run_published_meanwhile(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "site")
    app = open_app(site)
    newer = "20261108T020000Z-77777777"
    write_publication(site / "published" / f"{newer}.duckdb", run=newer, seed=2)
    swap(site / "published", newer)
    write_status(site / "published", newer)
    (site / "published" / f"{RUN}.duckdb").unlink()
    before = text(app)
    app.run()
    assert not app.exception
    assert f"Run {newer}" in text(app)
    assert text(app) != before


def test_a_publication_of_one_month_has_nothing_to_compare_with(open_app: OpenApp, tmp_path: Path):
    shown = text(open_app(write_site(tmp_path / "young", months=1)))
    assert "Showing All services , October 2026" in shown
    assert "No earlier period is published to compare with." in shown


def test_before_any_period_has_ended_the_page_says_so(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "fresh", months=1)
    with duckdb.connect(site / "published" / f"{RUN}.duckdb") as con:
        con.execute("UPDATE pub_period SET closed = FALSE")
    assert "No period has ended since the first delivery." in text(open_app(site))


def test_a_site_without_alliance_questionnaires_or_due_ones(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "plain", months=2)
    with duckdb.connect(site / "published" / f"{RUN}.duckdb") as con:
        con.execute("DELETE FROM pub_figure WHERE instrument <> ''")
    shown = text(open_app(site))
    assert "No alliance questionnaire is delivered." in shown
    assert "Not applicable: no questionnaire is due here." in shown


def test_names_from_outside_are_text_and_never_markup(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "odd", months=2)
    with duckdb.connect(site / "published" / f"{RUN}.duckdb") as con:
        con.execute("UPDATE pub_unit SET title = '<img src=x onerror=alert(1)>' WHERE clinic = 'all'")
        con.execute("UPDATE pub_run SET value = 'A & <b>B</b>' WHERE name = 'site_name'")
    shown = markup(open_app(site))
    assert "A &amp; &lt;b&gt;B&lt;/b&gt;" in shown
    assert "<img" not in shown


def test_the_site_is_read_only_where_it_is_published(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "only", months=2)
    shutil.rmtree(site / "archive", ignore_errors=True)
    os.chmod(site, 0o500)
    try:
        before = sorted(path.name for path in site.rglob("*"))
        open_app(site)
        assert sorted(path.name for path in site.rglob("*")) == before
    finally:
        os.chmod(site, 0o700)


def test_a_rerun_is_quick(open_app: OpenApp, site: Path):
    app = open_app(site)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        app.run()
        taken.append(time.perf_counter() - start)
    assert statistics.median(taken) < 0.3


@pytest.mark.parametrize("state", ["refused", "failed"])
def test_a_run_that_was_not_published_is_announced(open_app: OpenApp, tmp_path: Path, state: str):
    site = write_site(tmp_path / state, months=2, state=state, message="rows of gad_7 fell")
    shown = text(open_app(site))
    assert f"The figures shown are those of run {RUN}." in shown
    assert "rows of gad_7 fell" in shown
