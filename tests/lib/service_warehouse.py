"""A made-up service as a warehouse in memory, with just the tables that publication reads."""

from __future__ import annotations

from datetime import date

import duckdb
import polars as pl

from schemas import metrics, quantities
from schemas.metrics import Metric
from schemas.tables import CORE, MART_BOUND, MART_FIGURE
from tests.lib.service_shape import CalendarPeriod, calendar, units
from tests.lib.small_services import Service
from tests.lib.statements import Layout, Period, Row, layout, rows_of

TABLES = """
CREATE TABLE mart_unit (service VARCHAR, clinic VARCHAR, title VARCHAR);
CREATE TABLE mart_period (
    scaffold VARCHAR, grain VARCHAR, period VARCHAR, title VARCHAR,
    first_day DATE, last_day DATE, closed BOOLEAN, first_slot INTEGER, last_slot INTEGER
);
CREATE TABLE mart_parameter (as_of DATE, timezone VARCHAR);
CREATE TABLE mart_quality (
    clinic VARCHAR, feed VARCHAR, kind VARCHAR, files INTEGER, files_refused INTEGER, received BIGINT,
    accepted BIGINT, quarantined BIGINT, excluded BIGINT, superseded BIGINT, totals_compared BIGINT,
    totals_differing BIGINT, newest_arrival DATE
);
CREATE MACRO month_number(day) AS (12 * year(day) + month(day) - 1);
"""


def figures_of(service: Service) -> list[Metric]:
    return [one for one in metrics.load() if (one.figure, one.definition) in service.figures]


def warehouse_of(service: Service) -> duckdb.DuckDBPyConnection:
    """mart_figure, the tables beside it and no bounds: nothing is held."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(TABLES)
    declared = {table.name: table for table in (*CORE, MART_FIGURE, MART_BOUND)}
    for name in ("core_clinic", "mart_figure", "mart_bound"):
        for statement in declared[name].ddl():
            con.execute(statement)
    con.execute("INSERT INTO mart_parameter VALUES (?, 'UTC')", [service.shape.as_of])
    _insert(con, "core_clinic", [
        {"clinic": c, "clinic_name": c.title(), "service": s} for c, s in service.clinics.items()
    ])  # fmt: skip
    _insert(con, "mart_unit", [
        {"service": s, "clinic": c, "title": f"{s} {c}"} for s, c, _ in units(service.shape)
    ])  # fmt: skip
    _insert(con, "mart_period", [_period(key, one) for key, one in calendar(service.shape).items()])
    _insert(con, "mart_figure", service.rows)
    _metric_table(con, figures_of(service))
    return con


def _period(key: tuple[str, str], one: CalendarPeriod) -> dict[str, object]:
    grain, period = key
    return {
        "scaffold": one.scaffold, "grain": grain, "period": period, "title": period, "first_day": one.first_day,
        "last_day": one.last_day, "closed": one.closed, "first_slot": one.first, "last_slot": one.last,
    }  # fmt: skip


def _metric_table(con: duckdb.DuckDBPyConnection, dictionary: list[Metric]) -> None:
    names = ("figure", "definition", "kind", "unit", "series", "scaffold", "rater", "needs")
    con.register("given", pl.DataFrame([{name: getattr(m, name) for name in names} for m in dictionary]))
    con.execute("CREATE TABLE mart_metric AS SELECT * FROM given")
    con.unregister("given")


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list) -> None:
    if rows:
        con.register("given", pl.DataFrame(rows, infer_schema_length=None))
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        con.unregister("given")


def known_of(con: duckdb.DuckDBPyConnection) -> tuple[list[Row], Layout]:
    """Exact rows of any warehouse that has its marts, and what is known of its publication before any number."""
    rows = rows_of(con, "mart_figure")
    periods = con.execute("SELECT grain, period, scaffold, first_slot, last_slot FROM mart_period").fetchall()
    clinics = dict(con.execute("SELECT clinic, service FROM core_clinic ORDER BY clinic").fetchall())
    return rows, layout(rows, {row[:2]: Period(*row[2:]) for row in periods}, clinics, quantities.load())


def open_periods(service: Service) -> set[tuple[str, str]]:
    return {key for key, one in calendar(service.shape).items() if not one.closed}


def run_of(service: Service, day: date | None = None) -> dict[str, str]:
    as_of = (day or service.shape.as_of).isoformat()
    return {"run": f"{as_of.replace('-', '')}T020000Z-00000000", "as_of": as_of, "site_name": "Made up"}
