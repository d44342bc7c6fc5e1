"""The attacker is worth its name: it finds what follows from published rows by any way, and nothing else.

Two schemes in wide use fall to it. Without rounding (round_to = 1) a difference is exact, and the cases can be read.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise, product

import numpy as np
import pytest

from schemas.site import Disclosure
from tests.lib.attacker import Breach, Publication, attack, told, worlds_of
from tests.lib.best_suppression import fewest_hidden
from tests.lib.naive_schemes import (
    hide,
    next_lowest_sibling,
    primary_only,
    rounded_reading,
    rounding_only,
)
from tests.lib.service_shape import SHAPES, month_number
from tests.lib.service_warehouse import open_periods
from tests.lib.small_services import Service, given, small_service, successive
from tests.lib.statements import Cell, Protected, Row, Terms, protected, reading, statements, truth

JANUARY = month_number(date(2024, 1, 1))
EXACT = Disclosure(5, 1)
ROUNDED = Disclosure(5, 5)
RECEIVED = ("referrals_received", "standard")
ENDED = ("referrals_ended", "standard")
FINISHED = ("finished_course", "standard")
CONTACTS = ("treatment_contacts_mean", "standard")


def exactly(service: Service) -> Publication:
    return Publication(service.rows, service.known)


def shown(service: Service, policy: Disclosure, **but: str) -> Publication:
    """Primary suppression and rounding; rows whose columns have these values are hidden too."""
    rows = primary_only(service.rows, policy, open_periods(service))
    if but:
        rows = [hide(row) if all(row[name] == cell for name, cell in but.items()) else row for row in rows]
    return Publication(rows, service.known)


def months(breaches: list[Breach]) -> set[tuple[str, str, str, float, float]]:
    return {(b.quantity, b.clinic, b.period, b.low, b.high) for b in breaches if b.grain == "month"}


def test_a_clinic_is_the_service_without_the_other_clinic():
    service = given({"received": [[3], [20]]}, [RECEIVED])
    breaches = attack([shown(service, EXACT)], exactly(service), EXACT)
    assert months(breaches) == {("received", "c1", "2024-01", 3, 3)}
    assert attack([shown(service, EXACT, clinic="all")], exactly(service), EXACT) == []


def test_a_cell_is_named_once_whatever_rows_have_it():
    """One clinic and one month: three units and four periods, and all say the same."""
    service = given({"received": [[3]]}, [RECEIVED])
    assert [one.name for one in protected(service.rows, service.known, EXACT)] == ["received"]


def test_what_is_not_true_of_today_is_not_believed():
    """An earlier release said nobody; today there are three, and the old row is no help."""
    service = given({"received": [[3], [20]]}, [RECEIVED])
    old = given({"received": [[0], [20]]}, [RECEIVED])
    hidden = shown(service, EXACT, clinic="all")
    assert attack([shown(old, EXACT, clinic="all"), hidden], exactly(service), EXACT) == []


def test_two_releases_tell_what_neither_does():
    """January's clinics came first, the service only after a referral that came late to the other clinic."""
    before = given({"received": [[3], [20]]}, [RECEIVED])
    hidden_units = shown(before, EXACT, clinic="all")
    hidden_clinics = shown(before, EXACT, clinic="c2")
    for alone in (hidden_units, hidden_clinics):
        assert attack([alone], exactly(before), EXACT) == []
    assert months(attack([hidden_units, hidden_clinics], exactly(before), EXACT)) == {
        ("received", "c1", "2024-01", 3, 3)
    }


def test_a_month_is_the_rolling_year_less_the_one_before():
    """Thirteen months on: the new rolling year has the new month and lacks the first."""
    service = given({"received": [[9] * 12 + [2]]}, [RECEIVED])
    breaches = attack([shown(service, EXACT, grain="all")], exactly(service), EXACT)
    assert ("received", "all", "2025-01", 2, 2) in months(breaches)


def test_a_complement_is_told_by_another_definition():
    """53 were treated, says the rate of those who dropped out; 50 finished: three came once."""
    counts = {
        "ended": 70,
        "treated": 53,
        "untreated": 17,
        "finished": 50,
        "one_session": 3,
        "dropped_out": 20,
    }
    service = given(
        {name: [[n]] for name, n in counts.items()},
        [FINISHED, ("dropout_rate", "standard"), ("finished_course_rate", "of_treated")],
    )
    found = {(b.quantity, b.low, b.high) for b in attack([shown(service, EXACT)], exactly(service), EXACT)}
    assert found == {("treated less finished", 3, 3)}


def test_what_a_rate_of_all_leaves_over_is_nobody():
    """Rounded, 20 of 20 may be 20 of 22; but then two people would be the complement, and that is not shown."""
    service = given(
        {"entered": [[22]], "within_6_weeks": [[22]]}, [("wait_6_weeks_rate", "at_first_treatment")]
    )
    said = statements(shown(service, ROUNDED).rows, service.known, reading(ROUNDED))
    assert {(one.low, one.high) for one in said if len(one.terms) == 2} == {(0, 0)}


def test_clinics_that_a_figure_does_not_apply_to_are_told_by_another():
    """The count of finished courses is of both clinics, the rate's denominator of the one that has the forms."""
    counts = {"finished": [[40], [3]], "paired": [[30], [0]]}
    service = given(counts, [FINISHED, ("paired_outcome_rate", "standard")], lacks={("c2", "outcomes")})
    breaches = attack([shown(service, EXACT, clinic="c1")], exactly(service), EXACT)
    assert ("finished", "c2", "2024-01", 3, 3) in months(breaches)


def test_means_weigh_the_cases_behind_them():
    """2.0 in one clinic, 30.0 in the other, 8.2 in both: the second has not ten cases if the first has 38 or more."""
    counts = {"finished": [[42], [12]], "treatment_contacts": [[84], [360]]}
    service = given(counts, [CONTACTS])
    second = ((1, Cell(("finished", "", ""), frozenset({"c2"}), JANUARY, JANUARY)),)
    assert least(second, shown(service, ROUNDED, clinic="all"), service) == 10
    assert 10.5 < least(second, shown(service, ROUNDED), service) < 12


def least(terms: Terms, public: Publication, service: Service) -> float:
    facts = truth(service.rows, service.known)
    said = told([public], ROUNDED, facts)
    return worlds_of(said, [Protected("", terms, 0, {})], facts, service.known).extreme(terms, 1)[0]


def test_clients_seen_are_no_more_in_a_quarter_than_in_its_months_together():
    """Six in January, nobody in February, nine in the quarter: three at least were new in March."""
    seen = [0b001] * 6 + [0b100] * 3
    service = given({"held": [[6, 0, 4]]}, [("clients_seen", "standard")], client_months=[seen])
    breaches = attack([shown(service, EXACT)], exactly(service), EXACT)
    assert {one for one in months(breaches) if one[1] == "all"} == {("clients_seen", "all", "2024-03", 3, 4)}


@pytest.mark.parametrize("seed", range(4))
def test_the_attacker_finds_what_trying_all_worlds_finds(seed):
    """Two clinics and two months, counts of 0 to 5: every world whose shown rows would be the same."""
    policy = Disclosure(3, 2 if seed % 2 else 1)
    counts = np.random.default_rng(seed).integers(0, 6, (2, 2))
    service = given({"received": counts.tolist()}, [RECEIVED])
    public = shown(service, policy)
    bounds = worlds_tried(public, policy)
    found = {
        (b.clinic, b.grain, b.period): (b.low, b.high)
        for b in attack([public], exactly(service), policy, whole=True)
    }
    for row in service.rows:
        if 1 <= row["n"] < policy.threshold and row["clinic"] != "all" and row["grain"] == "month":
            low, high = bounds[row["clinic"], row["period"]]
            expected = (max(low, 1), min(high, policy.threshold - 1))
            assert found.get((row["clinic"], "month", row["period"]), (1, policy.threshold - 1)) == expected


def worlds_tried(public: Publication, policy: Disclosure) -> dict[tuple[str, str], tuple[int, int]]:
    """Least and largest count of each clinic and month in all worlds that look the same."""
    seen: dict[tuple[str, str], list[int]] = {}
    for world in product(range(6), repeat=4):
        other = given({"received": [list(world[:2]), list(world[2:])]}, [RECEIVED])
        if looks_the_same(public.rows, primary_only(other.rows, policy, set())):
            for clinic, month in product((0, 1), repeat=2):
                seen.setdefault((f"c{clinic + 1}", f"2024-{month + 1:02}"), []).append(
                    world[2 * clinic + month]
                )
    return {key: (min(found), max(found)) for key, found in seen.items()}


def looks_the_same(public: list[Row], other: list[Row]) -> bool:
    return all(
        row["state"] not in ("value", "zero") or row["value"] == twin["value"]
        for row, twin in zip(public, other, strict=True)
    )


@pytest.mark.parametrize("seed", range(len(SHAPES)))
def test_whoever_only_rounds_shows_everybody(seed):
    service = small_service(seed, most_clinics=3, most_months=6)
    rows = rounding_only(service.rows, ROUNDED, open_periods(service))
    public = Publication(rows, service.known, rounded_reading(ROUNDED))
    assert not protected(service.rows, service.known, ROUNDED) or attack(
        [public], exactly(service), ROUNDED, enough=1
    )


def test_the_next_lowest_sibling_hides_more_and_not_enough():
    """Of services of every shape: whether it is broken, and how many rows with a value are left."""
    left: Counter[str] = Counter()
    for seed in range(len(SHAPES)):
        service = small_service(seed, most_clinics=3, most_months=6)
        closed = open_periods(service)
        schemes = {
            "exact": service.rows,
            "primary": primary_only(service.rows, ROUNDED, closed),
            "sibling": next_lowest_sibling(service.rows, ROUNDED, closed, service.known),
        }
        left.update({name: sum(row["state"] == "value" for row in rows) for name, rows in schemes.items()})
        public = Publication(schemes["sibling"], service.known)
        left["broken"] += bool(attack([public], exactly(service), ROUNDED, enough=1))
    print(f"next-lowest sibling, {len(SHAPES)} services: {dict(left)}")
    assert left["broken"] >= len(SHAPES) / 2
    assert left["exact"] > left["primary"] > left["sibling"] > 0


@pytest.mark.parametrize("seed", range(6))
def test_the_fewest_rows_that_have_to_be_hidden(seed):
    """Nothing is found when they are hidden, and something when any one of them is shown again."""
    counts = np.random.default_rng(seed).poisson(6, (2, 4))
    service = given({"received": counts.tolist()}, [RECEIVED])
    public = shown(service, ROUNDED)
    hidden = fewest_hidden(public.rows, exactly(service), ROUNDED)
    assert not found_without(hidden, public, service)
    for number in hidden:
        assert found_without(hidden - {number}, public, service)


def found_without(hidden: set[int], public: Publication, service: Service) -> list[Breach]:
    rows = [hide(row) if number in hidden else row for number, row in enumerate(public.rows)]
    return attack([Publication(rows, public.known)], exactly(service), ROUNDED)


def test_a_service_grows_month_by_month_and_earlier_months_change():
    releases = list(successive(4, months=8))
    assert [len(one.periods) for one in releases] == sorted(len(one.periods) for one in releases)
    received = [one.drawn["received"] for one in releases]
    assert any((now[:, : before.shape[1]] != before).any() for before, now in pairwise(received))
