"""Which rows stand when several tell the same thing.

Rows of one key are put in order: delivery, then completion time, then source row, then form. A row that
says what the row before it said is an exact duplicate. Each other row is a new version; the
last version stands and the earlier ones are superseded.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from schemas.instrument import Instrument
from warehouse.mended import note_told_again, settle_mended
from warehouse.set_aside import is_withdrawn_by

_KEY = (
    "clinic",
    "client_key",
    "rater",
    "rater_id",
    "episode",
    "segment",
    "session",
    "completed_key",
    "response_last",
)
_TABLE_KEYS = {
    "appointments": (
        ("clinic", "client_key", "clinician_key", "session", "CASE WHEN session IS NULL THEN starts_at END"),
        ("starts_at", "kind", "status"),
        "starts_at",
    ),
    "referrals": (
        ("clinic", "client_key", "episode", "CASE WHEN episode IS NULL THEN received_on END"),
        (
            "received_on",
            "ended_on",
            "ending",
            "problem",
            "modality",
            "age_years",
            "age_band",
            "sex",
            "ethnicity",
        ),
        "received_on",
    ),
}


def _staged(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(con.execute("SELECT count(*) FROM staged_names WHERE name = ?", [name]).fetchall()[0][0])


def _settle(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    source: str,
    key: Sequence[str],
    says: str,
    order: str,
    form_no: str,
) -> None:
    """Add to `lost` the rows of `source` that do not stand under one key."""
    columns = ", ".join(key)
    in_order = f"PARTITION BY {columns} ORDER BY entry_no, {order} NULLS FIRST, source_row, {form_no}"
    # hash() only narrows the search: rows of one key always meet here, others seldom
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE again AS SELECT hash({columns}) AS key_hash FROM {source}"
        " GROUP BY ALL HAVING count(*) > 1"
    )
    if not _any(con, "SELECT 1 FROM again"):
        return
    narrowed = f"(SELECT * FROM {source} WHERE hash({columns}) IN (SELECT key_hash FROM again))"
    note_told_again(con, kind, narrowed, key, form_no)
    con.execute(
        f"""
        INSERT INTO lost
        WITH candidate AS (
            SELECT s.*, {says} AS says FROM {source} s WHERE hash({columns}) IN (SELECT key_hash FROM again)
        ), told AS (
            SELECT *, coalesce(
                row_number() OVER in_key > 1 AND says IS NOT DISTINCT FROM lag(says) OVER in_key, false)
                      AS repeats
            FROM candidate
            WINDOW in_key AS ({in_order})
        ), version AS (
            SELECT *, count(*) FILTER (WHERE NOT repeats) OVER ({in_order}) AS number,
                   count(*) FILTER (WHERE NOT repeats) OVER (PARTITION BY {columns}) AS versions
            FROM told
        )
        SELECT entry_no, source_row, '{kind}', {form_no},
               CASE WHEN repeats THEN 'exact_duplicate' ELSE 'superseded' END
        FROM version WHERE repeats OR number < versions
        """
    )


def settle_administrations(con: duckdb.DuckDBPyConnection, instrument: Instrument) -> None:
    """Responses delivered again, then other rows of the same key."""
    name = instrument.id
    if not _staged(con, name):
        return
    answers = ", ".join(instrument.item_columns)
    content = f"row({answers}, session, completed_at, clinician_key, segment, episode, rater_id, client_key)"
    con.execute(
        f"CREATE TEMP VIEW open_{name} AS SELECT * FROM staged_{name} s ANTI JOIN"
        f" (SELECT * FROM lost WHERE kind = '{name}' AND fate IN ('withdrawn', 'quarantined')) x"
        " ON x.entry_no = s.entry_no AND x.source_row = s.source_row AND x.form_no = s.form_no"
        " WHERE stands AND many AND response_key IS NOT NULL"
    )
    if con.execute("SELECT count(*) FROM live WHERE many AND stands").fetchall()[0][0] > 1:
        _settle_corrections(con, name, content)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW open_{name} AS
        SELECT *, CASE WHEN session IS NULL THEN completed_at END AS completed_key,
               CASE WHEN session IS NULL AND completed_at IS NULL THEN response_key END AS response_last
        FROM staged_{name} s ANTI JOIN (SELECT * FROM lost WHERE kind = '{name}') x
             ON x.entry_no = s.entry_no AND x.source_row = s.source_row AND x.form_no = s.form_no
        WHERE stands AND NOT each_row
          AND (session IS NOT NULL OR completed_at IS NOT NULL OR response_key IS NOT NULL)
        """
    )
    _settle(con, name, f"open_{name}", _KEY, f"row({answers})", "completed_at", "form_no")


def _settle_corrections(con: duckdb.DuckDBPyConnection, name: str, content: str) -> None:
    """The same response in several deliveries of a feed is a correction, whatever its key.

    A response that one delivery has on several rows (of two observers, or an id that is none) says
    nothing about which of them corrects which: those rows are told apart by their key alone.
    """
    same = "feed, response_key, form_no"
    con.execute(
        f"CREATE TEMP TABLE redelivered AS SELECT {same} FROM open_{name}"
        " GROUP BY ALL HAVING count(*) > 1 AND count(*) = count(DISTINCT entry_no)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW redelivered_{name} AS"
        f" SELECT o.* FROM open_{name} o SEMI JOIN redelivered USING ({same})"
    )
    _settle(con, name, f"redelivered_{name}", same.split(", "), content, "completed_at", "form_no")
    con.execute(f"DROP VIEW redelivered_{name}")
    con.execute("DROP TABLE redelivered")


def settle_table(con: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Appointments and referrals told again."""
    if not _staged(con, kind):
        return
    key, content, order = _TABLE_KEYS[kind]
    con.execute(
        f"CREATE TEMP VIEW open_{kind} AS SELECT * FROM staged_{kind}"
        f" ANTI JOIN (SELECT * FROM lost WHERE kind = '{kind}') x USING (entry_no, source_row) WHERE stands"
    )
    _settle(con, kind, f"open_{kind}", key, f"row({', '.join(content)})", order, "0")


def settle_records(con: duckdb.DuckDBPyConnection, instruments: Sequence[str]) -> None:
    """core_quarantine, core_held and core_record: the fate of each record that does not stand."""
    responses = [name for name in instruments if _staged(con, name)]
    others = [name for name in ("appointments", "referrals") if _staged(con, name)]
    con.execute(
        _union(
            "response_seen",
            [
                f"SELECT DISTINCT feed, response_key, entry_no FROM staged_{name}"
                " ANTI JOIN future USING (entry_no, source_row, form_no)"
                " WHERE many AND stands AND response_key IS NOT NULL"
                for name in responses
            ],
            "NULL::VARCHAR AS feed, NULL::UBIGINT AS response_key, NULL::INTEGER AS entry_no",
        )
    )
    # Most nights have few such rows or none, and most parts need not be read for them.
    dead = _any(con, "SELECT 1 FROM live WHERE NOT stands")
    con.execute(
        _union(
            "row_replaced",
            [
                f"SELECT DISTINCT entry_no, source_row FROM staged_{name} WHERE NOT stands"
                for name in (*responses, *others)
                if dead
            ],
            "NULL::INTEGER AS entry_no, NULL::INTEGER AS source_row",
        )
    )
    some = _any(con, "SELECT 1 FROM lost")
    con.execute(
        _union(
            "row_held",
            [
                f"SELECT entry_no, source_row FROM staged_{name} SEMI JOIN lost USING (entry_no, source_row)"
                for name in (*responses, *others)
                if some
            ],
            "NULL::INTEGER AS entry_no, NULL::INTEGER AS source_row",
        )
    )
    settle_mended(con, responses, others, _staged(con, "held"))
    con.execute(
        _union(
            "repeated",
            [
                f"SELECT DISTINCT clinic, client_key, '{name}' AS instrument FROM staged_{name}"
                f" SEMI JOIN (FROM lost WHERE kind = '{name}' AND fate = 'exact_duplicate')"
                " USING (entry_no, source_row, form_no)"
                for name in responses
                if some and _staged(con, "held")
            ],
            "NULL::VARCHAR AS clinic, NULL::UBIGINT AS client_key, NULL::VARCHAR AS instrument",
        )
    )
    _settle_problems(con)
    _settle_fates(con)


def _any(con: duckdb.DuckDBPyConnection, select: str) -> bool:
    return bool(con.execute(f"SELECT EXISTS ({select})").fetchall()[0][0])


def _union(name: str, selects: Sequence[str], empty: str) -> str:
    body = " UNION ALL ".join(selects) or f"SELECT {empty} WHERE false"
    return f"CREATE TEMP TABLE {name} AS {body}"


def _settle_problems(con: duckdb.DuckDBPyConnection) -> None:
    """A problem is open unless a newer snapshot replaced it, or it was mended: see `warehouse.mended`."""
    con.execute("CREATE TEMP TABLE withdrawn_row (entry_no INTEGER, source_row INTEGER)")
    if not _staged(con, "problems"):
        con.execute("CREATE TEMP TABLE problem AS SELECT *, 0::SMALLINT AS form_no FROM core_quarantine")
        return
    if _staged(con, "withdrawn"):
        con.execute(
            "INSERT INTO withdrawn_row SELECT DISTINCT p.entry_no, p.source_row FROM staged_problems p"
            f" WHERE EXISTS (SELECT 1 FROM staged_withdrawn w WHERE {is_withdrawn_by('p', 'w')})"
        )
    con.execute(
        """
        CREATE TEMP TABLE problem AS
        SELECT DISTINCT p.entry_no, p.source_row, p.instrument, p.column_name, p.rule, p.form_no
        FROM staged_problems p ANTI JOIN withdrawn_row USING (entry_no, source_row)
        WHERE p.stands AND NOT EXISTS (
            SELECT 1 FROM response_seen r
            WHERE r.feed = p.feed AND r.response_key = p.response_key AND r.entry_no > p.entry_no)
          AND p.entry_no NOT IN (SELECT entry_no FROM redelivered)
          AND NOT EXISTS (
            SELECT 1 FROM mended_form m
            WHERE m.entry_no = p.entry_no AND m.source_row = p.source_row AND m.form_no = p.form_no)
          AND NOT EXISTS (
            SELECT 1 FROM mended_record m
            WHERE m.entry_no = p.entry_no AND m.source_row = p.source_row AND p.form_no = 0)
          AND NOT EXISTS (
            SELECT 1 FROM released_row r WHERE r.entry_no = p.entry_no AND r.source_row = p.source_row)
        """
    )
    con.execute(
        "INSERT INTO core_quarantine"
        " SELECT DISTINCT entry_no, source_row, instrument, column_name, rule FROM problem"
        " ORDER BY entry_no, source_row, instrument, column_name, rule"
    )
    con.execute(
        """
        INSERT INTO core_held
        SELECT h.entry_no, h.source_row, h.form_no, h.clinic, h.feed_kind, h.instrument, h.client_key,
               h.rater, h.session, h.episode, h.completed_on,
               -- The same response came before, perhaps of another client; or equal forms of the client, of
               -- which the one that was left out may be of another day, and may have to stand.
               EXISTS (
                   SELECT 1 FROM response_seen r
                   WHERE r.feed = h.feed AND r.response_key = h.response_key AND r.entry_no < h.entry_no)
               OR EXISTS (
                   SELECT 1 FROM repeated r
                   WHERE r.clinic = h.clinic AND r.client_key = h.client_key AND r.instrument = h.instrument)
        FROM staged_held h
        WHERE h.stands AND EXISTS (
            SELECT 1 FROM problem p
            WHERE p.entry_no = h.entry_no AND p.source_row = h.source_row AND p.form_no IN (h.form_no, 0))
          AND (h.entry_no, h.source_row, h.form_no) NOT IN (
            SELECT (entry_no, source_row, form_no) FROM mended_form)
        ORDER BY ALL
        """
    )


def _settle_fates(con: duckdb.DuckDBPyConnection) -> None:
    """Newer snapshots, records left out when they were processed, and records all of whose rows were lost."""
    processed = "SELECT entry_no, source_row, fate, reason, stands FROM staged_records"
    if not _staged(con, "records"):
        processed = "SELECT *, true AS stands FROM core_record"  # which is still empty
    con.execute(
        f"""
        INSERT INTO core_record
        WITH processed AS ({processed}), first_rule AS (
            SELECT entry_no, source_row, min(rule) AS rule FROM problem GROUP BY ALL
        ), loser AS (
            SELECT entry_no, source_row, count(*) AS n, bool_or(fate <> 'exact_duplicate') AS superseded,
                   CASE WHEN bool_or(fate = 'withdrawn') THEN 'withdrawn'
                        WHEN bool_or(fate = 'quarantined') THEN 'later_delivery'
                        ELSE 'later_answers' END AS why
            FROM lost GROUP BY ALL
        ), fallen AS (
            SELECT l.entry_no, l.source_row, l.superseded, l.why FROM loser l
            WHERE l.n = (
                SELECT count(*) FROM row_held h WHERE h.entry_no = l.entry_no AND h.source_row = l.source_row)
        ), fate AS (
            SELECT DISTINCT entry_no, source_row, 'superseded' AS fate, 'newer_snapshot' AS reason
            FROM row_replaced
            UNION ALL
            SELECT p.entry_no, p.source_row,
                   CASE WHEN p.fate = 'excluded' THEN 'excluded'
                        WHEN r.rule IS NOT NULL THEN 'quarantined' ELSE 'superseded' END,
                   CASE WHEN p.fate = 'excluded' THEN p.reason WHEN r.rule IS NOT NULL THEN r.rule
                        WHEN NOT p.stands THEN 'newer_snapshot'
                        WHEN w.source_row IS NOT NULL THEN 'withdrawn'
                        WHEN g.source_row IS NOT NULL THEN 'released_by_hand' ELSE 'later_delivery' END
            FROM processed p LEFT JOIN first_rule r USING (entry_no, source_row)
            LEFT JOIN released_row g USING (entry_no, source_row)
            LEFT JOIN withdrawn_row w USING (entry_no, source_row)
            UNION ALL
            SELECT f.entry_no, f.source_row,
                   CASE WHEN r.rule IS NOT NULL THEN 'quarantined' WHEN f.superseded THEN 'superseded'
                        ELSE 'excluded' END,
                   CASE WHEN r.rule IS NOT NULL THEN r.rule WHEN f.superseded THEN f.why
                        ELSE 'exact_duplicate' END
            FROM fallen f LEFT JOIN first_rule r USING (entry_no, source_row)
        )
        SELECT entry_no, source_row, fate, reason FROM fate ORDER BY entry_no, source_row
        """
    )
