"""The shape of a made-up service: its clinics, months and calendar, what a clinic lacks, how much there is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

SHAPES = (
    "dense", "sparse", "skewed", "one_tiny_clinic", "clinic_per_service", "zero_heavy", "seasonal", "growing",
)  # fmt: skip
GROUPS = ("referrals", "contacts", "outcomes", "due")
"""What a clinic may lack: then its figures are not applicable there."""


@dataclass(frozen=True)
class Shape:
    """clinics: clinic -> service. monthly: referrals a month, expected, by clinic and month. lacks: (clinic, group).
    figures: (figure, definition) of those that are given; all where none is named"""

    clinics: dict[str, str]
    first_month: int
    as_of: date
    monthly: np.ndarray
    lacks: frozenset[tuple[str, str]] = frozenset()
    figures: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class CalendarPeriod:
    scaffold: str
    first: int
    last: int
    first_day: date | None
    last_day: date | None
    closed: bool


def month_number(day: date) -> int:
    return 12 * day.year + day.month - 1


def first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def calendar(shape: Shape) -> dict[tuple[str, str], CalendarPeriod]:
    """The periods that mart_period would have."""
    first, last = shape.first_month, month_number(shape.as_of)
    months = range(first, last + 1)
    spans = [
        *(("month", n, n) for n in months),
        *(("quarter", n, n + 2) for n in sorted({n - n % 3 for n in months})),
        *(("year", n, n + 11) for n in sorted({n - n % 12 for n in months})),
        *(("rolling_12_months", n - 11, n) for n in months),
        ("all", first, last),
    ]
    found = {}
    for grain, start, stop in spans:
        end = shape.as_of if grain == "all" else first_day(stop + 1) - timedelta(days=1)
        key = grain, _period(grain, start, stop)
        found[key] = CalendarPeriod("period", start, stop, first_day(start), end, end <= shape.as_of)
    for n in range(1, 13):
        found["session", str(n)] = CalendarPeriod("session", n, n, None, None, True)
    return found


def _period(grain: str, start: int, stop: int) -> str:
    if grain == "quarter":
        return f"{start // 12}-Q{start % 12 // 3 + 1}"
    if grain in ("year", "all"):
        return str(start // 12) if grain == "year" else "all"
    return f"{stop // 12}-{stop % 12 + 1:02}"


def shape(seed: int, most_clinics: int = 8, most_months: int = 30) -> Shape:
    """The shape of this number: kinds take turns, sizes are drawn, small ones more often."""
    draw = np.random.default_rng(seed)
    kind = SHAPES[seed % len(SHAPES)]
    n_clinics = 1 + int((most_clinics) * draw.random() ** 2.5)
    n_months = 3 + int((most_months - 2) * draw.random() ** 2.5)
    n_services = n_clinics if kind == "clinic_per_service" else 1 + int(min(3, n_clinics) * draw.random())
    clinics = {f"c{n + 1}": f"s{n % n_services + 1}" for n in range(n_clinics)}
    first = month_number(date(2023, 1, 1)) + int(draw.integers(12))
    as_of = first_day(first + n_months) - timedelta(days=1)
    if draw.random() < 0.3:
        as_of = as_of.replace(day=15)
    monthly = _monthly(kind, draw, n_clinics, n_months)
    lacks = frozenset((c, str(draw.choice(GROUPS))) for c in clinics if draw.random() < 0.08)
    return Shape(clinics, first, as_of, monthly, lacks)


def _monthly(kind: str, draw: np.random.Generator, n_clinics: int, n_months: int) -> np.ndarray:
    size = {"sparse": 2.0, "zero_heavy": 1.0, "dense": 40.0}.get(kind, 12.0)
    by_clinic = size * draw.uniform(0.6, 1.4, n_clinics)
    if kind == "skewed":
        by_clinic = size * draw.pareto(1.0, n_clinics).clip(0.2, 6)
    if kind == "one_tiny_clinic":
        by_clinic[0] = 0.7
    monthly = np.repeat(by_clinic[:, None], n_months, axis=1)
    if kind == "zero_heavy":
        monthly *= draw.random(monthly.shape) < 0.4
    if kind == "seasonal":
        monthly *= 1 + 0.9 * np.sin(np.arange(n_months) * np.pi / 6)
    if kind == "growing":
        monthly *= np.linspace(0.05, 2, n_months)
    return monthly


def units(shape: Shape) -> list[tuple[str, str, list[int]]]:
    """service, clinic, numbers of its clinics: the site, each service, each clinic."""
    names = list(shape.clinics)
    services = sorted(set(shape.clinics.values()))
    return [
        ("all", "all", list(range(len(names)))),
        *((s, "all", [n for n, c in enumerate(names) if shape.clinics[c] == s]) for s in services),
        *((shape.clinics[c], c, [n]) for n, c in enumerate(names)),
    ]
