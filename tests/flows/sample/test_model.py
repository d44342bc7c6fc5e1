"""What the latent model gives, seen as an analyst sees it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from flows.sample import model
from flows.sample.model import DAY, Courses, simulate
from flows.sample.plan import Window, day_number, plan_window
from flows.sample.questionnaires import PHQ_9, WAI_SR, Sheet, fill

WINDOW: Window = plan_window(24, date(2026, 10, 31))


def generator(*seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.fixture(scope="module", params=[1, 2, 3])
def clinic(request) -> Courses:
    return simulate(generator(request.param, 1), 2500, "adult", WINDOW)


def test_alliance_and_change_correlate_as_in_the_literature(clinic):
    """Mean WAI-SR of sessions 3 to 5 with the fall in PHQ-9, person by person: r about .28."""
    late = day_number(WINDOW.last) * DAY + 21 * 3600
    outcome = fill(generator(5), clinic, Sheet(0, (PHQ_9,), (-45, -8), 9.0, 0.0), late)
    alliance = fill(generator(6), clinic, Sheet(0, (WAI_SR,), (52, 66), 8.0, -0.3), late)
    early = means(alliance, WAI_SR, (alliance["session"] >= 3) & (alliance["session"] <= 5))
    change = falls(outcome, PHQ_9)
    both = sorted(early.keys() & change.keys())
    assert len(both) > 1000
    r = np.corrcoef([early[client] for client in both], [change[client] for client in both])[0, 1]
    assert 0.20 <= r <= 0.36


def test_clients_leave_more_often_after_a_low_alliance(clinic):
    quality = clinic.sessions["bond"] + clinic.sessions["goal"] + clinic.sessions["task"]
    last = dict(zip(clinic.sessions["client"].tolist(), quality.tolist(), strict=True))
    ended = clinic.referrals["ending"]
    left = [
        last[client]
        for client in clinic.referrals["client"][ended == model.DROPPED_OUT].tolist()
        if client in last
    ]
    stayed = [
        last[client]
        for client in clinic.referrals["client"][ended == model.COMPLETED].tolist()
        if client in last
    ]
    assert np.mean(left) < np.mean(stayed) - 0.4


def test_dropout_is_about_a_quarter_of_those_who_started(clinic):
    seen = np.unique(clinic.sessions["client"])
    ended = clinic.referrals["ending"][
        np.isin(clinic.referrals["client"], seen) & (clinic.referrals["ending"] >= 0)
    ]
    assert 0.15 < (ended == model.DROPPED_OUT).mean() < 0.35


def test_there_are_six_to_eight_sessions_a_client(clinic):
    assert 6 <= len(clinic.sessions) / 2500 <= 8


def test_sessions_are_numbered_from_one_without_gaps_and_in_time(clinic):
    order = np.lexsort((clinic.sessions["at"], clinic.sessions["client"]))
    client, session = clinic.sessions["client"][order], clinic.sessions["session"][order]
    first = np.append(True, np.diff(client) > 0)
    assert (session[first] == 1).all()
    assert (np.diff(session)[~first[1:]] == 1).all()


def test_appointments_lie_on_working_days_in_working_hours(clinic):
    at = clinic.appointments["at"]
    assert set(((at // DAY + 3) % 7).tolist()) == {0, 1, 2, 3, 4}
    hours = at % DAY // 3600
    assert (hours.min(), hours.max()) == (9, 17)
    busy = np.bincount(hours, minlength=24)
    assert busy[10] > busy[12] > busy[17]


def test_nothing_is_held_after_the_window_and_all_that_is_booked_is(clinic):
    day, booked = clinic.appointments["at"] // DAY, clinic.appointments["status"] == model.BOOKED
    last = day_number(WINDOW.last)
    assert (day[booked] > last).all()
    assert (day[~booked] <= last).all()
    assert booked.any()


def test_each_status_has_its_usual_share(clinic):
    share = np.bincount(clinic.appointments["status"], minlength=7) / len(clinic.appointments)
    assert 0.04 < share[model.DNA] < 0.11
    assert 0.04 < share[model.CANCELLED_BY_CLIENT] < 0.09
    assert (share > 0.002).all()


def test_waits_are_weeks_and_first_contacts_follow_referral(clinic):
    first = np.full(2500, np.iinfo(np.int64).max)
    np.minimum.at(first, clinic.appointments["client"], clinic.appointments["at"] // DAY)
    main = clinic.referrals.take(np.arange(2500))
    waits = (first - main["received"])[first < np.iinfo(np.int64).max]
    assert waits.min() > 0
    assert 18 < np.median(waits) < 40


def test_the_alliance_breaks_and_mends():
    """Between sessions of one client there are drops far beyond the noise, and returns."""
    clinic = simulate(generator(8, 1), 800, "adult", WINDOW)
    order = np.lexsort((clinic.sessions["session"], clinic.sessions["client"]))
    client, bond = clinic.sessions["client"][order], clinic.sessions["bond"][order]
    step = np.diff(bond)[np.diff(client) == 0]
    assert 0.02 < (step < -1.1).mean() < 0.12
    assert 0.01 < (step > 1.1).mean() < 0.12


def test_clinicians_differ(clinic):
    overall = clinic.sessions["bond"].var()
    means_ = [
        clinic.sessions["bond"][clinic.sessions["clinician"] == one].mean()
        for one in np.unique(clinic.sessions["clinician"])
    ]
    assert 0.02 < np.var(means_) / overall < 0.25


def totals(records, form, rows):
    given = records[form.id][rows]
    whole = (given >= form.low).all(axis=1)
    return records["client"][rows][whole].tolist(), records["session"][rows][whole], given[whole].sum(axis=1)


def means(records, form, rows) -> dict[int, float]:
    found: dict[int, list[int]] = {}
    for client, total in zip(*[totals(records, form, rows)[part] for part in (0, 2)], strict=True):
        found.setdefault(client, []).append(int(total))
    return {client: float(np.mean(values)) for client, values in found.items()}


def falls(records, form) -> dict[int, int]:
    """First minus last total of clients with a last one at session 4 or later."""
    clients, sessions, sums = totals(records, form, np.ones(len(records), bool))
    order = np.lexsort((sessions, np.array(clients)))
    first: dict[int, int] = {}
    last: dict[int, tuple[int, int]] = {}
    for at in order:
        first.setdefault(clients[at], int(sums[at]))
        last[clients[at]] = int(sums[at]), int(sessions[at])
    return {client: first[client] - total for client, (total, session) in last.items() if session >= 4}
