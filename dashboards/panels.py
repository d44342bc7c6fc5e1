"""A chart with all that belongs to it: title, note, alternative text, table and download."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from io import StringIO

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import charts, pieces, words
from dashboards.charts import Line, Spec
from warehouse.read import Figure

CSV_COLUMNS = ("run", "as_of", *(field.name for field in fields(Figure)))


@dataclass(frozen=True)
class Panel:
    """title: states a fact; about: unit, cases and place; key: of the panel on its page and in file names."""

    key: str
    title: str
    about: str
    alt: str
    places: Sequence[str]
    place_title: str
    lines: Sequence[Line]


def card(key: str) -> DeltaGenerator:
    """A framed part of a page."""
    return st.container(border=True, key=f"card-{key}")


def draw(panel: Panel, chart: Spec | None, run: Mapping[str, str]) -> None:
    """Draw one panel inside the card it is called in; no chart where there is no point to draw."""
    st.html(pieces.card_head(panel.title, panel.about))
    if chart is None:
        st.html(f'<p class="a-all-hidden">{escape(_nothing(panel))}</p>')
    else:
        st.vega_lite_chart(chart, width="stretch", alt=panel.alt)
        if gaps := _gaps(panel):
            st.html(f'<p class="a-note">{escape(gaps)}</p>')
    with st.expander("Table and download"):
        st.html(pieces.table(panel.title, _columns(panel), _table_rows(panel)))
        st.download_button(
            "Download CSV",
            figures_csv([figure for line in panel.lines for figure in line.figures if figure], run),
            file_name=f"accord-{panel.key}-{run['run']}.csv",
            mime="text/csv",
            key=f"csv-{panel.key}",
            on_click="ignore",
        )


def _nothing(panel: Panel) -> str:
    """Why there is no point to draw: one reason for all where there is one."""
    reasons = {words.state_words(figure) for line in panel.lines for figure in line.figures}
    reason = reasons.pop() if len(reasons) == 1 else None
    return f"{reason.headline}. {reason.reason}." if reason else "Every point is hidden or without data."


def _gaps(panel: Panel) -> str:
    missing = charts.hidden_places(panel.lines, panel.places)
    if not missing:
        return ""
    which = (
        ", ".join(missing) if len(missing) <= 6 else f"{len(missing)} of {len(panel.places)}; see the table"
    )
    return f"× marks a gap, hidden or without data: {which}."


def _columns(panel: Panel) -> list[str]:
    if len(panel.lines) == 1:
        return [panel.place_title, panel.lines[0].name, "From"]
    return [panel.place_title, *(text for line in panel.lines for text in (line.name, f"{line.name}, from"))]


def _table_rows(panel: Panel) -> list[list[str]]:
    """Newest place first for months is what a reader looks for; sessions keep their order."""
    return [
        [place, *(text for line in panel.lines for text in _cells(line.figures[at]))]
        for at, place in enumerate(panel.places)
    ]


def _cells(figure: Figure | None) -> tuple[str, str]:
    return words.quantity(figure), words.basis(figure) or "–"


def figures_csv(figures: Sequence[Figure], run: Mapping[str, str]) -> str:
    """The published rows as they are, each with the run they come from; states kept, hidden cells empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for figure in figures:
        cells = (getattr(figure, name) for name in CSV_COLUMNS[2:])
        writer.writerow(
            [
                run["run"],
                run.get("released_as_of", run["as_of"]),
                *("" if cell is None else cell for cell in cells),
            ]
        )
    return text.getvalue()
