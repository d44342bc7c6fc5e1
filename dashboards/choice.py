"""Which published cell a page shows: the units and periods there are, and one of each chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dashboards.words import GRAINS
from warehouse.read import Figure, Period, Unit

ALL = "all"
TREND_MONTHS = 24


class Key(NamedTuple):
    """What tells the figures of one unit and period apart."""

    figure: str
    definition: str
    instrument: str = ""
    scale: str = ""


def services(units: Iterable[Unit]) -> list[Unit]:
    """The whole site and each service as a whole."""
    return [unit for unit in units if unit.clinic == ALL]


def clinics(units: Iterable[Unit], service: Unit) -> list[Unit]:
    """The service as a whole, then its clinics; under the whole site, every clinic."""
    inside = [unit for unit in units if unit.clinic != ALL and service.service in (ALL, unit.service)]
    return [service, *inside]


def periods_by_grain(periods: Iterable[Period]) -> dict[str, list[Period]]:
    """Closed periods of each grain, newest first; grains in the order they are offered."""
    closed = [period for period in periods if period.closed]
    grouped = {grain: [period for period in closed if period.grain == grain] for grain in GRAINS}
    return {
        grain: sorted(found, key=lambda period: period.last_day, reverse=True)
        for grain, found in grouped.items()
        if found
    }


def previous(periods: Sequence[Period], chosen: Period) -> Period | None:
    """The newest period of the same grain that had ended when the chosen one began."""
    earlier = [period for period in periods if period.last_day < chosen.first_day]
    return max(earlier, key=lambda period: period.last_day, default=None)


def trend_months(months: Sequence[Period], chosen: Period) -> list[Period]:
    """Months of the trend charts, oldest first: the newest, or those up to a chosen period before them."""
    oldest_first = sorted(months, key=lambda month: month.last_day)
    newest = oldest_first[-TREND_MONTHS:]
    if newest and chosen.first_day < newest[0].first_day:
        return [month for month in oldest_first if month.last_day <= chosen.last_day][
            -TREND_MONTHS:
        ] or newest
    return newest


def by_key(figures: Iterable[Figure]) -> dict[Key, Figure]:
    """Figures of one unit and period."""
    return {Key(one.figure, one.definition, one.instrument, one.scale): one for one in figures}


def by_period(figures: Iterable[Figure]) -> dict[str, dict[Key, Figure]]:
    """Figures of one unit by period, each as `by_key` has it."""
    grouped: dict[str, list[Figure]] = {}
    for figure in figures:
        grouped.setdefault(figure.period, []).append(figure)
    return {period: by_key(found) for period, found in grouped.items()}


def clinic_names(units: Sequence[Unit]) -> list[str]:
    """Names to choose from: the first stands for all; a name two clinics share gets its service's id."""
    titles = [unit.title for unit in units[1:]]
    shared = {title for title in titles if titles.count(title) > 1}
    named = (f"{unit.title} ({unit.service})" if unit.title in shared else unit.title for unit in units[1:])
    return ["All clinics", *named]


def service_title(units: Iterable[Unit], clinic: Unit) -> str:
    """Name of the service a clinic belongs to."""
    return next((unit.title for unit in services(units) if unit.service == clinic.service), clinic.service)
