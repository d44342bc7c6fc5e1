"""Counts and freshness that a warehouse tells of its deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.tables import CORE
from warehouse.connect import Connection, create, new_database
from warehouse.manifest import Counts, FileCounts
from warehouse.results import counts_by_file, freshness, whole_counts

EXPORTS = """
    (1, 'aaaaaaaaaaaaaaaa', 'north', 'n', 'responses', 'a.csv', 'x', 9, '2026-10-30 23:30:00', NULL, 5, 2, 1, 1, 1, 2),
    (2, 'bbbbbbbbbbbbbbbb', 'north', 'n', 'responses', 'b.csv', 'y', 9, '2026-10-31 00:30:00', 'missing_column', 0, 0, 0, 0, 0, 0),
    (3, 'cccccccccccccccc', 'south', 's', 'responses', 'c.csv', 'z', 9, '2026-03-01 12:00:00', NULL, 4, 1, 0, 3, 0, 1)
"""
COLUMNS = (
    "entry_no, entry, feed, clinic, kind, file, sha256, bytes, arrived_at, refused,"
    " received, accepted, quarantined, excluded, superseded, administrations"
)
RECORDS = """
    (1, 2, 'quarantined', 'problems'), (1, 3, 'excluded', 'preview'), (1, 4, 'superseded', ''),
    (3, 1, 'excluded', 'empty'), (3, 2, 'excluded', 'empty'), (3, 3, 'excluded', 'preview')
"""


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with new_database(tmp_path / "warehouse.duckdb") as con:
        for table in CORE:
            create(con, table)
        yield con


@pytest.fixture
def filled(con: Connection) -> Connection:
    con.execute(f"INSERT INTO core_export ({COLUMNS}) VALUES {EXPORTS}")
    con.execute(f"INSERT INTO core_record (entry_no, source_row, fate, reason) VALUES {RECORDS}")
    return con


def test_each_delivery_by_fate(filled: Connection):
    assert counts_by_file(filled) == [
        FileCounts("north", "a" * 16, 5, 2, 1, {"preview": 1}, 1, None),
        FileCounts("north", "b" * 16, 0, 0, 0, {}, 0, "missing_column"),
        FileCounts("south", "c" * 16, 4, 1, 0, {"empty": 2, "preview": 1}, 0, None),
    ]


def test_the_whole_site_by_fate(filled: Connection):
    assert whole_counts(filled) == Counts(9, 3, 1, {"empty": 2, "preview": 2}, 1, 3, 1)


def test_nothing_was_delivered(con: Connection):
    assert counts_by_file(con) == []
    assert whole_counts(con) == Counts(0, 0, 0, {}, 0, 0, 0)
    assert freshness(con, "Europe/London") == []


def test_the_newest_delivery_is_a_local_date(filled: Connection):
    assert freshness(filled, "Europe/London") == [
        {"feed": "north", "clinic": "n", "newest_arrival": "2026-10-31"},
        {"feed": "south", "clinic": "s", "newest_arrival": "2026-03-01"},
    ]
    assert freshness(filled, "America/New_York")[0]["newest_arrival"] == "2026-10-30"
