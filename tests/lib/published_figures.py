"""Synthetic figures of a service: how each is made, and seeded numbers, rounded and hidden by the published rules."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


@dataclass(frozen=True)
class Spec:
    """How a synthetic figure is made: cases a month in the whole site, and its level."""

    figure: str
    theme: str
    title: str
    kind: str
    unit: str
    cases: int
    level: float = 1.0
    numerator: str = "those counted"
    denominator: str = ""
    dated_by: str = "the day it happened"
    keys: tuple[tuple[str, str, float], ...] = (("", "", 0.0),)
    definition: str = "standard"


SPECS = (
    Spec(
        "referrals_received",
        "engagement",
        "Referrals received",
        "count",
        "referrals",
        190,
        numerator="Referrals received",
        dated_by="Date received",
    ),
    Spec(
        "clients_seen",
        "engagement",
        "Clients seen",
        "count",
        "clients",
        420,
        numerator="Clients with at least one attended contact",
        dated_by="Date of the contact",
    ),
    Spec(
        "appointments_held",
        "engagement",
        "Appointments held",
        "count",
        "appointments",
        900,
        numerator="Contacts attended or attended late",
        dated_by="Date of the contact",
    ),
    Spec(
        "attendance_rate",
        "engagement",
        "Attendance",
        "rate",
        "%",
        1150,
        0.78,
        "Contacts attended or attended late",
        "Contacts attended, attended late, missed, or too late to be seen",
        "Date of the contact",
    ),
    Spec(
        "dna_rate",
        "engagement",
        "Did not attend",
        "rate",
        "%",
        1300,
        0.11,
        "Contacts missed without notice",
        "All contacts due, cancelled ones included",
        "Date of the contact",
        definition="nhs_pdt",
    ),
    Spec(
        "dropout_rate",
        "engagement",
        "Dropout",
        "rate",
        "%",
        120,
        0.23,
        "Treatments ended by the client unagreed",
        "Referrals ended after at least one attended treatment contact",
        "Date the referral ended",
    ),
    Spec(
        "questionnaire_completion_rate",
        "engagement",
        "Questionnaires completed",
        "rate",
        "%",
        880,
        0.7,
        "Questionnaires completed of those due",
        "Questionnaires due",
        "Date of the contact",
        (("phq_9", "", 0.12), ("gad_7", "", 0.1), ("wai_sr", "", -0.15), ("srs", "", -0.3)),
    ),
    Spec(
        "alliance_mean",
        "alliance",
        "Alliance",
        "mean",
        "points",
        300,
        1.0,
        "Sum of scores",
        "Questionnaires with a score",
        "Date completed",
        (
            ("wai_sr", "total", 46.0),
            ("wai_sr", "goal", 15.1),
            ("wai_sr", "task", 14.6),
            ("wai_sr", "bond", 16.4),
            ("srs", "total", 34.8),
        ),
    ),
    Spec(
        "alliance_mean",
        "alliance",
        "Alliance, rated by therapist",
        "mean",
        "points",
        220,
        1.0,
        "Sum of scores",
        "Questionnaires with a score",
        "Date completed",
        (
            ("wai_36", "total", 190.0),
            ("wai_36", "goal", 62.0),
            ("wai_36", "task", 61.5),
            ("wai_36", "bond", 66.5),
        ),
        "therapist_rated",
    ),
    Spec(
        "alliance_mean",
        "alliance",
        "Alliance, rated by observer",
        "mean",
        "points",
        0,
        definition="observer_rated",
    ),
    Spec(
        "finished_course",
        "outcome",
        "Finished a course of treatment",
        "count",
        "clients",
        95,
        numerator="Referrals ended after two or more attended treatment contacts",
        dated_by="Date the referral ended",
    ),
    Spec(
        "paired_outcome_rate",
        "outcome",
        "Paired outcomes",
        "rate",
        "%",
        95,
        0.94,
        "Finished courses with a first and a last valid PHQ-9 and GAD-7",
        "Finished courses",
        "Date the referral ended",
    ),
    Spec(
        "recovery_rate",
        "outcome",
        "Recovery",
        "rate",
        "%",
        84,
        0.49,
        "Those moved to below caseness",
        "Finished courses at caseness at the start",
        "Date the referral ended",
    ),
    Spec(
        "reliable_improvement_rate",
        "outcome",
        "Reliable improvement",
        "rate",
        "%",
        95,
        0.67,
        "Those better by more than measurement error, and no measure worse",
        "Finished courses",
        "Date the referral ended",
    ),
    Spec(
        "reliable_recovery_rate",
        "outcome",
        "Reliable recovery",
        "rate",
        "%",
        84,
        0.46,
        "Those recovered and reliably improved",
        "Finished courses at caseness at the start",
        "Date the referral ended",
    ),
    Spec(
        "reliable_deterioration_rate",
        "outcome",
        "Reliable deterioration",
        "rate",
        "%",
        95,
        0.06,
        "Those worse by more than measurement error on a measure",
        "Finished courses",
        "Date the referral ended",
    ),
)


BY_SESSION = Spec(
    "alliance_by_session",
    "alliance",
    "Alliance by session",
    "mean",
    "points",
    800,
    1.0,
    "Sum of scores",
    "Questionnaires with a score",
    "Session number",
    SPECS[7].keys,
)


NEEDS_REFERRALS = ("referrals_received", "dropout_rate")


def disclosed(rng: random.Random, spec: Spec, shift: float, share: float, service: str) -> tuple[Any, ...]:
    """numerator, denominator, value, unit, n, state; and the effect bounds of rates that are shown."""
    row = numbers(rng, spec, shift, share, service)
    if spec.kind != "rate" or row[2] is None:
        return (*row, None, None, None)
    return (*row, *bounds(row[0], row[1], held=5 * (row[1] // 400)))


def bounds(part: int, whole: int, held: int) -> tuple[int | None, ...]:
    """Cases that held records could touch, and the range of a published rate."""
    if held == 0:
        return held, None, None
    low = 100 * max(part - held - 2, 0) // (whole + 5)
    high = -(-100 * min(part + held + 2, whole - 5) // (whole - 5))
    return held, low, high


def numbers(rng: random.Random, spec: Spec, shift: float, share: float, service: str) -> tuple[Any, ...]:
    nothing = (None, None, None, spec.unit, None)
    if service == "young" and spec.figure in NEEDS_REFERRALS:
        return (*nothing, "not_applicable")
    cases = max(0, round(spec.cases * share * rng.uniform(0.88, 1.12)))
    if spec.cases == 0:
        return (*nothing, "not_applicable")
    if cases == 0 and spec.kind != "count":
        return (*nothing, "no_data")
    if spec.kind == "mean":
        return mean_row(rng, spec, shift, cases)
    if spec.kind == "count":
        if 0 < cases < 5:
            return (*nothing, "suppressed")
        return rounded(cases), None, rounded(cases), spec.unit, rounded(cases), "value" if cases else "zero"
    part = round(cases * min(0.99, max(0.0, rng.gauss(spec.level + shift, 0.25 / cases**0.5))))
    if cases < 20 or 0 < part < 5 or 0 < cases - part < 5:
        return (*nothing, "suppressed")
    top, bottom = rounded(part), rounded(cases)
    value = (Decimal(100) * top / bottom).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return top, bottom, value, spec.unit, bottom, "value" if part else "zero"


def mean_row(rng: random.Random, spec: Spec, level: float, cases: int) -> tuple[Any, ...]:
    if cases < 10:
        return None, None, None, spec.unit, None, "suppressed"
    value = Decimal(str(round(rng.gauss(level, 0.09 * level / cases**0.5 + 0.05), 1)))
    return None, rounded(cases), value, spec.unit, rounded(cases), "value"


def rounded(count: int) -> int:
    return (count + 2) // 5 * 5
