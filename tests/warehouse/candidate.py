"""A tiny warehouse and published file in which every expectation holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import duckdb

from schemas import registry
from schemas.instrument import Instrument
from schemas.published import PUBLISHED
from schemas.site import Disclosure
from schemas.tables import CORE, MART_BOUND, MART_DISCLOSED, MART_FIGURE, Table, administration_table
from warehouse.expectations import SiteFacts
from warehouse.load import create_views

RUN = "20261031T020000Z-1a2b3c4d"
AS_OF = dt.date(2026, 10, 31)
INSTRUMENTS: tuple[Instrument, ...] = tuple(registry.load()[name] for name in ("gad_7", "srs"))
FACTS = SiteFacts(
    clinics=("northvale", "westmere"),
    services=("adult",),
    feeds=("northvale-forms", "northvale-diary", "northvale-referrals"),
    policy=Disclosure(threshold=5, round_to=5),
    as_of=AS_OF,
)
MORNING = dt.datetime.fromisoformat("2026-10-30T06:00")


def insert(con: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    """Rows by column; a column that is not named is null."""
    names = table.column_names
    marks = ", ".join("?" for _ in names)
    for row in rows:
        assert set(row) <= set(names)
        con.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', [row.get(name) for name in names])


def fill(path: Path, tables: Iterable[Table], rows: dict[str, list[dict[str, object]]]) -> None:
    with duckdb.connect(str(path)) as con:
        for table in tables:
            for statement in table.ddl():
                con.execute(statement)
            insert(con, table, rows.get(table.name, []))
        if "core_export" in rows:
            create_views(con, INSTRUMENTS)


def good_warehouse(path: Path) -> Path:
    wide = [administration_table(one.id, one.n_items, one.scale_ids) for one in INSTRUMENTS]
    fill(path, (*CORE, *wide, MART_FIGURE, MART_BOUND, MART_DISCLOSED), warehouse_rows())
    return path


def good_publication(path: Path) -> Path:
    fill(path, PUBLISHED, published_rows())
    return path


def warehouse_rows() -> dict[str, list[dict[str, object]]]:
    forms, diary, referrals, refused = 1, 2, 3, 4
    return {
        "core_run": [{"name": "as_of", "value": AS_OF.isoformat()}],
        "core_clinic": [
            {"clinic": clinic, "clinic_name": clinic.title(), "service": "adult"} for clinic in FACTS.clinics
        ],
        "core_due": [
            {"service": "adult", "instrument": "gad_7", "rater": "client", "rule_no": 1, "due_when": "all"}
        ],
        "core_instrument": [instrument_row(one) for one in INSTRUMENTS],
        "core_scale": [row for one in INSTRUMENTS for row in scale_rows(one)],
        "core_threshold": [
            {
                "instrument": "gad_7", "scale": "total", "kind": "caseness", "name": "nhs_talking_therapies",
                "value": 8, "comparison": ">=", "evidence": "verified", "is_on": True,
            }
        ],
        "core_export": [
            export(forms, "northvale-forms", "responses", 10, (6, 2, 1, 1), administrations=8),
            export(diary, "northvale-diary", "appointments", 3, (3, 0, 0, 0)),
            export(referrals, "northvale-referrals", "referrals", 2, (2, 0, 0, 0)),
            export(refused, "northvale-diary", "appointments", 0, (0, 0, 0, 0))
            | {"refused": "empty_file", "arrived_at": dt.datetime.fromisoformat("2026-08-01T06:00")},
        ],
        "core_record": [
            {"entry_no": forms, "source_row": 7, "fate": "quarantined", "reason": "out_of_range"},
            {"entry_no": forms, "source_row": 8, "fate": "quarantined", "reason": "out_of_range"},
            {"entry_no": forms, "source_row": 9, "fate": "excluded", "reason": "empty"},
            {"entry_no": forms, "source_row": 10, "fate": "superseded", "reason": "later_answers"},
        ],
        "core_quarantine": [
            {"entry_no": forms, "source_row": row, "instrument": "gad_7", "column_name": "Q1",
             "rule": "out_of_range"}
            for row in (7, 8)
        ],
        "core_appointment": [
            {"entry_no": diary, "source_row": row, "clinic": "northvale", "client_key": row,
             "starts_at": MORNING, "starts_on": MORNING.date(), "kind": "treatment", "status": "attended"}
            for row in (1, 2, 3)
        ],
        "core_referral": [
            {"entry_no": referrals, "source_row": row, "clinic": "northvale", "client_key": row,
             "received_on": MORNING.date()}
            for row in (1, 2)
        ],
        "administration_gad_7": [administration(INSTRUMENTS[0], forms, row) for row in range(1, 7)],
        "administration_srs": [administration(INSTRUMENTS[1], forms, row) for row in (1, 2)],
        "mart_figure": [
            figure("referrals_received", numerator=13, value=13, unit="referrals", n=13),
            figure("dna_rate", numerator=7, denominator=29, value=24.1379, unit="%", n=29),
            figure("alliance_mean", instrument="srs", scale="total", unit="points", state="no_data"),
        ],
        "mart_disclosed": [
            figure("referrals_received", cause=""),
            figure("dna_rate", "suppressed", cause="primary"),
            figure("alliance_mean", "no_data", instrument="srs", scale="total", cause=""),
        ],
        "mart_bound": [bound("dna_rate", held=2, low_percent=17.2413, high_percent=31.0345)],
    }  # fmt: skip


def export(
    entry_no: int,
    feed: str,
    kind: str,
    received: int,
    fates: tuple[int, int, int, int],
    administrations: int = 0,
) -> dict[str, object]:
    accepted, quarantined, excluded, superseded = fates
    return {
        "entry_no": entry_no, "entry": f"{entry_no:016x}", "feed": feed, "clinic": "northvale", "kind": kind,
        "file": f"{kind}.csv", "sha256": f"{entry_no:064x}", "bytes": 1000, "arrived_at": MORNING,
        "received": received, "accepted": accepted, "quarantined": quarantined, "excluded": excluded,
        "superseded": superseded, "administrations": administrations,
    }  # fmt: skip


def instrument_row(one: Instrument) -> dict[str, object]:
    return {
        "instrument": one.id, "title": one.title, "construct": one.construct,
        "outcome_scale": one.outcome_scale, "n_items": one.n_items, "evidence": one.evidence,
    }  # fmt: skip


def scale_rows(one: Instrument) -> list[dict[str, object]]:
    return [
        {
            "instrument": one.id, "scale": scale.id, "scale_no": number, "n_items": scale.n_items, "method": scale.method,
            "minimum": scale.minimum, "maximum": scale.maximum, "direction": scale.direction, "unit": scale.unit,
        }
        for number, scale in enumerate(one.scales, start=1)
    ]  # fmt: skip


def administration(one: Instrument, entry_no: int, row: int) -> dict[str, object]:
    """A complete form; the lowest answer to every item."""
    scores = {
        f"{part}_{scale.id}": value
        for scale in one.scales
        for part, value in (
            ("score", scale.minimum), ("answered", scale.n_items), ("status", "scored"), ("stored", scale.minimum),
        )
    }  # fmt: skip
    answers = dict.fromkeys(one.item_columns, one.step_min)
    return answers | scores | {
        "entry_no": entry_no, "source_row": row, "form_no": 1, "clinic": "northvale", "client_key": row,
        "rater": one.raters[0], "completed_at": MORNING, "completed_on": MORNING.date(),
    }  # fmt: skip


def figure(name: str, state: str = "value", **values: object) -> dict[str, object]:
    return {
        "figure": name, "definition": "standard", "service": "all", "clinic": "all", "grain": "month",
        "period": "2026-10", "instrument": "", "scale": "", "state": state, **values,
    }  # fmt: skip


def bound(name: str, **values: object) -> dict[str, object]:
    return {key: cell for key, cell in figure(name).items() if key != "state"} | values


def metric(name: str, kind: str, unit: str) -> dict[str, object]:
    return {
        "figure": name, "definition": "standard", "theme": "engagement", "title": name, "kind": kind,
        "unit": unit, "better": "neither", "numerator": "", "denominator": "", "dated_by": "", "source": "",
    }  # fmt: skip


def published_rows() -> dict[str, list[dict[str, object]]]:
    units = [("all", "all"), ("adult", "all"), ("adult", "northvale"), ("adult", "westmere")]
    small, adult = {"service": "adult", "clinic": "westmere"}, {"service": "adult"}
    october, open_quarter = dt.date(2026, 10, 1), {"grain": "quarter", "period": "2026-Q4"}
    gad = INSTRUMENTS[0]
    return {
        "pub_figure": [
            figure("referrals_received", numerator=15, value=15, unit="referrals", n=15),
            figure("dna_rate", numerator=5, denominator=30, value=16.7, unit="%", n=30, held=5, bound_low=0,
                   bound_high=48),
            figure("dna_rate", numerator=0, denominator=40, value=0, unit="%", n=40, held=0, state="zero")
            | {"service": "adult", "clinic": "northvale"},
            figure("alliance_mean", instrument="gad_7", scale="total", denominator=20, value=34.5,
                   unit="points", n=20),
            figure("dna_rate", state="no_data", unit="%") | adult | {"period": "2026-09"},
            # The only service is the whole site.
            figure("referrals_received", numerator=15, value=15, unit="referrals", n=15) | adult,
            figure("referrals_received", "suppressed", unit="referrals") | small,
            figure("dna_rate", "update_withheld", numerator=10, denominator=20, value=50, unit="%", n=20) | small,
            figure("alliance_mean", "update_withheld", instrument="gad_7", scale="total", unit="points") | small,
            figure("referrals_received", "update_withheld", unit="referrals") | open_quarter,
        ],
        "pub_metric": [
            metric("referrals_received", "count", "referrals"),
            metric("dna_rate", "rate", "%"),
            metric("alliance_mean", "mean", "points"),
        ],
        "pub_unit": [{"service": service, "clinic": clinic, "title": clinic} for service, clinic in units],
        "pub_period": [
            {"grain": "month", "period": "2026-09", "title": "September 2026", "first_day": dt.date(2026, 9, 1),
             "last_day": dt.date(2026, 9, 30), "closed": True},
            {"grain": "month", "period": "2026-10", "title": "October 2026", "first_day": october,
             "last_day": AS_OF, "closed": True},
            {"title": "October to December 2026", "first_day": october, "last_day": dt.date(2026, 12, 31),
             "closed": False} | open_quarter,
        ],
        "pub_instrument": [
            {"instrument": gad.id, "title": gad.title, "construct": gad.construct, "evidence": gad.evidence,
             "licence": gad.licence}
        ],
        "pub_quality": [
            {"clinic": "northvale", "feed": "northvale-forms", "kind": "responses", "files": 1,
             "files_refused": 0, "received": 10, "accepted": 5, "quarantined": 5, "excluded": 0,
             "superseded": 0, "totals_compared": 0, "totals_differing": 0, "newest_arrival": MORNING.date()}
        ],
        "pub_run": [{"name": "run", "value": RUN}, {"name": "as_of", "value": AS_OF.isoformat()}],
    }  # fmt: skip
