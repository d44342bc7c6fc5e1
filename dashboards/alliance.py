"""The overview's section on the working alliance: one questionnaire, its scales, by month and by session."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from dashboards import charts, pieces, words
from dashboards.charts import Line
from dashboards.choice import Key
from dashboards.filters import pick_named
from dashboards.panels import Panel, card, draw
from dashboards.view import Form, View

MEAN, BY_SESSION = "alliance_mean", "alliance_by_session"
TOTAL = "total"
PREFERRED = "wai_sr"


def section(view: View) -> None:
    st.html(
        pieces.section(
            "Working alliance", "Do client and therapist agree on goals and tasks, and is there a bond?"
        )
    )
    forms = {form.id: form for form in view.forms(MEAN)}
    if not forms:
        st.html(pieces.notice("Not applicable.", "No alliance questionnaire is delivered."))
        return
    names = {id_: form.name for id_, form in forms.items()}
    form = forms[pick_named("Questionnaire", names, "alliance-form", PREFERRED)]
    st.html(pieces.instrument_note(view.directory.instruments.get(form.instrument)))
    scales = _scales(view, form)
    st.html(pieces.tiles([_tile(view, form, scale) for scale in scales], len(scales)))
    charted = [scale for scale in scales if scale in words.COMPONENTS] or scales
    left, right = st.columns(2)
    if view.months:
        with left, card("alliance-month"):
            _months(view, form, charted)
    with right, card("alliance-session"):
        _sessions(view, form, charted)


def _scales(view: View, form: Form) -> list[str]:
    """Total first, then the components in the order of the model, then any other."""
    wanted = (MEAN, form.metric.definition, form.instrument)
    found = {
        key.scale for figures in (view.now, *view.monthly.values()) for key in figures if key[:3] == wanted
    }
    order = [TOTAL, *words.COMPONENTS]
    return sorted(found, key=lambda scale: (order.index(scale) if scale in order else len(order), scale))


def _tile(view: View, form: Form, scale: str) -> str:
    limits = words.scale_range(form.instrument, scale)
    possible = f"possible {limits[0]:f} to {limits[1]:f}" if limits else ""
    title = f"{form.name}: {words.lower_first(words.scale_name(scale))}"
    return view.tile(form.metric, form.instrument, scale, title, possible)


def _title(form: Form, scales: Sequence[str]) -> str:
    *names, last = [words.lower_first(words.scale_name(scale)) for scale in scales]
    listed = f"{', '.join(names)} and {last}" if names else last
    return f"{form.name} {listed}"


def _limits(form: Form, scales: Sequence[str]) -> tuple[Decimal, Decimal] | None:
    return words.scale_range(form.instrument, scales[0])


def _months(view: View, form: Form, scales: Sequence[str]) -> None:
    lines = [
        view.line(words.scale_name(scale), Key(MEAN, form.metric.definition, form.instrument, scale))
        for scale in scales
    ]
    title = _title(form, scales)
    view.chart(f"alliance-{form.id}-by-month", title, form.metric.unit, lines, _limits(form, scales))


def _sessions(view: View, form: Form, scales: Sequence[str]) -> None:
    sessions = sorted(view.by_session, key=int)
    lines = [
        Line(
            words.scale_name(scale),
            tuple(
                view.by_session[session].get(Key(BY_SESSION, form.metric.definition, form.instrument, scale))
                for session in sessions
            ),
        )
        for scale in scales
    ]
    title, unit = _title(form, scales), form.metric.unit
    panel = Panel(
        key=f"alliance-{form.id}-by-session",
        title=f"{title} by session",
        about=f"mean {unit} · {view.chosen.name} · all time, whatever period is chosen",
        alt=f"Line chart of {title} by session number, mean {unit}, {view.chosen.name}. "
        "The table below has every value.",
        places=[f"Session {session}" for session in sessions],
        place_title="Session",
        lines=lines,
    )
    drawn = charts.has_points(lines)
    draw(panel, charts.by_session(lines, sessions, unit, _limits(form, scales)) if drawn else None, view.run)
