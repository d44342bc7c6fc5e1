"""Seeded sites with everything that may happen to forms of the alliance: dyads, repeats, haste, checklists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tests.lib.random_site import random_site
from tests.lib.small_warehouse import Row, Site

ITEMS = {"wai_sr": (12, 1, 5), "srs": (4, 0, 100)}
CHECKS = ("language_barrier", "pace_too_fast", "clinician_disengaged", "strategies_used")


def random_alliance_site(seed: int) -> Site:
    """A random site whose forms of the alliance have answers, times and company; others are left out."""
    chance = random.Random(f"alliance {seed}")
    site = random_site(seed)
    scores = [new for row in site.scores if row["instrument"] in ITEMS for new in around(chance, row)]
    rules = replace(
        site.rules,
        process_from_session=chance.randrange(2, 5),
        change_from_session=chance.randrange(5, 9),
        termination_sessions=chance.randrange(4),
        repair_within_sessions=chance.randrange(1, 4),
    )
    return replace(site, scores=scores, rules=rules)


def around(chance: random.Random, row: Row) -> Iterator[Row]:
    """A form, and now and then the therapist's, the same session's again, a checklist."""
    yield answered(chance, row)
    if not row["completed_at"]:
        return
    later = f"{datetime.fromisoformat(row['completed_at']) + timedelta(hours=chance.randrange(3))}"
    if chance.random() < 0.3:
        yield answered(chance, row | {"rater": "therapist", "completed_at": later} | shifted(chance, row))
    if chance.random() < 0.15:
        yield answered(chance, row | {"completed_at": later} | shifted(chance, row))
    if chance.random() < 0.6:
        checks = {check: str(chance.randrange(2)) for check in CHECKS if chance.random() < 0.95}
        if set(CHECKS[:3]) <= checks.keys():
            checks["hindering"] = str(sum(int(checks[check]) for check in CHECKS[:3]))
        who = {column: row[column] for column in ("clinic", "client", "session", "rater")}
        yield who | {"instrument": "session_checklist", "completed_at": later} | checks


def shifted(chance: random.Random, row: Row) -> Row:
    """Other scores of the same form, at times the highest."""
    if row["instrument"] == "srs":
        return {"total": chance.choice(["40.0", "36.0", f"{chance.randrange(100, 401) / 10}"])}
    task, bond = chance.choice([20, 12]), chance.choice([20, 8])
    scales = {"task": str(task), "bond": str(bond), "goal": "20", "total": str(task + bond + 20)}
    return {scale: score for scale, score in scales.items() if chance.random() < 0.95}


def answered(chance: random.Random, row: Row) -> Row:
    n_items, low, high = ITEMS[row["instrument"]]
    same = [chance.randrange(low, high + 1)] * n_items
    answers = chance.choice(
        [same, [chance.randrange(low, high + 1) for _ in same], [*same[1:], -102], same[1:]]
    )
    began = {}
    if row["completed_at"] and chance.random() < 0.7:
        seconds = chance.choice([0, 5, 19, 20, 21, 90, 600, 3600, 3601, 90000, -30])
        micro = chance.choice([0, 0, 400_000])
        at = datetime.fromisoformat(row["completed_at"]) - timedelta(seconds=seconds, microseconds=micro)
        began = {"started_at": f"{at}"}
    return dict(row) | began | {"answers": " ".join(map(str, answers))}
