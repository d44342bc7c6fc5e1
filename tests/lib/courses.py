"""Courses of alliance scores as a manual prints them, and the rupture markers found in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb

from schemas.site import Rules
from tests.lib.small_warehouse import Row, Site, warehouse
from tests.lib.tables import rows

AS_OF = date(2026, 6, 30)
CLINICS = {"north": "adult"}
WITH_BASELINE = Rules("2025-01-01", "2025-12-31")
COLUMNS = {
    "client": "client_key", "t": "t", "criterion": "criterion", "reference": "reference", "drop": "dropped",
    "s": "spread", "limit": "limit_score", "magnitude": "magnitude", "length": "length", "outcome": "outcome",
}  # fmt: skip
"""Columns of a page's table, and where mart_rupture has them."""


def weekly(
    scores: str, instrument: str = "wai_sr", client: str = "1", first: str = "2026-01-05"
) -> list[Row]:
    """A client's own scores, one a week and session; `-` is a session without a score."""
    start = datetime.fromisoformat(f"{first} 10:00")
    return [
        {
            "clinic": "north", "client": client, "instrument": instrument, "session": str(number),
            "completed_at": f"{start + timedelta(weeks=number - 1)}", "total": "" if score == "-" else score,
        }
        for number, score in enumerate(scores.split(), 1)
    ]  # fmt: skip


def baseline(middle: str, s: str, instrument: str = "wai_sr", people: int = 33) -> list[Row]:
    """Clients of the baseline window; the mean scores of 33 have exactly the standard deviation s.

    16 lie s above the middle and 16 below it, and one on it: 32 s squared, by 33 - 1.
    """
    found = []
    for number in range(people):
        away = Decimal(s) * (0, 1, -1)[(number > 0) + (number > 16)]
        # Two scores each, so that a mean is taken.
        pair = f"{Decimal(middle) + away + 1} {Decimal(middle) + away - 1}"
        found.extend(weekly(pair, instrument, str(1000 + number), "2025-03-03"))
    return found


def course(scores: str, instrument: str = "wai_sr", others: Sequence[Row] = ()) -> Site:
    """The course of client 1 and scores of others, without referrals."""
    return Site(CLINICS, scores=[*weekly(scores, instrument), *others], rules=WITH_BASELINE)


def assert_markers(found: Site | duckdb.DuckDBPyConnection, table: str, criteria: str = "") -> None:
    """All markers by these criteria (by all where not given), but of the others, client by client and in order.

    Columns that the table leaves out are not looked at.
    """
    con = warehouse(found, AS_OF) if isinstance(found, Site) else found
    names = table.strip().splitlines()[0].split("|")
    columns = ", ".join(COLUMNS[name.strip()] for name in names)
    lines = con.execute(
        f"SELECT {columns}, criterion FROM mart_rupture WHERE client_key < 1000 ORDER BY client_key, t, criterion"
    ).fetchall()
    asked = [line[:-1] for line in lines if not criteria or line[-1] in criteria.split()]
    assert [tuple(map(plain, line)) for line in asked] == [tuple(row.values()) for row in rows(table)]


def plain(cell: object) -> str:
    """A number as it is printed, without trailing zeros; nothing where there is none."""
    return "" if cell is None else f"{cell.normalize():f}" if isinstance(cell, Decimal) else str(cell)


def shares(con: duckdb.DuckDBPyConnection, figure: str, **where: str) -> str:
    """numerator/denominator of a figure of the whole site, all time."""
    asked = {"figure": figure, "clinic": "all", "service": "all", "period": "all"} | where
    condition = " AND ".join(f"{column} = ?" for column in asked)
    query = f"SELECT numerator, denominator, state FROM mart_figure WHERE {condition}"
    ((numerator, denominator, state),) = con.execute(query, list(asked.values())).fetchall()
    return state if numerator is None else f"{plain(numerator)}/{plain(denominator)}"
