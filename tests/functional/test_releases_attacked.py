"""Successive releases of made-up services, attacked: records come late, scores are corrected.

Each release is attacked by itself, and together with all that earlier ones told and is still true. Few services
here; with ACCORD_ATTACK=all in the environment more of them, and one with thirty releases.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

import polars as pl
import pytest

from schemas import quantities
from schemas.site import Disclosure
from tests.lib.attacker import Breach, Publication, attack, told
from tests.lib.released import POLICY, by_itself, exactly, released
from tests.lib.service_warehouse import warehouse_of
from tests.lib.small_services import Service, given, successive
from tests.lib.statements import SUM, Cell, Layout, Terms, truth
from warehouse import releases
from warehouse.disclosed import FIGURES
from warehouse.earlier_statements import EARLIER, KEY, with_earlier
from warehouse.policy_rows import needed
from warehouse.release_rows import CELLS

ALL = os.environ.get("ACCORD_ATTACK") == "all"
SEEDS = [*((seed, 8) for seed in range(10)), (2, 30)] if ALL else [(2, 6), (11, 7)]
RECEIVED = ("referrals_received", "standard")


def each(
    services: Iterable[Service], folder: Path, policy: Disclosure = POLICY
) -> Iterator[tuple[Service, list[Publication]]]:
    """The service as it is at each release, and all releases so far."""
    so_far: list[Publication] = []
    for service in services:
        so_far.append(released(service, so_far, folder, policy))
        yield service, so_far


def breaches(service: Service, so_far: list[Publication], policy: Disclosure = POLICY) -> list[Breach]:
    """By the newest release together with the earlier ones, and by itself."""
    exact = exactly(service)
    return attack(so_far, exact, policy) + attack([by_itself(so_far[-1])], exact, policy)


@pytest.mark.parametrize(("seed", "months"), SEEDS)
def test_nothing_follows_from_successive_releases(seed, months, tmp_path):
    for service, so_far in each(successive(seed, most_clinics=2, months=months), tmp_path):
        assert not breaches(service, so_far)


@pytest.mark.parametrize("revisions", ["quarterly", ()], ids=["quarterly", "never"])
def test_nothing_follows_where_closed_periods_stay_as_they_were_told(revisions, tmp_path):
    policy = replace(POLICY, revisions=revisions)
    for service, so_far in each(successive(11, most_clinics=2, months=8 if ALL else 5), tmp_path, policy):
        assert not breaches(service, so_far, policy)


def states(public: Publication, grain: str, clinic: str = "c1") -> dict[str, tuple[str, int | None]]:
    return {
        row["period"]: (row["state"], row["n"])
        for row in public.rows
        if (row["grain"], row["clinic"]) == (grain, clinic)
    }


def test_what_was_nobody_and_is_somebody_is_not_told_once_more(tmp_path):
    """0 and 6; then 1, 6 and 0: that the second month is still 5 to 7, and all three, would tell of the first.

    What was told before does so, if it is still true. But nobody is told that it is.
    """
    services = [given({"received": [counts]}, [RECEIVED]) for counts in ([0, 6], [1, 6, 0])]
    [(_, _), (service, so_far)] = each(services, tmp_path)
    assert states(so_far[0], "month") == {"2024-01": ("zero", 0), "2024-02": ("value", 5)}
    now = states(so_far[1], "month")
    assert now["2024-01"] == ("update_withheld", 0)
    assert "update_withheld" in (now["2024-02"][0], states(so_far[1], "quarter")["2024-Q1"][0])
    assert not breaches(service, so_far)
    assert attack(so_far[1:], exactly(service), POLICY)


def test_what_earlier_releases_leave_open_is_not_narrowed_further(tmp_path):
    """c1 had nobody in January and now has one; 5 to 7 in February, and in both, were told and leave two at most.

    6 at least in c2, as was told by 13 to 17 in both months and 5 to 7 in February: still true, though it has 6 now
    and had 10. So the service's 5 to 7, which is new, would leave one.
    """
    before, now = [[0, 5], [10, 7], [20, 20]], [[1, 5, 9], [6, 7, 9], [20, 20, 20]]
    services = [given({"received": counts}, [RECEIVED], services="s1 s1 s2") for counts in (before, now)]
    for service, so_far in each(services, tmp_path):
        assert not breaches(service, so_far)


def test_all_up_to_an_earlier_date_is_not_forgotten(tmp_path):
    """5 to 7 in thirteen months. Now the last of them has 5 to 7: with what no figure says any more, two are left."""
    services = [
        given({"received": [[2, *[0] * 11, *last]]}, [RECEIVED], services="s1") for last in ([3], [5, 22])
    ]
    for service, so_far in each(services, tmp_path):
        assert not breaches(service, so_far)
    assert states(so_far[0], "all")["all"] == ("value", 5)
    assert states(so_far[1], "month")["2025-02"] == ("value", 20)
    assert states(so_far[1], "month")["2025-01"][0] == "suppressed"


@pytest.mark.parametrize("seed", range(4) if ALL else (0, 3))
def test_what_the_attacker_believes_of_earlier_releases_is_known(seed, tmp_path):
    """Two readings of one history: the attacker's, and the one that the product decides by."""
    so_far: list[Publication] = []
    for service in successive(seed, most_clinics=2, months=14 if ALL else 4):
        if so_far:
            counts, means = _known(service, releases.earlier(tmp_path))
            for one in told(so_far, POLICY, truth(service.rows, service.known)):
                if one.terms[0][1].series[0].startswith(SUM):
                    assert one.terms[0][1] in means
                elif any(cell.clinics for _, cell in one.terms):
                    low, high = counts.get(one.terms, (0, inf))
                    assert one.low <= low <= high <= one.high, one
        so_far.append(released(service, so_far, tmp_path))


def _known(service: Service, history: releases.History) -> tuple[dict[Terms, tuple[float, float]], set[Cell]]:
    """What the product knows by history: bounds of cells and complements, sums of which the mean is known."""
    model, known = quantities.load(), service.known
    never = {one.id for one in model.quantities if not one.additive}
    additive = {key for key, one in known.counted.items() if not never & {one.numerator, one.denominator}}
    with warehouse_of(service) as con:
        cells = con.sql(CELLS.format(of="")).pl()
        told_before = [(pl.read_parquet(one.rows), one.disclosure) for one in history.releases]
        rows = with_earlier(con.sql(FIGURES).pl(), cells, told_before, additive)
    counts: dict[Terms, tuple[float, float]] = {}
    means: set[Cell] = set()
    for row in (
        rows.filter(needed(POLICY), pl.col("state") != "not_applicable")
        .join(cells, on=KEY, how="left")
        .iter_rows(named=True)
    ):
        for role, terms in _terms(row, known).items():
            low, high = counts.get(terms, (0, inf))
            least, most = (row[f"told_{role}_{side}"] for side in ("low", "high"))
            counts[terms] = (max(low, least or 0), high if most is None else min(high, most))
            if role == "d" and row["told_tenths"] is not None:
                series = (f"{SUM}{row['figure']}:{row['definition']}", row["instrument"], row["scale"])
                means.add(terms[0][1]._replace(series=series))
    return counts, means


def _terms(row: dict, known: Layout) -> dict[str, Terms]:
    counted = known.counted[row["figure"], row["definition"]]
    slots = (row["first_slot"], row["last_slot"])
    if row["grain"] == EARLIER:
        slots = tuple(map(int, row["period"].split("-")))
    found: dict[str, Terms] = {}
    for role, quantity in (("n", counted.numerator), ("d", counted.denominator)):
        if quantity:
            found[role] = ((1, Cell(known.series(quantity, row), known.members(row), *slots)),)
    if len(found) == 2:
        found["c"] = (*found["d"], (-1, found["n"][0][1]))
    return found
