from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboards import theme
from tests.browser.conftest import Open, served
from tests.lib.published import RUN, swap, write_publication, write_site, write_status

pytestmark = pytest.mark.browser

SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
GROUND = {"light": theme.LIGHT["backgroundColor"], "dark": theme.DARK["backgroundColor"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots, the site and the server's log lie."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(write_site(folder / "site"), folder / "server.log") as address:
        yield address


def check_page(page: Page, title: str) -> None:
    """What every page has, at every size."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("main, [role=main]")).to_have_count(1)
    expect(page.locator("footer[role=contentinfo]")).to_contain_text(f"Run {RUN}")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    wide = page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return [main.scrollWidth - main.clientWidth,"
        " document.documentElement.scrollWidth - document.documentElement.clientWidth] }"
    )
    assert wide == [0, 0]


def ground(page: Page) -> str:
    colour = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    return "#" + "".join(f"{int(part):02x}" for part in colour.removeprefix("rgb(").rstrip(")").split(","))


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_pages_at_every_size_and_in_both_schemes(
    visit: Open, url: str, folder: Path, width: int, scheme: str
):
    seen = visit(url, width, scheme)
    for path, title in (("", "Overview"), ("quality", "Data quality"), ("runs", "Runs")):
        page = seen.go(path)
        check_page(page, title)
        assert ground(page) == GROUND[scheme]
        page.screenshot(path=folder / f"{title}-{width}-{scheme}.png")


def test_pages_are_reached_from_each_other(visit: Open, url: str):
    page = visit(url).go()
    navigation = page.get_by_role("navigation")
    expect(navigation).to_be_visible()
    navigation.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")


def test_a_filter_changes_what_is_shown(visit: Open, url: str):
    seen = visit(url)
    page = seen.go()
    seen.choose("Clinic", "Harbour House")
    seen.choose("Period length", "Month")
    expect(page.locator(".a-scope")).to_contain_text("Harbour House, Young people, October 2026")
    attendance = page.locator("article").filter(has=page.get_by_role("heading", name="Attendance"))
    expect(attendance).to_contain_text("Hidden")
    expect(page.locator(".a-all-hidden")).to_have_count(4)


def test_a_chart_is_drawn_told_in_words_and_follows_its_choice(visit: Open, url: str):
    seen = visit(url)
    page = seen.go()
    charts = page.locator("[data-testid=stVegaLiteChart]")
    expect(charts).to_have_count(4)
    expect(charts.first).to_have_attribute(
        "aria-label",
        "Line chart of attendance by month in %, "
        "All services, November 2024 to October 2026. The table below has every value.",
    )
    assert charts.first.locator(".mark-line path").count() == 1
    seen.choose("Figure by month", "Dropout")
    expect(page.get_by_role("heading", name="Dropout by month")).to_be_visible()


def test_a_definition_opens_by_keyboard(visit: Open, url: str):
    page = visit(url).go()
    first = page.locator("details.a-definition").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.get_by_text("Date received")).to_be_visible()


def test_a_download_names_its_run_and_keeps_the_states(visit: Open, url: str):
    page = visit(url).go()
    page.get_by_text("Table and download").first.click()
    expect(page.get_by_role("table", name="Attendance by month")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download CSV").first.click()
    assert started.value.suggested_filename == f"accord-attendance_rate-by-month-{RUN}.csv"
    rows = list(csv.DictReader(StringIO(Path(started.value.path()).read_text())))
    assert len(rows) == 24
    assert {(row["run"], row["figure"], row["state"]) for row in rows} == {(RUN, "attendance_rate", "value")}


def test_an_open_page_outlives_a_publication(visit: Open, tmp_path: Path):
    site = write_site(tmp_path / "site", months=3)
    with served(site, tmp_path / "server.log") as address:
        seen = visit(address)
        page = seen.go("runs")
        expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
        newer = "20261108T020000Z-77777777"
        write_publication(site / "published" / f"{newer}.duckdb", run=newer, seed=2, months=3)
        swap(site / "published", newer)
        write_status(site / "published", newer)
        (site / "published" / f"{RUN}.duckdb").unlink()
        page.get_by_role("navigation").get_by_role("link", name="Overview").click()
        seen.settle()
        expect(page.locator("footer")).to_contain_text(f"Run {newer}")
        seen.choose("Clinic", "Westmere")
        expect(page.locator(".a-scope")).to_contain_text("Westmere, Adult")
        seen.close()
