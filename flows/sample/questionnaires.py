"""How clients and therapists answer: latent values to answers on each form, and who does not answer.

The keys are written here a second time, on purpose: the sample stands for what survey systems
deliver, so it must not follow a change of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flows.sample.columns import Array, Columns, concatenate
from flows.sample.model import DAY, Courses

BLANK, CODED_MISSING, REFUSED, NOT_SHOWN, ABSENT = -1, -2, -3, -4, -5
"""In place of an answer. ABSENT: the questionnaire is not part of this record."""

CLIENT, THERAPIST = 0, 1


@dataclass(frozen=True)
class Questionnaire:
    """One form as delivered. low, high: answers, in the smallest step; steps: thresholds of an average
    item on the latent; parts: latent of each item; reverse: items worded the other way round, from 1."""

    id: str
    items: int
    low: int
    high: int
    steps: tuple[float, ...]
    parts: tuple[str, ...]
    loading: float = 0.80
    easier: Mapping[int, float] | None = None
    reverse: tuple[int, ...] = ()


def _placed(items: int, **parts: tuple[int, ...]) -> tuple[str, ...]:
    """The part of each item, from the items of each part."""
    place = {item: part for part, listed in parts.items() for item in listed}
    return tuple(place[item] for item in range(1, items + 1))


PHQ_9 = Questionnaire(
    "phq_9", 9, 0, 3, (-1.25, -0.05, 0.62), ("depression",) * 9, easier={1: 0.15, 3: 0.35, 4: 0.45, 9: -1.25}
)
GAD_7 = Questionnaire("gad_7", 7, 0, 3, (-1.45, -0.15, 0.55), ("anxiety",) * 7, easier={2: 0.25, 5: -0.35})
CORE_10 = Questionnaire(
    "core_10",
    10,
    0,
    4,
    (-1.3, -0.35, 0.45, 1.3),
    _placed(10, depression=(1, 2, 3, 5, 6, 8, 9, 10), anxiety=(4, 7)),
    easier={6: -1.5, 10: 0.2},
    reverse=(2, 3),
)
WAI_SR = Questionnaire(
    "wai_sr",
    12,
    1,
    5,
    (-2.4, -1.55, -0.7, 0.3),
    _placed(12, task=(1, 2, 10, 12), bond=(3, 5, 7, 9), goal=(4, 6, 8, 11)),
    loading=0.86,
)
WAI_36 = Questionnaire(
    "wai_36",
    36,
    1,
    7,
    (-2.7, -2.1, -1.6, -1.0, -0.3, 0.5),
    _placed(
        36,
        task=(2, 4, 7, 11, 13, 15, 16, 18, 24, 31, 33, 35),
        bond=(1, 5, 8, 17, 19, 20, 21, 23, 26, 28, 29, 36),
        goal=(3, 6, 9, 10, 12, 14, 22, 25, 27, 30, 32, 34),
    ),
    reverse=(1, 3, 7, 9, 10, 11, 12, 15, 20, 27, 29, 31, 33, 34),
)
SRS = Questionnaire("srs", 4, 0, 100, (), ("bond", "goal", "task", "task"))

CHECKLIST = Questionnaire(
    "session_checklist",
    4,
    0,
    1,
    (0.0,),
    ("bond", "task", "bond", "task"),
    loading=-0.55,
    easier={1: -1.9, 2: -1.3, 3: -1.6, 4: -0.3},
)
"""The lower the alliance, the more is ticked: what hindered, and what was tried against it."""

BY_ID = {form.id: form for form in (PHQ_9, GAD_7, CORE_10, WAI_SR, WAI_36, SRS, CHECKLIST)}


def answers(rng: np.random.Generator, form: Questionnaire, latent: Columns, rater_shift: Array) -> Array:
    """Answers to one form, rows by items, as marked on the form (reversed items not yet turned)."""
    values = np.stack([latent[part] + rater_shift for part in form.parts], axis=1)
    habit = _habit(rng, form, latent["client"])
    noise = rng.standard_normal(values.shape)
    rest = np.sqrt(1 - form.loading**2)
    tendency = form.loading * values + rest * (0.6 * habit[latent["client"]] + 0.8 * noise)
    given = _visual(tendency) if form.id == "srs" else _graded(form, tendency)
    _straight_lines(rng, form, given)
    turned = np.array([item - 1 for item in form.reverse], dtype=np.int64)
    given[:, turned] = form.low + form.high - given[:, turned]
    return given


def _habit(rng: np.random.Generator, form: Questionnaire, clients: Array) -> Array:
    """What is each client's own about each item, the same in every session."""
    count = int(clients.max(initial=0)) + 1
    return rng.standard_normal((count, form.items))


def _graded(form: Questionnaire, tendency: Array) -> Array:
    easier = np.zeros(form.items)
    for item, amount in (form.easier or {}).items():
        easier[item - 1] = amount
    given = np.full(tendency.shape, form.low, dtype=np.int16)
    for step in form.steps:
        given += tendency + easier > step
    return given


def _visual(tendency: Array) -> Array:
    """A mark on a line of ten centimetres, in millimetres; many sit at the right end."""
    marks: Array = np.clip(np.rint(93 + 9 * tendency), 0, 100).astype(np.int16)
    return marks


def _straight_lines(rng: np.random.Generator, form: Questionnaire, given: Array) -> None:
    """A few alliance forms are ticked down one column."""
    draw = rng.random(len(given))
    if form.parts[0] not in ("depression", "anxiety"):
        lines = draw < 0.05
        given[lines] = np.rint(given[lines].mean(axis=1)).astype(np.int16)[:, None]


@dataclass(frozen=True)
class Sheet:
    """One form or survey page, filled in together. minutes: from the session's start to its opening."""

    form: int
    instruments: tuple[Questionnaire, ...]
    minutes: tuple[int, int]
    seconds_per_item: float
    response: float
    rater: int = CLIENT
    sessions: tuple[int, ...] = ()
    every: int = 1


def fill(rng: np.random.Generator, courses: Courses, sheet: Sheet, last_second: int) -> Columns:
    """Records of one sheet: client, clinician, session, rater, form, started, completed, and answers.

    Times are local seconds since 1970. Without sessions listed: each session whose number leaves 0
    when divided by `every`. A record not complete by `last_second` is not there yet.
    """
    everyone = courses.sessions
    chance = 1 / (1 + np.exp(-(everyone["willing"] + sheet.response)))
    latent = everyone.take(_asked(everyone["session"], sheet) & (rng.random(len(everyone)) < chance))
    started, completed = _times(rng, latent, sheet)
    shift = np.zeros(len(latent)) if sheet.rater == CLIENT else 0.6 * rng.standard_normal(len(latent)) - 0.3
    given = {form.id: _gaps(rng, answers(rng, form, latent, shift)) for form in sheet.instruments}
    records = Columns(
        client=latent["client"],
        clinician=latent["clinician"],
        session=latent["session"],
        rater=np.full(len(latent), sheet.rater),
        form=np.full(len(latent), sheet.form),
        started=started,
        completed=completed,
        **given,
    )
    return records.take(completed <= last_second)


def _asked(session: Array, sheet: Sheet) -> Array:
    asked: Array = np.isin(session, sheet.sessions) if sheet.sessions else session % sheet.every == 0
    return asked


def _times(rng: np.random.Generator, latent: Columns, sheet: Sheet) -> tuple[Array, Array]:
    """Opened around the session, at home the same evening, or the day after at noon."""
    n = len(latent)
    low, high = sheet.minutes
    where = rng.random(n)
    around = latent["at"] + rng.integers(low * 60, high * 60, n)
    midnight = latent["at"] // DAY * DAY
    evening = midnight + rng.integers(19 * 3600, 21 * 3600, n)
    next_day = midnight + DAY + rng.integers(11 * 3600, 14 * 3600, n)
    started = np.select([where < 0.84, where < 0.97], [around, evening], next_day)
    items = sum(form.items for form in sheet.instruments)
    lasted = 20 + np.exp(rng.normal(np.log(items * sheet.seconds_per_item), 0.4, n)).astype(np.int64)
    return started, started + np.minimum(lasted, 1700)


def _gaps(rng: np.random.Generator, given: Array) -> Array:
    """Some forms come back with one to three items left out."""
    rows = rng.random(len(given)) < 0.022
    gaps = 1 + (rng.random(len(given)) < 0.3).astype(np.int64)
    order = rng.random(given.shape).argsort(axis=1, kind="stable")
    left_out = rows[:, None] & (order < gaps[:, None])
    return np.where(left_out, BLANK, given).astype(np.int16)


def joined(sheets: list[Columns]) -> Columns:
    """Records of several sheets in one table, in order of completion; ABSENT where a sheet has not."""
    names = sorted({name for sheet in sheets for name in sheet if name in BY_ID})
    for sheet in sheets:
        for name in names:
            if name not in sheet:
                sheet[name] = np.full((len(sheet), BY_ID[name].items), ABSENT, np.int16)
    together = concatenate(sheets)
    keys = ("rater", "form", "session", "client", "completed")
    return together.take(np.lexsort([together[key] for key in keys]))
