"""The filters: each chooses one of the published services, clinics and periods; none combines cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards import choice, words
from dashboards.shown import Directory
from warehouse.read import Period, Unit

CHOICE_WIDTH = 320
"""Of a choice inside a section; on a narrower screen it gives way."""


@dataclass(frozen=True)
class Chosen:
    """One unit and one period, and the period to show beside it."""

    unit: Unit
    name: str
    period: Period
    earlier: Period | None


def choose(directory: Directory) -> Chosen | None:
    """Draw the filters; None where no period is published. A choice outlives a visit to another page."""
    by_grain = choice.periods_by_grain(directory.periods)
    services = choice.services(directory.units)
    if not by_grain or not services:
        return None
    with st.container(key="filters"):
        boxes = st.columns(4, gap="small")
        with boxes[0]:
            service = services[_pick("Service", [unit.title for unit in services], "service")]
        with boxes[1]:
            clinics = choice.clinics(directory.units, service)
            clinic = _pick("Clinic", choice.clinic_names(clinics), f"clinic-{service.service}")
        with boxes[2]:
            grain = list(by_grain)[
                _pick("Period length", [words.GRAINS[grain] for grain in by_grain], "grain")
            ]
        with boxes[3]:
            periods = by_grain[grain]
            period = periods[_pick("Period", [period.title for period in periods], f"period-{grain}")]
    unit = clinics[clinic]
    name = service.title if clinic == 0 else f"{unit.title}, {choice.service_title(directory.units, unit)}"
    return Chosen(unit, name, period, choice.previous(periods, period))


def _pick(label: str, names: Sequence[str], key: str) -> int:
    """Place of the chosen name."""
    chosen = st.selectbox(label, names, key=key, persist_state="session", filter_mode=None)
    return names.index(chosen)


def pick_named(label: str, names: Mapping[str, str], key: str, default: str) -> str:
    """Id of the chosen one of id -> name."""
    ids = list(names)
    start = ids.index(default) if default in names else 0
    return st.selectbox(
        label,
        ids,
        index=start,
        format_func=names.__getitem__,
        key=key,
        persist_state="session",
        filter_mode=None,
        width=CHOICE_WIDTH,
    )
