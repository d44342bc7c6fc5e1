"""The figures of the alliance once more, in plain Python: session by session, no SQL, no shared code.

Variances are fractions and compared as squares, as by hand; a rupture is judged by walking the series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from statistics import mean, variance

from tests.lib.plain_episodes import (
    Episode,
    Event,
    Records,
    Response,
    Series,
    day,
    definition,
    moment,
)
from tests.lib.plain_figures import Figures, Key
from tests.lib.small_warehouse import instruments

CRITERIA = ("sd_1", "sd_2", "control_chart", "below_36", "36_or_below", "drop_1_point")
CHECKLIST = "session_checklist"
OF_STAGE = ("alliance_by_stage", "contacts_by_stage")
FIGURES = (
    "alliance_early_mean", "rupture_marker_rate", "rupture_repair_rate", "alliance_discrepancy_mean",
    "alliance_discrepancy_absolute_mean", "alliance_ceiling_rate", "straight_lining_rate",
    "completion_seconds_mean", "completed_under_20_seconds_rate", "alliance_change_after_item_mean", *OF_STAGE,
)  # fmt: skip
STAGES = ("commitment", "process", "change", "termination")
CARDS = {card.id: card for card in instruments()}


@dataclass(frozen=True)
class Judgement:
    """What a criterion says of a session: whether it carries a marker, and which later scores repair it."""

    marker: bool
    repairs: frozenset[int] = frozenset()


class Course:
    """A client's own scores of one instrument in one episode, one a session, in order."""

    def __init__(self, responses: Sequence[Response]) -> None:
        last = {session_no(r) or ("at", r.number): r for r in responses}
        self.sessions = [r for r in responses if r in last.values()]
        self.scores = [Fraction(r.score) for r in self.sessions]

    def deviation(self, t: int, factor: int, between: Fraction, least: Fraction) -> Judgement:
        before, reference, score = self.scores[:t], self.scores[t - 1], self.scores[t]
        square = max(variance(before), between)
        drop = reference - score
        back = [
            u for u in range(t + 1, len(self.scores))
            if self.scores[u] >= reference or (4 * (reference - self.scores[u])) ** 2 <= square
        ]  # fmt: skip
        return Judgement(drop >= least and drop**2 >= factor**2 * square, frozenset(back))

    def control_chart(self, t: int, least: Fraction) -> Judgement:
        before = self.scores[:t]
        moves = [abs(b - a) for a, b in pairwise(before)]
        limit = mean(before) - Fraction(266, 100) * mean(moves)
        low = self.scores[t] < limit and before[-1] - self.scores[t] >= least
        return Judgement(low, self._at_or_above(t, limit))

    def _at_or_above(self, t: int, limit: Fraction) -> frozenset[int]:
        return frozenset(u for u in range(t + 1, len(self.scores)) if self.scores[u] >= limit)

    def judge(self, t: int, criterion: str, between: Fraction | None, least: Fraction) -> Judgement | None:
        """None where the session cannot be judged. t counts from 0 here."""
        if criterion.startswith("sd_"):
            known = t >= 3 and between is not None
            return self.deviation(t, int(criterion[-1]), between, least) if known else None
        if criterion == "control_chart":
            return self.control_chart(t, least) if t >= 5 else None
        if criterion == "drop_1_point":
            dropped = t >= 1 and self.scores[t - 1] - self.scores[t] >= 1
            return Judgement(dropped, self._at_or_above(t, self.scores[t - 1])) if t else None
        low = [s < 36 if criterion == "below_36" else s <= 36 for s in self.scores]
        return Judgement(low[t], frozenset(u for u in range(t + 1, len(low)) if not low[u]))


class Alliance:
    """Events of all figures of the alliance."""

    def __init__(self, records: Records) -> None:
        self.records, self.rules, self.as_of = records, records.site.rules, records.as_of

    def events(self) -> Iterator[Event]:
        for (clinic, _), episodes in self.records.clients.items():
            for episode in episodes:
                alliance = [r for r in episode.responses if CARDS[r.instrument].construct == "alliance"]
                alliance.sort(key=lambda r: (r.completed_at, r.number))
                yield from self._early(clinic, alliance)
                yield from self._ruptures(clinic, episode, alliance)
                yield from self._dyads(clinic, alliance)
                yield from self._forms(clinic, alliance)
                yield from self._stages(clinic, episode, alliance)
                yield from self._checklists(clinic, episode, alliance)

    def _early(self, clinic: str, alliance: Sequence[Response]) -> Iterator[Event]:
        early = [r for r in alliance if r.score is not None and session_no(r) in (3, 4, 5)]
        for (instrument, rater), rated in grouped(early, lambda r: (r.instrument, r.rater)):
            when = max(r.completed_at.date() for r in rated)
            yield Event(total("alliance_early_mean", rater, instrument), clinic, when, rounded(rated), 1)

    # ---- ruptures

    @cached_property
    def between(self) -> Mapping[str, Fraction]:
        """Variance between clients of their mean score in the window, by instrument."""
        if not self.rules.baseline_to or day(self.rules.baseline_to) >= self.as_of:
            return {}
        first, last = day(self.rules.baseline_from), day(self.rules.baseline_to)
        scores = [
            r for r in self.records.responses
            if r.rater == "client" and r.score is not None and r.completed_at
            and first <= r.completed_at.date() <= last
        ]  # fmt: skip
        people = defaultdict(list)
        for (instrument, *_), rated in grouped(
            scores, lambda r: (r.instrument, r.row["clinic"], r.row["client"])
        ):
            people[instrument].append(Fraction(rounded(rated)))
        return {instrument: variance(means) for instrument, means in people.items() if len(means) >= 30}

    def _ruptures(self, clinic: str, episode: Episode, alliance: Sequence[Response]) -> Iterator[Event]:
        own = [r for r in alliance if r.rater == "client" and r.score is not None]
        for (instrument,), rated in grouped(own, lambda r: (r.instrument,)):
            course = Course(rated)
            for criterion in CRITERIA:
                if criterion in CRITERIA[:3] or criterion in markers_of(instrument):
                    yield from self._judged(clinic, episode, instrument, course, criterion)

    def _judged(
        self, clinic: str, episode: Episode, instrument: str, course: Course, criterion: str
    ) -> Iterator[Event]:
        for t, session in enumerate(course.sessions):
            judgement = course.judge(
                t, criterion, self.between.get(instrument), step_of_every_item(instrument)
            )
            if judgement is None:
                continue
            when = session.completed_at.date()
            series = ("rupture_marker_rate", criterion, instrument, "total")
            yield Event(series, clinic, when, int(judgement.marker), 1)
            window = self.rules.repair_within_sessions
            repaired = any(u - t <= window for u in judgement.repairs)
            known = repaired or len(course.sessions) > t + window or episode.ended_on is not None
            if judgement.marker and known:
                series = ("rupture_repair_rate", criterion, instrument, "total")
                yield Event(series, clinic, when, int(repaired), 1)

    # ---- what is compared, counted and timed

    def _dyads(self, clinic: str, alliance: Sequence[Response]) -> Iterator[Event]:
        numbered = [r for r in alliance if session_no(r)]
        for (instrument, _), rated in grouped(numbered, lambda r: (r.instrument, session_no(r))):
            for scale in CARDS[instrument].scale_ids:
                last = {r.rater: r for r in rated if r.row.get(scale)}
                if {"client", "therapist"} <= last.keys():
                    client = last["client"]
                    difference = Decimal(last["therapist"].row[scale]) - Decimal(client.row[scale])
                    for figure, value in (("", difference), ("_absolute", abs(difference))):
                        series = (f"alliance_discrepancy{figure}_mean", "standard", instrument, scale)
                        yield Event(series, clinic, client.completed_at.date(), value, 1)

    def _forms(self, clinic: str, alliance: Sequence[Response]) -> Iterator[Event]:
        for response in alliance:
            for figure, value in form_of(response):
                series = total(figure, response.rater, response.instrument)
                yield Event(series, clinic, response.completed_at.date(), value, 1)

    # ---- stages

    def stage(self, number: int | None) -> int | None:
        if number is None:
            return None
        return 1 + (number >= self.rules.process_from_session) + (number >= self.rules.change_from_session)

    def _stages(self, clinic: str, episode: Episode, alliance: Sequence[Response]) -> Iterator[Event]:
        course = [contact for contact in episode.contacts if not contact.follow_up]
        last = course[-self.rules.termination_sessions :] if episode.ended_on else []
        stages = {c.number: 4 if c in last else self.stage(c.session_no) for c in episode.contacts}
        for stage in stages.values():
            yield Event(("contacts_by_stage", "standard", "", ""), clinic, stage, 1)
        for response in alliance:
            of_contact = response.contact and stages[response.contact.number]
            stage = of_contact or self.stage(session_no(response))
            if stage and response.score is not None:
                series = total("alliance_by_stage", response.rater, response.instrument)
                yield Event(series, clinic, stage, response.score, 1)

    # ---- change after sessions with and without an item

    def _checklists(self, clinic: str, episode: Episode, alliance: Sequence[Response]) -> Iterator[Event]:
        lists = [r for r in episode.responses if r.instrument == CHECKLIST and r.rater == "client"]
        lists.sort(key=lambda r: (r.completed_at, r.number))
        own = [r for r in alliance if r.rater == "client" and r.score is not None]
        for scale in (scale.id for scale in CARDS[CHECKLIST].scales if len(scale.items) == 1):
            reported = {session_no(r): Decimal(r.row[scale]) > 0 for r in lists if r.row.get(scale)}
            for (instrument,), rated in grouped(own, lambda r: (r.instrument,)):
                course = Course(rated).sessions
                changes: dict[bool, list[Decimal]] = {True: [], False: []}
                days = []
                for before, after in pairwise(course):
                    if session_no(before) and session_no(before) in reported:
                        changes[reported[session_no(before)]].append(after.score - before.score)
                        days.append(before.completed_at.date())
                if changes[True] and changes[False]:
                    difference = four(changes[True]) - four(changes[False])
                    series = ("alliance_change_after_item_mean", instrument, CHECKLIST, scale)
                    yield Event(series, clinic, max(days), difference, 1)


class AllianceFigures(Figures):
    """The figures of the alliance of every unit and period."""

    def events(self) -> Iterator[Event]:
        yield from Alliance(self.records).events()

    def has(self, clinic: str, series: Series) -> bool:
        figure, made, instrument, _ = series
        rater = made.removesuffix("_rated") if made.endswith("_rated") else "client"
        answers = (clinic, instrument, rater) in self.answered
        if figure == "contacts_by_stage":
            return (clinic, "appointments") not in self.site.lacks
        if figure.startswith("alliance_discrepancy"):
            return answers and (clinic, instrument, "therapist") in self.answered
        if figure == "alliance_change_after_item_mean":
            return answers and (clinic, made, "client") in self.answered
        if made in CRITERIA[3:]:
            return answers and made in markers_of(instrument)
        return answers

    def table(self, all_series: set[Series]) -> dict[Key, tuple[object, ...]]:
        table = super().table({series for series in all_series if series[0] not in OF_STAGE})
        staged = {series for series in all_series if series[0] in OF_STAGE}
        sums: dict[Key, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for event in self.events():
            if event.series in staged and self.has(event.clinic, event.series):
                for key in self._keys(event.series, event.clinic, event.when):
                    sums[key][0] += event.numerator
                    sums[key][1] += event.denominator or 0
        for figure, made, instrument, scale in staged:
            for unit, clinics in self.units().items():
                applies = any(self.has(clinic, (figure, made, instrument, scale)) for clinic in clinics)
                for stage in STAGES:
                    key = (figure, made, *unit, "stage", stage, instrument, scale)
                    found = tuple(sums.get(key, (Decimal(0), 0)))
                    kind = figure if figure == "contacts_by_stage" else f"{figure}_mean"
                    table[key] = self._cell(kind, found, applies)
        return table

    def _periods_for(self, figure: str, when: date | int) -> list[tuple[str, str]]:
        if figure in OF_STAGE:
            return [("stage", STAGES[when - 1])]
        return super()._periods_for(figure, when)


def session_no(response: Response) -> int | None:
    if response.session is not None:
        return response.session
    return response.contact.session_no if response.contact else None


def form_of(response: Response) -> Iterator[tuple[str, int]]:
    """The figures an administration counts in, and what it adds."""
    card = CARDS[response.instrument]
    scale = next(scale for scale in card.scales if scale.id == card.outcome_scale)
    if response.score is not None:
        yield "alliance_ceiling_rate", int(response.score == scale.maximum)
    answers = [int(answer) for answer in response.row.get("answers", "").split()]
    if len(answers) == card.n_items >= 3 and min(answers) > -100:
        yield "straight_lining_rate", int(len(set(answers)) == 1)
    began = moment(response.row.get("started_at"))
    if began and began <= response.completed_at:
        seconds = (response.completed_at - began) // timedelta(seconds=1)
        if seconds <= 3600:
            yield "completion_seconds_mean", seconds
            yield "completed_under_20_seconds_rate", int(seconds < 20)


def total(figure: str, rater: str, instrument: str) -> Series:
    return figure, definition(rater), instrument, CARDS[instrument].outcome_scale


def step_of_every_item(instrument: str) -> Fraction:
    card = CARDS[instrument]
    scale = next(scale for scale in card.scales if scale.id == card.outcome_scale)
    return Fraction({"sum": scale.n_items, "mean": 1}[scale.method])


def markers_of(instrument: str) -> set[str]:
    """Names of the markers that the card turns on."""
    thresholds = CARDS[instrument].thresholds if instrument else ()
    return {t.name for t in thresholds if t.on and t.kind in ("alliance_concern", "alliance_drop")}


def grouped(responses: Sequence[Response], key) -> list[tuple[tuple, list[Response]]]:
    groups: dict[tuple, list[Response]] = defaultdict(list)
    for response in responses:
        groups[key(response)].append(response)
    return list(groups.items())


def rounded(rated: Sequence[Response]) -> Decimal:
    return four([r.score for r in rated])


def four(values: Sequence[Decimal]) -> Decimal:
    """The mean with four decimals, half away from zero."""
    exact = Fraction(sum(values)) / len(values) * 10000
    whole, rest = divmod(abs(exact), 1)
    size = Decimal(int(whole) + (rest >= Fraction(1, 2))) / 10000
    return size if exact >= 0 else -size
