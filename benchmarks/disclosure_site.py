"""A made-up service in a warehouse, with its marts: people first, so that every figure fits every other.

Referrals, contacts and forms are drawn, and the marts count them as they do at night: parts make up their
wholes, and stocks follow from what came and went, in whatever figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from schemas import metrics
from schemas.instrument import Instrument
from schemas.site import Rules
from tests.lib.small_warehouse import (
    Site,
    create_tables,
    insert_dimensions,
    insert_feeds,
    insert_held,
    instruments,
)
from warehouse.load import create_views
from warehouse.marts import build_marts

AS_OF = date(2026, 6, 15)
"""In the middle of a month: the newest periods are open, as on most nights."""

SERVICES = ("adult", "older", "perinatal", "student", "young")

REFERRALS = {"dense": 30.0, "sparse": 3.0}
"""Referrals a month of the middle clinic."""

FORMS = {
    "calpas_p": (6, 1),
    "core_10": (4, 0),
    "gad_7": (3, 0),
    "phq_9": (3, 0),
    "session_checklist": (1, 0),
    "srs": (100, 0),
    "wai_sr": (4, 1),
}
"""Of an item: how many steps its answers have above the lowest, and the lowest."""

CLIENT_FORMS = {"core_10": (5, 2), "session_checklist": (5, 4), "srs": (3, 1), "calpas_p": (7, 3)}
"""Forms that some clinics use: those whose number, modulo the first, is the second."""
THERAPIST_FORM = (3, 0)
COMPLETED = 0.85
STATUSES = ("attended", "late", "dna", "late_not_seen", "cancelled_by_client", "cancelled_by_provider")
STATUS_SHARES = (0.80, 0.03, 0.07, 0.01, 0.06, 0.03)


@dataclass(frozen=True)
class Size:
    """clinics: in five services. years: of months, the newest not over. mode: dense or sparse."""

    clinics: int
    years: int
    mode: str

    @property
    def ids(self) -> list[str]:
        return [f"clinic_{number:02}" for number in range(self.clinics)]

    @property
    def name(self) -> str:
        return f"{self.mode}-{self.clinics}-clinics-{self.years}-years"


def write_site(path: Path, size: Size) -> None:
    """A new warehouse with core tables and marts; models are left out, for they are not published."""
    con = duckdb.connect(str(path))
    con.execute("SET TimeZone = 'UTC'")
    site = Site(
        {clinic: SERVICES[number % len(SERVICES)] for number, clinic in enumerate(size.ids)},
        due=due_rules(size),
        held=held_records(size),
        rules=Rules(str(first_day(size)), str(first_day(size).replace(month=12, day=31))),
    )
    create_tables(con)
    insert_dimensions(con, site)
    insert_feeds(con, site)
    insert_people(con, size)
    insert_held(con, site)
    con.execute("UPDATE core_export SET received = 40 + entry_no, accepted = 38 + entry_no, quarantined = 2")
    create_views(con, instruments())
    build_marts(con, AS_OF, [metric for metric in metrics.load() if metric.kind != "model"])
    con.close()


def first_day(size: Size) -> date:
    return date(AS_OF.year - size.years, AS_OF.month + 1, 1)


def due_rules(size: Size) -> list[dict[str, str]]:
    used = SERVICES[: min(size.clinics, len(SERVICES))]
    every = [("phq_9", "all"), ("gad_7", "all"), ("wai_sr", "all"), ("core_10", "first_last")]
    return [
        {"service": service, "instrument": instrument, "rater": "client", "due_when": when}
        for service in used
        for instrument, when in every
    ]


def held_records(size: Size) -> list[dict[str, str]]:
    """One record of each clinic waits to be mended, so that rates have bounds that are shown."""
    return [
        {"clinic": clinic, "kind": "responses", "instrument": "phq_9", "client": "1", "rater": "client",
         "happened_on": str(AS_OF.replace(month=1))}
        for clinic in size.ids
    ]  # fmt: skip


def insert_people(con: duckdb.DuckDBPyConnection, size: Size) -> None:
    rng = np.random.default_rng([size.clinics, size.years, size.mode == "dense"])
    referral = draw_referrals(rng, size)
    contact = draw_contacts(rng, referral)
    insert_frame(con, "core_referral", referral.drop("first_contact", "contacts", "treated", "level", "pace"))
    insert_frame(con, "core_appointment", contact.drop("place", "level", "pace"))
    attended = contact.filter(pl.col("status").is_in(["attended", "late"]))
    for card in instruments():
        for rater, forms in forms_of(card, attended, size):
            insert_frame(con, f"administration_{card.id}", draw_forms(rng, card, rater, forms))


def draw_referrals(rng: np.random.Generator, size: Size) -> pl.DataFrame:
    """A row a referral, each of another client; days are counted from the first of the site."""
    middle = REFERRALS[size.mode]
    days = (AS_OF - first_day(size)).days + 1
    shares = rng.lognormal(0.0, 0.5, size.clinics)
    numbers = rng.poisson(middle * shares * days / 30.4)
    count = int(numbers.sum())
    received = rng.integers(0, days, count)
    treated = rng.random(count) < 0.85
    contacts = np.where(treated, np.where(rng.random(count) < 0.06, 1, 2 + rng.poisson(6.5, count)), 0)
    wait = 3 + rng.gamma(2.0, 15.0, count).astype(int)
    last = received + wait + np.where(treated, 7 * np.maximum(contacts - 1, 0), 0)
    ended = last + rng.integers(0, 12, count)
    left = rng.choice(["completed", "dropped_out", "referred_on"], count, p=[0.72, 0.2, 0.08])
    frame = pl.DataFrame(
        {
            "clinic": np.repeat(np.array(size.ids), numbers),
            "client_key": np.arange(1, count + 1),
            "entry_no": np.ones(count, int),
            "source_row": np.arange(1, count + 1),
            "received_on": dates(size, received),
            "ended_on": dates(size, ended),
            "ending": np.where(treated, left, "declined"),
            "first_contact": dates(size, received + wait),
            "contacts": contacts,
            "treated": treated,
            "level": rng.normal(0.0, 1.0, count),
            "pace": rng.normal(0.03, 0.035, count),
        }
    )
    over = pl.col("ended_on") <= AS_OF
    return frame.with_columns(pl.when(over).then("ended_on").alias("ended_on"), pl.when(over).then("ending"))


def dates(size: Size, days: np.ndarray) -> np.ndarray:
    return np.datetime64(first_day(size)) + days.astype("timedelta64[D]")


def draw_contacts(rng: np.random.Generator, referral: pl.DataFrame) -> pl.DataFrame:
    """A row an appointment; the first of a treatment is attended, who had none was booked once at most."""
    booked = referral["contacts"].to_numpy() + (~referral["treated"].to_numpy()) * rng.integers(
        0, 2, len(referral)
    )
    row = np.repeat(np.arange(len(referral)), booked)
    place = np.arange(len(row)) - np.repeat(np.cumsum(booked) - booked, booked)
    status = rng.choice(STATUSES, len(row), p=STATUS_SHARES)
    first = place == 0
    status = np.where(first, np.where(referral["treated"].to_numpy()[row], "attended", "dna"), status)
    frame = referral.select("clinic", "client_key", "level", "pace", "first_contact")[row].with_columns(
        entry_no=pl.lit(1), place=pl.Series(place), status=pl.Series(status), kind=pl.lit("treatment"),
        source_row=pl.Series(len(referral) + 1 + np.arange(len(row))),
    )  # fmt: skip
    day = pl.col("first_contact") + pl.duration(days=7 * pl.col("place"))
    return (
        frame.with_columns(starts_on=day, starts_at=day.cast(pl.Datetime) + pl.duration(hours=9))
        .drop("first_contact")
        .filter(pl.col("starts_on") <= AS_OF)
    )


def forms_of(card: Instrument, attended: pl.DataFrame, size: Size) -> list[tuple[str, pl.DataFrame]]:
    """Rater, and the contacts after which he may fill in the form."""
    number, rest = CLIENT_FORMS.get(card.id, (1, 0))
    using = [clinic for n, clinic in enumerate(size.ids) if n % number == rest]
    found = [("client", attended.filter(pl.col("clinic").is_in(using)))]
    if card.id == "wai_sr":
        number, rest = THERAPIST_FORM
        using = [clinic for n, clinic in enumerate(size.ids) if n % number == rest]
        found.append(("therapist", attended.filter(pl.col("clinic").is_in(using))))
    return found


def draw_forms(
    rng: np.random.Generator, card: Instrument, rater: str, contacts: pl.DataFrame
) -> pl.DataFrame:
    """Answers that hang together, better from contact to contact; each scale from its items."""
    forms = contacts.filter(pl.Series(rng.random(len(contacts)) < COMPLETED))
    steps, lowest = FORMS[card.id]
    pace = forms["pace"].to_numpy() * (1 if card.construct == "alliance" else -1)
    level = 0.55 + 0.15 * forms["level"].to_numpy() + pace * forms["place"].to_numpy()
    drawn = level[:, None] + rng.normal(0.0, 0.15, (len(forms), card.n_items))
    keyed = np.clip(np.rint(drawn * steps), 0, steps).astype(int)
    seconds = rng.integers(10, 400, len(forms))
    columns: dict[str, object] = {
        name: lowest + (steps - keyed[:, n] if n + 1 in card.reverse else keyed[:, n])
        for n, name in enumerate(card.item_columns)
    }
    for scale in card.scales:
        share = keyed[:, [item - 1 for item in scale.items]].mean(axis=1) / steps
        low, high = float(scale.minimum), float(scale.maximum)
        columns[f"score_{scale.id}"] = np.round(low + (high - low) * share, 4)
        columns[f"status_{scale.id}"] = np.repeat("scored", len(forms))
        columns[f"answered_{scale.id}"] = np.repeat(len(scale.items), len(forms))
    done = pl.col("starts_at") + pl.duration(hours=1)
    return forms.select(
        "entry_no", "source_row", "clinic", "client_key", form_no=pl.lit(1), rater=pl.lit(rater),
        completed_on="starts_on", completed_at=done,
        started_at=done - pl.duration(seconds=pl.Series(seconds)),
    ).with_columns(**{name: pl.Series(values) for name, values in columns.items()})  # fmt: skip


def insert_frame(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    con.register("given", frame)
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
    con.unregister("given")
