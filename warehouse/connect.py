"""Open DuckDB files with settings that are the same everywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from schemas.tables import Table

MEMORY_LIMIT = "2GB"

MAGIC, MAGIC_AT = b"DUCK", 8
"""What a DuckDB file begins with, after a checksum of eight bytes."""

Connection = duckdb.DuckDBPyConnection
"""For those who pass a connection on and do not import DuckDB."""


def settings(path: Path, threads: int | None = None) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings for a file."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(path.parent / f".{path.name}.tmp"),
    }
    if threads:
        config["threads"] = str(threads)
    return config


def connect(path: Path, read_only: bool = False, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to a file that never loads extensions by itself.

    raises WarehouseError when the file is missing, locked or not a DuckDB file.
    """
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=settings(path, threads))
    except duckdb.Error as error:
        locked = "could not set lock" in str(error).lower()
        kind = "is locked by another process" if locked else "cannot be opened"
        raise WarehouseError(f"{path.name} {kind}") from None
    con.execute("SET enable_progress_bar = false")
    con.execute("SET TimeZone = 'UTC'")
    return con


def is_database(path: Path) -> bool:
    """Whether a file says of itself that it is DuckDB's."""
    with path.open("rb") as content:
        return content.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] == MAGIC


@contextmanager
def new_database(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new file, readable by its owner alone; checkpointed when done, removed when it fails.

    raises WarehouseError when a file that the new one is made from cannot be read, or the disk is full
    """
    _remove(path)
    con = connect(path)
    os.chmod(path, 0o600)
    try:
        yield con
        con.execute("CHECKPOINT")
    except BaseException as error:
        con.close()
        _remove(path)
        if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
            raise WarehouseError(
                f"{path.name} cannot be written: a processed part is damaged, or the disk is full. "
                "Remove the site's parts folder, which is made again, and see to space"
            ) from error
        raise
    con.close()


def _remove(path: Path) -> None:
    """The file, and what a killed process left beside it."""
    for name in (path.name, f"{path.name}.wal"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.rmtree(path.with_name(f".{path.name}.tmp"), ignore_errors=True)


def create(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty table with its comments."""
    for statement in table.ddl():
        con.execute(statement)
