"""Exports of a warehouse as batches of rows, by named queries.

Batches come in a fixed order: by delivery, source row, and then whatever tells rows of one record apart.
Each asks for a bounded number of source records, so that no export needs the memory of a whole table.
Keys stand where the clinic's own ids will: `flows.originals` puts those in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from schemas.errors import WarehouseError
from schemas.metrics import Metric
from schemas.site import Disclosure
from schemas.tables import FIGURE_COLUMNS, MART_DISCLOSED
from warehouse.connect import Connection, connect, settings
from warehouse.disclosure import Card, publish_tables

RECORDS = 50_000
"""Source records a batch is asked for."""

EVERY_ROW = 2**31 - 1

MART_FIGURE, PUBLISHED_FIGURE = "mart_figure", "pub_figure"

QUERIES: Mapping[str, str] = {
    "run": "SELECT name, value FROM core_run",
    "deliveries": "SELECT entry_no, received FROM core_export WHERE received > 0 ORDER BY entry_no",
    "administrations": """
        SELECT
            export.entry, client_key, clinician_key, a.clinic, feed, file, source_row, instrument,
            rater::VARCHAR AS rater, session, completed_at, answers
        FROM core_administration AS a
        JOIN core_export AS export USING (entry_no)
        WHERE entry_no BETWEEN {first_entry} AND {last_entry}
            AND source_row BETWEEN {first_row} AND {last_row}
        ORDER BY entry_no, source_row, form_no
    """,
    "scores": """
        SELECT
            export.entry, client_key, clinician_key, s.clinic, feed, file, source_row, instrument,
            rater::VARCHAR AS rater, session, completed_at, scale, score::VARCHAR AS score, n_answered,
            s.n_items, status::VARCHAR AS status, card.evidence, stored_total::VARCHAR AS stored_total
        FROM core_score AS s
        JOIN core_export AS export USING (entry_no)
        JOIN core_instrument AS card USING (instrument)
        JOIN core_scale AS scales USING (instrument, scale)
        WHERE entry_no BETWEEN {first_entry} AND {last_entry}
            AND source_row BETWEEN {first_row} AND {last_row}
        ORDER BY entry_no, source_row, form_no, scale_no
    """,
    # An answer without a date may be as recent as any.
    "risk": """
        SELECT
            export.entry, client_key, clinician_key, a.clinic, feed, file, source_row, a.instrument,
            rater::VARCHAR AS rater, session, completed_at, asked.item, answers[asked.item] AS answer
        FROM core_administration AS a
        JOIN core_export AS export USING (entry_no)
        JOIN (VALUES {items}) AS asked(instrument, item) ON asked.instrument = a.instrument
        WHERE entry_no BETWEEN {first_entry} AND {last_entry}
            AND source_row BETWEEN {first_row} AND {last_row}
            AND answers[asked.item] > 0
            AND (completed_on >= DATE '{since}' OR completed_on IS NULL)
        ORDER BY entry_no, source_row, form_no, asked.item
    """,
    "appointments": """
        SELECT
            export.entry, client_key, clinician_key, a.clinic, feed, file, source_row, starts_at, a.kind,
            a.status
        FROM core_appointment AS a
        JOIN core_export AS export USING (entry_no)
        WHERE entry_no BETWEEN {first_entry} AND {last_entry}
            AND source_row BETWEEN {first_row} AND {last_row}
        ORDER BY entry_no, source_row
    """,
    # core_record holds what was not accepted; all other rows of a delivery were.
    "rows": """
        WITH received AS (
            SELECT
                entry_no, feed, file,
                unnest(range({first_row}, least(received, {last_row}) + 1))::INTEGER AS source_row
            FROM core_export
            WHERE entry_no BETWEEN {first_entry} AND {last_entry}
        )
        SELECT feed, file, source_row, coalesce(fate, 'accepted') AS fate, reason
        FROM received
        LEFT JOIN core_record USING (entry_no, source_row)
        ORDER BY entry_no, source_row
    """,
    # A cell that two questionnaires share and that is wrong for both is one problem to mend.
    "quarantine": """
        SELECT feed, export.clinic, file, export.entry, source_row, column_name AS "column", rule
        FROM core_quarantine
        JOIN core_export AS export USING (entry_no)
        WHERE entry_no BETWEEN {first_entry} AND {last_entry}
            AND source_row BETWEEN {first_row} AND {last_row}
        GROUP BY entry_no, feed, export.clinic, file, export.entry, source_row, column_name, rule
        ORDER BY entry_no, source_row, column_name, rule
    """,
    "held": """
        SELECT feed, file, export.entry, instrument, column_name AS "column", rule
        FROM core_quarantine
        JOIN core_export AS export USING (entry_no)
        WHERE rule ^@ 'suspect_'
        GROUP BY ALL
        ORDER BY feed, file, export.entry, rule, instrument, "column"
    """,
    "marts": f"""
        SELECT table_name
        FROM duckdb_tables()
        WHERE database_name = 'built'
            AND (table_name = 'core_clinic' OR table_name ^@ 'mart_')
            AND table_name <> '{MART_DISCLOSED.name}'
        ORDER BY table_name
    """,
    "figure_ids": "SELECT DISTINCT figure FROM {table} ORDER BY figure",
    # Session numbers are texts among the periods: by length, 10 comes after 9.
    "figures": """
        SELECT {key}, {numerator} AS numerator, denominator, {value} AS "value", unit, n, state
        FROM {table}
        WHERE figure = '{figure}'
        ORDER BY figure, definition, service, clinic, grain, length(period), period, instrument, scale
    """,
}
"""Everything an export asks of a warehouse, by name, with places for numbers and names of our own.

Parameters stand in the text: `con.sql(query, params=...)` collects the result first and reads it back in
any order where the insertion order is not preserved, and ten times more slowly.
"""


@dataclass(frozen=True)
class _Slice:
    """Records of several small deliveries, or a stretch of one."""

    first_entry: int
    last_entry: int
    first_row: int = 1
    last_row: int = EVERY_ROW


def check(con: Connection, name: str) -> None:
    """Raises WarehouseError where the file, called `name`, is none that `accord build` or a run writes."""
    found = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not {"core_export", "core_run", MART_FIGURE} <= found:
        raise WarehouseError(f"{name} is no warehouse: give a file that `accord build` wrote")


def run_facts(con: Connection) -> dict[str, str]:
    """What the warehouse says of the run that made it, by name: see core_run."""
    return dict(con.execute(QUERIES["run"]).fetchall())


def administrations(con: Connection, records: int = RECORDS) -> Iterator[pl.DataFrame]:
    """One row per administration that stands; answers as coded in core_administration."""
    return _sliced(con, "administrations", records)


def scores(con: Connection, records: int = RECORDS) -> Iterator[pl.DataFrame]:
    """One row per administration that stands and scale of its card; scores as text with four places."""
    return _sliced(con, "scores", records)


def risks(
    con: Connection, items: Iterable[tuple[str, int]], since: date, records: int = RECORDS
) -> Iterator[pl.DataFrame]:
    """One row per answer above zero to one of these items, of an administration that stands.

    items: instrument and item number; since: first day of completion, undated ones always being there
    """
    asked = ", ".join(f"('{instrument}', {item})" for instrument, item in items)
    if asked:
        yield from _sliced(con, "risk", records, items=asked, since=since.isoformat())


def appointments(con: Connection, records: int = RECORDS) -> Iterator[pl.DataFrame]:
    """One row per appointment that stands."""
    return _sliced(con, "appointments", records)


def rows(con: Connection, records: int = RECORDS) -> Iterator[pl.DataFrame]:
    """One row per record of every delivery that was not refused, with its fate; no reason where accepted."""
    return _sliced(con, "rows", records)


def quarantine(con: Connection, records: int = RECORDS) -> Iterator[pl.DataFrame]:
    """One row per problem."""
    return _sliced(con, "quarantine", records)


def held(con: Connection) -> list[dict[str, str]]:
    """What holds whole deliveries: feed, file, entry, instrument, column (items by their columns), rule."""
    return con.sql(QUERIES["held"]).pl().to_dicts()


def _sliced(con: Connection, name: str, records: int, **more: str) -> Iterator[pl.DataFrame]:
    for part in _slices(con, records):
        yield con.sql(QUERIES[name].format(**asdict(part), **more)).pl()


def _slices(con: Connection, records: int) -> Iterator[_Slice]:
    """All deliveries in ledger order, up to `records` records at a time."""
    first, last, held = 0, 0, 0
    for entry_no, received in con.execute(QUERIES["deliveries"]).fetchall():
        if held and held + received > records:
            yield _Slice(first, last)
            held = 0
        if received > records:
            for row in range(1, received + 1, records):
                yield _Slice(entry_no, entry_no, row, row + records - 1)
            continue
        first, last, held = first if held else entry_no, entry_no, held + received
    if held:
        yield _Slice(first, last)


def figures(con: Connection) -> Iterator[pl.DataFrame]:
    """Exact figures, a batch for each figure id; numerator and value as the shortest decimal text."""
    return _figures(con, MART_FIGURE)


def published_figures(path: Path) -> Iterator[pl.DataFrame]:
    """The same columns of a published file.

    raises WarehouseError: the file is missing, or is no published file
    """
    con = connect(path, read_only=True)
    try:
        _check_published(con, path)
        yield from _figures(con, PUBLISHED_FIGURE)
    finally:
        con.close()


def _check_published(con: Connection, path: Path) -> None:
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [PUBLISHED_FIGURE]).fetchall():
        raise WarehouseError(f"{path.name} is no published file")


def _figures(con: Connection, table: str) -> Iterator[pl.DataFrame]:
    names = {"table": table, "key": ", ".join(column.name for column in FIGURE_COLUMNS)}
    numbers = {"numerator": _shortest("numerator"), "value": _shortest('"value"')}
    for (figure,) in con.execute(QUERIES["figure_ids"].format(**names)).fetchall():
        literal = figure.replace("'", "''")
        yield con.sql(QUERIES["figures"].format(figure=literal, **names, **numbers)).pl()


def _shortest(column: str) -> str:
    """SQL: a DECIMAL(18,4) as text without the zeros and the point that say nothing."""
    return f"rtrim(rtrim({column}::VARCHAR, '0'), '.')"


def disclose(
    path: Path, out: Path, policy: Disclosure, metrics: Iterable[Metric], instruments: Iterable[Card]
) -> None:
    """Write the published tables of the warehouse `path`, which stays as it is, to the new file `out`.

    raises WarehouseError: the file is missing, or is no warehouse
    """
    with connect(path, read_only=True) as con:
        check(con, path.name)
    # Publishing attaches a file, which a read-only database does not allow: one in memory stands in.
    with duckdb.connect(config=settings(out)) as con:
        file = str(path).replace("'", "''")
        con.execute(f"ATTACH '{file}' AS built (READ_ONLY)")
        for (name,) in con.execute(QUERIES["marts"]).fetchall():
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM built.{name}")
        publish_tables(con, out, policy, {}, metrics, instruments)
