"""All figures of the metric dictionary but its models, of one warehouse."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

import pandas as pd

from tests.lib.pandas_figures.alliance import alliance
from tests.lib.pandas_figures.courses import courses
from tests.lib.pandas_figures.engagement import RATERS, STANDARD, Found, engagement
from tests.lib.pandas_figures.frames import Core, read_core
from tests.lib.pandas_figures.grid import (
    FACT,
    PERIOD,
    UNIT,
    Applies,
    Asked,
    figure,
    months,
    scaffold,
    units,
)
from tests.lib.pandas_figures.outcome import outcome
from tests.lib.pandas_figures.sources import Has, sources

DISTINCT = "clients_seen"


def asked() -> Iterator[Asked]:
    """Definitions of the dictionary, one for each rater where there are several."""
    for entry in sorted((files("schemas") / "dictionary").iterdir(), key=lambda entry: entry.name):
        for metric in tomllib.loads(entry.read_text(encoding="utf-8"))["metrics"]:
            if metric["kind"] != "model":
                yield from _definitions(metric)


def _definitions(metric: Mapping[str, object]) -> Iterator[Asked]:
    own = str(metric.get("definition", STANDARD))
    for rater in metric.get("raters", ["client"]):
        yield Asked(
            figure=str(metric["figure"]),
            definition=own if rater == "client" else RATERS[rater],
            kind=str(metric["kind"]),
            needs=tuple(metric.get("needs", ())),
            series=str(metric.get("series", "whole")),
            scaffold=str(metric.get("scaffold", "period")),
            rater=rater,
        )


def all_figures(warehouse: Path, own_cards: Path | None = None) -> pd.DataFrame:
    """Key, numerator, denominator, value, n, state of every figure of the warehouse's core tables."""
    core = read_core(warehouse, own_cards)
    known = courses(core)
    spans = months(first_day(core), core.as_of)
    found: Found = {**engagement(core, known, spans), **outcome(core, known), **alliance(core, known)}
    has = sources(core)
    return pd.concat([_rows(core, one, found, has, spans) for one in asked()], ignore_index=True)


def first_day(core: Core) -> date:
    """Of anything that happened."""
    days = [
        *core.referrals.received_on,
        *core.appointments.starts_on,
        *(day for day in core.administrations.completed_on if day is not None),
    ]
    return min((day for day in days if day <= core.as_of), default=core.as_of)


def _rows(core: Core, one: Asked, found: Found, has: Has, spans: list[str]) -> pd.DataFrame:
    series = _series(core, one) or [("", "")] * (one.rater == "client")
    given = found.get((one.figure, one.definition), pd.DataFrame(columns=FACT))
    applies = _applies(core, one, has)
    rows = figure(core, one, given, series, applies, spans)
    if one.figure == DISTINCT:
        return _distinct(core, one, rows, given, spans)
    return rows


def _distinct(
    core: Core, one: Asked, rows: pd.DataFrame, given: pd.DataFrame, spans: list[str]
) -> pd.DataFrame:
    """People are counted once a unit and period, however often they came."""
    key = [*UNIT, *PERIOD]
    people = given.rename(columns={"clinic": "member"}).merge(units(core), on="member")
    counts = people.merge(scaffold(one.scaffold, spans), on="at").groupby(key).client_key.nunique()
    seen = rows[key].merge(counts.rename("seen").reset_index(), on=key, how="left").seen.fillna(0).astype(int)
    there = rows.state != "not_applicable"
    rows.loc[there, "n"] = seen[there]
    for name in ("numerator", "value"):
        rows.loc[there, name] = seen[there] * 10_000
    return rows


def _series(core: Core, one: Asked) -> list[tuple[str, str]]:
    if one.series == "whole":
        return [("", "")]
    if one.series == "due":
        due = core.due[core.due.rater == one.rater]
        return [(instrument, "") for instrument in sorted(due.instrument.unique())]
    answered = core.administrations[core.administrations.rater == one.rater].instrument.unique()
    construct = one.series.removesuffix("_total")
    cards = core.instruments[core.instruments.construct == construct]
    cards = cards[cards.instrument.isin(answered)]
    if one.series in ("alliance", "process"):
        scales = core.scales[core.scales.instrument.isin(cards.instrument)]
        scales = scales[(scales.n_items == 1) | (one.series == "alliance")]
        return list(zip(scales.instrument, scales.scale, strict=True))
    return list(zip(cards.instrument, cards.outcome_scale, strict=True))


def _applies(core: Core, one: Asked, has: Has) -> Applies:
    feeds = set(zip(core.feeds.clinic, core.feeds.kind, strict=True))
    there = core.administrations[["clinic", "instrument", "rater"]].drop_duplicates()
    answers = set(there.itertuples(index=False, name=None))
    services = dict(zip(core.clinics.clinic, core.clinics.service, strict=True))
    due = set(zip(core.due.service, core.due.instrument, core.due.rater, strict=True))
    kinds = ("referrals", "appointments", "responses")

    def meets(need: str, clinic: str, instrument: str) -> bool:
        if need in kinds:
            return (clinic, need) in feeds
        if need == "due":
            return (services[clinic], instrument, one.rater) in due
        if need == "answers":
            return (clinic, instrument, one.rater) in answers
        if need in set(core.instruments.instrument):
            return (clinic, need, "client") in answers
        return (clinic, need, instrument) in has

    return lambda clinic, instrument, scale: all(meets(need, clinic, instrument) for need in one.needs)
