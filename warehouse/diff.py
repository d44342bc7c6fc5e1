"""Where two warehouses differ: table, key and column of the first differing cells; never their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from schemas.instrument import Instrument
from schemas.tables import Table
from warehouse.connect import MEMORY_LIMIT
from warehouse.digest import digests, hashed_columns, hashed_rows, warehouse_tables

MOST = 20
ONLY_A, ONLY_B = "is missing from the second", "is missing from the first"
UNDECLARED = "is of an instrument that is no longer known"


@dataclass(frozen=True)
class Difference:
    """One cell, row, column or table that differs between two warehouses.

    key:    columns and values that tell the row from others; empty for a whole column or table
    column: the differing column; empty for a whole row or table
    what:   differs, or which of the two lacks it
    """

    table: str
    key: tuple[tuple[str, str], ...]
    column: str
    what: str = "differs"

    def __str__(self) -> str:
        row = ", ".join(f"{name} {value}" for name, value in self.key)
        place = [self.table, f"row with {row}" if row else "", f"column {self.column}" if self.column else ""]
        return f"{', '.join(filter(None, place))}: {self.what}"


def diff(
    first: Path, second: Path, tables: Sequence[str], instruments: Sequence[Instrument], limit: int = MOST
) -> list[Difference]:
    """The first differences of two warehouse files, by table in the order given, then by key.

    tables: names; one that is in neither file is passed over
    raises: WarehouseError for a file that cannot be opened or is open in this process
    """
    declared = {table.name: table for table in warehouse_tables(instruments)}
    with _both(first, second) as con:
        found = (one for name in tables for one in _differences(con, name, declared.get(name), limit))
        return list(islice(found, limit))


@contextmanager
def _both(first: Path, second: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """One connection that has the files attached as a and b, read-only."""
    con = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "autoload_known_extensions": "false"})
    try:
        for name, path in (("a", first), ("b", second)):
            try:
                con.execute(f"ATTACH {_path(path)} AS {name} (READ_ONLY)")
            except duckdb.Error:
                raise WarehouseError(f"{path.name} cannot be opened to compare it") from None
        yield con
    finally:
        con.close()


def _differences(
    con: duckdb.DuckDBPyConnection, name: str, table: Table | None, limit: int
) -> Iterator[Difference]:
    a, b = _columns(con, "a", name), _columns(con, "b", name)
    if not a or not b or table is None:
        if a or b:
            yield Difference(name, (), "", ONLY_A if not b else ONLY_B if not a else UNDECLARED)
        return
    for column in sorted({*a} ^ {*b}):
        yield Difference(name, (), column, ONLY_A if column in a else ONLY_B)
    compared = {
        one.name: a[one.name] == b[one.name] for one in hashed_columns(table) if {one.name} <= {*a} & {*b}
    }
    if set(table.key) <= set(compared):
        for entry in _differing_entries(con, table):
            yield from _cells(con, table, compared, entry, limit)


def _columns(con: duckdb.DuckDBPyConnection, database: str, table: str) -> dict[str, str]:
    rows = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = 'main' AND table_name = ? ORDER BY column_index",
        [database, table],
    ).fetchall()
    return dict(rows)


def _differing_entries(con: duckdb.DuckDBPyConnection, table: Table) -> list[int | None]:
    """Deliveries whose rows differ, by digest; None, the whole table, where that cannot be told."""
    if "entry_no" not in table.column_names:
        return [None]
    found = []
    for database in "ab":
        con.execute(f"USE {database}")
        try:
            found.append(digests(con, [table])[table.name].entries)
        except WarehouseError:
            return [None]
    a, b = found
    return [entry for entry in sorted({*a, *b}) if a.get(entry) != b.get(entry)]


def _cells(
    con: duckdb.DuckDBPyConnection, table: Table, compared: Mapping[str, bool], entry: int | None, limit: int
) -> Iterator[Difference]:
    """Rows and cells that differ, in key order. compared: columns, and whether of one type in both."""
    differs = [_differs(f'"{name}"', same) for name, same in compared.items()]
    keys = [f'"{name}"' for name in table.key]
    rows = hashed_rows(table) if entry is None else f"entry_no = {entry}"
    a, b = (
        f'(SELECT *, true AS is_there FROM {side}."{table.name}" WHERE {rows}) AS {side}' for side in "ab"
    )
    either = ", ".join(f"coalesce(a.{key}, b.{key})" for key in keys)
    found = con.execute(
        f"SELECT a.is_there, b.is_there, [{', '.join(differs)}], {either}"
        f" FROM {a} FULL JOIN {b} ON {' AND '.join(f'a.{key} IS NOT DISTINCT FROM b.{key}' for key in keys)}"
        f" WHERE a.is_there IS NULL OR b.is_there IS NULL OR {' OR '.join(differs)}"
        f" ORDER BY {either} LIMIT {limit}"
    ).fetchall()
    for in_a, in_b, flags, *values in found:
        place = tuple(zip(table.key, map(_word, values), strict=True))
        if in_a and in_b:
            yield from (Difference(table.name, place, name) for name in compress(compared, flags))
        else:
            yield Difference(table.name, place, "", ONLY_A if in_a else ONLY_B)


def _differs(column: str, same_type: bool) -> str:
    if same_type:
        return f"a.{column} IS DISTINCT FROM b.{column}"
    return f"CAST(a.{column} AS VARCHAR) IS DISTINCT FROM CAST(b.{column} AS VARCHAR)"


def _path(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _word(value: object) -> str:
    return "" if value is None else str(value)
