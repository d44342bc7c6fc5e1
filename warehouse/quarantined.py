"""What a warehouse holds in quarantine, and the lists that runs leave: SITE/runs/<run>.quarantine.parquet.

A list has a row for each open problem and each refused file that waits: places and rules, never a value. The
lists of successive runs tell which run mended what.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from schemas.errors import ArchiveError
from warehouse.connect import Connection
from warehouse.files import FILE_MODE, private_dir
from warehouse.manifest import RUNS

LIST = ".quarantine.parquet"

PROBLEM = ("entry", "source_row", "instrument", "column", "rule")
"""Columns of a list; a refused file has no source row."""

OPEN = """
    SELECT e.entry, p.source_row, p.instrument, p.column_name AS "column", p.rule
    FROM core_quarantine p JOIN core_export e USING (entry_no)
    UNION ALL
    SELECT entry, NULL, '', '', refused FROM core_export
    WHERE refused IS NOT NULL AND NOT coalesce(closed, FALSE)
"""


@dataclass(frozen=True)
class Place:
    """A delivery as people know it, with its records by fate.

    arrived_at: UTC, without a zone; refused: the rule of a file that waits to be mended
    """

    entry: str
    feed: str
    clinic: str
    file: str
    arrived_at: datetime
    refused: str | None
    received: int
    accepted: int
    quarantined: int
    excluded: int
    superseded: int


def places(con: Connection) -> list[Place]:
    """All deliveries in ledger order."""
    rows = con.execute(
        "SELECT entry, feed, clinic, file, arrived_at,"
        " CASE WHEN NOT coalesce(closed, FALSE) THEN refused END,"
        " received, accepted, quarantined, excluded, superseded FROM core_export ORDER BY entry_no"
    ).fetchall()
    return [Place(*row) for row in rows]


def clinics(con: Connection) -> dict[str, str]:
    """Name of each clinic, by its id."""
    return dict(con.execute("SELECT clinic, clinic_name FROM core_clinic ORDER BY clinic").fetchall())


def open_problems(con: Connection) -> pl.DataFrame:
    """PROBLEM columns: everything that waits to be mended, in no order."""
    return con.sql(OPEN).pl()


def open_rows(con: Connection, entry: str) -> frozenset[int]:
    """Rows of one delivery with an open problem."""
    rows = con.execute(
        "SELECT DISTINCT source_row FROM core_quarantine JOIN core_export USING (entry_no) WHERE entry = ?",
        [entry],
    ).fetchall()
    return frozenset(row[0] for row in rows)


def write_open(con: Connection, site: Path, run: str) -> Path:
    """Keep the list of a run, read from its warehouse."""
    path = private_dir(site / RUNS) / f"{run}{LIST}"
    beside = path.with_name(f".{path.name}.tmp")
    target = str(beside).replace("'", "''")
    con.execute(f"COPY ({OPEN} ORDER BY ALL) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    os.chmod(beside, FILE_MODE)
    return beside.replace(path)


def read_open(site: Path, run: str) -> pl.DataFrame | None:
    """The list of a run; None for a run that left none.

    raises: ArchiveError for a list that cannot be read
    """
    path = site / RUNS / f"{run}{LIST}"
    if not path.is_file():
        return None
    try:
        with duckdb.connect() as con:
            return con.read_parquet(str(path)).select(*(f'"{name}"' for name in PROBLEM)).pl()
    except duckdb.Error:
        raise ArchiveError(f"{RUNS}/{path.name} cannot be read: restore it from the backup") from None
