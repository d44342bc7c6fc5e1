"""A proposed feed at the end of a site.toml, or nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.config import init_site, load_site
from flows.inspect_file import Inspection, inspect_file
from flows.inspect_site import added, surroundings, write_site
from schemas.errors import ConfigError
from tests.lib.handmade_site import KEY
from tests.lib.unknown_files import answers, client, day, items, table

ROWS = 40
GAD = answers(ROWS, 7, 0, 3)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    init_site(folder, "A service", "Europe/London", KEY)
    return folder


def put(site: Path, content: str, name: str = "measures-2026-03-31.csv") -> Path:
    path = site / "inbox" / name
    path.write_text(content, encoding="utf-8")
    return path


def inspect(site: Path, path: Path, clinic: str = "") -> Inspection:
    return inspect_file(path, *surroundings(site, path, clinic))


def measures() -> str:
    return table([client(ROWS), day(ROWS), *items("GAD7_{n}", GAD)])


def test_the_feed_of_the_only_clinic(site: Path):
    path = put(site, measures())
    write_site(site, added(site, inspect(site, path), ""))
    [feed] = load_site(site).site.feeds
    assert (feed.id, feed.clinic, feed.path) == ("main-measures", "main", "inbox/measures-*.csv")
    assert (site / "site.toml").stat().st_mode & 0o077 == 0


def test_a_second_feed_has_another_id(site: Path):
    path = put(site, measures())
    for _ in range(2):
        write_site(site, added(site, inspect(site, path), ""))
    assert [feed.id for feed in load_site(site).site.feeds] == ["main-measures", "main-measures2"]


def test_a_new_clinic_is_added(site: Path):
    path = put(site, measures())
    write_site(site, added(site, inspect(site, path, "north"), "north"))
    found = load_site(site).site
    assert [clinic.id for clinic in found.clinics] == ["main", "north"]
    assert found.feeds[0].clinic == "north"


def test_which_of_several_clinics_must_be_said(site: Path):
    path = put(site, measures())
    write_site(site, added(site, inspect(site, path, "north"), "north"))
    with pytest.raises(ConfigError, match="one of main, north"):
        added(site, inspect(site, path), "")


def test_nothing_is_added_where_a_person_must_choose_first(site: Path):
    before = (site / "site.toml").read_text(encoding="utf-8")
    path = put(site, table([client(ROWS), day(ROWS), *items("S{n}", answers(ROWS, 10, 0, 4))]))
    with pytest.raises(ConfigError, match=r"nothing was written[\s\S]*to choose first: .*core_10"):
        added(site, inspect(site, path), "")
    assert (site / "site.toml").read_text(encoding="utf-8") == before


def test_nothing_to_add(site: Path):
    path = put(site, "a,b\n1,2\n")
    with pytest.raises(ConfigError, match="there is no feed to add"):
        added(site, inspect(site, path), "")


def test_a_file_outside_of_the_site_and_without_one(site: Path, tmp_path: Path):
    path = tmp_path / "measures.csv"
    path.write_text(measures(), encoding="utf-8")
    assert surroundings(site, path, "")[1].path == ""
    registry, where = surroundings(tmp_path / "none", path, "north")
    assert (where.clinic, where.clinic_sure) == ("north", True)
    assert "phq_9" in registry


def test_a_wrong_site_is_told(site: Path, tmp_path: Path):
    (site / "site.toml").write_text("[site]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="name"):
        surroundings(site, tmp_path / "x.csv", "")
