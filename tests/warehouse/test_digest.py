"""Equal rows, equal digests; any other cell, another digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import WarehouseError
from schemas.tables import CORE, Column, Table, administration_table
from tests.warehouse.candidate import INSTRUMENTS, good_warehouse
from warehouse import digest
from warehouse.digest import TableDigest, all_digests, digests, entry_digests, table_digests

TYPES = Table(
    "sample", "a row", ("entry_no", "source_row", "word"),
    (
        Column("entry_no", "INTEGER", ""), Column("source_row", "INTEGER", ""), Column("word", "VARCHAR", ""),
        Column("tiny", "TINYINT", ""), Column("small", "SMALLINT", ""), Column("big", "BIGINT", ""),
        Column("key", "UBIGINT", ""), Column("score", "DECIMAL(9,4)", ""), Column("total", "DECIMAL(18,4)", ""),
        Column("at", "TIMESTAMP", ""), Column("day", "DATE", ""), Column("flag", "BOOLEAN", ""),
        Column("status", "ENUM('scored', 'prorated')", ""),
    ),
)  # fmt: skip
ROW = (
    1, 1, "é", -104, 300, -5, 2**64 - 1, Decimal("12.3456"), Decimal("-99999999999999.9999"),
    dt.datetime.fromisoformat("2026-03-29T01:30:00.000001"), dt.date(1949, 12, 31), True, "prorated",
)  # fmt: skip
OTHER = (
    1, 1, "e", 4, 301, -6, 2**64 - 2, Decimal("12.3457"), Decimal("0"),
    dt.datetime.fromisoformat("2026-03-29T01:30:00.000002"), dt.date(1950, 1, 1), False, "scored",
)  # fmt: skip


def of(rows: Sequence[Sequence[object]], table: Table = TYPES, threads: int = 2) -> TableDigest:
    """Digest of these rows in a new database."""
    with duckdb.connect(config={"threads": threads}) as con:
        for statement in table.ddl():
            con.execute(statement)
        if rows:
            con.executemany(
                f"INSERT INTO {table.name} VALUES ({', '.join('?' for _ in table.columns)})", list(rows)
            )
        return digests(con, [table])[table.name]


def test_the_digest_of_given_rows_is_for_ever():
    """Changes only with the canonical form; then every stored manifest says something else."""
    empty = (1, 2, *[None] * 11)
    found = of([ROW, empty])
    assert found.rows == 2
    assert found.sha256 == "7aba3a0e2a5ff3baeca57ded8b1c6a943e93f1a37298d12cc0077d60d5b04e64"


@pytest.mark.parametrize("place", range(2, len(ROW)), ids=lambda place: TYPES.columns[place].name)
def test_every_cell_counts(place):
    changed = (*ROW[:place], OTHER[place], *ROW[place + 1 :])
    emptied = (*ROW[:place], None, *ROW[place + 1 :])
    assert len({of([row]).sha256 for row in (ROW, changed, emptied)}) == 3


def test_nothing_zero_and_the_empty_text_differ():
    none = (1, 1, *[None] * 11)
    empty = (1, 1, "", *[None] * 10)
    zero = (1, 1, None, 0, *[None] * 9)
    assert len({of([row]).sha256 for row in (none, empty, zero)}) == 3


def test_texts_do_not_run_together():
    first = [(1, 1, "ab", *ROW[3:]), (1, 2, "c", *ROW[3:])]
    second = [(1, 1, "a", *ROW[3:]), (1, 2, "bc", *ROW[3:])]
    assert of(first).sha256 != of(second).sha256


WORDS = st.one_of(
    st.none(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 3), WORDS, st.one_of(st.none(), st.integers(-1, 1))), max_size=12),
    st.randoms(),
)
def test_order_of_arrival_does_not_count(cells, random):
    rows = [(entry, row, word, tiny, *ROW[4:]) for row, (entry, word, tiny) in enumerate(cells, start=1)]
    shuffled = random.sample(rows, len(rows))
    assert of(rows) == of(shuffled)


@pytest.mark.parametrize("threads", [1, 8])
def test_threads_blocks_and_fetches(monkeypatch, threads):
    rows = [(1 + n % 3, n, str(n % 7), n % 5 if n % 4 else None, *ROW[4:]) for n in range(1, 500)]
    monkeypatch.setattr(digest, "BLOCK_ROWS", 16)
    usual = of(rows)
    monkeypatch.setattr(digest, "FETCHED_ROWS", 40)
    assert of(rows, threads=threads) == usual
    monkeypatch.setattr(digest, "BLOCK_ROWS", 17)
    assert of(rows).sha256 != usual.sha256, "blocks are part of the canonical form"


def test_a_delivery_has_its_own_digest():
    rows = [(entry, row, "a", *ROW[3:]) for entry in (1, 2, 3) for row in (1, 2)]
    changed = [*rows[:2], (2, 1, "b", *ROW[3:]), *rows[3:]]
    first, second = of(rows).entries, of(changed).entries
    assert list(first) == [1, 2, 3]
    assert {entry for entry in first if first[entry] != second[entry]} == {2}


def test_a_row_that_moves_to_another_delivery_changes_the_table():
    assert of([(1, 1, *ROW[2:])]).sha256 != of([(2, 1, *ROW[2:])]).sha256


def test_the_declaration_counts():
    wider = Table("sample", TYPES.grain, TYPES.key, (*TYPES.columns, Column("more", "VARCHAR", "")))
    assert of([ROW]).sha256 != of([(*ROW, None)], wider).sha256


def test_clock_times_run_ids_and_program_versions_are_left_out():
    runs = next(table for table in CORE if table.name == "core_run")
    exports = next(table for table in CORE if table.name == "core_export")
    said = [("as_of", "2026-10-31"), ("run", "a"), ("code", "b")]
    assert of(said, runs) == of([("as_of", "2026-10-31"), ("run", "c"), ("code", "d"), ("lock", "e")], runs)
    assert of(said, runs) != of([("as_of", "2026-10-30"), *said[1:]], runs)
    values = {"arrived_at": dt.datetime.fromisoformat("2026-10-31T02:00:00"), "bytes": 1}
    plain = {"BOOLEAN": True, "VARCHAR": "x"}
    row = [values.get(c.name, plain.get(c.type, 1)) for c in exports.columns]
    later = [dt.datetime.fromisoformat("2026-11-01T02:00:00") if c.name == "arrived_at" else v
             for c, v in zip(exports.columns, row, strict=True)]  # fmt: skip
    assert of([row], exports) == of([later], exports)


def test_a_warehouse_has_a_digest_of_every_table_that_figures_come_from(tmp_path):
    with duckdb.connect(str(good_warehouse(tmp_path / "a.duckdb")), read_only=True) as con:
        tables, entries = all_digests(con, INSTRUMENTS)
        assert table_digests(con, INSTRUMENTS) == tables
        assert entry_digests(con, INSTRUMENTS) == entries
    names = [table.name for table in CORE] + [
        "administration_gad_7",
        "administration_srs",
        "mart_figure",
        "mart_bound",
        "mart_disclosed",
    ]
    assert list(tables) == names
    assert tables["administration_gad_7"]["rows"] == 6
    assert set(entries["administration_gad_7"]) == {f"{1:016x}"}
    assert set(entries["core_export"]) == {f"{number:016x}" for number in (1, 2, 3, 4)}
    assert "core_clinic" not in entries


def test_a_table_that_is_not_as_declared_is_named():
    wide = administration_table("gad_7", 7, ("total",))
    with duckdb.connect() as con, pytest.raises(WarehouseError, match="administration_gad_7"):
        digests(con, [wide])
