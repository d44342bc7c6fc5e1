from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import OpenApp
from tests.lib.pages import RUNS, choice, choose, markup, text
from tests.lib.published import RUN, write_site, write_status

REFUSED_RUN = "20261102T020000Z-5e6f7a8b"


def runs_page(open_app: OpenApp, site: Path) -> AppTest:
    app = open_app(site).switch_page(RUNS).run()
    assert not app.exception
    return app


def commands(app: AppTest) -> list[str]:
    return [code.value for code in app.code]


def test_the_last_run_and_all_runs_newest_first(open_app: OpenApp, site: Path):
    shown = text(runs_page(open_app, site))
    assert "The last run ended 2 Nov 2026, 02:03 GMT. Its figures were published." in shown
    assert "214 expectations checked, 0 critical failed" in shown
    assert shown.index(f"{RUN} Published Passed 31 Oct 2026") < shown.index("20261031T020000Z-0000001f")
    assert "48,210 46,377 212 1,398 223" in shown


def test_how_to_run_a_run_again_and_where_its_report_lies(open_app: OpenApp, site: Path):
    app = runs_page(open_app, site)
    assert commands(app) == [f"accord rerun {RUN}", f"quality/{RUN}/index.html"]
    earlier = choice(app, "Run").options[1]
    choose(app, "Run", earlier)
    assert commands(app) == [f"accord rerun {earlier}", f"quality/{earlier}/index.html"]


def test_an_idle_run_has_no_report(open_app: OpenApp, site: Path):
    app = runs_page(open_app, site)
    choose(app, "Run", "20261025T020000Z-00000019")
    assert commands(app)[1] == "No report: the checks did not run"


def test_a_refused_run_comes_first_with_its_verdict(open_app: OpenApp, tmp_path: Path):
    site = write_site(tmp_path / "refused", months=2, state="refused", message="rows of gad_7 fell")
    app = runs_page(open_app, site)
    assert "Its figures failed a critical check and were not published." in text(app)
    assert f"{REFUSED_RUN} Refused Failed" in text(app)
    assert commands(app)[0] == f"accord rerun {REFUSED_RUN}"
    assert 'a-mark-refused">Refused' in markup(app)


def test_runs_are_shown_before_anything_is_published(open_app: OpenApp, tmp_path: Path):
    published = tmp_path / "site" / "published"
    published.mkdir(parents=True)
    write_status(published, RUN, "refused", "rows of gad_7 fell")
    assert "Refused" in text(runs_page(open_app, tmp_path / "site"))


def test_the_footer_is_on_every_page(open_app: OpenApp, site: Path):
    for app in (open_app(site), runs_page(open_app, site)):
        shown = text(app)
        assert (
            "48,210 received = 46,377 accepted + 212 quarantined + 1,398 excluded + 223 superseded" in shown
        )
        assert f"As of 31 Oct 2026 Run {RUN}" in shown
        assert "Longest without one: harbour-appointments, 12 Oct 2026" in shown
        assert "Checks Passed" in shown
