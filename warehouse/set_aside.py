"""Rows that cannot stand whatever other rows say: withdrawn by a later one, or dated after their file came.

When a file came is not known where it is processed: the same bytes give the same part. So this is the load's.
Rows set aside are put into `lost` before those of one key are compared: they neither stand nor replace any.
"""

from __future__ import annotations

import duckdb

RULE = "future_date"

_TO_COME = "('booked', 'cancelled_by_client', 'cancelled_by_provider')"

_DATES = {
    "appointments": (("starts_at", "starts_on", f" AND s.status NOT IN {_TO_COME}"),),
    "referrals": (("received_at", "received_on", ""), ("ended_at", "ended_on", "")),
}
"""By kind: our name of a date, its day in the parts, and which rows must have it behind them."""

_ABOUT = {
    "responses": "s.form_no, s.instrument, s.client_key, s.clinician_key, s.rater, s.rater_id, s.session,"
    " s.segment, s.episode, s.completed_at, s.completed_on, s.response_key, NOT s.each_row",
    "appointments": "0, '', s.client_key, s.clinician_key, NULL, NULL, s.session,"
    " NULL, NULL, s.starts_at, s.starts_on, NULL, true",
    "referrals": "0, '', s.client_key, NULL, NULL, NULL, NULL,"
    " NULL, s.episode, s.received_on, s.received_on, NULL, true",
}
"""Who and when a row set aside is about, in the order of the columns of `future`."""

_PROBLEM = ("instrument", "column_name", "rule", "response_key", "form_no")
_HELD = (
    "form_no",
    "instrument",
    "client_key",
    "clinician_key",
    "rater",
    "rater_id",
    "session",
    "segment",
    "episode",
    "completed_at",
    "completed_on",
    "response_key",
    "has_key",
)
_PLACE = ("entry_no", "feed", "clinic", "feed_kind", "many", "stands", "source_row")

FUTURE = """
    CREATE TEMP TABLE future (
        entry_no INTEGER, feed VARCHAR, clinic VARCHAR, feed_kind VARCHAR, many BOOLEAN, stands BOOLEAN,
        source_row INTEGER, form_no SMALLINT, instrument VARCHAR, client_key UBIGINT, clinician_key UBIGINT,
        rater VARCHAR, rater_id VARCHAR, session SMALLINT, segment VARCHAR, episode VARCHAR,
        completed_at TIMESTAMP, completed_on DATE, response_key UBIGINT, has_key BOOLEAN,
        column_name VARCHAR, rule VARCHAR
    )
"""
LATE_DAY = "CREATE TEMP TABLE late_day (entry_no INTEGER, ours VARCHAR, column_name VARCHAR, arrived_on DATE)"
"""late_day: dates of deliveries that lie after their arrival in some row, so that few parts are read."""


def any_rows(con: duckdb.DuckDBPyConnection, select: str) -> bool:
    return bool(con.execute(f"SELECT EXISTS ({select})").fetchall()[0][0])


def _is_staged(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return any_rows(con, f"SELECT 1 FROM staged_names WHERE name = '{name}'")


def set_aside(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Rows of one kind that cannot stand, into `lost`; those of the future into `future` too.

    name: of an instrument, appointments or referrals; its rows are staged, and those of withdrawals
    """
    if not _is_staged(con, name):
        return
    if name not in _DATES and _is_staged(con, "withdrawn"):
        _withdraw(con, name)
    if any_rows(con, "SELECT 1 FROM late_day"):
        _future(con, name)


def _withdraw(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute(
        f"""
        INSERT INTO lost
        SELECT s.entry_no, s.source_row, '{name}', s.form_no, 'withdrawn' FROM staged_{name} s
        WHERE s.stands AND EXISTS (
            SELECT 1 FROM staged_withdrawn w WHERE {is_withdrawn_by("s", "w")})
        """
    )


def is_withdrawn_by(row: str, tombstone: str) -> str:
    """SQL: whether a row that stands before a tombstone is of the response that it withdraws."""
    return (
        f"{tombstone}.feed = {row}.feed AND {tombstone}.response_key = {row}.response_key"
        f" AND ({tombstone}.entry_no > {row}.entry_no OR"
        f" ({tombstone}.entry_no = {row}.entry_no AND {tombstone}.source_row > {row}.source_row))"
    )


def _future(con: duckdb.DuckDBPyConnection, name: str) -> None:
    kind, form_no = (name, "0") if name in _DATES else ("responses", "s.form_no")
    dates = _DATES.get(name, (("s.form_no::VARCHAR", "completed_on", ""),))
    for ours, day, only in dates:
        named = ours if ours.startswith("s.") else f"'{ours}'"
        con.execute(
            f"""
            INSERT INTO future
            SELECT s.entry_no, s.feed, s.clinic, s.feed_kind, s.many, s.stands, s.source_row,
                   {_ABOUT[kind]}, d.column_name, '{RULE}'
            FROM staged_{name} s JOIN late_day d ON d.entry_no = s.entry_no AND d.ours = {named}
            ANTI JOIN (SELECT * FROM lost WHERE kind = '{name}') x
                 ON x.entry_no = s.entry_no AND x.source_row = s.source_row AND x.form_no = {form_no}
            WHERE s.stands AND s.{day} > d.arrived_on{only}
            """
        )
    whose = f"instrument = '{name if kind == 'responses' else ''}' AND feed_kind = '{kind}'"
    con.execute(
        f"INSERT INTO lost SELECT DISTINCT entry_no, source_row, '{name}', form_no, 'quarantined'"
        f" FROM future WHERE {whose}"
    )


def tell_of_future(con: duckdb.DuckDBPyConnection) -> None:
    """Rows of the future join the problems, and what is held, that the parts themselves have."""
    if not any_rows(con, "SELECT 1 FROM future"):
        return
    for name, columns in (("problems", _PROBLEM), ("held", _HELD)):
        select = f"SELECT DISTINCT {', '.join((*_PLACE, *columns))} FROM future"
        if _is_staged(con, name):
            con.execute(f"ALTER VIEW staged_{name} RENAME TO read_{name}")
            select = f"SELECT * FROM read_{name} UNION ALL BY NAME {select}"
        else:
            con.execute("INSERT INTO staged_names VALUES (?)", [name])
        con.execute(f"CREATE TEMP VIEW staged_{name} AS {select}")
