"""All files of one clinic: what happened there, as its feeds tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from flows.sample import write_limesurvey, write_qualtrics, write_redcap
from flows.sample.columns import Columns
from flows.sample.defects import inject
from flows.sample.feeds import FeedPlan, ResponseFeed
from flows.sample.layout import Layout, file_bytes
from flows.sample.model import DAY, Courses, simulate
from flows.sample.plan import ClinicPlan, Window, day_number
from flows.sample.questionnaires import fill, joined
from flows.sample.records import ACCEPTED, HELD, QUARANTINED, SUPERSEDED, tracked
from flows.sample.tables import appointment_records, referral_records
from flows.sample.truth import Delivered
from flows.sample.write_tables import appointments_layout, appointments_plan, referrals_layout, referrals_plan

RESPONSE_FEEDS = {
    "qualtrics": write_qualtrics.response_feeds,
    "redcap": write_redcap.response_feeds,
    "limesurvey": write_limesurvey.response_feeds,
}

FLIPPED_FROM = 30
"""Clients in a file that comes turned."""

LAST_ANSWER = 21 * 3600 + 1800
"""No questionnaire is completed after half past nine: the exports are made later the same evening."""


@dataclass(frozen=True)
class Files:
    """One feed's files as bytes, with the days of their delivery and what they must come to."""

    delivered: Delivered
    contents: Sequence[bytes]
    days: Sequence[date]


def clinic_files(seed: int, clinic: ClinicPlan, clients: int, window: Window) -> Iterator[Files]:
    """The feeds of one clinic. Its random numbers are its own: more clinics change nothing in the others."""
    rng = np.random.Generator(np.random.PCG64([seed, clinic.number]))
    courses = simulate(rng, clients, clinic.service, window)
    for feed in RESPONSE_FEEDS[clinic.style](clinic, window):
        yield _responses(rng, feed, courses, window)
    records = appointment_records(rng, courses, window)
    yield _files(appointments_plan(clinic), records, appointments_layout(clinic, records), window.half_ends)
    records = referral_records(rng, courses, window)
    yield _files(referrals_plan(clinic), records, referrals_layout(clinic, records), window.half_ends)


def _responses(rng: np.random.Generator, feed: ResponseFeed, courses: Courses, window: Window) -> Files:
    last = day_number(window.last) * DAY + LAST_ANSWER
    sound = joined([fill(rng, courses, sheet, last) for sheet in feed.sheets])
    records = tracked(sound, sound["completed"], window.quarter_ends)
    flipped = _flip(records, feed)
    records = inject(rng, records, feed.survey, len(window.quarter_ends), window)
    if flipped is not None:
        _hold(records, flipped)
    placed = feed.place(records, courses, window)
    return _files(feed.plan, placed, feed.layout(placed), window.quarter_ends, flipped)


def _flip(records: Columns, feed: ResponseFeed) -> int | None:
    """One file comes with its reversed items turned already, as if they were marked so; which, if any.

    In a file of few people nobody could tell: a small sample has none.
    """
    file = feed.survey.flipped_file
    rows = records["file"] == file
    if file is None or len(np.unique(records["client"][rows])) < FLIPPED_FROM:
        return None
    for form in feed.survey.forms:
        given = records[form.id]
        for item in form.reverse:
            turn = rows & (given[:, item - 1] >= form.low)
            given[turn, item - 1] = form.low + form.high - given[turn, item - 1]
    return file


def _hold(records: Columns, file: int) -> None:
    """Nothing of such a file may be taken; what is kept out for another reason stays so."""
    taken = np.isin(records["fate"], (ACCEPTED, SUPERSEDED)) | (records["reason"] == "exact_duplicate")
    held = (records["file"] == file) & taken
    records["fate"][held] = QUARANTINED
    records["reason"][held] = HELD


def _files(
    plan: FeedPlan, records: Columns, layout: Layout, days: Sequence[date], flipped: int | None = None
) -> Files:
    names = [f"{plan.name}-{day.isoformat()}.csv" for day in days]
    return Files(Delivered(plan, records, names, flipped), file_bytes(layout, records, len(days)), days)
