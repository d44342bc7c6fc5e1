"""Parts of all deliveries into the core tables of a new warehouse.

Administrations lie in one wide table per instrument; `core_administration` and `core_score`
are views over them. The fate of every record is settled here, and the sums are asserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from schemas.errors import ConservationError
from schemas.instrument import Instrument
from schemas.tables import ADMINISTRATION_COLUMNS, CORE, Table, administration_table
from warehouse.connect import create
from warehouse.mended import prepare
from warehouse.parts import Counts, parquet_files
from warehouse.remarks import remark
from warehouse.set_aside import FUTURE, LATE_DAY, set_aside, tell_of_future
from warehouse.supersede import settle_administrations, settle_records, settle_table

DIMENSIONS = (
    "core_run",
    "core_clinic",
    "core_due",
    "core_instrument",
    "core_scale",
    "core_item",
    "core_threshold",
)
TOTAL_CHECK = """
    INSERT INTO core_total_check
    SELECT
        entry_no, source_row, form_no, clinic, instrument, scale, status, score, stored_total,
        score - stored_total AS difference
    FROM core_score
    WHERE
        stored_total IS NOT NULL
        AND status <> 'key_not_confirmed'
        -- Exports round: a score that rounds to the total, at the total's own decimals, is the same.
        AND (
            score IS NULL
            OR 2 * abs(score - stored_total) > CASE stored_total
                WHEN round(stored_total, 0) THEN 1
                WHEN round(stored_total, 1) THEN 0.1
                WHEN round(stored_total, 2) THEN 0.01
                WHEN round(stored_total, 3) THEN 0.001
                ELSE 0.0001
            END
        )
    ORDER BY entry_no, source_row, form_no, scale
"""

TABLE_KINDS = {"appointments": "core_appointment", "referrals": "core_referral"}


@dataclass(frozen=True)
class Delivery:
    """One archived export with its part.

    snapshot: replaces earlier ones of its feed; forms: instruments that a record of the feed may hold
    released: whether people let all of it go; let_go: quarantined rows that they have dealt with elsewhere
    """

    entry_no: int
    entry: str
    feed: str
    clinic: str
    kind: str
    snapshot: bool
    file: str
    sha256: str
    bytes: int
    arrived_at: datetime
    part: Path
    counts: Counts
    forms: tuple[str, ...] = ()
    released: bool = False
    let_go: tuple[int, ...] = ()
    zone: str = "UTC"

    @property
    def arrived_on(self) -> date:
        """Local date of its arrival. zone: the site's."""
        return self.arrived_at.astimezone(ZoneInfo(self.zone)).date()


def load(
    con: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    instruments: Sequence[Instrument],
    dimensions: Mapping[str, Iterable[tuple[object, ...]]],
) -> None:
    """Fill a new database. dimensions: rows of DIMENSIONS tables, by table.

    raises ConservationError when the records of a delivery do not add up.
    """
    for table in CORE:
        create(con, table)
    tables = {instrument.id: _wide(instrument) for instrument in instruments}
    for table in tables.values():
        create(con, table)
    for name in DIMENSIONS:
        _insert(con, name, sorted(dimensions.get(name, ()), key=repr))
    _stage_deliveries(con, deliveries)
    _stage_late_days(con, deliveries)
    for name in ("withdrawn", "problems", "records", "held"):
        _stage(con, deliveries, name)
    for name in (*tables, *TABLE_KINDS):
        _stage(con, deliveries, name)
        set_aside(con, name)
    tell_of_future(con)
    prepare(con, staged(con, "problems"))
    for instrument in instruments:
        settle_administrations(con, instrument)
        _insert_standing(con, f"staged_{instrument.id}", tables[instrument.id], f"'{instrument.id}'")
    for kind, name in TABLE_KINDS.items():
        settle_table(con, kind)
        _insert_standing(con, f"staged_{kind}", next(t for t in CORE if t.name == name), f"'{kind}'")
    create_views(con, instruments)
    con.execute(TOTAL_CHECK)
    settle_records(con, [instrument.id for instrument in instruments])
    _insert_exports(con, list(tables.values()))
    _assert_conservation(con)
    remark(con)


def _wide(instrument: Instrument) -> Table:
    return administration_table(instrument.id, instrument.n_items, tuple(instrument.scale_ids))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows as one statement, a list a column: row by row takes a millisecond each."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f'INSERT INTO "{table}" SELECT {", ".join("unnest(?)" for _ in columns)}', columns)


def _stage_deliveries(con: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """delivery: one row each; live says whether its records can stand, many whether its feed has others."""
    con.execute(
        "CREATE TEMP TABLE delivery (entry_no INTEGER, entry VARCHAR, feed VARCHAR, clinic VARCHAR,"
        " kind VARCHAR, snapshot BOOLEAN, file VARCHAR, sha256 VARCHAR, bytes BIGINT,"
        " arrived_at TIMESTAMP, refused VARCHAR,"
        " received INTEGER, accepted INTEGER, administrations INTEGER, part VARCHAR, held BOOLEAN,"
        " forms VARCHAR, unread INTEGER, released BOOLEAN)"
    )
    _insert(
        con,
        "delivery",
        [
            (
                d.entry_no,
                d.entry,
                d.feed,
                d.clinic,
                d.kind,
                d.snapshot,
                d.file,
                d.sha256,
                d.bytes,
                d.arrived_at.replace(tzinfo=None),
                d.counts.refused,
                d.counts.received,
                d.counts.accepted,
                d.counts.administrations,
                str(d.part),
                bool(d.counts.held),
                ",".join(d.forms),
                d.counts.unread,
                d.released,
            )
            for d in deliveries
        ],
    )
    # A snapshot that is held replaces none: the last sound one stands until it is released or mended.
    con.execute(
        "CREATE TEMP TABLE live AS SELECT entry_no, feed, clinic, kind, part,"
        " count(*) OVER (PARTITION BY feed) > 1 AS many,"
        " NOT snapshot OR entry_no = max(entry_no) FILTER (NOT held) OVER (PARTITION BY feed)"
        " OR (held AND entry_no = max(entry_no) OVER (PARTITION BY feed)) AS stands"
        " FROM delivery WHERE refused IS NULL"
    )
    con.execute(
        "CREATE TEMP TABLE lost (entry_no INTEGER, source_row INTEGER, kind VARCHAR, form_no SMALLINT,"
        " fate VARCHAR)"
    )
    con.execute("CREATE TEMP TABLE released_row (entry_no INTEGER, source_row INTEGER)")
    _insert(con, "released_row", [(d.entry_no, row) for d in deliveries for row in sorted(set(d.let_go))])
    con.execute("CREATE TEMP TABLE part_file (kind VARCHAR, place UBIGINT, part VARCHAR)")


def _stage_late_days(con: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """late_day and future, see `warehouse.set_aside`."""
    for ddl in (LATE_DAY, FUTURE):
        con.execute(ddl)
    late = [
        (one.entry_no, ours, column, one.arrived_on)
        for one in deliveries
        for ours, (column, latest) in sorted(one.counts.days.items())
        if date.fromisoformat(latest) > one.arrived_on
    ]
    _insert(con, "late_day", late)


def _stage(con: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery], name: str) -> None:
    """staged_<name>: rows of that kind in all parts, with entry_no, feed, clinic, many and stands."""
    parts = sorted({d.part for d in deliveries if d.counts.refused is None})
    files = [(file, part) for part in parts for file in parquet_files(part, name)]
    con.execute("CREATE TEMP TABLE IF NOT EXISTS staged_names (name VARCHAR)")
    if not files:
        return
    _insert(con, "part_file", [(name, place, str(part)) for place, (_, part) in enumerate(files)])
    con.execute("INSERT INTO staged_names VALUES (?)", [name])
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file, _ in files)
    # file_index is a number, and joins in a quarter of the time that file names take
    con.execute(
        f"CREATE TEMP VIEW staged_{name} AS"
        " SELECT l.entry_no, l.feed, l.clinic, l.kind AS feed_kind, l.many, l.stands, p.*"
        f" FROM read_parquet([{listed}]) p"
        " JOIN (SELECT f.place, l.* FROM part_file f JOIN live l USING (part)"
        f" WHERE f.kind = '{name}') l ON l.place = p.file_index"
    )


def staged(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether any part has rows of that kind."""
    return bool(con.execute("SELECT count(*) FROM staged_names WHERE name = ?", [name]).fetchall()[0][0])


def _insert_standing(con: duckdb.DuckDBPyConnection, source: str, table: Table, kind: str) -> None:
    """Rows that stand, into their table."""
    if not staged(con, source.removeprefix("staged_")):
        return
    columns = ", ".join(f'"{name}"' for name in table.column_names)
    form_no = "s.form_no" if "form_no" in table.column_names else "0"
    some = con.execute(f"SELECT count(*) FROM lost WHERE kind = {kind}").fetchall()[0][0]
    anti = (
        f" ANTI JOIN (SELECT * FROM lost WHERE kind = {kind}) x ON x.entry_no = s.entry_no"
        f" AND x.source_row = s.source_row AND x.form_no = {form_no}"
    )
    con.execute(
        f'INSERT INTO "{table.name}" ({columns})'
        f" SELECT {columns} FROM {source} s{anti if some else ''} WHERE s.stands"
    )


def create_views(con: duckdb.DuckDBPyConnection, instruments: Sequence[Instrument]) -> None:
    """core_administration and core_score over the wide tables.

    core_score is one SELECT per instrument and scale, with both as literals: a query that
    asks for one scale reads that scale's columns and no others.
    """
    common = [column.name for column in ADMINISTRATION_COLUMNS if column.name != "instrument"]
    before = ", ".join(common)
    administrations = [
        f"SELECT {before}, '{i.id}' AS instrument, [{', '.join(i.item_columns)}]::SMALLINT[] AS answers"
        f" FROM administration_{i.id}"
        for i in instruments
    ] or [_no_rows(", NULL::SMALLINT[] AS answers")]
    scores = [
        f"SELECT {before}, '{i.id}' AS instrument, '{scale.id}' AS scale, score_{scale.id} AS score,"
        f" answered_{scale.id}::SMALLINT AS n_answered, {len(scale.items)}::SMALLINT AS n_items,"
        f" status_{scale.id} AS status, stored_{scale.id} AS stored_total FROM administration_{i.id}"
        for i in instruments
        for scale in i.scales
    ] or [
        _no_rows(
            ", '' AS scale, NULL::DECIMAL(9,4) AS score, 0::SMALLINT AS n_answered, 0::SMALLINT AS n_items,"
            " '' AS status, NULL::DECIMAL(9,4) AS stored_total"
        )
    ]
    con.execute("CREATE VIEW core_administration AS " + " UNION ALL ".join(administrations))
    con.execute("CREATE VIEW core_score AS " + " UNION ALL ".join(scores))


def _no_rows(more: str) -> str:
    columns = ", ".join(
        f"NULL::{c.type} AS {c.name}" for c in ADMINISTRATION_COLUMNS if c.name != "instrument"
    )
    return f"SELECT {columns}, '' AS instrument{more} WHERE false"


def _insert_exports(con: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """core_export: the records of each delivery by fate; accepted ones are counted where they lie."""
    streams = [
        f"SELECT entry_no, form_no AS stream, count(*) AS n FROM {t.name} GROUP BY ALL" for t in tables
    ]
    streams += [
        f"SELECT entry_no, 0 AS stream, count(*) AS n FROM {name} GROUP BY ALL"
        for name in TABLE_KINDS.values()
    ]
    con.execute("CREATE TEMP TABLE stream AS " + " UNION ALL ".join(streams))
    con.execute(
        "CREATE TEMP TABLE standing AS SELECT entry_no, sum(n)::INTEGER AS records, count(*) AS streams,"
        " sum(n)::INTEGER AS administrations FROM stream GROUP BY entry_no"
    )
    rows = " UNION ALL ".join(
        f"SELECT entry_no, source_row FROM {t.name}"
        " SEMI JOIN (SELECT entry_no FROM standing WHERE streams > 1) s USING (entry_no)"
        for t in tables
    )
    if tables:
        con.execute(
            "UPDATE standing SET records = d.n"
            " FROM (SELECT entry_no, count(DISTINCT source_row)::INTEGER AS n"
            f" FROM ({rows}) GROUP BY entry_no) d WHERE d.entry_no = standing.entry_no"
        )
    con.execute(
        """
        INSERT INTO core_export
        SELECT d.entry_no, d.entry, d.feed, d.clinic, d.kind, d.file, d.sha256, d.bytes, d.arrived_at,
               d.refused, d.received, coalesce(s.records, 0),
               (SELECT count(*) FROM core_record r WHERE r.entry_no = d.entry_no AND r.fate = 'quarantined'),
               (SELECT count(*) FROM core_record r WHERE r.entry_no = d.entry_no AND r.fate = 'excluded'),
               (SELECT count(*) FROM core_record r WHERE r.entry_no = d.entry_no AND r.fate = 'superseded'),
               CASE WHEN d.kind = 'responses' THEN coalesce(s.administrations, 0) ELSE 0 END,
               d.forms, d.snapshot, d.unread,
               CASE WHEN d.refused IS NOT NULL THEN d.released OR d.snapshot AND EXISTS (
                   SELECT 1 FROM live l WHERE l.feed = d.feed AND l.entry_no > d.entry_no) END
        FROM delivery d LEFT JOIN standing s USING (entry_no)
        ORDER BY d.entry_no
        """
    )


def _assert_conservation(con: duckdb.DuckDBPyConnection) -> None:
    """By record; and by questionnaire, of which one may be gone while the others of its record stand."""
    wrong = con.execute(
        """
        WITH gone AS (
            SELECT entry_no, count(*) AS n FROM lost WHERE kind NOT IN ('appointments', 'referrals')
            GROUP BY ALL
        )
        SELECT e.feed, e.entry FROM core_export e JOIN delivery d USING (entry_no)
        LEFT JOIN live l USING (entry_no) LEFT JOIN gone g USING (entry_no)
        WHERE e.received <> e.accepted + e.quarantined + e.excluded + e.superseded
           OR (l.stands AND e.kind = 'responses'
               AND d.administrations <> e.administrations + coalesce(g.n, 0))
        ORDER BY entry_no
        """
    ).fetchall()
    if wrong:
        places = ", ".join(f"{feed} {entry[:8]}" for feed, entry in wrong[:5])
        raise ConservationError(f"records do not add up in {len(wrong)} deliveries: {places}")
