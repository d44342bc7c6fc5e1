"""What a warehouse says of the run that made it: counts by fate, and how fresh its deliveries are."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from warehouse.manifest import Counts, FileCounts


def counts_by_file(con: DuckDBPyConnection) -> list[FileCounts]:
    """Records of each delivery by fate, in ledger order."""
    reasons: dict[int, dict[str, int]] = {}
    for entry_no, reason, n in con.execute(
        "SELECT entry_no, reason, count(*) FROM core_record WHERE fate = 'excluded' GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        reasons.setdefault(entry_no, {})[reason] = n
    rows = con.execute(
        "SELECT entry_no, feed, entry, received, accepted, quarantined, superseded, refused,"
        " coalesce(closed, FALSE) FROM core_export ORDER BY entry_no"
    ).fetchall()
    return [
        FileCounts(
            feed,
            entry,
            received,
            accepted,
            quarantined,
            reasons.get(number, {}),
            superseded,
            refused,
            closed=closed,
        )
        for number, feed, entry, received, accepted, quarantined, superseded, refused, closed in rows
    ]


def whole_counts(con: DuckDBPyConnection) -> Counts:
    """Records of the whole site by fate."""
    totals = con.execute(
        "SELECT coalesce(sum(received), 0)::BIGINT, coalesce(sum(accepted), 0)::BIGINT,"
        " coalesce(sum(quarantined), 0)::BIGINT, coalesce(sum(superseded), 0)::BIGINT,"
        " count(*), count(refused)"
        " FROM core_export"
    ).fetchall()[0]
    received, accepted, quarantined, superseded, files, refused = totals
    excluded = con.execute(
        "SELECT reason, count(*) FROM core_record WHERE fate = 'excluded' GROUP BY reason ORDER BY reason"
    ).fetchall()
    return Counts(received, accepted, quarantined, dict(excluded), superseded, files, refused)


def freshness(con: DuckDBPyConnection, timezone: str) -> list[dict[str, str]]:
    """Newest delivery of each feed as a local date."""
    rows = con.execute(
        "SELECT feed, clinic, strftime((max(arrived_at)::TIMESTAMPTZ AT TIME ZONE ?), '%Y-%m-%d')"
        " FROM core_export GROUP BY feed, clinic ORDER BY feed",
        [timezone],
    ).fetchall()
    return [{"feed": feed, "clinic": clinic, "newest_arrival": day} for feed, clinic, day in rows]
