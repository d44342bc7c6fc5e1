"""Seeded sites for the marts, with everything that may happen to a client, ties and gaps included."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from schemas.site import Rules
from tests.lib.small_warehouse import Site
from tests.lib.tables import rows

FORMS = {"phq_9": (9, 3, ()), "gad_7": (7, 3, ()), "core_10": (10, 4, (2, 3))}
"""Items, highest answer, reversed items."""

THREE_QUARTERS = date(2025, 9, 30)
"""A date of a run that sees half of the site's months: what is hidden takes longer to find with each."""

WINDOWS = (("2025-03-01", "2026-02-28"), ("", ""), ("2025-03-01", "2026-06-17"), ("2026-01-01", "2026-06-18"))
"""Baseline windows: over, none declared, over on the day itself, not over."""

THRESHOLDS = rows("""
    instrument | scale | kind            | name                  | value | comparison | evidence    | is_on | sd   | reliability
    core_10    | total | caseness        | nhs_talking_therapies | 12    | >=         | derived     | true  |      |
    core_10    | total | reliable_change | nhs_talking_therapies | 5     | >=         | derived     | true  |      |
    phq_9      | total | reliable_change | a_heard_of            | 5     | >=         | unconfirmed | false | 5.5  | 0.89
    phq_9      | total | reliable_change | a_second              | 5     | >=         | derived     | false | 2.13 | 0.8825
""")
"""Beside those of the cards: an anxiety measure of some problems, an SD nobody has seen, one of a source."""


def random_site(seed: int, clients: int = 80) -> Site:
    """Three clinics in two services with everything that may happen to a client, ties and gaps included."""
    chance = random.Random(seed)
    clinics = {"north": "adult", "south": "adult", "harbour": "young"}
    lacks = frozenset(
        (clinic, kind)
        for clinic in clinics
        for kind in ("referrals", "appointments")
        if chance.random() < 0.15
    )
    referrals, appointments, scores = [], [], []
    for number in range(clients):
        clinic = chance.choice(list(clinics))
        # Some ids are used in several clinics: a site with shared ids.
        who = {"clinic": clinic, "client": str(number % 70)}
        start = date(2025, 1, 10) + timedelta(chance.randrange(535))
        if (clinic, "referrals") not in lacks and chance.random() < 0.9:
            referrals.extend(random_referrals(chance, who, start))
        if (clinic, "appointments") not in lacks:
            appointments.extend(random_appointments(chance, who, start))
        scores.extend(random_scores(chance, who, start))
    due = rows("""
        service | instrument | rater     | due_when   | session
        adult   | phq_9      | client    | all        |
        adult   | phq_9      | client    | first_last |
        adult   | wai_sr     | client    | listed     | 1
        adult   | wai_sr     | client    | listed     | 4
        adult   | wai_sr     | therapist | all        |
        young   | core_10    | client    | first_last |
    """)
    return Site(
        clinics, referrals, appointments, scores, due, lacks,
        rules=Rules(*WINDOWS[seed % len(WINDOWS)], missed_in_a_row=2 + seed % 2),
        thresholds=THRESHOLDS, measure_for={"core_10": "ptsd,ocd"},
    )  # fmt: skip


def random_referrals(chance: random.Random, who: dict[str, str], start: date) -> Iterator[dict[str, str]]:
    for gap in [0, 0, 70][: chance.choice([1, 1, 1, 2, 3])]:
        received = start + timedelta(gap * chance.randrange(2) + chance.randrange(3))
        row = who | {
            "received_on": f"{received}",
            "problem": chance.choice(["depression", "ptsd", "ocd", ""]),
        }
        if chance.random() < 0.8:
            ending = chance.choice(["completed", "completed", "dropped_out", "declined", "unknown"])
            row |= {"ended_on": f"{received + timedelta(chance.randrange(20, 150))}", "ending": ending}
        yield row


def random_appointments(chance: random.Random, who: dict[str, str], start: date) -> Iterator[dict[str, str]]:
    statuses = ["attended"] * 6 + [
        "late",
        "dna",
        "late_not_seen",
        "cancelled_by_client",
        "cancelled_by_provider",
        "booked",
    ]
    kinds = ["treatment"] * 5 + ["assessment", "both", "review", "follow_up", "other", ""]
    numbered = chance.random() < 0.6
    pause, paused_after = chance.choice([0, 0, 0, 40, 100]), chance.randrange(1, 4)
    for session in range(1, chance.randrange(2, 12)):
        # Now and then two contacts on a day, or at the same minute.
        days = 7 * (session - (chance.random() < 0.25)) // 2 + pause * (session > paused_after)
        at = midnight(start) + timedelta(days, hours=chance.choice([9, 9, 14]))
        yield who | {
            "starts_at": f"{at}", "status": chance.choice(statuses), "kind": chance.choice(kinds),
            "session": str(session) if numbered and chance.random() < 0.8 else "",
        }  # fmt: skip


def random_scores(chance: random.Random, who: dict[str, str], start: date) -> Iterator[dict[str, str]]:
    for session in range(1, chance.randrange(2, 15)):
        for instrument in ("phq_9", "gad_7", "core_10", "wai_sr", "srs"):
            if chance.random() < 0.3:
                continue
            shift = chance.choice([0, 0, 0, 1, -1])
            at = midnight(start) + timedelta(7 * session // 2 + shift, hours=9)
            yield who | {
                "instrument": instrument,
                "rater": "therapist"
                if chance.random() < (0.3 if instrument == "wai_sr" else 0.1)
                else "client",
                "completed_at": f"{at}" if chance.random() < 0.95 else "",
                "session": str(session) if chance.random() < 0.6 else "",
                **random_scales(chance, instrument),
            }


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def random_scales(chance: random.Random, instrument: str) -> dict[str, str]:
    if chance.random() < 0.1:
        return {}
    if instrument == "wai_sr":
        parts = {scale: chance.randrange(4, 21) for scale in ("task", "bond", "goal")}
        return {"total": str(sum(parts.values()))} | {scale: str(score) for scale, score in parts.items()}
    if instrument == "srs":
        return {"total": str(Decimal(chance.randrange(100, 401)) / 10)}
    return random_form(chance, instrument)


def random_form(chance: random.Random, instrument: str) -> dict[str, str]:
    """Answers that hang together, as those of one person do, and their sum."""
    items, highest, reverse = FORMS[instrument]
    level = chance.random() * highest
    keyed = [min(max(round(chance.gauss(level, 0.8)), 0), highest) for _ in range(items)]
    answers = [highest - a if number in reverse else a for number, a in enumerate(keyed, 1)]
    status = {"status": "prorated"} if chance.random() < 0.05 else {}
    return status | {"total": str(sum(keyed)), "answers": " ".join(map(str, answers))}
