"""What the sample site consists of: its clinics, its period, its deliveries."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.errors import ConfigError

PLACES = (
    ("northvale", "North Vale"),
    ("eastmoor", "East Moor"),
    ("harbour", "Harbour Perinatal"),
    ("westbrook", "Westbrook"),
    ("southlea", "South Lea"),
    ("orchard", "Orchard Perinatal"),
    ("millfield", "Millfield"),
    ("highfold", "High Fold"),
    ("willow", "Willow Perinatal"),
)
SERVICES = ("adult", "adult", "perinatal")
STYLES = ("qualtrics", "redcap", "limesurvey")
"""Clinic by clinic, again from the first after the last."""

CLIENT_IDS = {"qualtrics": "P-{:05}", "redcap": "{:05}", "limesurvey": "C{:04}"}

MOST_CLINICS = 99

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ClinicPlan:
    """One clinic. number: from 1; style: the survey system it uses."""

    number: int
    id: str
    name: str
    service: str
    style: str

    @property
    def client_ids(self) -> str:
        """How the clinic writes its client ids; two clinics may use the same ids for other people."""
        return CLIENT_IDS[self.style]


@dataclass(frozen=True)
class Window:
    """First and last day of the sample, and the days on which files are delivered."""

    first: date
    last: date
    quarter_ends: tuple[date, ...]

    @property
    def half_ends(self) -> tuple[date, ...]:
        """Every second quarter's end, counted from the last."""
        return tuple(reversed(self.quarter_ends[::-2]))


def plan_clinics(count: int) -> tuple[ClinicPlan, ...]:
    """The first `count` clinics. Raises ConfigError outside 1 to MOST_CLINICS."""
    if not 1 <= count <= MOST_CLINICS:
        raise ConfigError(f"clinics: a sample has 1 to {MOST_CLINICS} clinics")
    return tuple(_clinic(number) for number in range(1, count + 1))


def _clinic(number: int) -> ClinicPlan:
    at = number - 1
    known = at < len(PLACES)
    id_, name = PLACES[at] if known else (f"clinic{number:02}", f"Clinic {number}")
    return ClinicPlan(number, id_, name, SERVICES[at % len(SERVICES)], STYLES[at % len(STYLES)])


def plan_window(months: int, until: date) -> Window:
    """The `months` months that end with `until`, and the end of each quarter in them."""
    if not 1 <= months <= 240:
        raise ConfigError("months: a sample covers 1 to 240 months")
    after = until + timedelta(days=1)
    first = add_months(after, -months)
    ends = [add_months(first, step) - timedelta(days=1) for step in range(3, months, 3)]
    return Window(first, until, (*ends, until))


def add_months(day: date, months: int) -> date:
    """The same day of a later or earlier month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days
