"""The overview's section on the working alliance: one questionnaire, its scales, by month and by session."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from dashboards import charts, pieces, words
from dashboards.charts import Line
from dashboards.filters import pick_named
from dashboards.panels import Panel, card, draw
from dashboards.view import View
from warehouse.read import Metric

MEAN, BY_SESSION = "alliance_mean", "alliance_by_session"
TOTAL = "total"
PREFERRED = "wai_sr"


def section(view: View) -> None:
    st.html(pieces.section("Working alliance", "Do client and therapist agree on goals and tasks, and is there a bond?"))
    metric = view.directory.metrics.get(MEAN)
    instruments = sorted({key[1] for figures in (view.now, *view.monthly.values()) for key in figures if key[0] == MEAN})
    if metric is None or not instruments:
        st.html(pieces.notice("No alliance figures.", "No alliance questionnaire is published for this unit."))
        return
    names = {instrument: view.instrument_name(instrument) for instrument in instruments}
    instrument = pick_named("Questionnaire", names, "alliance-instrument", PREFERRED)
    st.html(pieces.instrument_note(view.directory.instruments.get(instrument)))
    scales = _scales(view, instrument)
    st.html(pieces.tiles([_tile(view, metric, instrument, scale) for scale in scales], len(scales)))
    left, right = st.columns(2)
    charted = [scale for scale in scales if scale in words.COMPONENTS] or scales
    with left, card("alliance-month"):
        lines = [view.line(words.scale_name(scale), (MEAN, instrument, scale)) for scale in charted]
        title = f"{names[instrument]} {_of(charted)}"
        view.chart(f"alliance-{instrument}-by-month", title, metric.unit, lines, _limits(instrument, charted))
    if BY_SESSION in view.directory.metrics and view.by_session:
        with right, card("alliance-session"):
            _sessions(view, instrument, charted, title)


def _scales(view: View, instrument: str) -> list[str]:
    """Total first, then the components in the order of the model, then any other."""
    found = {key[2] for figures in (view.now, *view.monthly.values()) for key in figures if key[:2] == (MEAN, instrument)}
    order = [TOTAL, *words.COMPONENTS]
    return sorted(found, key=lambda scale: (order.index(scale) if scale in order else len(order), scale))


def _tile(view: View, metric: Metric, instrument: str, scale: str) -> str:
    limits = words.scale_range(instrument, scale)
    possible = f"possible {limits[0]:g} to {limits[1]:g}" if limits else ""
    title = f"{view.instrument_name(instrument)} {words.lower_first(words.scale_name(scale))}"
    return view.tile(metric, instrument, scale, title, possible)


def _of(scales: list[str]) -> str:
    names = [words.lower_first(words.scale_name(scale)) for scale in scales]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _limits(instrument: str, scales: list[str]) -> tuple[Decimal, Decimal] | None:
    return words.scale_range(instrument, scales[0])


def _sessions(view: View, instrument: str, scales: list[str], title: str) -> None:
    metric = view.directory.metrics[BY_SESSION]
    sessions = sorted(view.by_session, key=int)
    lines = [
        Line(words.scale_name(scale), tuple(view.by_session[session].get((BY_SESSION, instrument, scale)) for session in sessions))
        for scale in scales
    ]
    panel = Panel(
        key=f"alliance-{instrument}-by-session",
        title=f"{title} by session",
        about=f"mean {metric.unit} · {view.chosen.name} · all time, whatever period is chosen",
        alt=f"Line chart of {title} by session number, mean {metric.unit}, {view.chosen.name}. The table below has every value.",
        places=[f"Session {session}" for session in sessions],
        place_title="Session",
        lines=lines,
    )
    drawn = charts.has_points(lines)
    draw(panel, charts.by_session(lines, sessions, metric.unit, _limits(instrument, scales)) if drawn else None, view.run)
