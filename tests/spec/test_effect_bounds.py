"""Effect bounds

A record in quarantine is in no figure until it is mended. How far could it move one? For every rate the
warehouse says between what it will lie, whatever the held records say once they are mended (mart_bound), and
the published file says it in whole per cent, from rounded counts. `held` is how many cases they could touch:

    lowest = (numerator - held) / denominator      highest = (numerator + held) / denominator

and never below 0 or above 100 %. A bound may be too wide; it is never too narrow.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from schemas import metrics
from schemas.site import Disclosure
from tests.lib.exports import feed, loaded
from tests.lib.small_warehouse import Site, instruments, warehouse
from tests.lib.tables import rows
from warehouse.disclosure import publish_tables
from warehouse.marts import build_marts

AS_OF = date(2026, 6, 30)
RATES = [metric for metric in metrics.load() if metric.kind == "rate"]


def days(client: str, statuses: str, month: str = "2026-05") -> list[dict[str, str]]:
    """Appointments of a client on the first days of a month."""
    return [
        {"clinic": "north", "client": client, "starts_at": f"{month}-{day:02} 10:00", "status": status}
        for day, status in enumerate(statuses.split(), 1)
    ]


NORTH = Site(
    {"north": "adult", "south": "adult"},
    appointments=[
        *days("1", "attended attended attended attended dna"),
        *days("2", "attended attended attended dna dna", "2026-06"),
    ],
)
"""Attendance: 4 of 5 in May, 3 of 5 in June."""


def held(site: Site, table: str) -> duckdb.DuckDBPyConnection:
    """The site with what the table says in quarantine: appointments of north where it says nothing else."""
    kept = [{"clinic": "north", "kind": "appointments"} | row for row in rows(table)]
    return warehouse(replace(site, held=kept), AS_OF, metrics=RATES)


def assert_bounds(con: duckdb.DuckDBPyConnection, expected: str, figure: str = "attendance_rate") -> None:
    """Of the standard definition. Columns: clinic, period, held, range."""
    asked = rows(expected)
    for row in asked:
        (found,) = con.execute(
            "SELECT held, low_percent::INTEGER || ' to ' || high_percent::INTEGER FROM mart_bound"
            " WHERE figure = ? AND definition = 'standard' AND clinic = ? AND period = ?"
            " AND service = if(clinic = 'all', 'all', service) AND service = if(clinic = 'all', 'all', 'adult')"
            " AND grain = if(period = 'all', 'all', 'month')",
            [figure, row["clinic"], row["period"]],
        ).fetchall()
        assert tuple(map(str, found)) == (row["held"], row["range"]), row


def test_one_held_appointment_of_a_known_client_and_day():
    """It counts in its own month, and not where its client has nothing that it could take the place of."""
    con = held(NORTH, "client | happened_on\n1 | 2026-05-20")
    assert_bounds(
        con,
        """
        clinic | period  | held | range
        -------+---------+------+----------
        north  | 2026-05 | 1    | 60 to 100
        north  | 2026-06 | 0    | 60 to 60
        all    | all     | 1    | 60 to 80
        """,
    )


def test_it_may_also_take_the_place_of_one_of_another_day():
    """The same session may have been booked for another day: where its client has appointments, it counts."""
    con = held(NORTH, "client | happened_on\n1 | 2026-06-20")
    assert_bounds(
        con, "clinic | period | held | range\nnorth | 2026-05 | 1 | 60 to 100\nnorth | 2026-06 | 1 | 40 to 80"
    )


@pytest.mark.parametrize("unknown", ["client | happened_on\n | 2026-06-20", "client | happened_on\n1 |"])
def test_without_a_client_or_a_day_it_counts_in_every_period(unknown: str):
    con = held(NORTH, unknown)
    assert_bounds(
        con, "clinic | period | held | range\nnorth | 2026-05 | 1 | 60 to 100\nnorth | 2026-06 | 1 | 40 to 80"
    )


def test_records_of_another_clinic_or_kind_touch_nothing():
    table = """
        clinic | kind      | client | instrument
        -------+-----------+--------+-----------
        south  | referrals |        |
        north  | responses | 1      | phq_9
        north  | referrals | 1      |
    """
    assert_bounds(held(NORTH, table), "clinic | period | held | range\nnorth | 2026-05 | 0 | 80 to 80")


COURSE = Site(
    {"north": "adult"},
    [
        {"clinic": "north", "client": str(n), "received_on": "2026-01-05", "ended_on": f"2026-05-{n + 10}",
         "ending": "completed" if n < 4 else "dropped_out"}
        for n in range(8)
    ],
    [one for n in range(8) for one in days(str(n), "attended attended", "2026-04")],
)  # fmt: skip
"""Eight referrals that ended in May after two contacts each; four of them dropped out."""


def test_a_contact_counts_where_its_clients_referrals_do():
    """Held in June, it may yet change how the referral that ended in May was treated."""
    con = held(COURSE, "client | happened_on\n1 | 2026-06-20")
    assert_bounds(con, "clinic | period | held | range\nnorth | 2026-05 | 1 | 38 to 63", "dropout_rate")


def test_a_contact_of_somebody_may_be_of_any_client():
    con = held(COURSE, "client | happened_on\n | 2026-06-20\n | 2026-06-21")
    assert_bounds(con, "clinic | period | held | range\nnorth | 2026-05 | 2 | 25 to 75", "dropout_rate")


def test_a_held_referral_is_a_case_itself_and_moves_those_of_its_client():
    con = held(COURSE, "kind | client | happened_on\nreferrals | 1 | 2026-02-01")
    assert_bounds(con, "clinic | period | held | range\nnorth | 2026-05 | 2 | 25 to 75", "dropout_rate")


@pytest.mark.parametrize(
    ("found", "held_cases", "between"),
    [
        ("unread = 2", "2", "40 to 100"),
        ("unread = 0", "None", "0 to 100"),
        ("unread = 2, snapshot = TRUE", "None", "0 to 100"),
        ("unread = 0, closed = TRUE", "0", "80 to 80"),
    ],
)
def test_a_refused_file(found: str, held_cases: str, between: str):
    """Its records may be of anyone and any day; one that cannot be counted, or would replace all, may do anything."""
    con = warehouse(NORTH, AS_OF, metrics=RATES)
    con.execute(
        "UPDATE core_export SET refused = 'missing_column', snapshot = FALSE"
        " WHERE clinic = 'north' AND kind = 'appointments'"
    )
    con.execute(f"UPDATE core_export SET {found} WHERE refused IS NOT NULL")
    rebuild(con)
    assert_bounds(con, f"clinic | period | held | range\nnorth | 2026-05 | {held_cases} | {between}")


def rebuild(con: duckdb.DuckDBPyConnection) -> None:
    """The marts anew, from the core tables as they are now."""
    for name, kind in con.execute(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_name LIKE 'mart_%'"
    ).fetchall():
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")
    build_marts(con, AS_OF, RATES)


def test_what_is_published_rests_on_rounded_counts(tmp_path: Path):
    """83 of 104 attended, 3 held: published 85 of 105, up to 5 cases, and room for what rounding hides."""
    site = replace(
        NORTH,
        appointments=[
            one
            for n in range(1, 105)
            for one in days(str(n), "attended" if n <= 83 else "dna")
        ],
    )  # fmt: skip
    con = held(site, "client | happened_on\n1 | 2026-05-20\n2 | 2026-05-21\n3 | 2026-05-22")
    publish_tables(con, tmp_path / "out.duckdb", Disclosure(5, 5), {}, RATES, instruments())
    shown = duckdb.connect(str(tmp_path / "out.duckdb")).execute(
        "SELECT numerator::INTEGER, denominator, value, held, bound_low, bound_high FROM pub_figure"
        " WHERE figure = 'attendance_rate' AND definition = 'standard' AND clinic = 'north' AND period = '2026-05'"
    )
    numerator, denominator, value, cases, low, high = shown.fetchall()[0]
    assert (numerator, denominator, float(value), cases) == (85, 105, 81.0, 5)
    # (85 - 5 - 2) / (105 + 5), and (85 + 5 + 2) / (105 - 5)
    assert (low, high) == (70, 92)


TWO_FORMS = """
dialect = "csv"
[feeds.columns]
client = "PID"
response = "ID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
[[feeds.instruments]]
id = "duo"
rater = "client"
items = "R{n}"
"""


def test_what_a_file_says_of_its_held_records(tmp_path: Path):
    """What mending may do elsewhere: the same response came before, and a row nobody can read may be any form."""
    first = "ID,PID,When,Q1,Q2,R1,R2\nr1,c1,2026-05-01,1,1,1,1\n"
    second = "ID,PID,When,Q1,Q2,R1,R2\nr1,c2,2026-06-01,9,1,1,1\nr2,c3,2026-06-01,9,1,1,1\nr3\n"
    with loaded(tmp_path, [(feed(TWO_FORMS), first), (feed(TWO_FORMS), second)]) as con:
        found = con.execute(
            "SELECT source_row, instrument, client_key IS NOT NULL, happened_on::VARCHAR, elsewhere"
            " FROM core_held ORDER BY source_row"
        ).fetchall()
        forms = con.execute("SELECT DISTINCT forms, snapshot, unread FROM core_export").fetchall()
    assert found == [
        (1, "mini", True, "2026-06-01", True),
        (2, "mini", True, "2026-06-01", False),
        (3, "", False, None, False),
    ]
    assert forms == [("mini,duo", False, 0)]
