"""The charts: lines over months and over sessions. A hidden point is a gap with a mark, never a zero.

Colours and type come from the theme, so a chart follows the page from light to dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import ceil, floor, log10
from typing import Any

import altair as alt

from dashboards import words
from warehouse.read import Figure, Period

HEIGHT = 260
SHAPES = ("circle", "triangle-up", "square", "diamond")
CROSS = "M-.7,-.7L.7,.7M-.7,.7L.7,-.7"
GREY = "#7d8896"
"""Legible on both grounds: for what is not a series."""

EPOCH = date(1970, 1, 1).toordinal()
DAY = 86_400_000
"""In milliseconds, as the browser counts."""

LEAST_SPAN: Mapping[str, int] = {"%": 10, "points": 4}
"""A narrower axis would make noise look like news."""

SPARE_STEP: Mapping[str, int] = {"%": 5, "points": 1}


Spec = dict[str, Any]
"""A Vega-Lite specification."""


@dataclass(frozen=True)
class Line:
    """One series: its name and its figure at each place of the axis; None where there is no cell."""

    name: str
    figures: tuple[Figure | None, ...]

    @property
    def values(self) -> tuple[Decimal | None, ...]:
        return tuple(figure.value if figure and words.has_number(figure) else None for figure in self.figures)


def has_points(lines: Iterable[Line]) -> bool:
    return any(value is not None for line in lines for value in line.values)


def hidden_places(lines: Iterable[Line], titles: Sequence[str]) -> list[str]:
    """Titles of the places where a line has no number, in order."""
    missing = {place for line in lines for place, value in enumerate(line.values) if value is None}
    return [titles[place] for place in sorted(missing)]


def axis_span(
    values: Iterable[Decimal], unit: str, limits: tuple[Decimal, Decimal] | None
) -> tuple[float, float]:
    """Both ends of the axis: counts from zero, others around their values but never too narrow."""
    low, high = min(values := list(values)), max(values)
    if unit not in LEAST_SPAN:
        return 0.0, float(high) * 1.1 or 1.0
    step, spare = SPARE_STEP[unit], max(Decimal(0), LEAST_SPAN[unit] - (high - low)) / 2
    bottom, top = step * floor((low - spare) / step), step * ceil((high + spare) / step)
    least, most = limits or (Decimal(0), Decimal(100))
    if limits or unit == "%":
        bottom, top = max(bottom, floor(least)), min(top, ceil(most))
    return float(bottom), float(top)


def ticks(bottom: float, top: float) -> list[float]:
    """Round places on the axis, four to eight of them where the span allows."""
    rough = (top - bottom) / 6
    power = 10 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * place for place in range(ceil(bottom / step), floor(top / step) + 1)]


def by_month(
    lines: Sequence[Line],
    months: Sequence[Period],
    unit: str,
    chosen: Period,
    limits: tuple[Decimal, Decimal] | None = None,
) -> Spec:
    """A line for each series over the months; the chosen period shaded. Needs `has_points`."""
    rows = _rows(lines, [_instant(month.first_day) for month in months], [month.title for month in months])
    return _filled("month", lines, unit, limits, rows, _shaded(months, chosen))


def by_session(
    lines: Sequence[Line], sessions: Sequence[str], unit: str, limits: tuple[Decimal, Decimal] | None = None
) -> Spec:
    """A line for each series over session numbers. Needs `has_points`."""
    rows = _rows(lines, sessions, [f"Session {session}" for session in sessions])
    return _filled("session", lines, unit, limits, rows, [])


def _rows(lines: Sequence[Line], places: Sequence[str | int], titles: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "x": places[place],
            "when": titles[place],
            "series": line.name,
            "value": None if value is None else float(value),
            "shown": words.quantity(line.figures[place]),
            "basis": words.basis(line.figures[place]) or "–",
            "said": f"{titles[place]}, {line.name}: {words.quantity(line.figures[place])}",
        }
        for line in lines
        for place, value in enumerate(line.values)
    ]


def _instant(day: date) -> int:
    """Midnight UTC as the browser has it."""
    return DAY * (day.toordinal() - EPOCH)


def _shaded(months: Sequence[Period], chosen: Period) -> list[dict[str, int]]:
    """The part of the chosen period that the axis shows, half a month wider, so that one month shows."""
    inside = [m for m in months if chosen.first_day <= m.first_day and m.last_day <= chosen.last_day]
    if not inside:
        return []
    half = 15 * DAY
    return [{"from": _instant(inside[0].first_day) - half, "to": _instant(inside[-1].first_day) + half}]


def _filled(
    axis: str,
    lines: Sequence[Line],
    unit: str,
    limits: tuple[Decimal, Decimal] | None,
    rows: list[dict[str, Any]],
    shaded: list[dict[str, int]],
) -> Spec:
    bottom, top = axis_span(
        (value for line in lines for value in line.values if value is not None), unit, limits
    )
    return {
        **deepcopy(template(axis, tuple(line.name for line in lines), unit)),
        "datasets": {"rows": rows, **({"shaded": shaded} if axis == "month" else {})},
        "params": [
            {"name": "bottom", "value": bottom},
            {"name": "top", "value": top},
            {"name": "ticks", "value": ticks(bottom, top)},
        ],
    }


# Altair takes longer over one chart than the rest of the page takes: made once, filled many times.
@lru_cache(maxsize=64)
def template(axis: str, names: tuple[str, ...], unit: str) -> Spec:
    """A chart without `rows`, `shaded` and the parameters `bottom`, `top` and `ticks`. Not to be changed."""
    x = _X[axis]()
    several = len(names) > 1
    legend = alt.Legend(orient="top", title=None, symbolSize=90, offset=22) if several else None
    colour = alt.Color("series:N", sort=names, legend=legend, scale=alt.Scale(domain=names))
    shape = alt.Shape(
        "series:N", sort=names, legend=legend, scale=alt.Scale(domain=names, range=SHAPES[: len(names)])
    )
    y = alt.Y(
        "value:Q",
        title=unit,
        scale=alt.Scale(
            domainMin=alt.ExprRef("bottom"), domainMax=alt.ExprRef("top"), nice=False, zero=False
        ),
        axis=alt.Axis(
            values=alt.ExprRef("ticks"),
            labelFlush=False,
            titleAngle=0,
            titleAlign="left",
            titleAnchor="end",
            titleY=-12,
            titleX=-4,
        ),
    )
    when = alt.Tooltip("when:N", title="When")
    what = [
        alt.Tooltip("series:N", title="What"),
        alt.Tooltip("shown:N", title="Value"),
        alt.Tooltip("basis:N", title="From"),
    ]
    base = alt.Chart(alt.NamedData("rows")).encode(x=x)
    line = base.mark_line(strokeWidth=2.25, aria=False).encode(y=y, color=colour)
    points = base.mark_point(size=42, filled=True, opacity=1, aria=False).encode(
        y=y, color=colour, shape=shape
    )
    # A finger or a shaky hand needs more than the point itself; a screen reader needs each point once.
    targets = base.mark_point(size=500, opacity=0, filled=True).encode(
        y=y, tooltip=[when, *what], description="said:N"
    )
    gaps = (
        base.mark_point(shape=CROSS, size=60, stroke=GREY, strokeWidth=1.5, filled=False, aria=False)
        .encode(y=alt.value(HEIGHT - 8), tooltip=[when, *what])
        .encode(opacity=alt.condition("datum.value === null", alt.value(1), alt.value(0)))
    )
    shade = [_shade()] if axis == "month" else []
    spec: Spec = _configured([*shade, line, points, gaps, targets]).to_dict()
    return spec


def _months() -> alt.X:
    axis = alt.Axis(
        format="%b %Y",
        labelOverlap="greedy",
        labelFlush=True,
        grid=False,
        tickCount=alt.TimeIntervalStep(interval="month", step=3),
    )
    return alt.X("x:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _sessions() -> alt.X:
    return alt.X(
        "x:O", title="Session", sort=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy", grid=False)
    )


_X: Mapping[str, Callable[[], alt.X]] = {"month": _months, "session": _sessions}


def _shade() -> alt.Chart:
    shade: alt.Chart = (
        alt.Chart(alt.NamedData("shaded"))
        .mark_rect(color=GREY, opacity=0.13, aria=False)
        .encode(x=alt.X("from:T", scale=alt.Scale(type="utc")), x2="to:T")
    )
    return shade


def _configured(layers: list[alt.Chart]) -> alt.LayerChart:
    configured: alt.LayerChart = (
        alt.layer(*layers, background="transparent")
        .properties(
            height=HEIGHT,
            padding={"left": 4, "right": 12, "top": 4, "bottom": 4},
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .configure_axis(labelFontSize=13, titleFontSize=13, labelPadding=6)
        .configure_legend(labelFontSize=13.5, symbolStrokeWidth=2)
        .configure_view(strokeWidth=0)
    )
    return configured
