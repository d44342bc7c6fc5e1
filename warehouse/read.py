"""The published file and `status.json`, for reading only: all that a page can know.

A page takes `current()` once, opens it with `Publication.open` and asks the named queries. The path
is the real one behind the symbolic link, so a run that publishes meanwhile changes nothing for a
page half drawn, and a cache keyed by the path never mixes two runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from schemas.errors import WarehouseError
from schemas.published import PUBLISHED

STATUS_SCHEMA = 1

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoload_known_extensions": False,
    "threads": 2,
    "lock_configuration": True,
}
"""A published file is only ever read, and nothing beside it."""

_COLUMNS = {table.name: ", ".join(f'"{name}"' for name in table.column_names) for table in PUBLISHED}

QUERIES: Mapping[str, str] = {
    "run": f"SELECT {_COLUMNS['pub_run']} FROM pub_run ORDER BY name",
    "units": f"SELECT {_COLUMNS['pub_unit']} FROM pub_unit "
    "ORDER BY service <> 'all', service, clinic <> 'all', clinic",
    "periods": f"SELECT {_COLUMNS['pub_period']} FROM pub_period ORDER BY grain, first_day",
    "metrics": f"SELECT {_COLUMNS['pub_metric']} FROM pub_metric "
    "ORDER BY figure, definition <> 'standard', definition",
    "instruments": f"SELECT {_COLUMNS['pub_instrument']} FROM pub_instrument ORDER BY instrument",
    "quality": f"SELECT {_COLUMNS['pub_quality']} FROM pub_quality ORDER BY clinic, feed",
    "cell": f"SELECT {_COLUMNS['pub_figure']} FROM pub_figure "
    "WHERE service = ? AND clinic = ? AND grain = ? AND period = ? "
    "ORDER BY figure, definition, instrument, scale",
    "series": f"SELECT {_COLUMNS['pub_figure']} FROM pub_figure "
    "WHERE service = ? AND clinic = ? AND grain = ? "
    "ORDER BY figure, definition, instrument, scale, period",
}
"""Every question a page may ask, by name; each has an order of its own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of pub_figure: one figure of one unit and period; value, numerator and n empty where hidden.

    bound_low, bound_high: effect bounds of a rate, in whole per cent; empty where nothing is held
    """

    figure: str
    definition: str
    service: str
    clinic: str
    grain: str
    period: str
    instrument: str
    scale: str
    numerator: Decimal | None
    denominator: int | None
    value: Decimal | None
    unit: str
    n: int | None
    state: str
    held: int | None = None
    bound_low: int | None = None
    bound_high: int | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of pub_metric: what a figure is, in words."""

    figure: str
    definition: str
    theme: str
    title: str
    kind: str
    unit: str
    better: str
    numerator: str
    denominator: str
    dated_by: str
    source: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of pub_unit: a service or clinic; `all` stands for each of the service and the clinic."""

    service: str
    clinic: str
    title: str


@dataclass(frozen=True, slots=True)
class Period:
    """A row of pub_period; first and last day belong to it."""

    grain: str
    period: str
    title: str
    first_day: date
    last_day: date
    closed: bool


@dataclass(frozen=True, slots=True)
class PublishedInstrument:
    """A row of pub_instrument."""

    instrument: str
    title: str
    construct: str
    evidence: str
    licence: str


@dataclass(frozen=True, slots=True)
class Quality:
    """A row of pub_quality: what became of a feed's records, rounded; a count is empty where hidden."""

    clinic: str
    feed: str
    kind: str
    files: int
    files_refused: int
    received: int | None
    accepted: int | None
    quarantined: int | None
    excluded: int | None
    superseded: int | None
    totals_compared: int | None
    totals_differing: int | None
    newest_arrival: date | None


class Publication:
    """One published run. Safe to share between threads: every query has a cursor of its own."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self.run: Mapping[str, str] = dict(self._rows("run"))
        """Inputs and counts of the run, by name; see pub_run."""

    @classmethod
    def open(cls, path: Path) -> Publication:
        """raises WarehouseError: the file is missing, damaged or has not the published tables."""
        try:
            return cls(path, duckdb.connect(path, read_only=True, config=SETTINGS))
        except duckdb.Error as error:
            raise WarehouseError(
                f"{path.name} in published/ cannot be read ({type(error).__name__}); publish a new run"
            ) from error

    def units(self) -> tuple[Unit, ...]:
        """The whole site first, then each service followed by its clinics."""
        return tuple(Unit(*row) for row in self._rows("units"))

    def periods(self) -> tuple[Period, ...]:
        """By grain, oldest first."""
        return tuple(Period(*row) for row in self._rows("periods"))

    def metrics(self) -> tuple[Metric, ...]:
        """By figure; the standard definition of a figure first."""
        return tuple(Metric(*row) for row in self._rows("metrics"))

    def instruments(self) -> tuple[PublishedInstrument, ...]:
        return tuple(PublishedInstrument(*row) for row in self._rows("instruments"))

    def quality(self) -> tuple[Quality, ...]:
        """By clinic and feed."""
        return tuple(Quality(*row) for row in self._rows("quality"))

    def cell(self, service: str, clinic: str, grain: str, period: str) -> tuple[Figure, ...]:
        """All figures of one unit and period."""
        return tuple(Figure(*row) for row in self._rows("cell", service, clinic, grain, period))

    def series(self, service: str, clinic: str, grain: str) -> tuple[Figure, ...]:
        """All figures of one unit in every period of a grain."""
        return tuple(Figure(*row) for row in self._rows("series", service, clinic, grain))

    def _rows(self, name: str, *parameters: str) -> Sequence[tuple[Any, ...]]:
        return self._connection.cursor().execute(QUERIES[name], parameters).fetchall()


def current(published: Path) -> Path | None:
    """Real path of the file that `published/current` names; None while nothing is published."""
    link = published / "current"
    return link.resolve() if link.exists() else None


@dataclass(frozen=True, slots=True)
class Gate:
    """Verdict of the checks on a run: passed, failed or not_run. report: path below the site."""

    verdict: str
    critical_failed: int
    checked: int
    report: str


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the runs: exact counts of the whole site; empty where a run ended before counting."""

    run: str
    state: str
    as_of: date | None
    finished_at: datetime
    received: int | None
    accepted: int | None
    quarantined: int | None
    excluded: int | None
    superseded: int | None
    gate: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """Local date of the newest delivery of a feed."""

    feed: str
    clinic: str
    newest_arrival: date | None


@dataclass(frozen=True, slots=True)
class Status:
    """What `status.json` says: the last run, the run that is published, and the runs before, newest first."""

    last_run: Run
    gate: Gate
    message: str
    published_run: str | None
    freshness: tuple[Freshness, ...]
    runs: tuple[Run, ...]


def read_status(published: Path) -> Status | None:
    """The status beside the published file; None before the first run.

    raises WarehouseError: it cannot be read, or another version of Accord wrote it
    """
    file = published / "status.json"
    if not file.exists():
        return None
    try:
        raw = json.loads(file.read_bytes())
        if raw["schema"] != STATUS_SCHEMA:
            raise WarehouseError(f"status.json has schema {raw['schema']}, this Accord reads {STATUS_SCHEMA}")
        return _status(raw)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WarehouseError(
            f"status.json in published/ cannot be read ({type(error).__name__}); the next run replaces it"
        ) from error


def _status(raw: Mapping[str, Any]) -> Status:
    last = raw["last_run"]
    gate = last["gate"]
    return Status(
        last_run=_run({**last, "excluded": _total(last["excluded"]), "gate": gate["verdict"]}),
        gate=Gate(gate["verdict"], gate["critical_failed"], gate["checked"], gate["report"]),
        message=last["message"],
        published_run=raw["published_run"],
        freshness=tuple(
            Freshness(line["feed"], line["clinic"], _date(line["newest_arrival"]))
            for line in raw["freshness"]
        ),
        runs=tuple(sorted(map(_run, raw["runs"]), key=lambda run: run.finished_at, reverse=True)),
    )


def _run(raw: Mapping[str, Any]) -> Run:
    return Run(
        run=raw["run"],
        state=raw["state"],
        as_of=_date(raw["as_of"]),
        finished_at=datetime.fromisoformat(raw["finished_at"]),
        received=raw["received"],
        accepted=raw["accepted"],
        quarantined=raw["quarantined"],
        excluded=raw["excluded"],
        superseded=raw["superseded"],
        gate=raw["gate"],
    )


def _total(excluded: Mapping[str, int] | None) -> int | None:
    return None if excluded is None else sum(excluded.values())


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
