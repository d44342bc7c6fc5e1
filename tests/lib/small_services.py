"""Made-up services of many shapes, and the exact rows of some figures of each, for trials of disclosure.

Everything is drawn person by person and contact by contact, so that every figure fits every other as in a real
warehouse: treated are among the ended, a rolling year is the sum of its months, a client is seen once in a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import numpy as np

from schemas import quantities
from tests.lib.service_shape import Shape, calendar, first_day, month_number, shape, units
from tests.lib.statements import Layout, Period, Row
from tests.lib.statements import layout as layout_of

INSTRUMENT, SCALE = "phq_9", "total"
# figure, definition, needs, instrument and scale, numerator, denominator: names of what is drawn, below.
FIGURES = tuple(
    tuple(line.split())
    for line in """
    referrals_received standard referrals - received -
    referrals_ended standard referrals,contacts - ended -
    open_referrals standard referrals - open -
    open_without_activity_rate standard referrals,contacts - inactive in_treatment
    ended_before_treatment_rate standard referrals,contacts - untreated ended
    one_session_rate standard referrals,contacts - one_session ended
    one_session_rate of_treated referrals,contacts - one_session treated
    finished_course_rate standard referrals,contacts - finished ended
    finished_course_rate of_treated referrals,contacts - finished treated
    treatment_contacts_mean standard referrals,contacts - treatment_contacts finished
    dropout_rate standard referrals,contacts - dropped_out treated
    dropout_rate of_finished referrals,contacts - finished_dropped_out finished
    planned_ending_rate standard referrals,contacts - completed treated
    entered_treatment standard referrals,contacts - entered -
    wait_days_mean standard referrals,contacts - wait_days entered
    wait_6_weeks_rate at_first_treatment referrals,contacts - within_6_weeks entered
    appointments_held standard contacts - held -
    clients_seen standard contacts - clients -
    attendance_rate standard contacts - held expected
    attendance_rate of_booked contacts - held contacts
    dna_rate nhs_pdt contacts - not_attended contacts
    dna_rate of_expected contacts - not_attended expected
    cancelled_by_client_rate standard contacts - cancelled_by_client contacts
    cancelled_by_provider_rate standard contacts - cancelled_by_provider contacts
    questionnaires_due standard contacts,due phq_9, due -
    questionnaires_completed standard contacts,due phq_9, returned -
    questionnaire_completion_rate standard contacts,due phq_9, returned due
    questionnaire_completion_by_session standard contacts,due phq_9, returned_at due_at
    finished_course standard referrals,contacts - finished -
    paired_outcomes standard referrals,contacts,outcomes - paired -
    paired_outcome_rate standard referrals,contacts,outcomes - paired finished
    reliable_improvement_rate standard referrals,contacts,outcomes - improved finished
    reliable_improvement_rate completers referrals,contacts,outcomes - improved paired
    reliable_improvement_rate intention_to_treat referrals,contacts,outcomes - treated_improved treated
    reliable_deterioration_rate completers referrals,contacts,outcomes - deteriorated paired
    recovery_rate standard referrals,contacts,outcomes - recovered eligible
    recovery_rate completers referrals,contacts,outcomes - recovered at_caseness
    recovery_rate intention_to_treat referrals,contacts,outcomes - treated_recovered treated_eligible
    reliable_recovery_rate standard referrals,contacts,outcomes - reliably_recovered eligible
    outcome_mean_first standard referrals,contacts,outcomes phq_9,total first_total pairs
    outcome_mean_last standard referrals,contacts,outcomes phq_9,total last_total pairs
    outcome_mean_change standard referrals,contacts,outcomes phq_9,total change_total pairs
    days_between_scores_mean standard referrals,contacts,outcomes phq_9,total days pairs
    instrument_paired_rate standard referrals,contacts,outcomes phq_9,total pairs finished
    instrument_improved_rate standard referrals,contacts,outcomes phq_9,total pairs_improved pairs
    instrument_unchanged_rate standard referrals,contacts,outcomes phq_9,total pairs_unchanged pairs
    instrument_deteriorated_rate standard referrals,contacts,outcomes phq_9,total pairs_deteriorated pairs
    cutoff_crossed_rate standard referrals,contacts,outcomes phq_9,total crossed clinical
    instrument_recovered_rate standard referrals,contacts,outcomes phq_9,total pairs_recovered clinical
    """.strip().splitlines()
)
SESSIONS = frozenset({"questionnaire_completion_by_session"})
STOCKS = frozenset({"open_referrals", "open_without_activity_rate"})
HANDFUL = tuple(dict.fromkeys((figure, definition) for figure, definition, *_ in FIGURES))
"""Definitions of which a service has rows, in the order of the rows."""
NOT_HELD = ("not_attended", "late_not_seen", "cancelled_by_client", "cancelled_by_provider", "booked")
HELD = len(NOT_HELD)
LAST_SESSION = 12


@dataclass(frozen=True)
class People:
    """Referrals and contacts, a value each by name; scores and pairs of two instruments, depression first.

    before: last scores as they stood until the month they are corrected in.
    """

    referrals: dict[str, np.ndarray]
    contacts: dict[str, np.ndarray]
    first: np.ndarray
    last: np.ndarray
    before: np.ndarray
    pair: np.ndarray
    with_first: np.ndarray


@dataclass(frozen=True)
class Service:
    """A service with its exact rows; drawn: name -> count by clinic and month (by clinic and session)."""

    shape: Shape
    drawn: dict[str, np.ndarray]
    client_months: list[np.ndarray]

    @property
    def clinics(self) -> dict[str, str]:
        return self.shape.clinics

    @cached_property
    def periods(self) -> dict[tuple[str, str], Period]:
        return {key: Period(p.scaffold, p.first, p.last) for key, p in calendar(self.shape).items()}

    @cached_property
    def rows(self) -> list[Row]:
        """Exact rows in the form of mart_figure."""
        return _rows(self)

    @property
    def figures(self) -> frozenset[tuple[str, str]]:
        return self.shape.figures or frozenset(HANDFUL)

    @cached_property
    def known(self) -> Layout:
        return layout_of(self.rows, self.periods, self.clinics, quantities.load())


def small_service(seed: int, most_clinics: int = 8, most_months: int = 30) -> Service:
    one = shape(seed, most_clinics, most_months)
    return counted(one, people(one, seed))


def given(
    counts: Mapping[str, Sequence[Sequence[int]]],
    figures: Iterable[tuple[str, str]],
    services: str = "s1",
    lacks: Iterable[tuple[str, str]] = (),
    client_months: Sequence[Sequence[int]] = (),
) -> Service:
    """A service whose counts are these, by name, clinic and month from January 2024.

    services: of the clinics, one after the other, from the first on again
    client_months: of each clinic, for each client, the months seen in, as a set of bits
    """
    drawn = {name: np.array(table) for name, table in counts.items()}
    size = next(iter(drawn.values())).shape
    in_turn = services.split()
    clinics = {f"c{n + 1}": in_turn[n % len(in_turn)] for n in range(size[0])}
    first = month_number(date(2024, 1, 1))
    as_of = first_day(first + size[1]) - timedelta(days=1)
    shape = Shape(clinics, first, as_of, np.zeros(size), frozenset(lacks), frozenset(figures))
    return Service(shape, drawn, [np.array(seen, dtype=np.int64) for seen in client_months])


def successive(seed: int, most_clinics: int = 3, months: int = 30) -> Iterator[Service]:
    """One service as known at the end of each month: records come late, scores are corrected later."""
    full = shape(seed, most_clinics, months)
    first = full.first_month
    full = replace(full, monthly=np.resize(full.monthly, (len(full.clinics), months)))
    everyone = people(full, seed, late=True)
    for number in range(1, months + 1):
        as_of = first_day(first + number) - timedelta(days=1)
        yield counted(replace(full, as_of=as_of, monthly=full.monthly[:, :number]), everyone)


def people(shape: Shape, seed: int, late: bool = False) -> People:
    """Referrals and contacts of a shape, drawn by this number; late: a fifth is recorded up to four months on."""
    draw = np.random.default_rng([seed, 1])
    received = draw.poisson(shape.monthly)
    clinic, month = (np.repeat(at, received.ravel()) for at in map(np.ravel, np.indices(received.shape)))
    n = len(clinic)
    ended_in = month + draw.geometric(0.3, n) - 1
    first = draw.integers(0, 28, (2, n))
    last = np.clip(first - draw.integers(-6, 16, (2, n)), 0, 27)
    treatments = np.where(draw.random(n) < 0.25, 0, draw.geometric(0.3, n))
    lag = np.where(draw.random(n) < 0.2, draw.integers(1, 5, n), 0) if late else np.zeros(n, dtype=int)
    corrected_in = np.where(draw.random(n) < 0.1, ended_in + draw.integers(1, 6, n), -1) if late else lag - 1
    referrals = {
        "clinic": clinic, "month": month, "ended_in": ended_in, "treatments": treatments, "lag": lag,
        "entered_in": np.minimum(month + draw.integers(0, 3, n), ended_in), "days": draw.integers(7, 200, n),
        "wait": draw.integers(0, 100, n), "ending": draw.choice(3, n, p=[0.3, 0.5, 0.2]),
        "corrected_in": corrected_in,
    }  # fmt: skip
    pair = (draw.random((2, n)) < 0.8) & (treatments >= 1)
    with_first = pair | (draw.random((2, n)) < 0.5)
    before = np.clip(last + draw.integers(-8, 9, (2, n)), 0, 27)
    return People(referrals, _contacts(draw, referrals), first, last, before, pair, with_first)


def _contacts(draw: np.random.Generator, referrals: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Treatments from entering to ending, an assessment of most, and what was booked and not held."""
    treatments = referrals["treatments"]
    n = len(treatments)
    assessed = draw.random(n) < 0.7
    number = treatments + assessed + draw.binomial(treatments + 1, 0.3)
    who = np.repeat(np.arange(n), number)
    at = np.arange(len(who)) - np.repeat(np.cumsum(number) - number, number)
    is_treatment = at < treatments[who]
    held = at < (treatments + assessed)[who]
    span = referrals["ended_in"] - referrals["entered_in"]
    when = referrals["entered_in"][who] + np.where(
        at == 0, 0, (draw.random(len(who)) * (span[who] + 1)).astype(int)
    )
    status = np.where(held, HELD, draw.choice(len(NOT_HELD), len(who), p=[0.45, 0.1, 0.3, 0.1, 0.05]))
    due = held & (draw.random(len(who)) < 0.9)
    return {
        "who": who, "month": when, "status": status, "session": at + 1, "due": due,
        "entered": is_treatment & (at == 0), "returned": due & (draw.random(len(who)) < 0.7),
    }  # fmt: skip


def counted(shape: Shape, everyone: People) -> Service:
    """What is known of these people at the end of the shape's last month."""
    drawn = _of_referrals(shape, everyone) | _of_contacts(shape, everyone)
    drawn["open"] = np.cumsum(drawn["received"] - drawn["ended"], axis=1)
    drawn["in_treatment"] = np.cumsum(drawn["entered"] - drawn["treated"], axis=1)
    drawn["inactive"] = drawn["in_treatment"] * 7 // 20
    return Service(shape, drawn, _client_months(shape, everyone))


def _tally(
    shape: Shape,
    kept: np.ndarray,
    clinic: np.ndarray,
    slot: np.ndarray,
    weight: np.ndarray | int = 1,
    slots: int = 0,
):
    total = np.zeros((len(shape.clinics), slots or shape.monthly.shape[1]), dtype=int)
    weights = np.broadcast_to(weight, kept.shape)
    np.add.at(total, (clinic[kept], slot[kept]), weights[kept])
    return total


def _of_referrals(shape: Shape, everyone: People) -> dict[str, np.ndarray]:
    who, last_month = everyone.referrals, shape.monthly.shape[1] - 1
    last = np.where(who["corrected_in"] > last_month, everyone.before, everyone.last)
    first, pair = everyone.first, everyone.pair
    case, case_last = (first.T >= [10, 8]).T, (last.T >= [10, 8]).T
    better, worse = (first - last).T >= [6, 4], (last - first).T >= [6, 4]
    both = pair.all(axis=0)
    below = everyone.with_first.all(axis=0) & ~case.any(axis=0)
    improved = both & better.any(axis=1) & ~worse.any(axis=1)
    deteriorated = both & worse.any(axis=1) & ~better.any(axis=1)
    recovered = both & case.any(axis=0) & ~case_last.any(axis=0)
    treated, finished = who["treatments"] >= 1, who["treatments"] >= 2
    pairs = finished & pair[0]
    clinical = pairs & case[0]
    crossed = clinical & ~case_last[0]
    of_ended = {
        "ended": True, "untreated": ~treated, "treated": treated, "one_session": treated & ~finished,
        "finished": finished, "dropped_out": treated & (who["ending"] == 0),
        "completed": treated & (who["ending"] == 1), "finished_dropped_out": finished & (who["ending"] == 0),
        "paired": finished & both, "eligible": finished & ~below, "at_caseness": finished & both & ~below,
        "improved": finished & improved, "deteriorated": finished & deteriorated,
        "recovered": finished & recovered, "reliably_recovered": finished & recovered & improved,
        "treated_improved": treated & improved, "treated_recovered": treated & recovered,
        "treated_eligible": treated & ~below, "pairs": pairs, "clinical": clinical, "crossed": crossed,
        "pairs_improved": pairs & better[:, 0], "pairs_deteriorated": pairs & worse[:, 0],
        "pairs_unchanged": pairs & ~better[:, 0] & ~worse[:, 0], "pairs_recovered": crossed & better[:, 0],
    }  # fmt: skip
    sums = {
        "treatment_contacts": (finished, who["treatments"]), "first_total": (pairs, first[0]),
        "last_total": (pairs, last[0]), "change_total": (pairs, (last - first)[0]), "days": (pairs, who["days"]),
    }  # fmt: skip

    def tally(kept, month, weight=1):
        known = month + who["lag"] <= last_month
        return _tally(shape, known & kept, who["clinic"], month, weight)

    return {
        "received": tally(True, who["month"]),
        **{name: tally(kept, who["ended_in"]) for name, kept in of_ended.items()},
        **{name: tally(kept, who["ended_in"], weight) for name, (kept, weight) in sums.items()},
    }


def _of_contacts(shape: Shape, everyone: People) -> dict[str, np.ndarray]:
    contact, status = everyone.contacts, everyone.contacts["status"]
    of, month = contact["who"], contact["month"]
    clinic, wait = everyone.referrals["clinic"][of], everyone.referrals["wait"][of]
    known = month + everyone.referrals["lag"][of] < shape.monthly.shape[1]

    def tally(kept, weight=1):
        return _tally(shape, known & kept, clinic, month, weight)

    def at_session(kept):
        early = contact["session"] <= LAST_SESSION
        return _tally(shape, known & kept & early, clinic, contact["session"] - 1, slots=LAST_SESSION)

    named = {name: tally(status == number) for number, name in enumerate(NOT_HELD)}
    held = tally(status == HELD)
    return {
        **named,
        "held": held,
        "expected": held + named["not_attended"] + named["late_not_seen"],
        "contacts": tally(True),
        "entered": tally(contact["entered"]),
        "within_6_weeks": tally(contact["entered"] & (wait <= 42)),
        "wait_days": tally(contact["entered"], wait),
        "due": tally(contact["due"]),
        "returned": tally(contact["returned"]),
        "due_at": at_session(contact["due"]),
        "returned_at": at_session(contact["returned"]),
    }


def _client_months(shape: Shape, everyone: People) -> list[np.ndarray]:
    """For each clinic the months each client was seen in, as a set of bits; every third client comes twice."""
    contact = everyone.contacts
    of, month = contact["who"], contact["month"]
    known = (contact["status"] == HELD) & (month + everyone.referrals["lag"][of] < shape.monthly.shape[1])
    clinic = everyone.referrals["clinic"]
    bits = np.zeros(len(clinic), dtype=np.int64)
    np.bitwise_or.at(bits, of[known] - np.where(_returns(clinic, of[known]), 1, 0), 1 << month[known])
    return [bits[clinic == number] for number in range(len(shape.clinics))]


def _returns(clinic: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Whether a referral is of the same client as the one before it, in the same clinic."""
    return (of % 3 == 2) & (clinic[of] == clinic[of - 1])


def _rows(made: Service) -> list[Row]:
    shape, rows = made.shape, []
    first, last = shape.first_month, month_number(shape.as_of)
    periods = calendar(shape)
    for figure, definition, needs, series, numerator, denominator in FIGURES:
        if shape.figures and (figure, definition) not in shape.figures:
            continue
        instrument, _, scale = series.strip("-").partition(",")
        applies = [not any((c, group) in shape.lacks for group in needs.split(",")) for c in shape.clinics]
        for service, clinic, members in units(shape):
            chosen = [n for n in members if applies[n]]
            for (grain, period), span in periods.items():
                if (span.scaffold == "session") != (figure in SESSIONS):
                    continue
                start, stop = (1, 12) if figure in SESSIONS else (first, last)
                window = slice(max(span.first, start) - start, min(span.last, stop) - start + 1)
                if figure in STOCKS:
                    window = slice(window.stop - 1, window.stop)
                key: Row = {
                    "figure": figure, "definition": definition, "service": service, "clinic": clinic,
                    "grain": grain, "period": period, "instrument": instrument, "scale": scale,
                }  # fmt: skip
                rows.append(_row(key, made, chosen, numerator, denominator, window))
    return rows


def _row(key: Row, made: Service, chosen: list[int], numerator: str, denominator: str, window: slice) -> Row:
    if not chosen:
        empty = dict.fromkeys(("numerator", "denominator", "value", "n"))
        return {**key, **empty, "unit": "", "state": "not_applicable"}
    if numerator == "clients":
        bits = sum(1 << month for month in range(window.start, window.stop))
        part = sum(int(np.count_nonzero(made.client_months[n] & bits)) for n in chosen)
    else:
        part = int(made.drawn[numerator][chosen, window].sum())
    whole = None if denominator == "-" else int(made.drawn[denominator][chosen, window].sum())
    kind = (
        "count"
        if whole is None
        else "mean"
        if key["figure"].endswith("_mean") or "_mean_" in key["figure"]
        else "rate"
    )
    value = Decimal(part) if whole is None else _ratio(part, whole, 100 if kind == "rate" else 1)
    state = "no_data" if whole == 0 else "zero" if part == 0 and kind != "mean" else "value"
    n = part if whole is None else whole
    return {
        **key,
        "numerator": Decimal(part),
        "denominator": whole,
        "value": value,
        "n": n,
        "unit": "",
        "state": state,
    }


def _ratio(part: int, whole: int, factor: int) -> Decimal | None:
    if whole == 0:
        return None
    return (Decimal(factor * part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)
