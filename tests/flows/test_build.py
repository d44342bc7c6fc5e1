"""`accord build`: the nightly run's own steps into one file, without memo, gate and publication."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flows.build import (
    asked_instruments,
    build,
    check_out,
    dimensions,
    inputs_of,
    last_key,
    open_site,
    steps_per_point,
    works,
)
from schemas.errors import ConfigError
from schemas.registry import load
from schemas.tables import CORE
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


def test_cards_are_loaded_with_their_items_and_with_what_is_off(tmp_path: Path):
    setup = make_site(tmp_path / "site")
    form = load()["core_10"]
    rows = dimensions(setup, [form], inputs_of(setup, [], date(2026, 1, 1)))
    columns = {table.name: table.column_names for table in CORE}
    loaded = {name: [dict(zip(columns[name], row, strict=True)) for row in rows[name]] for name in rows}
    assert {row["item"] for row in loaded["core_item"] if row["reverse"]} == {2, 3}
    assert [row["item"] for row in loaded["core_item"]] == list(range(1, 11))
    assert [(row["name"], row["is_on"]) for row in loaded["core_threshold"]] == [
        (threshold.name, threshold.on) for threshold in form.thresholds
    ]
    assert {row["is_on"] for row in loaded["core_threshold"]} == {True, False}


@pytest.mark.parametrize(("form", "steps"), [("phq_9", 1), ("srs", 10), ("wai_sr", 1)])
def test_steps_of_the_answers_in_one_point_of_the_score(form: str, steps: int):
    card = load()[form]
    scale = card.scale(card.outcome_scale)
    assert steps_per_point(card, scale) == Decimal(steps)
    mean = replace(scale, method="mean")
    assert steps_per_point(card, mean) == Decimal(steps * scale.n_items)
    assert steps_per_point(card, replace(scale, method="mean_x10")) == Decimal(steps * scale.n_items) / 10
    assert steps_per_point(card, replace(scale, method="table")) is None


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


def test_cards_as_tables(site: Path):
    """Who vouches for a threshold, since when, and what a criterion of change is computed from."""
    setup = open_site(site, KEY)
    forms = [setup.registry[id_] for id_ in ("core_10", "gad_7", "srs")]
    rows = dimensions(setup, forms, inputs_of(setup, ledger.read(site), None))
    assert {row[0]: row[-1] for row in rows["core_instrument"]} == {
        "core_10": None,
        "gad_7": "depression,gad,mixed",
        "srs": None,
    }
    day = date(2026, 11, 23)
    found = {(row[0], row[3]): row[6:] for row in rows["core_threshold"] if row[2] == "reliable_change"}
    assert found["core_10", "rci_90"] == ("unconfirmed", "90 %", Decimal("7.7"), Decimal("0.90"), day, True)
    assert found["core_10", "rci_95"][-1] is False
    on = [row[3] for row in rows["core_threshold"] if row[0] == "srs" and row[-1]]
    assert on == ["below_36", "36_or_below", "drop_1_point"]


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
