from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from schemas.errors import WarehouseError
from tests.lib.published import RUN, UNITS, swap, write_publication, write_site
from warehouse.read import QUERIES, Publication, current, read_status


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("read") / "site", months=13)


@pytest.fixture(scope="module")
def publication(site: Path) -> Publication:
    return Publication.open(current(site / "published"))


def test_current_is_the_real_file_behind_the_link(site: Path):
    assert current(site / "published") == (site / "published" / f"{RUN}.duckdb").resolve()


def test_nothing_is_current_before_the_first_publication(tmp_path: Path):
    assert current(tmp_path) is None
    (tmp_path / "current").symlink_to("gone.duckdb")
    assert current(tmp_path) is None


def test_the_inputs_and_counts_of_the_run(publication: Publication):
    assert publication.run["run"] == RUN
    assert publication.run["received"] == "48210"


def test_units_come_whole_site_first_then_services_with_their_clinics(publication: Publication):
    assert [(unit.service, unit.clinic) for unit in publication.units()] == list(UNITS)


def test_a_cell_holds_every_figure_of_one_unit_and_period(publication: Publication):
    cell = publication.cell("young", "harbour", "month", "2026-10")
    assert {(one.service, one.clinic, one.grain, one.period) for one in cell} == {
        ("young", "harbour", "month", "2026-10")
    }
    hidden = next(one for one in cell if one.figure == "attendance_rate")
    assert (hidden.state, hidden.value, hidden.n) == ("suppressed", None, None)


def test_numbers_are_exact(publication: Publication):
    cell = publication.cell("all", "all", "month", "2026-10")
    assert all(isinstance(one.value, Decimal) for one in cell if one.value is not None)


def test_a_series_holds_every_period_of_a_grain(publication: Publication):
    months = {one.period for one in publication.series("all", "all", "month")}
    assert months == {period.period for period in publication.periods() if period.grain == "month"}


def test_the_standard_definition_comes_first(publication: Publication):
    raters = [metric.definition for metric in publication.metrics() if metric.figure == "alliance_mean"]
    assert raters == ["standard", "observer_rated", "therapist_rated"]


def test_instruments_are_read(publication: Publication):
    assert "phq_9" in {form.instrument for form in publication.instruments()}


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_an_order(name: str):
    assert "ORDER BY" in QUERIES[name]


def test_nothing_can_be_written_and_nothing_beside_the_file_read(publication: Publication, site: Path):
    con = publication._connection
    with pytest.raises(duckdb.InvalidInputException):
        con.execute("DELETE FROM pub_run").fetchall()
    with pytest.raises(duckdb.PermissionException):
        con.execute(f"SELECT * FROM read_text('{site}/published/status.json')").fetchall()
    with pytest.raises(duckdb.Error, match="lock"):
        con.execute("SET enable_external_access = true").fetchall()


def test_a_damaged_file_is_named_without_its_content(tmp_path: Path):
    file = tmp_path / "20260101T000000Z-00000000.duckdb"
    file.write_bytes(b"secret")
    with pytest.raises(WarehouseError, match=r"20260101T000000Z-00000000\.duckdb") as caught:
        Publication.open(file)
    assert "secret" not in str(caught.value)


def test_a_file_without_the_published_tables_is_refused(tmp_path: Path):
    duckdb.connect(tmp_path / "other.duckdb").close()
    with pytest.raises(WarehouseError, match="cannot be read"):
        Publication.open(tmp_path / "other.duckdb")


def test_readers_keep_one_run_while_the_next_is_published(tmp_path: Path):
    published = write_site(tmp_path / "site", months=2) / "published"
    open_before = Publication.open(current(published))
    cell = ("all", "all", "month", "2026-10")
    before = open_before.cell(*cell)
    newer = "20261108T020000Z-77777777"
    write_publication(published / f"{newer}.duckdb", run=newer, seed=2, months=2)
    swap(published, newer)
    (published / f"{RUN}.duckdb").unlink()
    assert open_before.cell(*cell) == before
    open_after = Publication.open(current(published))
    assert open_after.run["run"] == newer
    assert open_after.cell(*cell) != before


def test_many_threads_read_one_publication(publication: Publication):
    wanted = publication.series("all", "all", "month")
    found: list[bool] = []

    def read() -> None:
        found.extend(publication.series("all", "all", "month") == wanted for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 40


def test_the_status(site: Path):
    status = read_status(site / "published")
    assert status is not None
    assert status.last_run.run == status.published_run == RUN
    assert status.last_run.finished_at == datetime(2026, 11, 2, 2, 3, 41, tzinfo=UTC)
    assert status.last_run.excluded == 1398
    assert status.gate.checked == 214
    assert status.freshness[2].newest_arrival == date(2026, 10, 12)
    assert [run.finished_at for run in status.runs] == sorted(
        (run.finished_at for run in status.runs), reverse=True
    )


def test_no_status_before_the_first_run(tmp_path: Path):
    assert read_status(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}'])
def test_a_damaged_status_is_an_error(tmp_path: Path, content: str):
    (tmp_path / "status.json").write_text(content)
    with pytest.raises(WarehouseError, match=r"status\.json in published/ cannot be read"):
        read_status(tmp_path)


def test_a_status_of_another_version_is_an_error(tmp_path: Path):
    (tmp_path / "status.json").write_text(json.dumps({"schema": 2}))
    with pytest.raises(WarehouseError, match="schema 2, this Accord reads 1"):
        read_status(tmp_path)
