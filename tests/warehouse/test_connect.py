"""DuckDB files: settings, new files that are whole or not there, errors a person can act on."""

from __future__ import annotations

import os
import subprocess
import sys

import duckdb
import pytest

from schemas.errors import WarehouseError
from schemas.tables import CORE
from warehouse.connect import connect, create, new_database

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
KILLED = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE t AS SELECT 1 AS a")
con.execute("SET checkpoint_threshold = '1TB'")
con.execute("INSERT INTO t VALUES (2)")
os.kill(os.getpid(), 9)
"""


def test_settings_are_the_same_everywhere(tmp_path):
    con = connect(tmp_path / "a.duckdb", threads=1)
    names = ("TimeZone", "memory_limit", "threads", "preserve_insertion_order", "autoload_known_extensions")
    found = [con.execute("SELECT current_setting(?)", [name]).fetchall()[0][0] for name in names]
    assert found == ["UTC", "1.8 GiB", 1, False, False]
    con.close()


def test_a_new_file_is_private_and_checkpointed(tmp_path):
    path = tmp_path / "a.duckdb"
    with new_database(path) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a.duckdb"]
    with new_database(path) as con:
        assert con.execute("SHOW TABLES").fetchall() == []


def test_a_file_that_fails_is_not_there(tmp_path):
    with pytest.raises(duckdb.CatalogException), new_database(tmp_path / "a.duckdb") as con:
        con.execute("CREATE TABLE t AS SELECT * FROM nowhere")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_gone(tmp_path):
    path = tmp_path / "a.duckdb"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert (tmp_path / "a.duckdb.wal").exists()
    with new_database(path) as con:
        assert con.execute("SHOW TABLES").fetchall() == []
    assert [file.name for file in tmp_path.iterdir()] == ["a.duckdb"]


def test_a_damaged_part_is_named_and_no_traceback(tmp_path):
    (tmp_path / "part.parquet").write_bytes(b"PAR1 no parquet PAR1")
    with pytest.raises(WarehouseError, match="part is damaged"), new_database(tmp_path / "a.duckdb") as con:
        con.execute(f"CREATE TABLE t AS SELECT * FROM read_parquet('{tmp_path}/part.parquet')")
    assert not (tmp_path / "a.duckdb").exists()


def test_errors_say_what_is_wrong(tmp_path):
    (tmp_path / "block.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(WarehouseError, match=r"block\.duckdb cannot be opened"):
        connect(tmp_path / "block.duckdb")
    with pytest.raises(WarehouseError, match=r"none\.duckdb cannot be opened"):
        connect(tmp_path / "none.duckdb", read_only=True)


def test_a_file_in_use_is_locked(tmp_path):
    path = tmp_path / "a.duckdb"
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert held.stdout.readline() == "held\n"
        with pytest.raises(WarehouseError, match=r"a\.duckdb is locked by another process"):
            connect(path)
    finally:
        held.communicate("", timeout=30)
    connect(path).close()


def test_tables_carry_their_comments(tmp_path):
    table = next(table for table in CORE if table.name == "core_appointment")
    with new_database(tmp_path / "a.duckdb") as con:
        create(con, table)
        about = con.execute("SELECT comment FROM duckdb_tables()").fetchall()
        columns = con.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL"
        ).fetchall()
    assert about == [(f"One row: {table.grain}",)]
    assert {name for name, _ in columns} == set(table.column_names)


def test_nobody_else_may_read_a_new_file(tmp_path):
    before = os.umask(0)
    try:
        with new_database(tmp_path / "a.duckdb"):
            assert (tmp_path / "a.duckdb").stat().st_mode & 0o077 == 0
    finally:
        os.umask(before)
