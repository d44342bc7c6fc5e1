"""Secondary suppression: every protected cell has its worlds, and no more is hidden than that takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.lib.blocks import (
    ENDED,
    EXACT,
    POLICY,
    QUANTITIES,
    RECEIVED,
    UNTREATED,
    block_of,
    blocks_of,
    cell_of,
    figures_of,
    term_of,
)
from tests.lib.settled import Settled, settled, unsettled
from tests.lib.small_services import Service, given, small_service
from warehouse.suppression import Account, settle
from warehouse.suppression_block import PRIMARY, SECONDARY, SHOWN, WITHIN, Policy
from warehouse.suppression_worlds import Worlds

CONTACTS = (
    ("appointments_held", "standard"),
    ("attendance_rate", "of_booked"),
    ("cancelled_by_client_rate", "standard"),
    ("cancelled_by_provider_rate", "standard"),
    ("dna_rate", "of_expected"),
)


def received(*clinics: list[int], services: str = "s1") -> Service:
    return given({"received": clinics}, [RECEIVED], services)


# -- handmade cases --------------------------------------------------------------------------------

CASES = {
    "a service less its other clinic": (received([3], [30]), EXACT),
    "rounded: a service of 5 less a clinic of 5": (received([1], [5]), POLICY),
    "a site less its other service": (received([3], [30], [30], services="s1 s2 s2"), EXACT),
    "a quarter less its other months": (received([3, 30, 30]), EXACT),
    "rolling years that differ by a month": (received([30] * 3 + [4] + [30] * 12), EXACT),
    "the first month, by the rolling years before and after": (received([3] + [30] * 12), EXACT),
    "98 % of 102: the rest of a rate": (
        given({"untreated": [[100], [40]], "ended": [[102], [60]]}, [UNTREATED, ENDED]),
        EXACT,
    ),
}
"""Of each something follows where only what is small is hidden."""


@pytest.mark.parametrize("case", CASES)
def test_what_would_follow_does_not(case: str):
    """Something follows where only small counts are hidden; more is hidden, and nothing follows any longer."""
    service, policy = CASES[case]
    assert unsettled(service, policy).breaches()
    found = settled(service, policy)
    assert found.hidden(SECONDARY)
    assert not found.breaches()
    assert not found.account.unprotected
    assert not found.account.fallback


@pytest.mark.parametrize("case", CASES)
def test_nothing_follows_in_whole_numbers(case: str):
    """Who knows that people are not fractions knows no more."""
    assert not settled(*CASES[case]).breaches(whole=True)


NEEDLESS = {
    "no small count": (received([10, 20], [30, 40]), EXACT),
    "the rounding is wide enough": (received([3], [30]), POLICY),
    "two clinics hidden together": (received([3], [3], [30]), EXACT),
    "nobody": (received([0, 0], [0, 0]), POLICY),
    "a rest of nobody": (given({"untreated": [[30]], "ended": [[30]]}, [UNTREATED, ENDED]), EXACT),
    "12 months, each of which may be one more or less": (
        received([3] + [5] * 11, [22] + [20] * 11),
        POLICY,
    ),
}


@pytest.mark.parametrize("case", NEEDLESS)
def test_nothing_is_hidden_where_nothing_need_be(case: str):
    """Where nothing follows from what is told, all of it stays told."""
    service, policy = NEEDLESS[case]
    assert not unsettled(service, policy).breaches()
    assert not settled(service, policy).hidden(SECONDARY)


def test_nothing_is_hidden_where_nothing_need_be_for_years():
    """The same for two years: a referral more in the first month stays within the rounding of all that is told."""
    service = received([3] + [5] * 23, [22] + [20] * 23)
    assert not unsettled(service, POLICY).breaches()
    assert not settled(service, POLICY).hidden(SECONDARY)


def test_short_periods_of_clinics_go_first():
    """A clinic's month is worth less than the service's: of two that would do it is the clinic's that is hidden."""
    hidden = settled(received([3, 30], [30, 30]), EXACT).hidden()
    assert hidden
    assert {line.split()[2] for line in hidden} <= {"c1", "c2"}


def test_rows_of_one_cell_are_hidden_together():
    """A service of one clinic is that clinic: what is hidden of the one is hidden of the other."""
    found = settled(received([3], [30], [40], services="s1 s2 s2"), EXACT)
    (block,) = found.blocks
    assert found.hidden()
    for row in np.flatnonzero(block.cause == SECONDARY):
        assert not block.shown()[block.rows_of(block.cells[0][[row]])].any()


def test_primary_causes_stay():
    """What is hidden for itself, or within a small whole, is said to be hidden for that and nothing else."""
    found = settled(received([3, 0, 0, 30], [30] * 4), EXACT)
    before = unsettled(found.service, EXACT)
    for cause in (PRIMARY, WITHIN):
        assert found.hidden(cause) == before.hidden(cause)
    assert before.hidden(WITHIN)


def test_each_block_by_itself():
    """What is hidden of referrals that ended is hidden there only; where nothing is small nothing is looked for."""
    service = given({"received": [[30], [30]], "ended": [[3], [30]]}, [RECEIVED, ENDED])
    found = settled(service, EXACT)
    assert {line.split()[0] for line in found.hidden()} == {"referrals_ended"}
    quiet = settled(received([30], [30]), EXACT)
    assert (quiet.account.protected, quiet.account.worlds, quiet.account.steps) == (0, 0, 0)


# -- random services -------------------------------------------------------------------------------

ALONE = [0, 1, 6, 7, 8, 11]
"""Services of one clinic, with all figures."""
TOGETHER = [4, 5, 9, 10, 14, 28]
"""Services of several clinics, with a few figures of each kind."""
FEW = frozenset(
    (name, "standard")
    for name in (
        "referrals_received", "referrals_ended", "open_referrals", "finished_course_rate", "finished_course",
        "treatment_contacts_mean", "paired_outcome_rate", "appointments_held", "clients_seen",
    )
)  # fmt: skip


def drawn(seed: int) -> Service:
    """A service of this number, small enough to be settled in a second."""
    service = small_service(seed, 2, 4)
    if seed in ALONE:
        return service
    return replace(service, shape=replace(service.shape, figures=FEW))


SEEDS = [*ALONE, *TOGETHER]


@pytest.mark.parametrize("policy", [POLICY, Policy(3, 1, 20, 10), Policy(8, 10, 20, 10)], ids=str)
@pytest.mark.parametrize("seed", [0, 7, 5, 14])
def test_every_protected_cell_has_both_worlds(seed: int, policy: Policy):
    """By a linear programme over all that is told: each can still be one, and can be threshold - 1."""
    found = settled(drawn(seed), policy)
    assert found.account.protected == sum(len(block.protected()) for block in found.blocks)
    assert not found.breaches()


@pytest.mark.parametrize("seed", SEEDS)
def test_without_history_every_cell_can_be_protected(seed: int):
    """What was never told can be hidden: with no release before, no small number is left that somebody could find."""
    found = settled(drawn(seed), POLICY)
    assert not found.account.unprotected
    assert not found.account.fallback


def test_a_rest_of_two_small_parts_can_be_protected():
    """Of four that were not held each side cancelled one, and two did not come: it must be possible that it was one."""
    counts = {
        "held": [[30]], "not_attended": [[2]], "expected": [[32]], "cancelled_by_client": [[1]],
        "cancelled_by_provider": [[1]], "contacts": [[34]],
    }  # fmt: skip
    assert not settled(given(counts, CONTACTS), POLICY).account.unprotected


@pytest.mark.parametrize("seed", [0, 7, 4, 14])
def test_the_same_figures_are_hidden_each_time(seed: int):
    """Two runs over the same figures hide the same figures, and look for as many worlds in as many steps."""
    first, second = (settled(drawn(seed), POLICY) for _ in range(2))
    assert first.hidden() == second.hidden()
    assert first.account == second.account


def test_where_nothing_is_told_nothing_need_be_hidden():
    """All of a small place is hidden for itself already."""
    found = settled(received([3, 0]), POLICY)
    assert not found.hidden(SECONDARY)
    assert not found.blocks[0].shown().any()
    assert not found.account.unprotected


# -- hiding loosens --------------------------------------------------------------------------------


def hidden_before(
    service: Service, policy: Policy, share: float, seed: int
) -> tuple[Settled, list[set[int]]]:
    """Settled after a share of the rows was hidden already; and which were, by block."""
    figures, account = figures_of(service), Account()
    found, hidden = blocks_of(service, policy, figures), []
    draw = np.random.default_rng(seed)
    for block in found:
        block.hide_rows(np.flatnonzero(draw.random(len(block.cause)) < share))
        hidden.append(set(np.flatnonzero(block.cause != SHOWN).tolist()))
        settle(block, QUANTITIES, account)
    return Settled(service, policy, figures, found, account), hidden


@pytest.mark.parametrize("case", CASES)
def test_what_is_settled_stays_settled(case: str):
    """Once every cell has its worlds it has them whatever else is hidden: nothing more need be."""
    found = settled(*CASES[case])
    draw = np.random.default_rng(0)
    for share in (0, 0.3):
        for block in found.blocks:
            block.hide_rows(np.flatnonzero(draw.random(len(block.cause)) < share))
            before = block.cause.copy()
            settle(block, QUANTITIES, Account())
            assert (block.cause == before).all()
        assert not found.breaches()


@pytest.mark.parametrize("case", CASES)
def test_more_hidden_before_is_no_more_hidden_after(case: str):
    """Where half of the rows were hidden already, no more of the others go than without that."""
    service, policy = CASES[case]
    alone = sum(int((block.cause == SECONDARY).sum()) for block in settled(service, policy).blocks)
    for seed in range(3):
        found, hidden = hidden_before(service, policy, 0.5, seed)
        assert not found.breaches()
        after = sum(
            len(set(np.flatnonzero(block.cause != SHOWN).tolist()) - was)
            for block, was in zip(found.blocks, hidden, strict=True)
        )
        assert after <= alone


@pytest.mark.parametrize("seed", [0, 7, 4, 14])
def test_nothing_follows_where_rows_were_hidden_before(seed: int):
    """What was hidden stays hidden, whatever hid it, and nothing follows."""
    found, hidden = hidden_before(drawn(seed), POLICY, 0.2, seed)
    for block, was in zip(found.blocks, hidden, strict=True):
        assert was <= set(np.flatnonzero(block.cause != SHOWN).tolist())
    assert not found.breaches()


# -- history ---------------------------------------------------------------------------------------


def told_before(service: Service, low: int, high: int) -> pl.DataFrame:
    """An earlier release told this of January in the first clinic."""
    here = (pl.col("grain") == "month") & (pl.col("period") == "2024-01") & (pl.col("clinic") == "c1")
    return figures_of(service).with_columns(
        pl.when(here).then(low).alias("told_n_low"),
        pl.when(here).then(high).alias("told_n_high"),
        *(pl.lit(None, pl.Int64).alias(f"told_{one}") for one in ("d_low", "d_high", "c_low", "c_high")),
        pl.lit(None, pl.Float64).alias("told_tenths"),
    )


@pytest.mark.parametrize(
    ("low", "high", "signs"), [(0, 12, set()), (2, 4, {-1}), (1, 3, {1}), (3, 3, {1, -1})]
)
def test_only_what_was_told_before_cannot_be_protected(low: int, high: int, signs: set[int]):
    """Told as two to four before, three cannot be one any longer: that is said, and the rest is protected."""
    service = received([3], [30])
    block = block_of(service, POLICY, told_before(service, low, high))
    account = Account()
    settle(block, QUANTITIES, account)
    cell = cell_of(block, 0, (0,), 0, 1)
    assert account.unprotected == {(int(block.rows.place[0]), cell, sign) for sign in signs}
    assert account.fallback == 0


def test_what_was_told_before_of_another_is_reckoned_with():
    """The other clinic was told exactly before: hiding it now would not help, so the service is hidden."""
    service = received([30], [3])
    assert not {
        line
        for line in settled(service, EXACT).hidden()
        if " all " in line.split("c1")[0] and "s1 all" in line
    }
    found = settled(service, EXACT, told_before(service, 30, 30))
    assert not found.account.unprotected
    assert {line.split()[2] for line in found.hidden() if line.split()[3] == "month"} == {"all"}


# -- the fallback ----------------------------------------------------------------------------------


def test_where_no_world_is_found_in_time_nothing_of_the_block_is_told(monkeypatch):
    """Where worlds are not found in time, all of the block is hidden, and that is on record; others stay."""
    monkeypatch.setattr(Worlds, "world", lambda *_, **__: None)
    service = given({"received": [[30], [30]], "ended": [[3], [30]]}, [RECEIVED, ENDED])
    found = settled(service, EXACT)
    assert found.account.fallback == 1
    by_name = {block.keys[0][0]: block for block in found.blocks}
    assert not by_name["ended"].shown().any()
    assert by_name["received"].shown().any()
    assert not by_name["received"].cause.any()
    assert not found.breaches()


def test_steps_are_on_record():
    """How many small numbers there were, and how long worlds were looked for, is on record."""
    found = settled(received([3], [30]), EXACT)
    assert found.account.worlds > 0
    assert found.account.steps > 0
    assert found.account == replace(found.account, protected=1, fallback=0, unprotected=set())


def test_a_rest_is_protected_as_a_count_is():
    """The rest of a rate that may be one and may be four, though both its counts are large."""
    service, policy = CASES["98 % of 102: the rest of a rate"]
    (block,) = settled(service, policy).blocks
    rest = cell_of(block, term_of(block, "untreated", "ended"), (0,), 0, 1)
    assert rest in block.protected()
    assert block.x[rest] == 2
