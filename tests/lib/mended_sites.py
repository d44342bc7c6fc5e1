"""Seeded sites with records in quarantine, and the same sites with these mended in any way there is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.lib.random_site import random_scales
from tests.lib.small_warehouse import FORMS_OF_A_RECORD, Row, Site

TABLES = {"referrals": "referrals", "appointments": "appointments", "responses": "scores"}
DAYS = {"referrals": "received_on", "appointments": "starts_at", "responses": "completed_at"}
FIRST_DAY, DAYS_OF_THE_SITE = date(2025, 1, 1), 560


@dataclass(frozen=True)
class Held:
    """A record as it was before its cells were damaged, and what could still be read of it."""

    kind: str
    row: Row
    read: Row

    def shown(self) -> Row:
        """As core_held has it."""
        return {"kind": self.kind, **self.read}


def quarantined(site: Site, seed: int, share: float) -> tuple[Site, list[Held]]:
    """The site without a share of its records, and what is known of these."""
    chance = random.Random(seed)
    held: list[Held] = []
    stays: dict[str, list[Row]] = {}
    for kind, name in TABLES.items():
        stays[name] = []
        for row in getattr(site, name):
            if chance.random() < share:
                held.append(Held(kind, row, damaged(chance, kind, row)))
            else:
                stays[name].append(row)
    return replace(site, **stays, held=[one.shown() for one in held]), held


def damaged(chance: random.Random, kind: str, row: Row) -> Row:
    """What is left to read: mostly client and day, now and then not, and of a short row nothing at all."""
    if chance.random() < 0.05:
        return {"clinic": row["clinic"]}
    read = {"clinic": row["clinic"]}
    if chance.random() < 0.85:
        read["client"] = row["client"]
    if chance.random() < 0.85:
        read["happened_on"] = row[DAYS[kind]][:10]
    if kind == "responses":
        read["instrument"] = row["instrument"]
        if chance.random() < 0.9:
            read["rater"] = row.get("rater") or "client"
        if chance.random() < 0.1:
            read["elsewhere"] = "true"
    return read


def mended(site: Site, held: Sequence[Held], seed: int) -> Site:
    """The site with every held record mended as it was, to anything else that is valid, or dropped."""
    chance = random.Random(seed)
    # Some sites have all mended one way, which moves a figure furthest.
    way = chance.choice([None, None, "as it was", "anew"])
    tables = {name: list(getattr(site, name)) for name in TABLES.values()}
    mood = chance.choice([None, "low", "high"])
    for one in held:
        chosen = way or chance.choice(["as it was", "anew", "anew", "dropped"])
        if chosen == "dropped":
            continue
        if one.read.get("elsewhere"):
            remove_other(chance, tables["scores"], one.row)
        for row in [one.row] if chosen == "as it was" else renewed(chance, one, mood):
            put(tables[TABLES[one.kind]], row, one.kind)
    return replace(site, **tables, held=())


def remove_other(chance: random.Random, scores: list[Row], row: Row) -> None:
    """The form took the place of one of another client or day."""
    others = [
        at
        for at, other in enumerate(scores)
        if (other["clinic"], other["instrument"]) == (row["clinic"], row["instrument"])
    ]
    if others:
        del scores[chance.choice(others)]


def put(table: list[Row], row: Row, kind: str) -> None:
    """Behind all others; a record of the same key no longer stands."""
    if (key := key_of(row, kind)) is not None:
        for at, other in enumerate(table):
            if key_of(other, kind) == key:
                del table[at]
                break
    table.append(row)


def key_of(row: Row, kind: str) -> tuple[str, ...] | None:
    who = (row["clinic"], row["client"])
    if kind == "referrals":
        return (*who, row["received_on"])
    if kind == "appointments":
        return (*who, row.get("session") or row["starts_at"])
    occasion = row.get("session") or row.get("completed_at")
    return (*who, row["instrument"], row.get("rater") or "client", occasion) if occasion else None


def renewed(chance: random.Random, one: Held, mood: str | None) -> Iterator[Row]:
    """What could be read, and anything valid for the rest."""
    read = one.read
    who = {"clinic": read["clinic"], "client": read.get("client") or str(chance.randrange(80))}
    day = read.get("happened_on") or f"{FIRST_DAY + timedelta(chance.randrange(DAYS_OF_THE_SITE))}"
    if one.kind == "referrals":
        yield who | referral(chance, day)
    elif one.kind == "appointments":
        yield who | appointment(chance, day)
    else:
        of_a_row = chance.sample(FORMS_OF_A_RECORD, chance.randrange(1, 6))
        for instrument in [read["instrument"]] if read.get("instrument") else of_a_row:
            yield who | form(chance, read, instrument, day, mood)


def referral(chance: random.Random, day: str) -> dict[str, str]:
    row = {"received_on": day, "problem": chance.choice(["depression", "ptsd", ""])}
    if chance.random() < 0.8:
        ended = date.fromisoformat(day) + timedelta(chance.randrange(150))
        row |= {"ended_on": f"{ended}", "ending": chance.choice(["completed", "dropped_out"])}
    return row


def appointment(chance: random.Random, day: str) -> dict[str, str]:
    return {
        "starts_at": f"{day} {chance.randrange(8, 18):02}:00:00",
        "status": chance.choice(["attended", "attended", "dna", "cancelled_by_client"]),
        "kind": chance.choice(["treatment", "treatment", "assessment", "follow_up"]),
        "session": chance.choice(["", str(chance.randrange(1, 12))]),
    }


def form(chance: random.Random, read: Row, instrument: str, day: str, mood: str | None) -> dict[str, str]:
    scales = [random_scales(chance, instrument) for _ in range(1 if mood is None else 4)]
    by_total = sorted(scales, key=lambda one: float(one.get("total", "0")))
    return {
        "instrument": instrument,
        "rater": read.get("rater") or chance.choice(["client", "therapist"]),
        "completed_at": f"{day} {chance.randrange(8, 18):02}:00:00",
        "session": chance.choice(["", str(chance.randrange(1, 12))]),
        **by_total[0 if mood == "low" else -1],
    }
