"""Which quarantined records a later delivery has mended, or people have dealt with elsewhere.

A problem is closed by the first of these that applies:

    response     a later delivery of the feed has the same response
    key          a later delivery of the feed has a row that stands, of the same client and occasion
    redelivery   a later delivery of the feed tells all that stood in this one again, and has the days of all
                 that waits in it: the file came again
    hand         the row was released by hand

Redelivery closes records that have no key, such as those without a client. It goes by what the files say,
never by their names: a system may write each night's file over the last one. A record whose day cannot be
read is closed by it only where both files have as many records and all others stand where they stood.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

_SAME_FORM = """
    a.client_key = h.client_key AND a.rater = h.rater
    AND a.rater_id IS NOT DISTINCT FROM h.rater_id AND a.episode IS NOT DISTINCT FROM h.episode
    AND a.segment IS NOT DISTINCT FROM h.segment AND a.session IS NOT DISTINCT FROM h.session
    AND (h.session IS NOT NULL OR a.completed_at = h.completed_at)
"""
_SAME_RECORD = {
    "appointments": (
        "core_appointment",
        "a.client_key = h.client_key AND a.clinician_key IS NOT DISTINCT FROM h.clinician_key"
        " AND a.session IS NOT DISTINCT FROM h.session"
        " AND (h.session IS NOT NULL OR a.starts_at = h.completed_at)",
    ),
    "referrals": (
        "core_referral",
        "a.client_key = h.client_key AND a.episode IS NOT DISTINCT FROM h.episode"
        " AND (h.episode IS NOT NULL OR a.received_on = h.completed_on)",
    ),
}


def prepare(con: duckdb.DuckDBPyConnection, problems: bool) -> None:
    """Tables that `note_told_again` fills. problems: whether any delivery has some."""
    source = "staged_problems p JOIN live l USING (entry_no) WHERE p.stands AND p.many"
    later = "EXISTS (SELECT 1 FROM live o WHERE o.feed = l.feed AND o.entry_no > l.entry_no)"
    con.execute(
        f"CREATE TEMP TABLE troubled AS SELECT DISTINCT l.entry_no, l.feed FROM {source} AND {later}"
        if problems
        else "CREATE TEMP TABLE troubled (entry_no INTEGER, feed VARCHAR)"
    )
    con.execute(
        "CREATE TEMP TABLE told_again (entry_no INTEGER, source_row INTEGER, kind VARCHAR, form_no SMALLINT,"
        " next_entry INTEGER, last_entry INTEGER)"
    )
    con.execute("CREATE TEMP TABLE told_in_place (entry_no INTEGER, source_row INTEGER, later INTEGER)")


def note_told_again(
    con: duckdb.DuckDBPyConnection, kind: str, source: str, key: Sequence[str], form_no: str
) -> None:
    """Of each row of a delivery with problems: the next and the last delivery of its feed that tell it again.

    Either must be one and the same for all rows of a file that came again as a whole.
    """
    if not _any(con, "SELECT 1 FROM troubled"):
        return
    columns = ", ".join((*key, "feed"))
    con.execute(
        f"""
        INSERT INTO told_again
        WITH candidate AS (
            SELECT entry_no, source_row, {form_no} AS form_no,
                   min(entry_no) OVER (PARTITION BY {columns} ORDER BY entry_no
                                       RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_entry,
                   max(entry_no) OVER (PARTITION BY {columns}) AS last_entry
            FROM {source} WHERE feed IN (SELECT feed FROM troubled)
        )
        SELECT entry_no, source_row, '{kind}', form_no, next_entry, last_entry
        FROM candidate SEMI JOIN troubled USING (entry_no) WHERE next_entry IS NOT NULL
        """
    )
    # hash() stands for the key: of two rows of one number that have the same, one is the other again.
    con.execute(
        f"""
        INSERT INTO told_in_place
        WITH candidate AS (
            SELECT entry_no, source_row, feed, hash({columns}) AS key_hash
            FROM {source} WHERE feed IN (SELECT feed FROM troubled)
        )
        SELECT DISTINCT a.entry_no, a.source_row, b.entry_no
        FROM (FROM candidate SEMI JOIN troubled USING (entry_no)) a
        JOIN candidate b ON b.feed = a.feed AND b.source_row = a.source_row AND b.key_hash = a.key_hash
             AND b.entry_no > a.entry_no
        """
    )


def settle_mended(
    con: duckdb.DuckDBPyConnection, responses: Sequence[str], others: Sequence[str], held: bool
) -> None:
    """mended_form, mended_record and redelivered: what later deliveries have mended.

    responses, others: kinds of rows that any delivery has; held: whether any delivery has quarantined rows
    """
    _settle_forms(con, responses, others, held)
    _settle_redelivered(con, (*responses, *others), held)


def _settle_forms(
    con: duckdb.DuckDBPyConnection, responses: Sequence[str], others: Sequence[str], held: bool
) -> None:
    con.execute("CREATE TEMP TABLE mended_form (entry_no INTEGER, source_row INTEGER, form_no SMALLINT)")
    con.execute("CREATE TEMP TABLE mended_record (entry_no INTEGER, source_row INTEGER)")
    if not held:
        return
    con.execute("CREATE TEMP TABLE waiting AS SELECT * FROM staged_held WHERE stands AND many AND has_key")
    asked = [row[0] for row in con.execute("SELECT DISTINCT instrument FROM waiting").fetchall()]
    for name in sorted(set(asked) & set(responses)):
        _insert_mended(con, f"administration_{name}", f"h.instrument = '{name}' AND {_SAME_FORM}")
    for kind in others:
        table, same = _SAME_RECORD[kind]
        _insert_mended(con, table, f"h.feed_kind = '{kind}' AND {same}")
    con.execute(
        """
        INSERT INTO mended_record
        SELECT h.entry_no, h.source_row
        FROM staged_held h LEFT JOIN mended_form m USING (entry_no, source_row, form_no)
        WHERE h.stands AND (h.entry_no, h.source_row) IN (SELECT (entry_no, source_row) FROM mended_form)
        GROUP BY ALL HAVING count(*) = count(m.form_no)
        """
    )


def _insert_mended(con: duckdb.DuckDBPyConnection, table: str, same: str) -> None:
    con.execute(
        f"INSERT INTO mended_form SELECT DISTINCT h.entry_no, h.source_row, h.form_no FROM waiting h"
        f" JOIN {table} a ON {same} AND a.entry_no > h.entry_no"
        " JOIN live l ON l.entry_no = a.entry_no AND l.feed = h.feed"
    )


def _settle_redelivered(con: duckdb.DuckDBPyConnection, kinds: Sequence[str], held: bool) -> None:
    con.execute("CREATE TEMP TABLE redelivered (entry_no INTEGER)")
    if not _any(con, "SELECT 1 FROM told_again"):
        return
    rows = " UNION ALL ".join(
        f"SELECT entry_no, source_row FROM staged_{name} SEMI JOIN troubled USING (entry_no) WHERE stands"
        for name in kinds
    )
    _note_days(con, kinds, held)
    _note_places(con, rows, held)
    # A file with fewer records than the one before is not that file again: a row may have been lost. Nor is
    # one without the day of a row that waits: a moving window tells the same rows again, and not that one.
    # Where a row that waits has no day, all others must be told again where they stood.
    con.execute(
        f"""
        INSERT INTO redelivered
        WITH told AS (
            SELECT entry_no, min(next_entry) AS next_entry, max(last_entry) AS last_entry
            FROM told_again GROUP BY entry_no, source_row, kind, form_no
        ), whole AS (
            SELECT entry_no, count(*) AS n, min(next_entry) = max(next_entry) AS same_next,
                   min(last_entry) = max(last_entry) AS same_last,
                   max(next_entry) AS next_entry, max(last_entry) AS last_entry
            FROM told GROUP BY entry_no
        ), accepted AS (SELECT entry_no, count(*) AS n FROM ({rows}) GROUP BY entry_no)
        SELECT w.entry_no
        FROM whole w JOIN accepted a USING (entry_no, n) JOIN delivery d USING (entry_no)
        WHERE EXISTS (
            SELECT 1 FROM delivery o
            WHERE o.received >= d.received AND (
                (w.same_next AND o.entry_no = w.next_entry) OR (w.same_last AND o.entry_no = w.last_entry))
              AND NOT EXISTS (
                SELECT 1 FROM waiting_day h WHERE h.entry_no = w.entry_no
                  AND (o.entry_no, h.day) NOT IN (SELECT (entry_no, day) FROM told_day))
              AND (w.entry_no NOT IN (SELECT entry_no FROM waiting_blind) OR (
                o.received = d.received
                AND (w.entry_no, o.entry_no) IN (SELECT (entry_no, later) FROM whole_in_place))))
        """
    )


def _note_places(con: duckdb.DuckDBPyConnection, rows: str, held: bool) -> None:
    """waiting_blind: deliveries where a row waits that has no day; whole_in_place: those told row for row."""
    none = "SELECT NULL::INTEGER AS entry_no WHERE false"
    blind = (
        "SELECT DISTINCT entry_no FROM staged_held SEMI JOIN troubled USING (entry_no)"
        " WHERE stands AND completed_on IS NULL"
    )
    con.execute(f"CREATE TEMP TABLE waiting_blind AS {blind if held else none}")
    con.execute(
        f"""
        CREATE TEMP TABLE whole_in_place AS
        SELECT entry_no, later
        FROM (SELECT entry_no, later, count(DISTINCT source_row) AS n FROM told_in_place GROUP BY ALL)
        JOIN (SELECT entry_no, count(DISTINCT source_row) AS n FROM ({rows}) GROUP BY ALL)
             USING (entry_no, n)
        """
    )


_DAY = {"appointments": "starts_on", "referrals": "received_on"}


def _note_days(con: duckdb.DuckDBPyConnection, kinds: Sequence[str], held: bool) -> None:
    """waiting_day: days of rows that wait, where they may be right; told_day: those of later deliveries."""
    none = "SELECT NULL::INTEGER AS entry_no, NULL::DATE AS day WHERE false"
    waiting = (
        "SELECT DISTINCT entry_no, completed_on AS day FROM staged_held SEMI JOIN troubled USING (entry_no)"
        " ANTI JOIN future USING (entry_no, source_row) WHERE stands AND completed_on IS NOT NULL"
    )
    con.execute(f"CREATE TEMP TABLE waiting_day AS {waiting if held else none}")
    days = [(f"staged_{name}", _DAY.get(name, "completed_on")) for name in kinds]
    told = " UNION ".join(
        f"SELECT entry_no, {day} AS day FROM {table} WHERE {day} IS NOT NULL AND entry_no IN"
        " (SELECT next_entry FROM told_again UNION SELECT last_entry FROM told_again)"
        for table, day in [*days, ("staged_held", "completed_on")]
    )
    con.execute(f"CREATE TEMP TABLE told_day AS {told if held else none}")


def _any(con: duckdb.DuckDBPyConnection, select: str) -> bool:
    return bool(con.execute(f"SELECT EXISTS ({select})").fetchall()[0][0])
