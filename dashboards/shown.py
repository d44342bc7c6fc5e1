"""What is shown in one run of a page's script: one publication and one status, taken together.

`app.py` takes it once and hands it on in the session, so that page, banner and footer speak of the
same run even while the next one is being published.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboards.launch import SITE_VARIABLE
from schemas.errors import WarehouseError
from warehouse.read import (
    Figure,
    Metric,
    Period,
    Publication,
    PublishedInstrument,
    Status,
    Unit,
    current,
    read_status,
)

DEFAULT_SITE = "site"
_SLOT = "shown"


@dataclass(frozen=True)
class Shown:
    """site: its folder's name; problem: why the publication or the status cannot be read, else empty."""

    site: str
    site_found: bool
    publication: Publication | None
    status: Status | None
    problem: str = ""

    @property
    def timezone(self) -> str:
        return self.publication.run["timezone"] if self.publication else "UTC"


@dataclass(frozen=True)
class Directory:
    """What a publication has figures for; metrics: by figure and definition, the first the standard one."""

    units: tuple[Unit, ...]
    periods: tuple[Period, ...]
    metrics: Mapping[tuple[str, str], Metric]
    instruments: Mapping[str, PublishedInstrument]

    def standard(self, figure: str) -> Metric | None:
        """A figure in its first definition; None where this publication does not know it."""
        return next((metric for (name, _), metric in self.metrics.items() if name == figure), None)


def take() -> Shown:
    """Read what is published now and keep it for the rest of this run of the script."""
    shown = _read(Path(os.environ.get(SITE_VARIABLE, DEFAULT_SITE)))
    st.session_state[_SLOT] = shown
    return shown


def taken() -> Shown:
    """What `take` found in this run of the script."""
    shown: Shown = st.session_state[_SLOT]
    return shown


def _read(site: Path) -> Shown:
    published = site / "published"
    publication, status, problems = None, None, []
    try:
        path = current(published)
        publication = _open(str(path)) if path else None
    except WarehouseError as error:
        problems.append(str(error))
    try:
        status = read_status(published)
    except WarehouseError as error:
        problems.append(str(error))
    return Shown(site.resolve().name, site.is_dir(), publication, status, "; ".join(problems))


# Three, as the site keeps the last three runs; one that falls out is closed when its last page ends.
@st.cache_resource(max_entries=3, show_spinner=False)
def _open(path: str) -> Publication:
    return Publication.open(Path(path))


def directory(publication: Publication) -> Directory:
    return _directory(str(publication.path), publication)


def cell(publication: Publication, unit: Unit, period: Period) -> tuple[Figure, ...]:
    """All figures of one unit and period."""
    return _cell(str(publication.path), publication, unit.service, unit.clinic, period.grain, period.period)


def series(publication: Publication, unit: Unit, grain: str) -> tuple[Figure, ...]:
    """All figures of one unit in every period of a grain."""
    return _series(str(publication.path), publication, unit.service, unit.clinic, grain)


@st.cache_resource(max_entries=3, show_spinner=False)
def _directory(path: str, _publication: Publication) -> Directory:
    return Directory(
        _publication.units(),
        _publication.periods(),
        {(metric.figure, metric.definition): metric for metric in _publication.metrics()},
        {form.instrument: form for form in _publication.instruments()},
    )


@st.cache_resource(max_entries=500, show_spinner=False)
def _cell(
    path: str, _publication: Publication, service: str, clinic: str, grain: str, period: str
) -> tuple[Figure, ...]:
    return _publication.cell(service, clinic, grain, period)


@st.cache_resource(max_entries=200, show_spinner=False)
def _series(
    path: str, _publication: Publication, service: str, clinic: str, grain: str
) -> tuple[Figure, ...]:
    return _publication.series(service, clinic, grain)
