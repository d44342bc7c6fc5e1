"""What happened at one clinic: referrals, appointments, and how each session went.

Clients and clinicians differ; the alliance has a common part and a part of its own for goal, task
and bond; it can rupture and be repaired; a poor alliance makes leaving more likely and is
associated with less change. Latent values are in standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from flows.sample.columns import Array, Columns, Rows, concatenate
from flows.sample.plan import Window, day_number

DAY = 24 * 3600
ATTEMPTS = 40
"""Most appointments of one course."""
DAYS_AHEAD = 28
"""How far ahead appointments are booked."""

BOOKED, ATTENDED, LATE, LATE_NOT_SEEN, DNA, CANCELLED_BY_CLIENT, CANCELLED_BY_PROVIDER = range(7)
ASSESSMENT, TREATMENT, BOTH, REVIEW, FOLLOW_UP = range(5)
COMPLETED, DROPPED_OUT, ENDED_BY_SERVICE, DECEASED, UNKNOWN, NOT_ASSESSED, REFERRED_ON, DECLINED = range(8)
OPEN = -1

CLINICIAN_ALLIANCE = 0.28
"""SD between clinicians; about 8 % of the variance in alliance."""
CLINICIAN_OUTCOME = 0.20
GAIN_MEAN, GAIN_SD = 1.70, 0.95
ALLIANCE_ON_GAIN = 0.54
"""Chosen so that alliance and change, as the questionnaires show them, correlate about .28
(Fluckiger et al. 2018: .278)."""
RUPTURE, REPAIR = 0.06, 0.45


@dataclass(frozen=True)
class Courses:
    """Events of one clinic, clients numbered from 0.

    referrals: client, received, ended (day or 0), ending, age, sex, ethnicity, problem, modality
    appointments: client, clinician, at (local seconds since 1970), kind, status, session (0: none held)
    sessions: client, clinician, session, at, task, bond, goal, depression, anxiety, willing
    """

    referrals: Columns
    appointments: Columns
    sessions: Columns


def simulate(rng: np.random.Generator, clients: int, service: str, window: Window) -> Courses:
    """Courses of `clients` people referred within the window; what lies after its end is cut."""
    course = _Course(rng, clients, window)
    for attempt in range(ATTEMPTS):
        course.step(attempt)
    sessions = concatenate(course.sessions)
    appointments = concatenate(course.appointments)
    return Courses(_referrals(rng, course, service, window), appointments, sessions)


class _Course:
    """State of all clients as they go from appointment to appointment."""

    def __init__(self, rng: np.random.Generator, clients: int, window: Window) -> None:
        self.rng, self.clients, self.last = rng, clients, day_number(window.last)
        self._people(day_number(window.first))
        self._engagement()
        self.appointments: list[Columns] = []
        self.sessions: list[Columns] = []

    def _people(self, first: int) -> None:
        rng, n = self.rng, self.clients
        clinicians = max(2, round(n / 45))
        weights = rng.gamma(4.0, 1.0, clinicians)
        self.clinician = rng.choice(clinicians, n, p=weights / weights.sum())
        on_alliance = CLINICIAN_ALLIANCE * rng.standard_normal(clinicians)
        on_outcome = CLINICIAN_OUTCOME * rng.standard_normal(clinicians)
        own = np.sqrt(1 - CLINICIAN_ALLIANCE**2)
        self.alliance = on_alliance[self.clinician] + own * rng.standard_normal(n)
        self.unique = 0.40 * rng.standard_normal((n, 3))
        self.depression = 0.85 * rng.standard_normal(n)
        self.anxiety = 0.65 * self.depression + 0.64 * rng.standard_normal(n)
        gain = GAIN_MEAN + ALLIANCE_ON_GAIN * self.alliance + on_outcome[self.clinician]
        self.gain = gain + GAIN_SD * rng.standard_normal(n)
        self.willing = rng.normal(2.1, 0.9, n)
        self.received = first + np.sort(rng.integers(0, self.last - first + 1, n))

    def _engagement(self) -> None:
        rng, n = self.rng, self.clients
        self.planned = np.minimum(4 + np.floor(rng.gamma(2.4, 2.6, n)), 22).astype(np.int64)
        wait = np.exp(rng.normal(np.log(24), 0.55, n)).astype(np.int64) + 3
        self.day = _working_day(self.received + wait)
        self.slot = rng.choice(17, n, p=_SLOTS) * 1800 + 9 * 3600
        self.assessed_first = rng.random(n) < 0.45
        refused = rng.random(n) < 0.09
        self.active = ~refused
        self.ended = np.where(refused, self.received + rng.integers(4, 30, n), 0)
        self.ending = np.where(refused, rng.choice([DECLINED, REFERRED_ON, NOT_ASSESSED], n), OPEN)
        self.held = np.zeros(n, np.int64)
        self.missed = np.zeros(n, np.int64)
        self.rupture = np.zeros(n)
        self.quality = self.alliance.copy()
        self.follow_up = np.zeros(n, bool)

    def step(self, attempt: int) -> None:
        """Each client's next appointment, and what follows from it."""
        status = self._status(attempt)
        due = self.active & (self.day <= self.last + DAYS_AHEAD)
        future = self.day > self.last
        status[future] = BOOKED
        seen = due & ((status == ATTENDED) | (status == LATE))
        self.held[seen] += 1
        self._record(np.flatnonzero(due), status, seen)
        self._session(seen)
        self.active &= ~future
        self._endings(seen, due & ~future)
        self._next_day(seen)

    def _status(self, attempt: int) -> Array:
        draw = self.rng.random(self.clients)
        low = np.clip(-self.quality, 0, 2)
        dna = 0.05 + 0.03 * low + (0.05 if attempt == 0 else 0.0)
        steps = (dna, 0.065, 0.025, 0.006, 0.05)
        outcomes = (DNA, CANCELLED_BY_CLIENT, CANCELLED_BY_PROVIDER, LATE_NOT_SEEN, LATE)
        status = np.full(self.clients, ATTENDED)
        edge = np.zeros(self.clients)
        for share, outcome in zip(steps, outcomes, strict=True):
            status[(draw >= edge) & (draw < edge + share)] = outcome
            edge = edge + share
        return status

    def _record(self, rows: Rows, status: Array, seen: Array) -> None:
        kind = np.where((self.held + ~seen) == 1, np.where(self.assessed_first, ASSESSMENT, BOTH), TREATMENT)
        kind = np.where((self.held > 1) & (self.held % 6 == 0), REVIEW, kind)
        kind = np.where(self.follow_up, FOLLOW_UP, kind)
        self.appointments.append(
            Columns(
                client=rows,
                clinician=self.clinician[rows],
                at=self.day[rows] * DAY + self.slot[rows],
                kind=kind[rows],
                status=status[rows],
                session=np.where(seen, self.held, 0)[rows],
            )
        )

    def _session(self, seen: Array) -> None:
        """Alliance and symptoms as they stand in this session."""
        rng, n = self.rng, self.clients
        self._ruptures(seen)
        settled = np.minimum(self.held - 1, 8)
        self.quality = self.alliance + 0.04 * settled + self.rupture + 0.35 * rng.standard_normal(n)
        parts = 0.9 * self.quality[:, None] + self.unique + 0.2 * rng.standard_normal((n, 3))
        progress = self.gain * (1 - np.exp(-(self.held - 1) / 4.5))
        depression = self.depression - progress + 0.3 * rng.standard_normal(n)
        anxiety = self.anxiety - 0.95 * progress + 0.3 * rng.standard_normal(n)
        rows = np.flatnonzero(seen)
        self.sessions.append(
            Columns(
                client=rows,
                clinician=self.clinician[rows],
                session=self.held[rows],
                at=self.day[rows] * DAY + self.slot[rows],
                task=parts[rows, 0],
                bond=parts[rows, 1] + 0.15,
                goal=parts[rows, 2],
                depression=depression[rows],
                anxiety=anxiety[rows],
                willing=self.willing[rows] + 0.25 * self.quality[rows],
            )
        )

    def _ruptures(self, seen: Array) -> None:
        """A drop in the alliance that lasts until it is repaired, and then leaves a little gain."""
        rng, n = self.rng, self.clients
        start, depth, mend = rng.random(n), 0.9 + 0.5 * np.abs(rng.standard_normal(n)), rng.random(n)
        broken = self.rupture < 0
        repaired = seen & broken & (mend < REPAIR)
        starts = seen & ~broken & (self.held > 1) & (start < RUPTURE + 0.03 * (self.alliance < -0.7))
        self.rupture = np.where(repaired, 0.1, np.where(starts, -depth, self.rupture))

    def _endings(self, seen: Array, due: Array) -> None:
        rng, n = self.rng, self.clients
        leave, stay, other, after = rng.random(n), rng.random(n), rng.random(n), rng.integers(0, 28, n)
        self.missed = np.where(seen, 0, self.missed + due)
        hazard = 1 / (1 + np.exp(3.45 + 0.55 * self.quality + 0.05 * self.held))
        unseen = due & (self.missed >= 3)
        self._end(unseen & (self.held == 0), np.where(other < 0.6, NOT_ASSESSED, DECLINED), 14 + after)
        dropped = (seen & (leave < hazard)) | (unseen & (self.held > 0))
        self._end(dropped, np.full(n, DROPPED_OUT), 21 + after)
        done = due & (self.follow_up | (seen & (self.held >= self.planned)))
        called_back = done & ~self.follow_up & (stay < 0.12)
        ending = np.select(
            [other < 0.002, other < 0.035, other < 0.05], [DECEASED, ENDED_BY_SERVICE, UNKNOWN]
        )
        self._end(done & ~called_back, ending, after // 4)
        self.follow_up |= called_back

    def _end(self, who: Array, ending: Array, days: Array) -> None:
        now = who & self.active
        self.ended = np.where(now, self.day + days, self.ended)
        self.ending = np.where(now, ending, self.ending)
        self.active = self.active & ~now

    def _next_day(self, seen: Array) -> None:
        gap = self.rng.choice([7, 14, 21], self.clients, p=[0.72, 0.2, 0.08])
        gap = np.where(seen, gap, 7)
        gap = np.where(self.follow_up & seen, 42, gap)
        self.day = _working_day(self.day + gap)


_SLOTS = np.array([6, 8, 9, 9, 8, 7, 4, 4, 6, 8, 8, 7, 6, 4, 3, 2, 1]) / 100
"""Half-hour slots from 9:00: mornings and afternoons are busy, noon and evening are not."""


def _working_day(day: Array) -> Array:
    """The same day or the next Monday; a week later when it is a fixed holiday."""
    weekday = (day + 3) % 7
    day = np.where(weekday >= 5, day + 7 - weekday, day)
    return np.where(np.isin(day, _HOLIDAYS), day + 7, day)


_HOLIDAYS = np.array(
    [day_number(date(year, *on)) for year in range(1990, 2100) for on in ((12, 25), (12, 26), (1, 1))]
)


def _referrals(rng: np.random.Generator, course: _Course, service: str, window: Window) -> Columns:
    """Each client's referral; a few were referred before and declined."""
    n, first = course.clients, day_number(window.first)
    earlier = course.received - rng.integers(60, 300, n)
    again = (rng.random(n) < 0.04) & (earlier >= first)
    refused = earlier + rng.integers(5, 40, n)
    known = (course.ended > 0) & (course.ended <= course.last)
    main = Columns(
        client=np.arange(n),
        received=course.received,
        ended=np.where(known, course.ended, 0),
        ending=np.where(known, course.ending, OPEN),
        **_features(rng, n, service),
    )
    before = main.take(again)
    before["received"], before["ended"] = earlier[again], refused[again]
    before["ending"] = np.full(len(before), DECLINED)
    return concatenate([main, before])


def _features(rng: np.random.Generator, n: int, service: str) -> dict[str, Array]:
    """Age, sex, ethnicity, problem and modality as codes from 0."""
    perinatal = service == "perinatal"
    age = np.clip(rng.normal(31, 5, n), 18, 45) if perinatal else np.clip(18 + rng.gamma(2.2, 10, n), 18, 88)
    sex = rng.choice(4, n, p=[0.97, 0.0, 0.02, 0.01] if perinatal else [0.63, 0.34, 0.015, 0.015])
    return {
        "age": np.floor(age).astype(np.int64),
        "sex": sex,
        "ethnicity": rng.choice(8, n, p=[0.68, 0.06, 0.07, 0.05, 0.04, 0.03, 0.03, 0.04]),
        "problem": rng.choice(6, n, p=[0.34, 0.24, 0.2, 0.08, 0.08, 0.06]),
        "modality": rng.choice(4, n, p=[0.52, 0.2, 0.2, 0.08]),
    }
