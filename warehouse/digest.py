"""Digests of tables: equal rows give equal digests, whatever the machine, the threads or DuckDB's version.

A digest is SHA-256 over the rows in key order. Rows are cut into blocks; of a block each column is
hashed whole, as fixed-width little-endian values: writing five million rows as text takes ten times
as long. Tables with entry_no have a digest per delivery, and theirs is over those.

    table   = SHA-256(declaration, then per delivery: rows, SHA-256)
    delivery = SHA-256(per block: rows, SHA-256)       block: source rows by BLOCK_ROWS
    block   = SHA-256(per column: presence, values)    presence: 0 all null, 1 none, 2 a byte per row
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import duckdb
import numpy as np
import polars as pl
from duckdb import DuckDBPyConnection

from schemas.errors import WarehouseError
from schemas.instrument import Instrument
from schemas.tables import CORE, MART_BOUND, MART_DISCLOSED, MART_FIGURE, Column, Table, administration_table

LEFT_OUT_COLUMNS = {"core_export": ("arrived_at",)}
"""Clock times: the same delivery may have been archived at another moment."""

LEFT_OUT_ROWS = {
    "core_run": ("run", "started_at", "finished_at", "code", "lock"),
    "pub_run": ("run", "released_run", "code", "lock"),
}
"""Rows by name: run ids and clock times, and which programs ran, which a rerun reports by itself."""

BLOCK_ROWS = 65_536
FETCHED_ROWS = 262_144

DIGITS_OF_INT32 = 9
ALL_NULL, NO_NULL, SOME_NULL = b"\x00", b"\x01", b"\x02"


@dataclass(frozen=True)
class TableDigest:
    """entries: SHA-256 by entry_no, for tables that have it."""

    rows: int
    sha256: str
    entries: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Run:
    """Consecutive rows that make one block."""

    entry_no: int
    block: int
    rows: int


def warehouse_tables(instruments: Sequence[Instrument]) -> tuple[Table, ...]:
    """Tables that figures come from, the figures, and what may be told of them; views have no digest."""
    wide = (administration_table(one.id, one.n_items, one.scale_ids) for one in instruments)
    return (*CORE, *wide, MART_FIGURE, MART_BOUND, MART_DISCLOSED)


def table_digests(
    con: DuckDBPyConnection, instruments: Sequence[Instrument]
) -> dict[str, dict[str, int | str]]:
    """Rows and SHA-256 of each table of a warehouse."""
    return all_digests(con, instruments)[0]


def entry_digests(con: DuckDBPyConnection, instruments: Sequence[Instrument]) -> dict[str, dict[str, str]]:
    """SHA-256 by delivery (entry id), of each table that has its rows."""
    return all_digests(con, instruments)[1]


def all_digests(
    con: DuckDBPyConnection, instruments: Sequence[Instrument]
) -> tuple[dict[str, dict[str, int | str]], dict[str, dict[str, str]]]:
    """Both in one pass: of tables, and of tables by delivery."""
    found = digests(con, warehouse_tables(instruments))
    ids = dict(con.execute("SELECT entry_no, entry FROM core_export ORDER BY entry_no").fetchall())
    tables: dict[str, dict[str, int | str]] = {
        name: {"rows": one.rows, "sha256": one.sha256} for name, one in found.items()
    }
    entries = {
        name: {ids.get(number, f"entry {number}"): sha256 for number, sha256 in one.entries.items()}
        for name, one in found.items()
        if one.entries
    }
    return tables, entries


def digests(con: DuckDBPyConnection, tables: Sequence[Table]) -> dict[str, TableDigest]:
    """Digest of each table; raises WarehouseError for one that is not there as declared."""
    found = {}
    for table in tables:
        try:
            found[table.name] = _digest(con, table)
        except duckdb.Error:
            raise WarehouseError(
                f"{table.name} is not in the warehouse as this version declares it"
            ) from None
    return found


def _digest(con: DuckDBPyConnection, table: Table) -> TableDigest:
    columns = hashed_columns(table)
    declaration = ", ".join(f"{column.name} {column.type}" for column in columns)
    whole = hashlib.sha256(f"{table.name} ({declaration}) by {', '.join(table.key)}\n".encode())
    entries: dict[int, str] = {}
    rows = 0
    for entry_no, blocks in groupby(_blocks(con, table, columns), key=lambda block: block[0].entry_no):
        delivery, its_rows = hashlib.sha256(), 0
        for run, block in blocks:
            delivery.update(_count(run.rows) + block)
            its_rows += run.rows
        whole.update(_count(its_rows) + delivery.digest())
        entries[entry_no] = delivery.hexdigest()
        rows += its_rows
    return TableDigest(rows, whole.hexdigest(), entries if "entry_no" in table.column_names else {})


def hashed_columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table that its digest is over."""
    left_out = LEFT_OUT_COLUMNS.get(table.name, ())
    return tuple(column for column in table.columns if column.name not in left_out)


def hashed_rows(table: Table) -> str:
    """An SQL condition: the rows of a table that its digest is over."""
    left_out = LEFT_OUT_ROWS.get(table.name)
    return f"name NOT IN ({', '.join(repr(name) for name in left_out)})" if left_out else "true"


def _count(rows: int) -> bytes:
    return rows.to_bytes(8, "little")


def _blocks(con: DuckDBPyConnection, table: Table, columns: Sequence[Column]) -> Iterator[tuple[_Run, bytes]]:
    """Every block of a table with its digest, in order."""
    selected = ", ".join(physical(column) for column in columns)
    order = ", ".join(f'"{name}" NULLS FIRST' for name in table.key)
    for fetch in _fetches(_runs(con, table)):
        query = f'SELECT {selected} FROM "{table.name}" WHERE {_where(table, fetch)} ORDER BY {order}'
        arrays = [_values(series) for series in con.sql(query).pl().iter_columns()]
        start = 0
        for run in fetch:
            state = hashlib.sha256()
            for values in arrays:
                values.update(state, start, start + run.rows)
            yield run, state.digest()
            start += run.rows


def _runs(con: DuckDBPyConnection, table: Table) -> list[_Run]:
    """The blocks of a table. Without entry_no it is one: figures and small tables."""
    names = table.column_names
    entry = "entry_no" if "entry_no" in names else "0"
    block = f"greatest(source_row, 0) // {BLOCK_ROWS}" if "source_row" in names else "0"
    found = con.execute(
        f'SELECT {entry} AS e, {block} AS b, count(*) FROM "{table.name}" WHERE {hashed_rows(table)}'
        " GROUP BY e, b ORDER BY e, b"
    ).fetchall()
    return [_Run(*row) for row in found]


def _fetches(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Blocks to read together."""
    fetch: list[_Run] = []
    for run in runs:
        if fetch and sum(one.rows for one in fetch) + run.rows > FETCHED_ROWS:
            yield fetch
            fetch = []
        fetch.append(run)
    if fetch:
        yield fetch


def _where(table: Table, fetch: Sequence[_Run]) -> str:
    """The rows of consecutive blocks, in terms that let DuckDB skip the others."""
    if "entry_no" not in table.column_names:
        return hashed_rows(table)
    first, last = fetch[0], fetch[-1]
    if "source_row" not in table.column_names:
        return f"entry_no BETWEEN {first.entry_no} AND {last.entry_no}"
    start = f"source_row >= {first.block * BLOCK_ROWS}" if first.block else "true"
    stop = f"source_row < {(last.block + 1) * BLOCK_ROWS}"
    if first.entry_no == last.entry_no:
        return f"entry_no = {first.entry_no} AND {start} AND {stop}"
    return (
        f"entry_no BETWEEN {first.entry_no} AND {last.entry_no}"
        f" AND (entry_no > {first.entry_no} OR {start}) AND (entry_no < {last.entry_no} OR {stop})"
    )


def physical(column: Column) -> str:
    """SQL for a column as an integer or a text; decimals are cheaper to convert outside."""
    name = f'"{column.name}"'
    if column.type.startswith("ENUM("):
        return f"CAST(enum_code({name}) AS UTINYINT) AS {name}"
    if column.type == "TIMESTAMP":
        return f"epoch_us({name}) AS {name}"
    if column.type == "DATE":
        return f"CAST({name} - DATE '1970-01-01' AS INTEGER) AS {name}"
    if column.type == "BOOLEAN":
        return f"CAST({name} AS UTINYINT) AS {name}"
    return name


class _Values:
    """A column of some rows: presence, and values as one array; a null is zero."""

    def __init__(self, series: pl.Series) -> None:
        nulls = series.null_count()
        self.presence = NO_NULL if not nulls else ALL_NULL if nulls == series.len() else SOME_NULL
        self.valid = series.is_not_null().to_numpy() if self.presence == SOME_NULL else None
        self.set_values(series)

    def set_values(self, series: pl.Series) -> None:
        if isinstance(series.dtype, pl.Decimal):
            narrow = (series.dtype.precision or 0) <= DIGITS_OF_INT32
            series = series.to_physical().cast(pl.Int32 if narrow else pl.Int64)
        self.numbers = np.ascontiguousarray(series.fill_null(0).to_numpy())

    def update(self, state: hashlib._Hash, start: int, stop: int) -> None:
        """Hash the presence and the values of these rows; the result depends on nothing around them."""
        presence = self.presence
        if self.valid is not None:
            valid = self.valid[start:stop]
            presence = NO_NULL if valid.all() else SOME_NULL if valid.any() else ALL_NULL
        state.update(presence)
        if presence == SOME_NULL and self.valid is not None:
            state.update(self.valid[start:stop].data)
        if presence != ALL_NULL:
            self.update_values(state, start, stop)

    def update_values(self, state: hashlib._Hash, start: int, stop: int) -> None:
        state.update(self.numbers[start:stop].data)


class _Texts(_Values):
    """A column of texts: their lengths in bytes, then all of them in UTF-8."""

    def set_values(self, series: pl.Series) -> None:
        array = series.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, text = array.buffers()
        self.offsets = np.frombuffer(offsets, dtype=np.int64)[: len(array) + 1]
        self.lengths = np.diff(self.offsets).astype(np.uint32)
        self.text = memoryview(text) if text else memoryview(b"")

    def update_values(self, state: hashlib._Hash, start: int, stop: int) -> None:
        state.update(self.lengths[start:stop].data)
        state.update(self.text[self.offsets[start] : self.offsets[stop]])


def _values(series: pl.Series) -> _Values:
    return _Texts(series) if series.dtype == pl.String else _Values(series)
