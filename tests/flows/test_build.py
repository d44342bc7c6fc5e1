"""`accord build`: the nightly run's own steps into one file, without memo, gate and publication."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.build import (
    asked_instruments,
    build,
    check_out,
    last_key,
    open_site,
    works,
)
from schemas.errors import ConfigError
from tests.lib.handmade_site import FILES, KEY, NOW, make_site
from tests.lib.nights import tree
from warehouse import archive, ledger, manifest
from warehouse.connect import connect
from warehouse.digest import table_digests


def digests_of(path: Path, site: Path) -> dict[str, object]:
    con = connect(path, read_only=True)
    try:
        return {
            name: one["sha256"]
            for name, one in table_digests(con, asked_instruments(open_site(site, KEY))).items()
        }
    finally:
        con.close()


def test_it_makes_what_the_night_makes(first_night: Path, tmp_path: Path):
    """All but what is made to be published."""
    site = tmp_path / "site"
    setup = make_site(site)
    stages = build(setup, tmp_path / "built.duckdb", NOW)
    assert list(stages.seconds) == ["archive", "process", "load", "marts"]
    recorded = manifest.read(first_night, "latest").digests
    built = digests_of(tmp_path / "built.duckdb", site)
    assert built.pop("mart_disclosed") != recorded["mart_disclosed"]["sha256"]
    assert built == {
        name: one["sha256"]
        for name, one in recorded.items()
        if not name.startswith("pub_") and name != "mart_disclosed"
    }


def test_it_leaves_archive_and_file_and_nothing_else(tmp_path: Path):
    site = tmp_path / "site"
    setup = make_site(site)
    before = set(tree(site))
    build(setup, tmp_path / "out" / "built.duckdb", NOW)
    made = {name.split("/")[0] for name in set(tree(site)) - before}
    assert made == {"archive", "ledger"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["built.duckdb"]
    assert (tmp_path / "out" / "built.duckdb").stat().st_mode & 0o777 == 0o600


def test_what_it_archived_is_nothing_new_at_night(first_night: Path, tmp_path: Path):
    setup = make_site(tmp_path / "site")
    build(setup, tmp_path / "built.duckdb", NOW, date(2026, 1, 1))
    build(setup, tmp_path / "built.duckdb", NOW)
    lines = ledger.read(tmp_path / "site")
    assert [line.kind for line in lines].count("delivery") == len(FILES)
    assert [line.kind for line in lines].count("key") == 1
    assert last_key(tmp_path / "site") == setup.key.id


def test_a_feed_taken_out_of_site_toml_is_in_no_figure(site: Path):
    toml = site / "site.toml"
    head, *feeds = toml.read_text(encoding="utf-8").split("[[feeds]]")
    kept = [feed for feed in feeds if 'id = "south-srs"' not in feed]
    toml.write_text("[[feeds]]".join([head, *kept]), encoding="utf-8")
    setup = open_site(site, KEY)
    entries = archive.deliveries(site)
    assert {work.feed.id for work in works(setup, entries)} == {one.feed for one in entries} - {"south-srs"}


class TestWhereItMayWrite:
    @pytest.mark.parametrize(
        "name", ["warehouse/x.duckdb", "published/current", "archive/x", "site.toml", "ledger"]
    )
    def test_not_into_what_the_site_keeps(self, first_night: Path, name: str):
        with pytest.raises(ConfigError, match="belongs to the site itself"):
            check_out(first_night / name, first_night)

    def test_not_over_another_file(self, first_night: Path, tmp_path: Path):
        (tmp_path / "thesis.docx").write_bytes(b"PK")
        with pytest.raises(ConfigError, match="is no DuckDB file"):
            check_out(tmp_path / "thesis.docx", first_night)
        with pytest.raises(ConfigError, match="is no DuckDB file"):
            check_out(tmp_path, first_night)

    def test_over_what_it_wrote_before(self, first_night: Path, tmp_path: Path):
        con = connect(tmp_path / "built.duckdb")
        con.close()
        check_out(tmp_path / "built.duckdb", first_night)
        check_out(tmp_path / "new" / "built.duckdb", first_night)
        check_out(first_night / "built.duckdb", first_night)
