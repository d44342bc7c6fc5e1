"""The rows of a release: kept when it is published, and put in place of a night's that may not be.

Until a night is a release, its published file has the figures, and the words for them, of the release in
force. A release that revises nothing has new figures only where the last one had no closed period.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.published import PUBLISHED
from schemas.tables import MART_FIGURE, Table
from warehouse.connect import Connection, settings
from warehouse.releases import WORDS, History, Plan, Release

CLOSING = ("month", "quarter", "year", "rolling_12_months")
"""Grains whose periods close; all others are new with each release."""

KEY = ", ".join(MART_FIGURE.key)
NUMBERS = ("numerator", "denominator", "value", "n")
FIGURE = next(table for table in PUBLISHED if table.name == "pub_figure")

CLINICS = """
SELECT
    series.figure, series.definition, series.instrument, series.scale, unit.service, unit.clinic,
    list(DISTINCT clinic.clinic ORDER BY clinic.clinic) AS clinics
FROM built.mart_applicable AS series
JOIN built.core_clinic AS clinic USING (clinic)
JOIN built.mart_unit AS unit
    ON unit.service IN ('all', clinic.service) AND unit.clinic IN ('all', clinic.clinic)
GROUP BY ALL
"""

ROWS = f"""
WITH clinics AS ({CLINICS})
SELECT figure.*, metric.kind, period.closed, first_slot, last_slot, coalesce(clinics, []) AS clinics
FROM made.pub_figure AS figure
JOIN made.pub_metric AS metric USING (figure, definition)
JOIN built.mart_period AS period USING (grain, period)
LEFT JOIN clinics USING (figure, definition, instrument, scale, service, clinic)
ORDER BY {KEY}
"""

EARLIER = f"""
SELECT * FROM read_parquet({{rows}})
WHERE closed AND state <> 'not_applicable' AND grain IN {CLOSING}
"""
"""Rows of the last release that only a revision may change."""


def release_rows(warehouse: Path, publication: Path, history: History, plan: Plan) -> pl.DataFrame:
    """What is kept of a publication that is a release: one row per row of pub_figure, in key order.

    Further columns: kind of figure; closed; first_slot and last_slot of the period, month numbers, or the
    session or stage; clinics: of the unit, those where the figure is applicable. A row that could not be
    revised tells of the clinics it told of before.
    """
    with _opened(publication.with_suffix(".rows"), warehouse=warehouse, publication=publication) as con:
        rows = con.sql(ROWS).pl()
        if plan.revises or history.last is None:
            return rows
        before = con.sql(f"SELECT {KEY}, clinics AS before FROM ({_earlier(history.last)})").pl()
    joined = rows.join(before, on=list(MART_FIGURE.key), how="left", maintain_order="left")
    return joined.with_columns(clinics=pl.coalesce("before", "clinics")).drop("before")


def release_words(publication: Path) -> dict[str, list[list[Any]]]:
    """Rows of the tables of WORDS, dates as ISO text."""
    with _opened(publication.with_suffix(".words"), publication=publication) as con:
        return {name: _texts(con.execute(_ordered(name)).fetchall()) for name in WORDS}


def _ordered(name: str) -> str:
    table = _table(name)
    return f"SELECT {', '.join(table.column_names)} FROM made.{name} ORDER BY {', '.join(table.key)}"


def _texts(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(json.dumps(rows, default=str))
    return found


def settle(publication: Path, history: History, plan: Plan) -> None:
    """Put into a night's published file what it may say: see `warehouse.releases.Plan`.

    The file is written anew: rows that were taken out of a DuckDB file can still be read from its bytes.
    """
    last = history.last
    if last is None or plan.revises:
        return
    beside = publication.with_name(f"{publication.name}.settled")
    beside.unlink(missing_ok=True)
    with _opened(beside, publication=publication) as con:
        con.execute(f"ATTACH {_literal(beside)} AS settled")
        con.execute("USE settled")
        for table in PUBLISHED:
            for statement in table.ddl():
                con.execute(statement)
            if plan.is_release or table.name not in ("pub_figure", *WORDS):
                _copy(con, table, _unrevised(last) if table == FIGURE else f"FROM made.{table.name}")
            elif table == FIGURE:
                _copy(con, table, f"FROM read_parquet({_literal(last.rows)})")
            else:
                _insert(con, table, last.words[table.name])
        con.execute("USE memory")
        con.execute("DETACH settled")
    beside.chmod(0o600)
    beside.replace(publication)


def _unrevised(last: Release) -> str:
    """SQL: the night's rows, but closed ones of the last release as they were.

    One that would be told otherwise now says so, with the numbers it had. One that comes back to what was
    told is told as before.
    """
    numbers = "(earlier.value IS NOT NULL)"
    same = " AND ".join(f"earlier.{name} IS NOT DISTINCT FROM now.{name}" for name in NUMBERS)
    state = f"""CASE
        WHEN earlier.state = 'suppressed' OR ({same} AND earlier.state = now.state) THEN earlier.state
        WHEN {same} AND {numbers} AND now.state IN ('value', 'zero') THEN now.state
        ELSE 'update_withheld'
    END"""
    # What was told as no data has no value; told otherwise, it has no number left to show.
    hides = f"(NOT {numbers} AND {state} = 'update_withheld')"
    columns = ", ".join(
        f"{state} AS state"
        if name == "state"
        else f"earlier.{name}"
        if name in (*MART_FIGURE.key, "unit")
        else f"CASE WHEN NOT {hides} THEN earlier.{name} END AS {name}"
        for name in FIGURE.column_names
    )
    here = ", ".join(f"now.{name}" for name in FIGURE.column_names)
    return f"""FROM (
        SELECT {here} FROM made.pub_figure AS now ANTI JOIN ({_earlier(last)}) AS earlier USING ({KEY})
        UNION ALL
        SELECT {columns} FROM made.pub_figure AS now JOIN ({_earlier(last)}) AS earlier USING ({KEY})
    )"""


def _earlier(last: Release) -> str:
    return EARLIER.format(rows=_literal(last.rows))


def _copy(con: Connection, table: Table, source: str) -> None:
    columns, key = ", ".join(table.column_names), ", ".join(table.key)
    con.execute(f"INSERT INTO settled.{table.name} ({columns}) SELECT {columns} {source} ORDER BY {key}")


def _insert(con: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    marks = ", ".join("?" * len(table.columns))
    for row in rows:
        con.execute(f"INSERT INTO settled.{table.name} VALUES ({marks})", list(row))


def _table(name: str) -> Table:
    return next(table for table in PUBLISHED if table.name == name)


@contextmanager
def _opened(scratch: Path, **files: Path) -> Iterator[Connection]:
    """A connection in memory with files attached read-only: a warehouse as built, a publication as made."""
    with duckdb.connect(config=settings(scratch)) as con:
        con.execute("SET TimeZone = 'UTC'")
        for name, alias in (("warehouse", "built"), ("publication", "made")):
            if name in files:
                con.execute(f"ATTACH {_literal(files[name])} AS {alias} (READ_ONLY)")
        yield con


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
