"""What spec tests of rules say: tables of what happened in one clinic, and the figures they must give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from duckdb import DuckDBPyConnection

from schemas.site import Rules
from tests.lib.small_warehouse import Row, Site, warehouse
from tests.lib.spec import plain
from tests.lib.tables import rows

AS_OF = date(2026, 6, 30)
CLINIC = {"clinic": "north"}


def clinic(
    referrals: str = "",
    appointments: str = "",
    scores: str = "",
    due: str = "",
    rules: Rules | None = None,
    thresholds: str = "",
    measure_for: Mapping[str, str] | None = None,
    as_of: date = AS_OF,
) -> DuckDBPyConnection:
    """A warehouse of one clinic from tables whose columns are those of `Site`; due: for its service, adult."""
    return warehouse(
        Site(
            {"north": "adult"},
            [CLINIC | row for row in table(referrals)],
            [CLINIC | {"status": "attended"} | row for row in table(appointments)],
            [CLINIC | row for row in table(scores)],
            [{"service": "adult"} | row for row in table(due)],
            rules=rules or Rules(),
            thresholds=table(thresholds),
            measure_for=measure_for or {},
        ),
        as_of,
    )


def table(text: str) -> list[dict[str, str]]:
    return rows(text) if text.strip() else []


def assert_figures(con: DuckDBPyConnection, expected: str):
    """Figures of the whole site. Columns: figure, share (a count, a sum / a number, or a state) and, where they
    matter, definition, instrument, period (a month, a session number, or all, which is taken where none is)."""
    asked = rows(expected)
    assert [row | {"share": share(con, row)} for row in asked] == asked


def share(con: DuckDBPyConnection, row: Row) -> str:
    period = row.get("period") or "all"
    grain = {"all": "all"}.get(period, "month" if "-" in period else "session")
    found = con.execute(
        "SELECT numerator::VARCHAR, denominator, state FROM mart_figure"
        " WHERE figure = ? AND definition = ? AND instrument = ? AND grain = ? AND period = ?"
        " AND service = 'all' AND clinic = 'all'",
        [row["figure"], row.get("definition") or "standard", row.get("instrument") or "", grain, period],
    ).fetchall()
    assert len(found) == 1, row
    numerator, denominator, state = found[0]
    if state == "not_applicable":
        return state
    return plain(numerator) if denominator is None else f"{plain(numerator)} / {denominator}"
