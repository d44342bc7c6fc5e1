"""Figures of outcome once more, in plain Python: two measures, and change by instrument and criterion."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from schemas.instrument import Instrument
from tests.lib.plain_episodes import OUTCOME, Episode, Event, Records, Response, day, moment
from tests.lib.small_warehouse import instruments

CASENESS = {"phq_9": 10, "gad_7": 8}
RELIABLE = {"phq_9": 6, "gad_7": 4}
NHS = "nhs_talking_therapies"
DEFINITIONS = ("standard", "jacobson_truax", "own_baseline")


@dataclass(frozen=True)
class Threshold:
    instrument: str
    kind: str
    name: str
    value: Decimal
    on: bool
    evidence: str
    sd: Decimal | None
    reliability: Decimal | None


@dataclass(frozen=True)
class Criterion:
    """How large a change must be. strict: larger, not just as large."""

    value: Decimal
    strict: bool

    def met(self, improvement: Decimal) -> bool:
        return improvement > self.value if self.strict else improvement >= self.value


class Criteria:
    """Cut-offs and criteria of the outcome instruments of a site; none has one that is better when higher."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.cards = {card.id: card for card in instruments() if card.id in OUTCOME}
        self.thresholds = [*self._on_cards(), *self._of_site()]
        self.cut_off = {name: self._first(name, "caseness") for name in OUTCOME}
        self.of: dict[tuple[str, str], Criterion] = {}
        for name in OUTCOME:
            standard = self._first(name, "reliable_change")
            sourced = [
                t for t in self.thresholds
                if t.instrument == name and t.kind == "reliable_change" and t.sd and t.reliability
                and t.evidence in ("verified", "derived")
            ]  # fmt: skip
            if standard is not None:
                self.of[name, "standard"] = Criterion(standard, False)
            if sourced:
                best = min(sourced, key=lambda t: t.name)
                self.of[name, "jacobson_truax"] = Criterion(rci(best.sd, best.reliability), True)
            own = own_baseline(self.cards[name], records)
            if own and own[0] > 0 and own[1] > 0:
                self.of[name, "own_baseline"] = Criterion(rci(*own), True)

    def _on_cards(self) -> Iterator[Threshold]:
        for card in self.cards.values():
            for t in card.thresholds:
                if t.scale == card.outcome_scale:
                    sd, reliability = getattr(t, "sd", None), getattr(t, "reliability", None)
                    yield Threshold(card.id, t.kind, t.name, t.value, t.on, t.evidence, sd, reliability)

    def _of_site(self) -> Iterator[Threshold]:
        for row in self.records.site.thresholds:
            sd, reliability = (
                Decimal(row[part]) if row.get(part) else None for part in ("sd", "reliability")
            )
            yield Threshold(
                row["instrument"], row["kind"], row["name"], Decimal(row["value"]), row["is_on"] == "true",
                row["evidence"], sd, reliability,
            )  # fmt: skip

    def _first(self, instrument: str, kind: str) -> Decimal | None:
        found = [t for t in self.thresholds if (t.instrument, t.kind, t.on) == (instrument, kind, True)]
        return min(found, key=lambda t: t.name).value if found else None

    def nhs(self, instrument: str, kind: str) -> Decimal | None:
        return next(
            (t.value for t in self.thresholds
             if (t.instrument, t.kind, t.name, t.on) == (instrument, kind, NHS, True)),
            None,
        )  # fmt: skip


def rci(sd: Decimal, reliability: Decimal) -> Decimal:
    with localcontext(prec=60):
        exact = Decimal("1.96") * Decimal(2).sqrt() * sd * (1 - reliability).sqrt()
        return rounded(exact)


def rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def own_baseline(card: Instrument, records: Records) -> tuple[Decimal, Decimal] | None:
    """SD and Cronbach's alpha of the first complete forms, of those that fall into the declared window."""
    start, end = day(records.site.rules.baseline_from), day(records.site.rules.baseline_to)
    if not start or not end or end >= records.as_of:
        return None
    first: dict[tuple[str, str], Response] = {}
    for response in sorted(
        records.responses, key=lambda r: (r.completed_at or moment("9999-01-01"), r.number)
    ):
        if (
            (response.instrument, response.rater) == (card.id, "client")
            and response.score is not None
            and response.row.get("status", "scored") == "scored"
            and response.completed_at
        ):
            first.setdefault((response.row["clinic"], response.row["client"]), response)
    first = {client: one for client, one in first.items() if start <= one.completed_at.date() <= end}
    if len(first) < 30:
        return None
    scores = [Fraction(response.score) for response in first.values()]
    forms = [keyed(card, response) for response in first.values()]
    k, parts = card.n_items, sum(map(statistics.variance, zip(*forms, strict=True)))
    alpha = Fraction(k, k - 1) * (1 - parts / statistics.variance([sum(form) for form in forms]))
    with localcontext(prec=60):
        variance = statistics.variance(scores)
        sd = (Decimal(variance.numerator) / variance.denominator).sqrt()
        return rounded(sd), rounded(Decimal(alpha.numerator) / alpha.denominator)


def keyed(card: Instrument, response: Response) -> list[Fraction]:
    answers = map(int, response.row["answers"].split())
    ends = card.response.min + card.response.max
    return [Fraction(ends - a if n in card.reverse else a) for n, a in enumerate(answers, 1)]


def outcome(records: Records) -> Iterator[Event]:
    criteria = Criteria(records)
    for episode in records.episodes():
        if episode.referral and episode.ended_on and episode.dose >= 1:
            yield from of_two_measures(episode, criteria)
            if episode.dose >= 2:
                yield Event(("finished_course", "standard", "", ""), episode.clinic, episode.ended_on, 1)
                for instrument in OUTCOME:
                    yield from of_instrument(episode, instrument, criteria)


def anxiety_measure(episode: Episode, criteria: Criteria) -> str:
    problem = episode.referral.get("problem")
    for name, problems in sorted(criteria.records.site.measure_for.items()):
        pair = episode.pair(name)
        known = (
            criteria.nhs(name, "caseness") is not None and criteria.nhs(name, "reliable_change") is not None
        )
        if problem and problem in problems.replace(",", " ").split() and known and pair and pair[2]:
            return name
    return "gad_7"


def of_two_measures(episode: Episode, criteria: Criteria) -> Iterator[Event]:
    names = ("phq_9", anxiety_measure(episode, criteria))
    cut = {n: CASENESS.get(n) or criteria.nhs(n, "caseness") for n in names}
    least = {n: RELIABLE.get(n) or criteria.nhs(n, "reliable_change") for n in names}
    pairs = {name: episode.pair(name) for name in names}
    known = [name for name, pair in pairs.items() if pair]
    paired = len(known) == 2 and all(pairs[name][2] for name in known)
    below_first = len(known) == 2 and all(pairs[n][0] < cut[n] for n in known)
    up = paired and any(pairs[n][0] - pairs[n][1] >= least[n] for n in known)
    down = paired and any(pairs[n][1] - pairs[n][0] >= least[n] for n in known)
    recovered = paired and not below_first and all(pairs[n][1] < cut[n] for n in known)
    better, worse, finished = up and not down, down and not up, episode.dose >= 2

    def event(figure: str, made: str, numerator: bool, denominator: int | None = 1) -> Event:
        return Event((figure, made, "", ""), episode.clinic, episode.ended_on, int(numerator), denominator)

    if finished:
        yield event("paired_outcomes", "standard", paired, None)
        yield event("paired_outcome_rate", "standard", paired)
    for made, counted in (
        ("standard", finished),
        ("completers", finished and paired),
        ("intention_to_treat", True),
    ):
        if counted:
            yield event("reliable_improvement_rate", made, better)
            yield event("reliable_deterioration_rate", made, worse)
        if counted and not below_first:
            yield event("recovery_rate", made, recovered)
            yield event("reliable_recovery_rate", made, recovered and better)


def of_instrument(episode: Episode, instrument: str, criteria: Criteria) -> Iterator[Event]:
    def event(figure: str, made: str, numerator: Decimal | int) -> Event:
        return Event((figure, made, instrument, "total"), episode.clinic, episode.ended_on, numerator, 1)

    pair = episode.pair(instrument)
    yield event("instrument_paired_rate", "standard", int(bool(pair and pair[2])))
    if not pair or not pair[2]:
        return
    first, last, _ = pair
    valid = episode.valid(instrument)
    for part, total in (("first", first), ("last", last), ("change", last - first)):
        yield event(f"outcome_mean_{part}", "standard", total)
    yield event(
        "days_between_scores_mean", "standard", days(valid[-1]).toordinal() - days(valid[0]).toordinal()
    )
    yield event("scores_per_course_mean", "standard", len(valid))
    if first > 0:
        yield event("percent_change_mean", "standard", rounded(100 * (first - last) / first))
    cut_off = criteria.cut_off[instrument]
    clinical, crossed = first >= cut_off, first >= cut_off > last
    if clinical:
        yield event("cutoff_crossed_rate", "standard", int(crossed))
    for made in DEFINITIONS:
        criterion = criteria.of.get((instrument, made))
        if criterion:
            improved, deteriorated = criterion.met(first - last), criterion.met(last - first)
            yield event("instrument_improved_rate", made, int(improved))
            yield event("instrument_deteriorated_rate", made, int(deteriorated))
            yield event("instrument_unchanged_rate", made, int(not improved and not deteriorated))
            if clinical:
                yield event("instrument_recovered_rate", made, int(improved and crossed))


def days(response: Response) -> date:
    return response.completed_at.date()
