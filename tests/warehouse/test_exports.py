"""Batches of a warehouse: bounded, complete and in order, wherever deliveries are parted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.errors import WarehouseError
from schemas.metrics import load as load_metrics
from schemas.published import PUBLISHED
from schemas.site import Disclosure
from schemas.tables import CORE, FIGURE_COLUMNS, MART_FIGURE
from tests.lib.small_warehouse import Site, insert, instruments, warehouse
from tests.lib.tables import rows as table
from warehouse import exports
from warehouse.connect import connect

NO_COUNTS = dict.fromkeys(
    ("bytes", "accepted", "quarantined", "excluded", "superseded", "administrations"), 0
)


def core(received: dict[int, int], threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A warehouse of deliveries alone: entry_no -> records."""
    con = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    for definition in CORE:
        for statement in definition.ddl():
            con.execute(statement)
    insert(con, "core_export", [
        {"entry_no": number, "entry": f"{number:016x}", "feed": f"feed-{number}", "clinic": "c", "kind": "responses",
         "file": f"{number}.csv", "sha256": "0", "arrived_at": "2026-10-31", **NO_COUNTS, "received": records,
         "refused": "" if records else "empty_file"}
        for number, records in received.items()
    ])  # fmt: skip
    return con


def all_of(batches: Iterator[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(list(batches))


SIZES = {1: 3, 2: 0, 3: 1, 4: 7, 5: 2, 6: 0, 8: 1}


@pytest.mark.parametrize("records", [1, 2, 3, 4, 7, 8, 100])
def test_every_record_once_in_order_whatever_the_size_of_batches(records: int):
    con = core(SIZES)
    batches = list(exports.rows(con, records))
    assert all(0 < batch.height <= records for batch in batches)
    found = pl.concat(batches).select("file", "source_row", "fate", "reason").rows()
    assert found == [
        (f"{entry}.csv", row, "accepted", None) for entry, size in SIZES.items() for row in range(1, size + 1)
    ]


def test_small_deliveries_share_a_batch():
    assert [batch.height for batch in exports.rows(core(SIZES), 4)] == [4, 4, 3, 3]
    assert [batch.height for batch in exports.rows(core(SIZES), 100)] == [14]


def test_no_deliveries_no_batches():
    assert list(exports.rows(core({1: 0}))) == []


@pytest.mark.parametrize("records", [40_000, 300_000])
def test_order_holds_over_many_threads_and_records(records: int):
    con = core({1: 10, 2: 250_000}, threads=4)
    con.execute("INSERT INTO core_record SELECT 2, i, 'excluded', 'empty' FROM range(250000, 0, -3) t(i)")
    found = all_of(exports.rows(con, records))
    assert found["source_row"].to_list() == [*range(1, 11), *range(1, 250_001)]
    excluded = found.filter(pl.col("fate") == "excluded")
    assert excluded["source_row"].to_list() == list(range(1, 250_001, 3))
    assert set(excluded["reason"]) == {"empty"}


@pytest.mark.parametrize("records", [1, 2, 100])
def test_one_cell_that_is_wrong_for_two_questionnaires_is_one_problem(records: int):
    con = core({1: 2, 2: 1})
    insert(
        con,
        "core_quarantine",
        table("""
        entry_no | source_row | instrument | column_name | rule
        2        | 1          | gad_7      | g1          | out_of_range
        1        | 2          | phq_9      | Done        | invalid_date
        1        | 2          | gad_7      | Done        | invalid_date
        1        | 2          | gad_7      | Done        | missing_date
        1        | 2          | gad_7      | A           | out_of_range
    """),
    )
    con.execute("INSERT INTO core_quarantine VALUES (1, 1, '', '', 'short_row')")
    found = all_of(exports.quarantine(con, records))
    assert list(zip(found["clinic"], found["entry"], strict=True)) == [
        ("c", f"{n:016}") for n in (1, 1, 1, 1, 2)
    ]
    assert found.drop("clinic", "entry").rows() == [
        ("feed-1", "1.csv", 1, "", "short_row"),
        ("feed-1", "1.csv", 2, "A", "out_of_range"),
        ("feed-1", "1.csv", 2, "Done", "invalid_date"),
        ("feed-1", "1.csv", 2, "Done", "missing_date"),
        ("feed-2", "2.csv", 1, "g1", "out_of_range"),
    ]


@pytest.fixture(scope="module")
def small() -> duckdb.DuckDBPyConnection:
    """Two clinics; all rows are of the first delivery, numbered over the tables."""
    site = Site(
        clinics={"north": "adult", "south": "adult"},
        appointments=table("""
            clinic | client | starts_at           | status   | session
            north  | 1      | 2026-05-01 09:00:00 | attended | 1
            north  | 2      | 2026-05-02 09:00:00 | dna      |
        """),
        scores=table("""
            clinic | client | instrument | completed_at        | session | total   | task | bond | goal | answered
            north  | 1      | wai_sr     | 2026-05-01 10:00:00 | 1       | 48      | 16   | 15.5 | 16.5 | 12
            north  | 1      | phq_9      | 2026-05-01 10:00:00 | 1       | 9       |      |      |      | 9
            north  | 2      | phq_9      |                     |         |         |      |      |      | 3
        """),
    )  # fmt: skip
    con = warehouse(site, date(2026, 5, 31))
    con.execute("UPDATE core_export SET received = 5 WHERE entry_no = 1")
    return con


@pytest.mark.parametrize("records", [1, 2, 100])
def test_scores_in_the_order_of_the_card(small: duckdb.DuckDBPyConnection, records: int):
    found = all_of(exports.scores(small, records))
    shown = found.select(
        "source_row",
        "client_key",
        "instrument",
        "session",
        "scale",
        "score",
        "n_answered",
        "n_items",
        "status",
    )
    assert shown.rows() == [
        (3, 1, "wai_sr", 1, "total", "48.0000", 12, 12, "scored"),
        (3, 1, "wai_sr", 1, "task", "16.0000", 12, 4, "scored"),
        (3, 1, "wai_sr", 1, "bond", "15.5000", 12, 4, "scored"),
        (3, 1, "wai_sr", 1, "goal", "16.5000", 12, 4, "scored"),
        (4, 1, "phq_9", 1, "total", "9.0000", 9, 9, "scored"),
        (5, 2, "phq_9", None, "total", None, 3, 9, "too_many_missing"),
    ]
    assert found["entry"].unique().to_list() == [f"{1:016x}"]
    assert found.schema["client_key"] == pl.UInt64
    assert found.schema["completed_at"] == pl.Datetime("us")


@pytest.mark.parametrize("records", [1, 100])
def test_administrations_and_appointments(small: duckdb.DuckDBPyConnection, records: int):
    found = all_of(exports.administrations(small, records))
    assert found.select("source_row", "instrument", "rater", pl.col("answers").list.len()).rows() == [
        (3, "wai_sr", "client", 12),
        (4, "phq_9", "client", 9),
        (5, "phq_9", "client", 9),
    ]
    appointments = all_of(exports.appointments(small, records))
    assert appointments.select("source_row", "client_key", "kind", "status").rows() == [
        (1, 1, "treatment", "attended"),
        (2, 2, "treatment", "dna"),
    ]


def test_figures_are_those_of_the_mart_in_key_order(small: duckdb.DuckDBPyConnection):
    found = all_of(exports.figures(small))
    assert found.columns == list(MART_FIGURE.column_names)
    key = [column.name for column in FIGURE_COLUMNS]
    by_length = found.with_columns(pl.col("period").str.len_bytes().alias("length"))
    assert found.equals(by_length.sort([*key[:5], "length", *key[5:]]).drop("length"))
    again = small.execute("SELECT count(*), sum(value), sum(numerator) FROM mart_figure").fetchall()[0]
    total = found.select(
        pl.len(), *(pl.col(name).cast(pl.Decimal(18, 4)).sum() for name in ("value", "numerator"))
    ).row(0)
    assert total == again


def test_numbers_without_zeros_that_say_nothing():
    con = duckdb.connect()
    numbers = ["0.0000", "100.0000", "66.6667", "45.1250", "-3.5000", "0.0001", "-0.0010"]
    shortest = exports._shortest("x")
    query = f"SELECT {shortest} FROM (VALUES {', '.join(f'({n}::DECIMAL(18,4))' for n in numbers)}) t(x)"
    assert [row[0] for row in con.execute(query).fetchall()] == [
        "0",
        "100",
        "66.6667",
        "45.125",
        "-3.5",
        "0.0001",
        "-0.001",
    ]


@pytest.fixture(scope="module")
def built(small: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small warehouse as a file whose name needs care in SQL."""
    file = tmp_path_factory.mktemp("built") / "it's a build.duckdb"
    small.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS out")
    small.execute("COPY FROM DATABASE memory TO out")
    small.execute("DETACH out")
    return file


def test_disclosing_a_build_leaves_it_as_it_was(built: Path, tmp_path: Path):
    before = built.read_bytes()
    exports.disclose(built, tmp_path / "p.duckdb", Disclosure(5, 5), load_metrics(), instruments())
    assert built.read_bytes() == before
    assert [path.name for path in built.parent.iterdir()] == [built.name]
    with connect(tmp_path / "p.duckdb", read_only=True) as con:
        found = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert found == {published.name for published in PUBLISHED}
    figures = all_of(exports.published_figures(tmp_path / "p.duckdb"))
    assert figures.columns == list(MART_FIGURE.column_names)
    assert "suppressed" in figures["state"]


def test_what_is_no_warehouse_and_what_is_not_published(built: Path, tmp_path: Path):
    with connect(built, read_only=True) as con:
        exports.check(con, built.name)
        assert exports.run_facts(con)["timezone"] == "Europe/London"
    with pytest.raises(WarehouseError, match="is no published file"):
        list(exports.published_figures(built))
    with (
        connect(tmp_path / "other.duckdb") as con,
        pytest.raises(WarehouseError, match=r"other\.duckdb is no warehouse"),
    ):
        exports.check(con, "other.duckdb")
    with pytest.raises(WarehouseError, match=r"other\.duckdb is no warehouse"):
        exports.disclose(tmp_path / "other.duckdb", tmp_path / "p.duckdb", Disclosure(5, 5), [], [])
    with pytest.raises(WarehouseError, match=r"missing\.duckdb cannot be opened"):
        list(exports.published_figures(tmp_path / "missing.duckdb"))
