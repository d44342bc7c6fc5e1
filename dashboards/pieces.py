"""The pages' own HTML: tiles, tables, banner, footer, empty pages. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from dashboards import words
from warehouse.read import Figure, Metric, Period, PublishedInstrument

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 132, 40, 3


def header(eyebrow: str, title: str, lead: str) -> str:
    return (
        f'<header class="a-head"><p class="a-eyebrow">{escape(eyebrow)}</p><h1>{escape(title)}</h1>'
        f'<p class="a-lead">{escape(lead)}</p></header>'
    )


def section(title: str, lead: str) -> str:
    return f'<div class="a-section"><h2>{escape(title)}</h2><p>{escape(lead)}</p></div>'


def scope(unit: str, period: Period) -> str:
    """Which published cell is shown."""
    days = f"{words.day(period.first_day)} to {words.day(period.last_day)}"
    return (
        f'<p class="a-scope" role="status">Showing <b>{escape(unit)}</b>, '
        f"<b>{escape(words.in_sentence(period))}</b> ({days}). "
        "Counts are rounded, rates come from rounded counts, and small numbers are hidden.</p>"
    )


def card_head(title: str, about: str) -> str:
    return f'<div class="a-chart-head"><h3>{escape(title)}</h3><p>{escape(about)}</p></div>'


def before_note(period: Period | None) -> str:
    return escape(f"Before: {words.in_sentence(period)}" if period else "No earlier period is published.")


def instrument_note(form: PublishedInstrument | None) -> str:
    """Full name of a questionnaire, what its key rests on, and its licence."""
    if form is None:
        return '<p class="a-note">A form of this site.</p>'
    evidence = words.EVIDENCE.get(form.evidence, form.evidence)
    return (
        f'<p class="a-note">{escape(form.title)} · {escape(evidence)}</p>'
        f'<details class="a-definition"><summary>Licence</summary><p>{escape(form.licence)}</p></details>'
    )


def fact(title: str, value: str, note: str, kind: str = "") -> str:
    """A tile without a figure: a state or a count of records."""
    mark = f" {_mark(kind)}" if kind else ""
    return (
        f'<article class="a-tile"><h3>{escape(title)}</h3>'
        f'<p class="a-value a-value-text{mark}">{escape(value)}</p>'
        f'<p class="a-basis">{escape(note)}</p></article>'
    )


def tiles(tiles_: Iterable[str], columns: int) -> str:
    return f'<div class="a-tiles a-tiles-{columns}">{"".join(tiles_)}</div>'


def tile(
    title: str,
    metric: Metric,
    figure: Figure | None,
    period: Period,
    earlier: Figure | None,
    earlier_period: Period | None,
    spark: str = "",
    extra: str = "",
) -> str:
    """One figure: its number or its state, what it rests on, and the same figure one period before."""
    state = words.state_words(figure)
    return (
        f'<article class="a-tile{" a-tile-empty" if state else ""}"><h3>{escape(title)}</h3>'
        f'<div class="a-row">{_headline(figure)}{spark}</div>'
        f"{_bounds(figure)}"
        f'<p class="a-basis">{_join(*_basis(figure, extra, period))}</p>'
        f'<p class="a-before">{_before(earlier, earlier_period)}</p>'
        f"{definition(metric)}</article>"
    )


def _headline(figure: Figure | None) -> str:
    state = words.state_words(figure)
    if state or figure is None or figure.value is None:
        hatched = " a-hatched" if figure and figure.state in words.PROTECTED_STATES else ""
        return f'<p class="a-state{hatched}">{escape(state.headline if state else "No data")}</p>'
    return (
        f'<p class="a-value">{escape(words.number(figure.value, figure.unit))}'
        f'<span class="a-unit">{escape(figure.unit)}</span></p>'
    )


def _bounds(figure: Figure | None) -> str:
    bounds = words.bounds(figure)
    return f'<p class="a-bounds"><b>{escape(bounds)}</b> whatever the held records say</p>' if bounds else ""


def _basis(figure: Figure | None, extra: str, period: Period) -> Iterator[str]:
    state = words.state_words(figure)
    yield from map(
        escape, (period.title, state.reason) if state else (words.basis(figure), extra, period.title)
    )


def _before(figure: Figure | None, period: Period | None) -> str:
    if period is None:
        return "No earlier period is published to compare with."
    basis = words.basis(figure)
    shown = f"<b>{escape(words.quantity(figure))}</b>{f' ({escape(basis)})' if basis else ''}"
    return f"Before: {shown}, {escape(words.in_sentence(period))}"


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def definition(metric: Metric) -> str:
    """What a figure counts, from the metric dictionary, opened by mouse or keyboard."""
    facts = [
        ("Counts" if metric.kind == "count" else "Numerator", metric.numerator),
        ("Denominator", metric.denominator),
        ("Dated by", metric.dated_by),
        ("Source", metric.source),
    ]
    terms = "".join(f"<dt>{term}</dt><dd>{escape(text)}</dd>" for term, text in facts if text)
    return f'<details class="a-definition"><summary>Definition</summary><dl>{terms}</dl></details>'


def spark(values: Sequence[Decimal | None], low: Decimal, high: Decimal, label: str) -> str:
    """A line without axes over the months; a month without a number is a gap. Empty without two numbers."""
    if sum(value is not None for value in values) < 2:
        return ""
    step = (SPARK_WIDTH - 2 * SPARK_EDGE) / max(len(values) - 1, 1)
    height = SPARK_HEIGHT - 2 * SPARK_EDGE
    points = [
        None
        if value is None
        else f"{SPARK_EDGE + place * step:.1f} {SPARK_EDGE + height * (1 - _share(value, low, high)):.1f}"
        for place, value in enumerate(values)
    ]
    # Round caps draw a month between two gaps as a dot.
    path = " ".join(
        f"{'L' if place and points[place - 1] else 'M'}{point}{'' if place and points[place - 1] else 'h0'}"
        for place, point in enumerate(points)
        if point
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" '
        f'preserveAspectRatio="none"><path vector-effect="non-scaling-stroke" d="{path}" '
        'fill="none" stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    image = f"url(&quot;data:image/svg+xml,{quote(svg)}&quot;)"
    style = f"--a-line-shape:{image}"
    return f'<span class="a-spark" role="img" aria-label="{escape(label)}" style="{style}"></span>'


def _share(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return (value - low) / (high - low) if high > low else Decimal("0.5")


class Marked(NamedTuple):
    """A table cell whose kind is told by a sign too."""

    text: str
    kind: str


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | Marked]], numeric: int = 1
) -> str:
    """A table that becomes one card a row on a narrow screen; cells from `numeric` on are aligned right."""
    head = "".join(
        f'<th scope="col"{_number_class(i, numeric)}>{escape(c)}</th>' for i, c in enumerate(columns)
    )
    body = "".join(f"<tr>{''.join(_cells(columns, row, numeric))}</tr>" for row in rows)
    return (
        f'<table class="a-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(columns: Sequence[str], row: Sequence[str | Marked], numeric: int) -> Iterator[str]:
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        text = escape(cell if isinstance(cell, str) else cell.text)
        if place == 0:
            yield f'<th scope="row">{text}</th>'
        else:
            shown = text if isinstance(cell, str) else f'<span class="{_mark(cell.kind)}">{text}</span>'
            yield f'<td data-label="{escape(column)}"{_number_class(place, numeric)}>{shown}</td>'


def _mark(kind: str) -> str:
    return f"a-mark a-mark-{escape(kind)}"


def _number_class(place: int, numeric: int) -> str:
    return ' class="a-number"' if place >= numeric else ""


def notice(title: str, text: str, kind: str = "info") -> str:
    """A banner above the page; read out when it appears."""
    return f'<div class="a-notice a-notice-{kind}" role="status"><b>{escape(title)}</b> {escape(text)}</div>'


def empty(title: str, text: str, command: str) -> str:
    """The page where there is nothing to show, and what to do about it."""
    return (
        f'<div class="a-nothing"><h1>{escape(title)}</h1><p>{escape(text)}</p>'
        f"<p><code>{escape(command)}</code></p></div>"
    )


def footer(blocks: Iterable[tuple[str, str, str]]) -> str:
    """Title, text and smaller note of each block."""
    body = "".join(
        f'<div><h2>{escape(title)}</h2><p>{escape(text)}</p><p class="a-small">{escape(note)}</p></div>'
        for title, text, note in blocks
    )
    return f'<footer class="a-foot" role="contentinfo">{body}</footer>'
