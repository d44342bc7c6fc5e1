"""Answers on the forms: ranges, keys, ceilings, gaps, times."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from flows.sample.model import DAY, simulate
from flows.sample.plan import day_number, plan_window
from flows.sample.questionnaires import (
    ABSENT,
    BLANK,
    BY_ID,
    CORE_10,
    GAD_7,
    PHQ_9,
    SRS,
    THERAPIST,
    WAI_36,
    WAI_SR,
    Sheet,
    fill,
    joined,
)
from schemas.registry import load

WINDOW = plan_window(18, date(2026, 10, 31))
LAST = day_number(WINDOW.last) * DAY + 21 * 3600


@pytest.fixture(scope="module")
def courses():
    return simulate(np.random.Generator(np.random.PCG64([4, 2])), 900, "adult", WINDOW)


def filled(courses, *forms, **sheet):
    rng = np.random.Generator(np.random.PCG64(12))
    return fill(rng, courses, Sheet(0, forms, (-45, -8), 9.0, 0.0, **sheet), LAST)


@pytest.mark.parametrize("id_", BY_ID)
def test_the_sample_and_the_registry_know_the_same_form(id_):
    form, card = BY_ID[id_], load()[id_]
    step = 10**card.response.decimals
    assert (form.items, form.low, form.high) == (
        card.n_items,
        card.response.min * step,
        card.response.max * step,
    )
    assert set(form.reverse) == set(card.reverse)
    for scale in card.scales:
        if scale.id in ("task", "bond", "goal"):
            assert {n for n, part in enumerate(form.parts, start=1) if part == scale.id} == set(scale.items)


@pytest.mark.parametrize("id_", BY_ID)
def test_answers_stay_in_range_and_use_all_of_it(courses, id_):
    given = filled(courses, BY_ID[id_])[id_]
    answered = given[given != BLANK]
    assert answered.min() >= BY_ID[id_].low
    assert answered.max() == BY_ID[id_].high
    if id_ != "srs":
        assert set(answered.tolist()) == set(range(BY_ID[id_].low, BY_ID[id_].high + 1))


@pytest.mark.parametrize("form", [CORE_10, WAI_36], ids=["core_10", "wai_36"])
def test_reversed_items_run_against_the_others(courses, form):
    given = filled(courses, form)[form.id].astype(float)
    given[given == BLANK] = np.nan
    plain = [n for n in range(form.items) if n + 1 not in form.reverse]
    rest = np.nanmean(given[:, plain], axis=1)
    for item in form.reverse:
        known = ~np.isnan(given[:, item - 1])
        assert np.corrcoef(given[known, item - 1], rest[known])[0, 1] < -0.2


def test_alliance_forms_have_a_ceiling(courses):
    for form, most in ((WAI_SR, 60), (SRS, 400)):
        totals = filled(courses, form)[form.id].sum(axis=1)
        assert 0.04 < (totals == most).mean() < 0.25


def test_severity_at_the_start_is_that_of_a_talking_therapy(courses):
    for form, mean, sd in ((PHQ_9, 14.5, 6), (GAD_7, 12, 5)):
        records = filled(courses, form)
        whole = (records["session"] == 1) & (records[form.id] >= 0).all(axis=1)
        totals = records[form.id][whole].sum(axis=1)
        assert abs(totals.mean() - mean) < 1.5
        assert abs(totals.std() - sd) < 1


def test_some_sessions_and_some_items_stay_unanswered(courses):
    records = filled(courses, PHQ_9)
    assert 0.6 < len(records) / len(courses.sessions) < 0.95
    gaps = (records["phq_9"] == BLANK).any(axis=1).mean()
    assert 0.01 < gaps < 0.04


def test_listed_sessions_and_every_third(courses):
    assert set(filled(courses, WAI_36, sessions=(3, 10))["session"].tolist()) == {3, 10}
    assert set((filled(courses, WAI_SR, every=3, rater=THERAPIST)["session"] % 3).tolist()) == {0}


def test_questionnaires_are_filled_in_by_day_on_the_day_or_the_next(courses):
    records = filled(courses, PHQ_9)
    held = {
        (client, session): at // DAY
        for client, session, at in zip(
            *(courses.sessions[name].tolist() for name in ("client", "session", "at")), strict=True
        )
    }
    late = [
        day - held[key]
        for *key, day in zip(
            records["client"].tolist(),
            records["session"].tolist(),
            (records["completed"] // DAY).tolist(),
            strict=True,
        )
        for key in [tuple(key)]
    ]
    assert set(late) == {0, 1}
    assert np.mean(late) < 0.06
    assert ((records["completed"] % DAY >= 8 * 3600) & (records["completed"] % DAY < 22 * 3600)).all()
    assert (records["completed"] > records["started"]).all()
    assert records["completed"].max() <= LAST


def test_sheets_are_joined_in_order_of_completion_and_absent_where_not_asked(courses):
    together = joined([filled(courses, PHQ_9), filled(courses, SRS)])
    assert (np.diff(together["completed"]) >= 0).all()
    absent = (together["phq_9"] == ABSENT).all(axis=1)
    assert 0 < absent.sum() < len(together)
    assert ((together["srs"] == ABSENT).all(axis=1) == ~absent).all()
