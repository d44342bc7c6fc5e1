"""Which warehouse an export reads, and with which configuration the clinics' own ids are read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.export import EXPORTS
from flows.sources import current_run, run_export
from schemas import metrics
from schemas.errors import ConfigError, WarehouseError
from tests.lib.handmade_site import KEY, build_site, is_published, read_rows
from warehouse import manifest


@pytest.mark.parametrize("what", EXPORTS)
def test_each_export_of_the_warehouse_that_stands(first_night: Path, tmp_path: Path, what: str):
    out = tmp_path / "out.csv"
    n = run_export(what, first_night, KEY, out, None, published=False)
    rows = read_rows(out)
    assert len(rows) == n > 0
    if "run" in rows[0]:
        assert {row["run"] for row in rows} == {manifest.read(first_night, "latest").run}


def test_ids_are_read_back_as_the_run_processed_them(site: Path, tmp_path: Path):
    """The client column of site.toml is another by now: the next run will read it, not the last one's export."""
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    run_export("scores", site, KEY, before, None, published=False)
    toml = site / "site.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace('client = "PID"', 'client = "RID"'), encoding="utf-8"
    )
    run_export("scores", site, KEY, after, None, published=False)
    assert after.read_bytes() == before.read_bytes()


def test_a_file_that_was_built(tmp_path: Path):
    setup, built = build_site(tmp_path / "site")
    out = tmp_path / "scores.csv"
    assert run_export("scores", setup.folder, KEY, out, built, published=False) > 0
    assert {row["run"] for row in read_rows(out)} == {"build"}
    with pytest.raises(ConfigError, match="nothing was published yet"):
        run_export("scores", setup.folder, KEY, out, None, published=False)
    figures = run_export("figures", setup.folder, KEY, out, built, published=True)
    assert figures == len(read_rows(out)) > 0


def test_figures_as_published_are_fewer_numbers_not_fewer_figures(first_night: Path, tmp_path: Path):
    exact, published = tmp_path / "exact.csv", tmp_path / "published.csv"
    run_export("figures", first_night, KEY, exact, None, published=False)
    run_export("figures", first_night, KEY, published, None, published=True)
    hidden = [row for row in read_rows(published) if row["state"] == "suppressed"]
    assert hidden
    assert not [row for row in hidden if row["value"] or row["numerator"] or row["n"]]
    estimates = {metric.figure for metric in metrics.load() if metric.kind == "model"}
    counted = [row for row in read_rows(exact) if row["figure"] not in estimates]
    assert sum(map(is_published, counted)) == len(read_rows(published))


class TestMistakes:
    def test_an_export_that_there_is_not(self, first_night: Path, tmp_path: Path):
        with pytest.raises(ConfigError, match="there are administrations, appointments, scores"):
            run_export("score", first_night, KEY, tmp_path / "out.csv", None, published=False)

    def test_clients_are_never_published(self, first_night: Path, tmp_path: Path):
        with pytest.raises(ConfigError, match="--published is for figures"):
            run_export("scores", first_night, KEY, tmp_path / "out.csv", None, published=True)

    def test_a_file_that_is_not_there(self, first_night: Path, tmp_path: Path):
        with pytest.raises(ConfigError, match="is not there"):
            run_export(
                "scores", first_night, KEY, tmp_path / "out.csv", tmp_path / "no.duckdb", published=False
            )

    def test_a_file_that_is_no_warehouse(self, first_night: Path, tmp_path: Path):
        (tmp_path / "text.duckdb").write_text("x", encoding="utf-8")
        with pytest.raises(WarehouseError, match="cannot be opened"):
            run_export(
                "scores", first_night, KEY, tmp_path / "out.csv", tmp_path / "text.duckdb", published=False
            )


def test_the_run_that_stands(first_night: Path):
    assert current_run(first_night) == manifest.read(first_night, "latest").run
