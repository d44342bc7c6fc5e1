"""From facts to figures: units, periods and series, adding up, and what a figure is where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from tests.lib.pandas_figures.frames import ONE, Core

UNIT = ["service", "clinic"]
PERIOD = ["grain", "period"]
SERIES = ["instrument", "scale"]
FACT = ["clinic", "at", *SERIES, "numerator", "denominator"]
SESSIONS = [str(number) for number in range(1, 13)]
STAGES = ["commitment", "process", "change", "termination"]


@dataclass(frozen=True)
class Asked:
    """One definition of the metric dictionary, as far as it is needed to compute it."""

    figure: str
    definition: str
    kind: str
    needs: tuple[str, ...]
    series: str
    scaffold: str
    rater: str

    @property
    def id(self) -> str:
        return f"{self.figure}-{self.definition}"


Applies = Callable[[str, str, str], bool]
"""Whether a figure applies to a clinic, for an instrument and scale."""


def facts(rows: pd.DataFrame, at: str, numerator: str | int = 1, denominator: str | int = 1) -> pd.DataFrame:
    """Facts of events: `at` is their date; numbers are whole, or columns of the rows.

    A day becomes its month; a session number or a stage stays.
    """
    there = rows[rows[at].notna()]
    found = pd.DataFrame(
        {"clinic": there.clinic, "at": [_at(value) for value in there[at]]}, index=there.index
    )
    for name in SERIES:
        found[name] = there.get(name, "")
    for name, number in (("numerator", numerator), ("denominator", denominator)):
        found[name] = there[number].astype("int64") if isinstance(number, str) else number
    return found[FACT]


def _at(value: object) -> str:
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value)


def months(first: date, last: date) -> list[str]:
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def last_day(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def periods(spans: Iterable[str]) -> pd.DataFrame:
    """Which months each period has: grain, period, month."""
    spans = list(spans)
    rows = [("all", "all", month) for month in spans]
    for place, month in enumerate(spans):
        year, number = month.split("-")
        rows.append(("month", month, month))
        rows.append(("quarter", f"{year}-Q{(int(number) + 2) // 3}", month))
        rows.append(("year", year, month))
        rows.extend(
            ("rolling_12_months", month, earlier) for earlier in spans[max(0, place - 11) : place + 1]
        )
    return pd.DataFrame(rows, columns=["grain", "period", "at"])


def scaffold(kind: str, spans: list[str]) -> pd.DataFrame:
    """Periods of a scaffold and what falls into each: grain, period, at."""
    if kind in ("session", "stage"):
        words = SESSIONS if kind == "session" else STAGES
        return pd.DataFrame([(kind, word, word) for word in words], columns=["grain", "period", "at"])
    whole = periods(spans)
    if kind == "period":
        return whole
    return whole.groupby(PERIOD, as_index=False, sort=False)["at"].max()


def units(core: Core) -> pd.DataFrame:
    """Which clinics each unit has: service, clinic, member."""
    rows = [("all", "all", one.clinic) for one in core.clinics.itertuples()]
    rows += [(one.service, "all", one.clinic) for one in core.clinics.itertuples()]
    rows += [(one.service, one.clinic, one.clinic) for one in core.clinics.itertuples()]
    return pd.DataFrame(rows, columns=[*UNIT, "member"])


def figure(
    core: Core,
    asked: Asked,
    found: pd.DataFrame,
    series: list[tuple[str, str]],
    applies: Applies,
    spans: list[str],
) -> pd.DataFrame:
    """All rows of one definition: a row for each unit, period and series, with or without facts."""
    frame = scaffold(asked.scaffold, spans)
    of = units(core)
    kept = pd.DataFrame(
        [
            (*unit, *one)
            for unit in of.itertuples(index=False)
            for one in series
            if applies(unit.member, *one)
        ],
        columns=[*UNIT, "member", *SERIES],
    )
    sums = (
        found.rename(columns={"clinic": "member"})
        .merge(kept, on=["member", *SERIES])
        .merge(frame, on="at")
        .groupby([*UNIT, *PERIOD, *SERIES], as_index=False)[["numerator", "denominator"]]
        .sum()
    )
    whole = (
        of[UNIT].drop_duplicates().merge(frame[PERIOD].drop_duplicates(), how="cross")
        .merge(pd.DataFrame(series, columns=SERIES), how="cross")
    )  # fmt: skip
    whole = whole.merge(kept[[*UNIT, *SERIES]].drop_duplicates().assign(here=True), how="left")
    whole = whole.merge(sums, how="left")
    rows = [_row(asked, row) for row in whole.itertuples(index=False)]
    return pd.DataFrame(rows, columns=ROW)


KEY = ["figure", "definition", *UNIT, *PERIOD, *SERIES]
ROW = [*KEY, "numerator", "denominator", "value", "n", "state"]


def _row(asked: Asked, row: object) -> tuple[object, ...]:
    key = (
        asked.figure,
        asked.definition,
        row.service,
        row.clinic,
        row.grain,
        row.period,
        row.instrument,
        row.scale,
    )
    if row.here is not True:
        return (*key, None, None, None, None, "not_applicable")
    over, under = (0 if pd.isna(number) else int(number) for number in (row.numerator, row.denominator))
    if asked.kind == "count":
        return (*key, over * ONE, None, over * ONE, over, "value" if over else "zero")
    scale, hundred = (1, 1) if asked.kind == "mean" else (ONE, 100)
    if not under:
        return (*key, over * scale, 0, None, 0, "no_data")
    state = "zero" if asked.kind == "rate" and not over else "value"
    return (*key, over * scale, under, divided(over * scale * hundred, under), under, state)


def divided(over: int, under: int) -> int:
    """A quotient to the nearest whole number, half away from zero."""
    size, rest = divmod(abs(over), under)
    size += 2 * rest >= under
    return -size if over < 0 else size


def iterate(parts: Iterator[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(columns=FACT), *parts], ignore_index=True)
