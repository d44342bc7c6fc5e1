"""Warnings that only the whole warehouse can tell: of rows beside other rows, other files and other feeds.

Nothing is kept out for them. Each is one row of core_remark, which holds no value.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from warehouse.set_aside import any_rows

OVERLAP_PERCENT, FEWEST_REPEATED = 90, 10
"""What part of the file before it an increment repeats, and how many records, to look like a snapshot."""

_CONTACT = "status IN ('attended', 'late')"

_INCOMPLETE = """(
    SELECT clinic FROM core_export WHERE kind = 'appointments' AND refused IS NOT NULL AND NOT closed
)"""
"""Clinics of whose contacts a file waits, refused: that one is missing says nothing there."""

_BEFORE_REFERRAL = f"""
    WITH first AS (
        SELECT clinic, client_key, min(received_on) AS received_on FROM core_referral GROUP BY ALL
    )
    SELECT entry_no, source_row, instrument FROM core_administration a JOIN first USING (clinic, client_key)
    WHERE a.completed_on < first.received_on
    UNION ALL
    SELECT entry_no, source_row, '' FROM core_appointment a JOIN first USING (clinic, client_key)
    WHERE a.starts_on < first.received_on AND {_CONTACT}
"""

_SESSION_ORDER = """
    SELECT entry_no, source_row, instrument FROM core_administration
    WHERE session IS NOT NULL AND completed_on IS NOT NULL
    QUALIFY completed_on < lag(completed_on) OVER (
        PARTITION BY clinic, client_key, instrument, rater, rater_id, segment, episode
        ORDER BY session, completed_on, entry_no, source_row, form_no)
"""

_CLINICIAN_UNKNOWN = f"""
    WITH known AS (
        SELECT DISTINCT clinic, clinician_key FROM core_appointment WHERE clinician_key IS NOT NULL
    )
    SELECT entry_no, source_row, instrument FROM core_administration
    SEMI JOIN (SELECT DISTINCT clinic FROM known) USING (clinic)
    ANTI JOIN {_INCOMPLETE} USING (clinic)
    ANTI JOIN known USING (clinic, clinician_key)
    WHERE clinician_key IS NOT NULL
"""

_CLIENT_IN_TWO_CLINICS = """
    WITH seen AS (
        SELECT clinic, client_key, entry_no, source_row, instrument FROM core_administration
        UNION ALL SELECT clinic, client_key, entry_no, source_row, '' FROM core_appointment
        UNION ALL SELECT clinic, client_key, entry_no, source_row, '' FROM core_referral
    ), first AS (
        SELECT
            clinic, client_key,
            min({'entry_no': entry_no, 'source_row': source_row, 'instrument': instrument}) AS place
        FROM seen GROUP BY ALL
    )
    SELECT place.entry_no, place.source_row, place.instrument FROM first
    QUALIFY count(*) OVER (PARTITION BY client_key) > 1
"""
"""The client's first record in each of the clinics."""

_MORE_ANSWERS = f"""
    WITH contact AS (
        SELECT clinic, client_key, count(*) FILTER ({_CONTACT}) AS contacts FROM core_appointment GROUP BY ALL
    ), many AS (
        SELECT clinic, client_key, instrument, rater, rater_id, segment,
               coalesce(any_value(contacts), 0) + 1 AS usual
        FROM core_administration SEMI JOIN (SELECT DISTINCT clinic FROM contact) USING (clinic)
        ANTI JOIN {_INCOMPLETE} USING (clinic)
        LEFT JOIN contact USING (clinic, client_key)
        GROUP BY ALL HAVING count(*) > usual
    )
    SELECT entry_no, source_row, a.instrument FROM core_administration a
    JOIN many m ON a.clinic = m.clinic AND a.client_key = m.client_key AND a.instrument = m.instrument
        AND a.rater = m.rater AND a.rater_id IS NOT DISTINCT FROM m.rater_id
        AND a.segment IS NOT DISTINCT FROM m.segment
    QUALIFY row_number() OVER (
        PARTITION BY a.clinic, a.client_key, a.instrument, a.rater, a.rater_id, a.segment
        ORDER BY a.completed_at NULLS FIRST, entry_no, source_row, form_no) > any_value(usual) OVER (
        PARTITION BY a.clinic, a.client_key, a.instrument, a.rater, a.rater_id, a.segment)
"""
"""Those beyond one for each contact, and one, in order of their dates."""

_OVERLAP = f"""
    WITH file AS (
        SELECT entry_no, snapshot, lag(accepted) OVER (PARTITION BY feed ORDER BY entry_no) AS before
        FROM delivery WHERE refused IS NULL
    ), repeated AS (
        SELECT entry_no, count(DISTINCT source_row) AS n FROM lost WHERE fate = 'exact_duplicate' GROUP BY ALL
    )
    SELECT entry_no, 0, '' FROM file JOIN repeated USING (entry_no)
    WHERE NOT snapshot AND n >= {FEWEST_REPEATED} AND n * 100 >= before * {OVERLAP_PERCENT}
"""
"""accepted: by the file itself, before other files are known."""

_HAS_REFERRALS = "SELECT 1 FROM core_referral"
_HAS_APPOINTMENTS = "SELECT 1 FROM core_appointment"
_SHARED = "SELECT 1 FROM core_run WHERE name = 'shared_ids' AND value = 'True'"
_LOST = "SELECT 1 FROM lost WHERE fate = 'exact_duplicate'"

RULES = {
    "before_referral": (_HAS_REFERRALS, _BEFORE_REFERRAL),
    "client_in_two_clinics": (_SHARED, _CLIENT_IN_TWO_CLINICS),
    "clinician_unknown": (_HAS_APPOINTMENTS, _CLINICIAN_UNKNOWN),
    "more_answers_than_contacts": (_HAS_APPOINTMENTS, _MORE_ANSWERS),
    "overlap": (_LOST, _OVERLAP),
    "session_order": ("SELECT 1", _SESSION_ORDER),
}
"""Rule to what must be there for it to be asked, and its rows: entry_no, source_row, instrument."""


@dataclass(frozen=True)
class Remarks:
    """How many rows of one delivery a rule of level warning is about; 1 where it is the whole delivery."""

    feed: str
    file: str
    rule: str
    count: int


def remark(con: duckdb.DuckDBPyConnection) -> None:
    """core_remark, once all else is settled."""
    for rule, (needs, rows) in RULES.items():
        if any_rows(con, needs):
            con.execute(
                f"INSERT INTO core_remark SELECT DISTINCT r.*, '{rule}'"
                f" FROM ({rows}) r(entry_no, source_row, instrument)"
                " ORDER BY r.entry_no, r.source_row, r.instrument"
            )


def remarks(con: duckdb.DuckDBPyConnection) -> list[Remarks]:
    """Warnings by feed, file and rule, in that order."""
    rows = con.execute(
        "SELECT feed, file, rule, count(*) FROM core_remark JOIN core_export USING (entry_no)"
        " GROUP BY entry_no, feed, file, rule ORDER BY feed, entry_no, rule"
    ).fetchall()
    return [Remarks(*row) for row in rows]
