"""What the models are fed, for which units, and how their estimates are stored in mart_model.

Sums are whole numbers added up by the warehouse, and rows come in the order of their keys: any order of rows
and number of threads gives the same estimate. A unit has an estimate from FEWEST cases on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from duckdb import DuckDBPyConnection

from warehouse import model_queries as queries
from warehouse import models
from warehouse.mixed_likelihood import Courses, Floats, Nested
from warehouse.models import Estimate

FEWEST = 30
"""Cases without which a unit has no estimate: the intervals hold for large numbers only."""
SESSIONS = 12
CAUSES = ("dropout", "planned_ending", "other_ending")
"""In the order of mart_course_length's causes, from 1."""
POINT = 10_000
"""Scores are summed in ten-thousandths."""
LARGEST = 10**13
PLACES = Decimal("0.0001")
ALL = "all"

Frame = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Found:
    """An estimate of a figure, for all time or for a session number."""

    figure: str
    estimate: Estimate | None
    session: int | None = None


@dataclass(frozen=True)
class Model:
    """An estimator with what it reads.

    figure: the one whose series and clinics it is computed for
    query: rows with a clinic, as a format of instrument, scale and definition
    cases: how many cases a frame holds
    by_clinic: whether single clinics have estimates too
    """

    figure: str
    query: str
    cases: Callable[[Frame], int]
    estimate: Callable[[Frame], Iterator[Found]]
    by_clinic: bool = True


@dataclass(frozen=True)
class Series:
    """What a figure is given for, and the clinics that have everything it needs."""

    definition: str
    instrument: str
    scale: str
    clinics: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    service: str
    clinic: str
    clinics: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """An estimate to make."""

    series: Series
    unit: Unit
    run: Callable[[], Iterator[Found]]


def estimate_models(con: DuckDBPyConnection) -> None:
    """Fills mart_model from the marts that the models read.

    One row: a figure of kind model of a unit, in points, per cent or what the dictionary says, with its n.
    What cannot be estimated has no row. The libraries are loaded only when there is something to estimate.
    """
    jobs = [*_jobs(con), *_alpha_jobs(con)]
    if not jobs:
        return
    with models.one_blas_thread():
        rows = [row for job in jobs for found in job.run() for row in _rows(job, found)]
    estimates = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    con.register("estimates", estimates)
    con.execute("INSERT INTO mart_model SELECT * FROM estimates")
    con.unregister("estimates")


COLUMNS = {
    **dict.fromkeys(
        ("figure", "definition", "service", "clinic", "grain", "period", "instrument", "scale", "value"),
        pl.String,
    ),
    "n": pl.Int64,
}


def _rows(job: Job, found: Found) -> Iterator[tuple[str | int, ...]]:
    """The estimate and the ends of its interval, each a figure; without those that are no numbers."""
    if found.estimate is None:
        return
    series, unit, estimate = job.series, job.unit, found.estimate
    grain, period = (ALL, ALL) if found.session is None else ("session", str(found.session))
    for end, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high)):
        if math.isfinite(value) and abs(value) < LARGEST:
            yield (
                found.figure + end, series.definition, unit.service, unit.clinic, grain, period,
                series.instrument, series.scale, str(rounded(value)), estimate.n,
            )  # fmt: skip


def rounded(value: float) -> Decimal:
    """Four decimals, half even."""
    return Decimal(value).quantize(PLACES, ROUND_HALF_EVEN)


def _jobs(con: DuckDBPyConnection) -> Iterator[Job]:
    units = _units(con)
    for model in MODELS:
        for series in _series(con, model.figure):
            frame = _frame(con, model.query.format(**vars(series)), series.clinics)
            for unit in units:
                if unit.clinic == ALL or model.by_clinic:
                    yield from _job(model, series, unit, frame)


def _frame(con: DuckDBPyConnection, query: str, clinics: Sequence[str]) -> Frame:
    """The rows of a query in its order, each column an array; clinic: its place among the given, else -1."""
    frame = {name: np.asarray(column) for name, column in con.sql(query).fetchnumpy().items()}
    places = {clinic: place for place, clinic in enumerate(clinics)}
    frame["clinic"] = np.array([places.get(clinic, -1) for clinic in frame["clinic"]], dtype=np.int64)
    return frame


def _job(model: Model, series: Series, unit: Unit, frame: Frame) -> Iterator[Job]:
    places = [place for place, clinic in enumerate(series.clinics) if clinic in unit.clinics]
    inside = np.isin(frame["clinic"], places)
    if model.cases(_only(frame, inside)) >= FEWEST:
        yield Job(series, unit, lambda: model.estimate(_only(frame, inside)))


def _only(frame: Frame, inside: npt.NDArray[np.bool_]) -> Frame:
    return {name: column[inside] for name, column in frame.items()}


def _units(con: DuckDBPyConnection) -> list[Unit]:
    rows = con.execute("""
        SELECT unit.service, unit.clinic, list(clinic.clinic ORDER BY clinic.clinic)
        FROM mart_unit AS unit
        JOIN core_clinic AS clinic
            ON unit.service IN ('all', clinic.service) AND unit.clinic IN ('all', clinic.clinic)
        GROUP BY unit.service, unit.clinic
        ORDER BY unit.service, unit.clinic
    """).fetchall()
    return [Unit(service, clinic, tuple(clinics)) for service, clinic, clinics in rows]


def _series(con: DuckDBPyConnection, figure: str) -> list[Series]:
    rows = con.execute(
        """
        SELECT definition, instrument, scale, list(clinic ORDER BY clinic)
        FROM mart_applicable
        WHERE figure = ?
        GROUP BY definition, instrument, scale
        ORDER BY definition, instrument, scale
        """,
        [figure],
    ).fetchall()
    return [
        Series(definition, instrument, scale, tuple(clinics))
        for definition, instrument, scale, clinics in rows
    ]


def _length(frame: Frame) -> int:
    return len(frame["clinic"])


def _sum_of(column: str) -> Callable[[Frame], int]:
    return lambda frame: int(frame[column].sum())


def _cumulative_incidence(frame: Frame) -> Iterator[Found]:
    time, cause = (np.repeat(frame[name], frame["episodes"]) for name in ("contacts", "cause"))
    found = models.cumulative_incidence(time, cause, len(CAUSES), SESSIONS)
    for name, estimates in zip(CAUSES, found, strict=True):
        for session, estimate in enumerate(estimates, 1):
            yield Found(f"{name}_cumulative_incidence", estimate, session)


def _landmark_outcome(frame: Frame) -> Iterator[Found]:
    columns = [frame[name] / POINT for name in ("later", "early", "baseline", "before")]
    yield Found("landmark_outcome_correlation", models.partial_correlation(*columns))


def _landmark_dropout(frame: Frame) -> Iterator[Found]:
    estimate = models.odds_ratio(frame["dropped_out"].astype(bool), frame["early"] / POINT)
    yield Found("landmark_dropout_odds_ratio", estimate)


def _variance(frame: Frame) -> Iterator[Found]:
    n = frame["n"].astype(np.float64)
    _, clinic = np.unique(frame["clinic"], return_inverse=True)
    data = Nested(clinic, n, frame["total"] / n / POINT, float(frame["squares"].sum()) / POINT**2)
    shares = models.variance_shares(data)
    if shares:
        yield Found("alliance_variance_clinician", shares.clinician)
        yield Found("alliance_variance_clinic", shares.clinic)


def _slope(frame: Frame) -> Iterator[Found]:
    n = frame["n"].astype(np.float64)
    data = Courses(
        n=n,
        session=frame["sum_x"] / n,
        score=frame["sum_y"] / n / POINT,
        sessions=frame["xx"] / n,
        joint=frame["xy"] / n / POINT,
        scores=frame["yy"] / n / POINT**2,
    )
    yield Found("alliance_slope", models.slope(data))


def _agreement(frame: Frame) -> Iterator[Found]:
    yield Found("rater_icc_2k", models.icc_2k(_panel(frame)))


def _panel(frame: Frame) -> Floats:
    """Ratings by the observers who together rated most segments: a row per segment, a column per observer.

    Segments of other observers would put differences between observers into the error.
    """
    sizes: dict[tuple[str, ...], int] = {}
    for raters in map(tuple, frame["raters"]):
        sizes[raters] = sizes.get(raters, 0) + 1
    chosen = min(sizes, key=lambda raters: (-sizes[raters], -len(raters), raters), default=())
    rated = [
        scores
        for raters, scores in zip(frame["raters"], frame["scores"], strict=True)
        if tuple(raters) == chosen
    ]
    ratings = np.array([list(scores) for scores in rated], dtype=np.float64)
    return ratings.reshape(len(rated), len(chosen)) / POINT


MODELS = (
    Model(
        "dropout_cumulative_incidence",
        queries.COURSE_LENGTH,
        _sum_of("episodes"),
        _cumulative_incidence,
    ),
    Model(
        "landmark_outcome_correlation",
        queries.LANDMARK_OUTCOME,
        _length,
        _landmark_outcome,
    ),
    Model(
        "landmark_dropout_odds_ratio",
        queries.LANDMARK_DROPOUT,
        _length,
        _landmark_dropout,
    ),
    Model(
        "alliance_variance_clinician",
        queries.BY_CLINICIAN,
        _sum_of("n"),
        _variance,
        by_clinic=False,
    ),
    Model(
        "alliance_slope",
        queries.TRAJECTORY,
        _length,
        _slope,
    ),
    Model(
        "rater_icc_2k",
        queries.SEGMENTS,
        lambda frame: len(_panel(frame)),
        _agreement,
    ),
)


def _alpha_jobs(con: DuckDBPyConnection) -> Iterator[Job]:
    """Reliability of each scale, over the whole site: each client's first complete form."""
    site = Unit(ALL, ALL, ())
    by_instrument: dict[str, list[Series]] = {}
    for series in _series(con, "scale_alpha"):
        by_instrument.setdefault(series.instrument, []).append(series)
    for instrument, several in by_instrument.items():
        items = {one.scale: found for one in several if len(found := _items(con, one)) > 1}
        if items:
            con.execute(queries.first_forms(instrument, several[0].clinics, items))
        for series in (one for one in several if one.scale in items):
            query = queries.reliability(instrument, series.scale, items[series.scale])
            n, total, *spreads = con.execute(query).fetchall()[0]
            if n >= FEWEST:
                yield Job(series, site, partial(_alpha, n, spreads, total))
    con.execute(f"DROP TABLE IF EXISTS {queries.FIRST_FORM}")


def _alpha(n: int, spreads: list[int], total: int) -> Iterator[Found]:
    yield Found("scale_alpha", models.alpha(n, spreads, total))


def _items(con: DuckDBPyConnection, series: Series) -> list[int]:
    """Items of a scale whose score is a multiple of their sum; of others there is no alpha."""
    rows = con.execute(
        """
        SELECT item
        FROM core_item
        JOIN core_scale USING (instrument, scale)
        WHERE instrument = ? AND scale = ? AND steps_per_point IS NOT NULL
        ORDER BY item
        """,
        [series.instrument, series.scale],
    ).fetchall()
    return [item for (item,) in rows]
