"""The rows of a release: kept when it is published, and those that stay in the next one.

A release that revises nothing has new figures only where the last one had no closed period. One that does
revise leaves what it may not tell anew as it was told.
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
from schemas.site import Disclosure
from schemas.tables import MART_FIGURE, Table
from warehouse.connect import Connection, settings
from warehouse.releases import WORDS, History, Plan, Release, form, policy_id

CLOSING = ("month", "quarter", "year", "rolling_12_months")
"""Grains whose periods close; all others are new with each release."""

KEY = ", ".join(MART_FIGURE.key)
NUMBERS = ("numerator", "denominator", "value", "n")
FIGURE = next(table for table in PUBLISHED if table.name == "pub_figure")

RELEASED = "released"
"""Name that `after_release` and SETTLED know the rows of the release in force by."""

CELLS = """
WITH span AS (
    SELECT
        coalesce(min(first_slot) FILTER (grain = 'month'), min(first_slot)) AS first_slot,
        coalesce(max(last_slot) FILTER (grain = 'month'), max(last_slot)) AS last_slot
    FROM {of}mart_period
    WHERE scaffold = 'period'
),
clinics AS (
    SELECT
        series.figure, series.definition, series.instrument, series.scale, unit.service, unit.clinic,
        list(DISTINCT series.clinic ORDER BY series.clinic) AS clinics
    FROM {of}mart_figure AS series
    JOIN {of}core_clinic AS clinic USING (clinic)
    JOIN {of}mart_unit AS unit
        ON unit.service IN ('all', clinic.service) AND unit.clinic IN ('all', series.clinic)
    WHERE series.clinic <> 'all' AND series.state <> 'not_applicable'
    GROUP BY ALL
)
SELECT
    figure, definition, service, clinic, grain, period, instrument, scale,
    coalesce(clinics, []) AS clinics,
    CASE
        WHEN metric.scaffold = 'period_end' THEN least(period.last_slot, span.last_slot)
        WHEN period.scaffold = 'period' THEN greatest(period.first_slot, span.first_slot)
        ELSE period.first_slot
    END AS first_slot,
    CASE
        WHEN period.scaffold = 'period' THEN least(period.last_slot, span.last_slot)
        ELSE period.last_slot
    END AS last_slot
FROM {of}mart_figure AS figure
JOIN {of}mart_metric AS metric USING (figure, definition)
JOIN {of}mart_period AS period USING (grain, period)
LEFT JOIN clinics USING (figure, definition, instrument, scale, service, clinic)
CROSS JOIN span
"""
"""What each figure tells of. clinics: of its unit, those where it is applicable. first_slot and last_slot: of
its period, as far as the calendar goes; months, session numbers or stages; of a stock its last month."""

ROWS = f"""
SELECT figure.*, metric.kind, period.closed, cell.first_slot, cell.last_slot, cell.clinics
FROM made.pub_figure AS figure
JOIN made.pub_metric AS metric USING (figure, definition)
JOIN built.mart_period AS period USING (grain, period)
JOIN ({CELLS.format(of="built.")}) AS cell USING ({KEY})
ORDER BY {KEY}
"""

IN_FORCE = f"""
SELECT
    {", ".join(f"released.{name}" for name in FIGURE.column_names)},
    released.clinics = cell.clinics
        AND released.first_slot = cell.first_slot AND released.last_slot = cell.last_slot AS same_cell,
    {{revises}} = FALSE AND released.closed AND grain IN {CLOSING} AS kept
FROM read_parquet({{rows}}) AS released
JOIN ({CELLS.format(of="")}) AS cell USING ({KEY})
WHERE released.state <> 'not_applicable'
ORDER BY {KEY}
"""

SETTLED = f"""
UPDATE mart_disclosed
SET
    state = told.state,
    cause = CASE
        WHEN told.state IN ('value', 'zero', 'no_data', 'not_applicable') THEN ''
        WHEN mart_disclosed.cause <> '' THEN mart_disclosed.cause
        ELSE 'history'
    END
FROM published.pub_figure AS told
JOIN {RELEASED} AS earlier USING ({KEY})
WHERE {" AND ".join(f"mart_disclosed.{name} = told.{name}" for name in MART_FIGURE.key)}
    AND told.state <> mart_disclosed.state
"""
"""What stays as it was released is not told anew, be it for its own sake or for what was told before."""


def rows_in_force(con: Connection, history: History, plan: Plan, policy: Disclosure) -> pl.DataFrame:
    """Rows of the release in force that may stay in the next one: columns of pub_figure, same_cell and kept.

    same_cell: whether a row tells of the same clinics and months as today's of its key
    kept: whether only a revision may change it. Under another policy, or in another form, nothing stays.
    """
    last = history.last
    if last is None or last.policy != policy_id(policy) or last.form != form():
        texts = {name: pl.String() for name in FIGURE.column_names}
        return pl.DataFrame(schema={**texts, "same_cell": pl.Boolean(), "kept": pl.Boolean()})
    return con.sql(IN_FORCE.format(rows=_literal(last.rows), revises=plan.revises)).pl()


def after_release(figures: str) -> str:
    """SQL: today's figures, but those that stay as they were released, which are in the table RELEASED.

    Only a revision changes what is kept, and none takes a number back: where a figure was told of the same
    clinics and months, and may not be told now, the earlier number stays. One that would be told otherwise
    says so, with the numbers it had; one that comes back to what was told is told as before.
    """
    numbers = "earlier.value IS NOT NULL"
    same = " AND ".join(f"earlier.{name} IS NOT DISTINCT FROM now.{name}" for name in NUMBERS)
    stays = f"(earlier.kept OR (earlier.same_cell AND now.state = 'suppressed' AND {numbers}))"
    state = f"""CASE
        WHEN {stays} IS NOT TRUE THEN now.state
        WHEN earlier.state = 'suppressed' THEN 'suppressed'
        WHEN earlier.same_cell AND {same} AND earlier.state = now.state THEN earlier.state
        WHEN earlier.same_cell AND {same} AND {numbers} AND now.state IN ('value', 'zero') THEN now.state
        ELSE 'update_withheld'
    END"""
    # What was told as no data has no value; told otherwise, it has no number left to show.
    shows = f"({numbers} OR {state} <> 'update_withheld')"
    columns = ", ".join(
        f"{state} AS state"
        if name == "state"
        else f"now.{name}"
        if name in MART_FIGURE.key
        else f"CASE WHEN {stays} THEN earlier.unit ELSE now.unit END AS unit"
        if name == "unit"
        else f"CASE WHEN {stays} IS NOT TRUE THEN now.{name} WHEN {shows} THEN earlier.{name} END AS {name}"
        for name in FIGURE.column_names
    )
    keys = " AND ".join(f"earlier.{name} = now.{name}" for name in MART_FIGURE.key)
    return f"SELECT {columns} FROM ({figures}) AS now LEFT JOIN {RELEASED} AS earlier ON {keys}"


def release_rows(warehouse: Path, publication: Path, history: History, plan: Plan) -> pl.DataFrame:
    """What is kept of a publication that is a release: one row per row of pub_figure, in key order.

    Further columns: kind of figure; closed; clinics, first_slot and last_slot as CELLS says. A row that could
    not be revised tells of the clinics and months it told of before.
    """
    with _opened(publication.with_suffix(".rows"), warehouse=warehouse, publication=publication) as con:
        rows = con.sql(ROWS).pl()
        if plan.revises or history.last is None:
            return rows
        before = con.sql(_unrevised(history.last)).pl()
    joined = rows.join(before, on=list(MART_FIGURE.key), how="left", maintain_order="left")
    cell = ("clinics", "first_slot", "last_slot")
    was = [pl.coalesce(f"{name}_before", name).alias(name) for name in cell]
    return joined.with_columns(was).drop(f"{name}_before" for name in cell)


def _unrevised(last: Release) -> str:
    """SQL: what rows of the last release tell of that only a revision may change."""
    cell = ", ".join(f"{name} AS {name}_before" for name in ("clinics", "first_slot", "last_slot"))
    return (
        f"SELECT {KEY}, {cell} FROM read_parquet({_literal(last.rows)}) "
        f"WHERE closed AND state <> 'not_applicable' AND grain IN {CLOSING}"
    )


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
