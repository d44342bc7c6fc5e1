"""What exact figures tell of quantities is what quantities.toml says: one number of a cell, and every link holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from schemas.quantities import AtInstrument, Balance, Ordered, Partition, Quantity, Total
from tests.lib.random_alliance import random_alliance_site
from tests.lib.random_site import random_site
from tests.lib.small_warehouse import Row, Site, warehouse
from tests.lib.told import Told, told

MID_MONTH = date(2026, 6, 17)
AGREEMENT: dict[str, Callable[[Told], Iterator[str]]] = {
    "figures agree": Told.differing,
    "within": Told.beyond,
    "parts make up wholes": Told.not_whole,
    "clinics and months add up": Told.not_added,
    "links": Told.not_linked,
}
RATERS_WITHOUT_FORMS = ("observer", "caregiver")
FORMS_WITHOUT_ANSWERS = ("compared_wai_s", "compared_wai_36", "compared_arm_5", "compared_haq_2")


RARE = {
    "one contact, across the cut-offs": ("10 9", ["2026-02-02"]),
    "one contact, and reliably": ("15 5", ["2026-02-02"]),
    "a long wait, and across the cut-offs": ("10 9", ["2026-02-02", "2026-05-13"]),
}
"""What chance brings too seldom: PHQ-9 at the first and the last, and the contacts."""


def courses() -> Site:
    """Everything by chance, referrals that ended before they were received, a client with many courses; RARE."""
    site = random_site(0, clients=150)
    assert not site.lacks & {("north", "referrals"), ("north", "appointments")}
    ended = [
        row | {"ended_on": "2025-03-09"} if row.get("ended_on") and number % 5 == 0 else row
        for number, row in enumerate(site.referrals)
    ]
    return replace(
        site,
        referrals=[*crowded(ended), *(referral(who) for who in RARE)],
        appointments=[*crowded(site.appointments), *(row for who in RARE for row in contacts(who))],
        scores=[*crowded(site.scores), *(row for who in RARE for row in forms(who))],
    )


def crowded(rows: Sequence[Row]) -> list[Row]:
    return [dict(row) | {"client": "1"} if number % 9 == 0 else row for number, row in enumerate(rows)]


def person(who: str) -> dict[str, str]:
    return {"clinic": "north", "client": str(1000 + list(RARE).index(who))}


def referral(who: str) -> Row:
    return person(who) | {"received_on": "2026-01-05", "ended_on": "2026-05-20", "ending": "completed"}


def contacts(who: str) -> list[Row]:
    return [person(who) | {"starts_at": f"{day} 09:00:00", "status": "attended"} for day in RARE[who][1]]


def forms(who: str) -> list[Row]:
    """PHQ-9 as given, and a GAD-7 that stays where it is, below its cut-off."""
    days = ("2026-02-02 08:00:00", "2026-05-13 08:00:00")
    return [
        person(who) | {"instrument": instrument, "completed_at": day, "total": score}
        for instrument, scores in (("phq_9", RARE[who][0]), ("gad_7", "3 3"))
        for day, score in zip(days, scores.split(), strict=True)
    ]


SITES = {"courses": courses, "alliance": lambda: random_alliance_site(0)}


@cache
def of_site(name: str) -> Told:
    return told(warehouse(SITES[name](), MID_MONTH))


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("check", AGREEMENT)
def test_what_is_told_agrees(name: str, check: str):
    amiss = list(AGREEMENT[check](of_site(name)))
    assert not amiss[:3], f"{len(amiss)} cells"


def test_every_quantity_is_of_somebody_somewhere():
    """Else nothing above would say anything about it."""
    seen = {cell[0] for name in SITES for cell, number in of_site(name).single.items() if number}
    never = {one.id for one in of_site("courses").model.quantities} - seen
    unused = {id_ for id_ in never if id_.endswith(RATERS_WITHOUT_FORMS) or id_ in FORMS_WITHOUT_ANSWERS}
    assert never == unused


WRONG = {
    "within": {"quantities": (Quantity("held", ("finished",), "whole"),)},
    "parts make up wholes": {"partitions": (Partition("treated", ("finished", "dropped_out")),)},
    "clinics and months add up": {"quantities": (Quantity("clients_seen", (), "whole"),)},
    "links": {"totals": (Total("contacts_of_stage", "received", exact=False),)},
    "links of an instrument": {"at_instrument": (AtInstrument("pairs", "paired", "phq_9"),)},
    "links of criteria": {"ordered": (Ordered(("pairs_improved", "pairs_unchanged")),)},
    "links of a stock": {"balances": (Balance("open_referrals", "received", "finished", exact=True),)},
}


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_claim_is_found(claim: str):
    right = of_site("courses")
    wrong = dict(WRONG[claim])
    if "quantities" in wrong:
        (changed,) = wrong["quantities"]
        wrong["quantities"] = tuple(
            changed if one.id == changed.id else one for one in right.model.quantities
        )
    check = AGREEMENT[claim.split(" of ")[0]]
    assert list(check(replace(right, model=replace(right.model, **wrong))))


def test_two_numbers_of_one_cell_are_found():
    right = of_site("courses")
    cell = next(iter(right.values))
    assert len(list(replace(right, values={cell: {1: ("a count",), 2: ("a rate",)}}).differing())) == 1
