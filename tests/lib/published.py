"""A site with a published file of synthetic figures: the real tables, seeded numbers, no pipeline.

The numbers only look like a service's; each is rounded and hidden by the published rules, so that
every state occurs: the small clinic has hidden figures, and a service without referrals has none.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.published import PUBLISHED
from tests.lib.published_figures import BY_SESSION, SPECS, disclosed

RUN = "20261101T020000Z-1a2b3c4d"
EARLIER_RUN = "20261025T020000Z-0f9e8d7c"
AS_OF = date(2026, 10, 31)
SITE_NAME = "North Vale Talking Therapies"

UNITS = {
    ("all", "all"): ("All services", 1.0),
    ("adult", "all"): ("Adult", 0.82),
    ("adult", "northvale"): ("North Vale", 0.5),
    ("adult", "westmere"): ("Westmere", 0.32),
    ("young", "all"): ("Young people", 0.18),
    ("young", "harbour"): ("Harbour House", 0.012),
}
"""Unit -> title and share of the site's cases."""

INSTRUMENTS = (
    ("core_10", "CORE-10", "outcome", "unconfirmed"),
    ("gad_7", "Generalised Anxiety Disorder scale", "outcome", "verified"),
    ("phq_9", "Patient Health Questionnaire", "outcome", "verified"),
    ("srs", "Session Rating Scale", "alliance", "licensed"),
    ("wai_36", "Working Alliance Inventory, full form", "alliance", "verified"),
    ("wai_sr", "Working Alliance Inventory, Short Revised", "alliance", "verified"),
)


def write_site(
    site: Path,
    *,
    run: str = RUN,
    seed: int = 1,
    state: str = "published",
    months: int = 24,
    message: str = "",
) -> Path:
    """A site folder with one published run and a status that fits; `state` is that of the last run."""
    published = site / "published"
    published.mkdir(parents=True, exist_ok=True)
    write_publication(published / f"{run}.duckdb", run, seed, months)
    swap(published, run)
    write_status(published, run, state, message)
    return site


def swap(published: Path, run: str) -> None:
    """Point `current` at a run, in one step, as a publication does."""
    link = published / ".current-new"
    link.symlink_to(f"{run}.duckdb")
    os.replace(link, published / "current")


def write_publication(file: Path, run: str = RUN, seed: int = 1, months: int = 24) -> None:
    rows = {
        "pub_figure": list(figures(seed, months)),
        "pub_metric": [
            (
                s.figure,
                s.definition,
                s.theme,
                s.title,
                s.kind,
                s.unit,
                "neither",
                s.numerator,
                s.denominator,
                s.dated_by,
                "Synthetic",
            )
            for s in (*SPECS, BY_SESSION)
        ],
        "pub_unit": [(*unit, title) for unit, (title, _) in UNITS.items()],
        "pub_period": list(periods(months)),
        "pub_instrument": [(*instrument, "Free to use") for instrument in INSTRUMENTS],
        "pub_quality": [
            (
                "northvale",
                "northvale-alliance",
                "responses",
                104,
                1,
                12000,
                11600,
                25,
                330,
                45,
                11500,
                15,
                AS_OF,
            ),
            ("northvale", "northvale-diary", "appointments", 104, 0, 9000, 8990, None, 10, 0, 0, 0, AS_OF),
        ],
        "pub_run": list(run_values(run).items()),
    }
    with duckdb.connect(file) as con:
        for table in PUBLISHED:
            for statement in table.ddl():
                con.execute(statement)
            texts = [[None if value is None else str(value) for value in row] for row in rows[table.name]]
            con.register(
                "texts", pl.DataFrame(texts, dict.fromkeys(table.column_names, pl.String), orient="row")
            )
            con.execute(f'INSERT INTO "{table.name}" FROM texts')


def run_values(run: str) -> dict[str, str]:
    return {
        "run": run,
        "as_of": AS_OF.isoformat(),
        "site_name": SITE_NAME,
        "timezone": "Europe/London",
        "received": "48210",
        "accepted": "46377",
        "quarantined": "212",
        "excluded": "1398",
        "superseded": "223",
        "files": "312",
        "files_refused": "2",
        "registry": "a" * 64,
        "site": "b" * 64,
        "code": "c" * 64,
        "lock": "d" * 64,
        "disclosure_policy": "threshold 5, rounded to 5",
    }


def write_status(published: Path, run: str, state: str = "published", message: str = "") -> None:
    gate = {"published": "passed", "idle": "passed", "refused": "failed", "failed": "not_run"}[state]
    last = run if state in ("published", "idle") else "20261102T020000Z-5e6f7a8b"
    counts = {"received": 48210, "accepted": 46377, "quarantined": 212, "superseded": 223}
    excluded = {"preview": 61, "test": 14, "not_finished": 1019, "empty": 88, "exact_duplicate": 216}
    line = {
        "run": last,
        "state": state,
        "as_of": AS_OF.isoformat(),
        "finished_at": "2026-11-02T02:03:41+00:00",
        **counts,
        "excluded": 1398,
        "gate": gate,
    }
    earlier = [
        {
            **line,
            "run": f"202610{day:02}T020000Z-{day:08x}",
            "as_of": f"2026-10-{day - 1:02}",
            "finished_at": f"2026-10-{day:02}T02:03:{day + 10}+00:00",
            "received": 47000 + 40 * day,
            "accepted": 45167 + 40 * day,
            "state": "idle" if day % 7 == 4 else "published",
            "gate": "not_run" if day % 7 == 4 else "passed",
        }
        for day in range(2, 32)
    ]
    shown = {
        **line,
        "run": run,
        "state": "published",
        "gate": "passed",
        "finished_at": "2026-11-01T02:03:52+00:00",
    }
    status: dict[str, Any] = {
        "schema": 1,
        "last_run": {
            **line,
            "excluded": excluded,
            "files": 312,
            "files_refused": 2,
            "gate": {
                "verdict": gate,
                "critical_failed": 2 if state == "refused" else 0,
                "checked": 214,
                "report": f"quality/{last}/index.html",
            },
            "message": message,
        },
        "published_run": run,
        "published_as_of": AS_OF.isoformat(),
        "freshness": [
            {"feed": "northvale-alliance", "clinic": "northvale", "newest_arrival": "2026-10-31"},
            {"feed": "westmere-outcomes", "clinic": "westmere", "newest_arrival": "2026-10-31"},
            {"feed": "harbour-appointments", "clinic": "harbour", "newest_arrival": "2026-10-12"},
        ],
        "runs": [*earlier, shown, *([line] if last != run else [])],
    }
    (published / "status.json").write_text(json.dumps(status), encoding="utf-8")


def periods(months: int) -> Iterator[tuple[str, str, str, date, date, bool]]:
    firsts = month_starts(months)
    for first in firsts:
        yield "month", f"{first:%Y-%m}", f"{first:%B %Y}", first, last_of_month(first), True
    for first in firsts[11:]:
        start = first.replace(year=first.year - 1) + timedelta(days=31)
        yield (
            "rolling_12_months",
            f"{first:%Y-%m}",
            f"Twelve months to {first:%B %Y}",
            start.replace(day=1),
            last_of_month(first),
            True,
        )
    for first in firsts:
        if first.month % 3 == 1:
            last = last_of_month(first + timedelta(days=62))
            quarter = first.month // 3 + 1
            yield (
                "quarter",
                f"{first:%Y}-Q{quarter}",
                f"Quarter {quarter} of {first:%Y}",
                first,
                last,
                last <= AS_OF,
            )


def month_starts(months: int) -> list[date]:
    newest = AS_OF.year * 12 + AS_OF.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(newest - months + 1, newest + 1)]


def last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def figures(seed: int, months: int) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(seed)
    spans = {"month": 1, "quarter": 3, "year": 12, "rolling_12_months": 12}
    for (service, clinic), (_, share) in UNITS.items():
        for grain, period, *_ in periods(months):
            for spec in SPECS:
                for instrument, scale, shift in spec.keys:
                    key = (spec.figure, spec.definition, service, clinic, grain, period, instrument, scale)
                    yield (*key, *disclosed(rng, spec, shift, share * spans[grain], service))
        for session in range(1, 13):
            for instrument, scale, level in BY_SESSION.keys:
                key = (
                    BY_SESSION.figure,
                    "standard",
                    service,
                    clinic,
                    "session",
                    str(session),
                    instrument,
                    scale,
                )
                growth = level * (1 + 0.012 * min(session, 8))
                yield (*key, *disclosed(rng, BY_SESSION, growth, share * 0.86**session, service))
