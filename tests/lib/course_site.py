"""A seeded site for the models: enough courses with alliance, outcome, clinicians and observers for every estimate."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from tests.lib.small_warehouse import Row, Site

CLINICS = {"harbour": "young", "mill": "young", "north": "adult", "south": "adult"}
"""mill has no referrals: what needs them is not applicable there. south is small."""
FIRST = date(2025, 1, 6)


def course_site(seed: int, clients: int = 320) -> Site:
    chance = random.Random(seed)
    referrals, appointments, scores = [], [], []
    for number in range(clients):
        clinic = chance.choice(["harbour"] * 4 + ["mill"] * 3 + ["north"] * 4 + ["south"])
        who = {"clinic": clinic, "client": str(number)}
        start = FIRST + timedelta(chance.randrange(300))
        contacts = chance.randrange(1, 11)
        level = chance.gauss(0, 1)
        if clinic != "mill":
            referrals.append(referral(chance, who, start, contacts, level))
        appointments.extend(visits(chance, who, start, contacts))
        scores.extend(alliance(chance, who, start, contacts, level))
        scores.extend(outcome(chance, who, start, contacts, level))
        scores.extend(observed(chance, who, start, level))
    return Site(CLINICS, referrals, appointments, scores, lacks=frozenset({("mill", "referrals")}))


def referral(chance: random.Random, who: Row, start: date, contacts: int, level: float) -> Row:
    row = {**who, "received_on": f"{start}"}
    if chance.random() < 0.85:
        leaves = chance.random() < 0.45 - 0.15 * level
        others = ["completed", "completed", "referred_on", "unknown", ""]
        ended = start + timedelta(7 * contacts + chance.randrange(10))
        row |= {"ended_on": f"{ended}", "ending": "dropped_out" if leaves else chance.choice(others)}
    return row


def visits(chance: random.Random, who: Row, start: date, contacts: int) -> Iterator[Row]:
    """Weekly; now and then one was missed, was an assessment or a follow-up."""
    for week in range(1, contacts + 1):
        kind = chance.choice(["treatment"] * 8 + ["assessment", "follow_up"])
        status = chance.choice(["attended"] * 9 + ["late", "dna"])
        at = moment(start, week, 9)
        yield {**who, "starts_at": at, "kind": kind, "status": status, "clinician_key": clinician(who)}


def clinician(who: Row) -> str:
    return str(1000 * (sorted(CLINICS).index(who["clinic"]) + 1) + int(who["client"]) % 5)


def moment(start: date, week: int, hour: int, late: int = 0) -> str:
    return f"{datetime.combine(start, time()) + timedelta(7 * week + late, hours=hour)}"


def alliance(chance: random.Random, who: Row, start: date, contacts: int, level: float) -> Iterator[Row]:
    """After every session, some days late; with the clinician, or without, who is then that of the contact."""
    named = chance.random() < 0.5
    own = 0.5 * (int(clinician(who)) % 5 - 2)
    for week in range(1, contacts + 1):
        if chance.random() < 0.1:
            continue
        mood = level + own + 0.05 * week + chance.gauss(0, 0.6)
        items = [min(5, max(1, round(3.5 + 0.5 * mood + chance.gauss(0, 0.7)))) for _ in range(12)]
        yield {
            **who, "instrument": "wai_sr", "rater": "therapist" if chance.random() < 0.1 else "client",
            "completed_at": moment(start, week, 11, late=chance.choice([0, 0, 0, 0, 10])),
            "session": str(week), "clinician_key": clinician(who) if named else "", **wai(items),
        }  # fmt: skip


def wai(items: list[int]) -> Row:
    """The form's answers and scores; none where an item is missing."""
    parts = {"task": (1, 2, 10, 12), "bond": (3, 5, 7, 9), "goal": (4, 6, 8, 11)}
    scales = {name: str(sum(items[item - 1] for item in places)) for name, places in parts.items()}
    answers = {f"item_{number:02}": str(item) for number, item in enumerate(items, 1)}
    return {"total": str(sum(items)), **scales, **answers}


def outcome(chance: random.Random, who: Row, start: date, contacts: int, level: float) -> Iterator[Row]:
    score = chance.randrange(8, 24)
    for week in range(1, contacts + 1):
        score = min(27, max(0, score - round(0.6 + 0.6 * level + chance.gauss(0, 1.5))))
        if chance.random() < 0.8:
            at = moment(start, week, 8)
            yield {
                **who,
                "instrument": "phq_9",
                "completed_at": at,
                "session": str(week),
                "total": str(score),
            }


def observed(chance: random.Random, who: Row, start: date, level: float) -> Iterator[Row]:
    """Two or three observers of a segment; most often the same two."""
    for segment in range(chance.randrange(2)):
        seen = chance.choice([["ann", "ben"]] * 3 + [["ann", "cat"], ["ann", "ben", "cat"], ["ann"]])
        truth = level + chance.gauss(0, 0.5)
        for rater in seen:
            items = [
                min(5, max(1, round(3 + truth + (rater == "ben") * 0.5 + chance.gauss(0, 1))))
                for _ in range(12)
            ]
            yield {
                **who, "instrument": "wai_sr", "rater": "observer", "rater_id": rater, "segment": f"part {segment}",
                "completed_at": moment(start, 3, 15), "session": "3", **wai(items),
            }  # fmt: skip
