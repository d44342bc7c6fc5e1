"""Small warehouses for the marts: core tables from plain rows, views and cards as a real load makes them.

Rows are mappings of text, so that tests can write them as tables; a cell that is empty or left out is null.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache

import duckdb
import polars as pl

from flows.dimensions import steps_per_point
from schemas.instrument import Instrument
from schemas.metrics import Metric
from schemas.registry import load
from schemas.site import Rules
from schemas.tables import CORE, administration_table
from warehouse.load import create_views
from warehouse.marts import build_marts

Row = Mapping[str, str]

INSTRUMENTS = ("calpas_p", "core_10", "gad_7", "phq_9", "session_checklist", "srs", "wai_sr")
KINDS = ("responses", "appointments", "referrals")
ARRIVED_AT = "2026-10-31 23:30:00"


@dataclass(frozen=True)
class Site:
    """What a small warehouse holds.

    clinics: id -> service. lacks: feeds a clinic has not got, as (clinic, kind).
    referrals: clinic, client, received_on, ended_on, ending, problem
    appointments: clinic, client, starts_at, status, kind (treatment where empty), session
    scores: clinic, client, instrument, completed_at, rater (client where empty), session, answered, status
        (scored where there is a score, else too_many_missing), a column per scale with its score, and answers
        to the items, as captured
    due: service, instrument, rater, due_when, session
    held: what is in quarantine: clinic, kind, instrument, client, rater, happened_on, elsewhere (false where empty)
    rules: what [rules] declares
    thresholds: further rows of core_threshold, by column
    measure_for: instrument -> presenting problems whose anxiety measure it is
    """

    clinics: Mapping[str, str]
    referrals: Sequence[Row] = ()
    appointments: Sequence[Row] = ()
    scores: Sequence[Row] = ()
    due: Sequence[Row] = ()
    lacks: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    rules: Rules = field(default_factory=Rules)
    thresholds: Sequence[Row] = ()
    measure_for: Mapping[str, str] = field(default_factory=dict)
    held: Sequence[Row] = ()


@cache
def instruments() -> tuple[Instrument, ...]:
    registry = load()
    return tuple(registry[id_] for id_ in INSTRUMENTS)


def warehouse(
    site: Site, as_of: date, threads: int = 2, metrics: Sequence[Metric] | None = None
) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with the site's core tables and its marts, for these metrics or for all."""
    con = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    con.execute("SET TimeZone = 'UTC'")
    create_tables(con)
    insert_dimensions(con, site)
    insert_feeds(con, site)
    insert_rows(con, site)
    insert_held(con, site)
    create_views(con, instruments())
    build_marts(con, as_of, metrics)
    return con


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    wide = [administration_table(i.id, i.n_items, i.scale_ids) for i in instruments()]
    for table in (*CORE, *wide):
        for statement in table.ddl():
            con.execute(statement)


def insert_dimensions(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    said = {"timezone": "Europe/London", **asdict(site.rules)}
    insert(con, "core_run", [{"name": name, "value": value} for name, value in said.items() if value != ""])
    insert(
        con,
        "core_clinic",
        [{"clinic": c, "clinic_name": c.title(), "service": s} for c, s in site.clinics.items()],
    )
    for card in instruments():
        measure_for = site.measure_for.get(card.id) or ",".join(card.measure_for)
        row = {"instrument": card.id, "measure_for": measure_for}
        insert(con, "core_instrument", [_columns_of(con, "core_instrument", card) | row])
        for number, scale in enumerate(card.scales, 1):
            named = {
                "instrument": card.id,
                "scale": scale.id,
                "scale_no": number,
                "n_items": len(scale.items),
                "steps_per_point": steps_per_point(card, scale),
            }
            insert(con, "core_scale", [_columns_of(con, "core_scale", scale) | named])
            insert(con, "core_item", [named | {"item": n, "reverse": n in card.reverse} for n in scale.items])
        for threshold in card.thresholds:
            row = _columns_of(con, "core_threshold", threshold)
            insert(con, "core_threshold", [row | {"instrument": card.id, "is_on": threshold.on}])
    insert(con, "core_threshold", site.thresholds)
    insert(con, "core_due", [{"rule_no": number, **row} for number, row in enumerate(site.due, 1)])


def _columns_of(con: duckdb.DuckDBPyConnection, table: str, source: object) -> dict[str, object]:
    """The columns that the source has as attributes of the same name."""
    columns = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    return {column: getattr(source, column) for column in columns if hasattr(source, column)}


def insert_feeds(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    """One delivery of each kind of feed a clinic has; its counts are of no account here."""
    feeds = [(c, kind) for c in site.clinics for kind in KINDS if (c, kind) not in site.lacks]
    counts = dict.fromkeys(
        ("bytes", "received", "accepted", "quarantined", "excluded", "superseded", "administrations"), 0
    )
    insert(
        con,
        "core_export",
        [
            {"entry_no": number, "entry": f"{number:016x}", "feed": f"{clinic}-{kind}", "clinic": clinic,
             "kind": kind, "file": "export.csv", "sha256": "0", "arrived_at": ARRIVED_AT, **counts}
            for number, (clinic, kind) in enumerate(feeds, 1)
        ],
    )  # fmt: skip


def insert_rows(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    """Source rows are numbered over all tables, from 1, in the order given."""
    numbers = iter(range(1, 1 + len(site.referrals) + len(site.appointments) + len(site.scores)))
    insert(con, "core_referral", [person(row, next(numbers)) for row in site.referrals])
    insert(con, "core_appointment", [appointment(row, next(numbers)) for row in site.appointments])
    cards = {card.id: card for card in instruments()}
    by_instrument = defaultdict(list)
    for row in site.scores:
        by_instrument[row["instrument"]].append(administration(cards[row["instrument"]], row, next(numbers)))
    for instrument, administrations in by_instrument.items():
        insert(con, f"administration_{instrument}", administrations)


FORMS_OF_A_RECORD = ("core_10", "gad_7", "phq_9", "srs", "wai_sr")
"""A held record without an instrument may be any of these, or all."""
NO_FORM = "-"


def insert_held(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    """Each held record is of its clinic's feed of the kind, of which other records were accepted."""
    entries = {
        (clinic, kind): number
        for number, clinic, kind in con.execute("SELECT entry_no, clinic, kind FROM core_export").fetchall()
    }
    if not site.held:
        return
    con.execute(
        "UPDATE core_export SET accepted = 1, forms = ?, snapshot = FALSE, unread = 0",
        [",".join(FORMS_OF_A_RECORD)],
    )
    plain = {"instrument": NO_FORM, "form_no": 1, "elsewhere": "false"}
    insert(
        con,
        "core_held",
        [
            plain
            | {column: cell for column, cell in row.items() if cell}
            | {
                "entry_no": entries[row["clinic"], row["kind"]],
                "source_row": number,
                "client_key": row.get("client"),
            }
            for number, row in enumerate(site.held, 1)
        ],
    )
    con.execute("UPDATE core_held SET instrument = '' WHERE instrument = ?", [NO_FORM])


def person(row: Row, number: int) -> dict[str, object]:
    return dict(row) | {"client_key": row["client"], "entry_no": 1, "source_row": number}


def appointment(row: Row, number: int) -> dict[str, object]:
    plain = {"kind": row.get("kind") or "treatment", "starts_on": row["starts_at"][:10]}
    return person(row, number) | plain


def administration(card: Instrument, row: Row, number: int) -> dict[str, object]:
    plain = {
        "form_no": 1,
        "rater": row.get("rater") or "client",
        "completed_on": (row.get("completed_at") or "")[:10],
    }
    for scale in card.scale_ids:
        plain[f"score_{scale}"] = row.get(scale)
        plain[f"status_{scale}"] = row.get("status") or ("scored" if row.get(scale) else "too_many_missing")
        plain[f"answered_{scale}"] = row.get("answered") or 1
    answers = zip(card.item_columns, row.get("answers", "").split(), strict=False)
    return person(row, number) | plain | dict(answers)


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Cells by the name of their column; what the table has no column for is left out."""
    if rows:
        columns = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
        frame = pl.DataFrame([[text(row.get(c)) for c in columns] for row in rows], columns, orient="row",
                             schema_overrides=dict.fromkeys(columns, pl.String))  # fmt: skip
        con.register("given", frame)
        con.execute(f"INSERT INTO {table} SELECT * FROM given")
        con.unregister("given")


def text(cell: object) -> str | None:
    return None if cell is None or cell == "" else str(cell)


def figures(con: duckdb.DuckDBPyConnection, **where: str) -> list[tuple[object, ...]]:
    """Rows of mart_figure whose columns have these values, in key order."""
    condition = " AND ".join(f"{column} = ?" for column in where) or "true"
    return con.execute(
        f"SELECT * FROM mart_figure WHERE {condition} "
        "ORDER BY figure, definition, service, clinic, grain, period, instrument, scale",
        list(where.values()),
    ).fetchall()
