"""The pages of docs/instruments: one for each form, and an index, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.cards import card_sections, why_no_score
from schemas.instrument import Instrument
from schemas.registry import Registry

NOTE = "<!-- Written by `make docs` from schemas/instruments: change the TOML, not this page. -->"
INDEX = "index.md"


def pages(registry: Registry) -> dict[str, str]:
    """Text of each page by file name."""
    made = {f"{one.id}.md": _page(one) for one in registry.instruments}
    return {INDEX: _index(registry.instruments), **made}


def _index(instruments: Sequence[Instrument]) -> str:
    lines = [
        "# Instruments",
        "",
        NOTE,
        "",
        "| id | title | items | outcome scale | evidence | gives scores |",
        "| --- | --- | --- | --- | --- | --- |",
        *map(_index_row, instruments),
    ]
    return "\n".join(lines) + "\n"


def _index_row(one: Instrument) -> str:
    scored = "when the site supplies its key" if one.needs_key else "once the site has confirmed its key"
    cells = [
        f"[{one.id}]({one.id}.md)",
        one.title,
        str(one.n_items),
        one.outcome_scale,
        one.evidence,
        scored if why_no_score(one) else "yes",
    ]
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _page(instrument: Instrument) -> str:
    lines = [f"# {instrument.id}: {instrument.title}", "", NOTE, ""]
    for label, values in card_sections(instrument).items():
        lines += [f"## {label.capitalize()}", "", *_values(values), ""]
    lines += ["## Golden vectors", "", *_vectors(instrument)]
    return "\n".join(lines) + "\n"


def _values(values: Sequence[str]) -> Iterator[str]:
    return iter(values) if len(values) == 1 else (f"- {value}" for value in values)


def _vectors(instrument: Instrument) -> Iterator[str]:
    """Answers and what they must give."""
    yield "| answers | scores | source |"
    yield "| --- | --- | --- |"
    for vector in instrument.vectors:
        answers = [
            "na" if number in vector.not_applicable else "x" if answer is None else str(answer)
            for number, answer in enumerate(vector.answers, start=1)
        ]
        scores = [f"{scale} {'none' if score is None else score}" for scale, score in vector.scores]
        scores += [f"{scale}: {status}" for scale, status in vector.statuses]
        variant = f" ({vector.variant})" if vector.variant else ""
        given = "refused: key not public" if vector.refusal else ", ".join(scores)
        yield f"| {' '.join(answers)}{variant} | {given} | {_cell(vector.source)} |"
