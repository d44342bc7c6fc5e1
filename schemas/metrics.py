"""The metric dictionary: every figure and its definition, as data in dictionary/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas.errors import ConfigError
from schemas.raw_table import RawTable
from schemas.site import RATERS

FOLDER = "dictionary"
THEMES = ("engagement", "alliance", "outcome", "quality")
KINDS = ("count", "rate", "mean", "model")
BETTER = ("higher", "lower", "neither")
SERIES = ("whole", "due", "alliance", "alliance_total", "outcome", "process")
SCAFFOLDS = ("period", "period_end", "session", "stage")
STANDARD = "standard"


@dataclass(frozen=True)
class Metric:
    """One definition of a figure.

    kind: count, rate (per cent of denominator), mean (sum by number) or model (estimated by a library)
    denominator: in words; empty for a count
    needs, series, scaffold, rater: see the head of each file of the dictionary
    """

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
    needs: tuple[str, ...]
    series: str
    scaffold: str
    rater: str


@cache
def load() -> tuple[Metric, ...]:
    """All definitions, file by file, in the order of each."""
    folder = sorted((files("schemas") / FOLDER).iterdir(), key=lambda entry: entry.name)
    return parse({entry.name: entry.read_text(encoding="utf-8") for entry in folder})


def parse(texts: Mapping[str, str]) -> tuple[Metric, ...]:
    """The definitions of TOML texts by file name; ConfigError names every wrong table and key at once."""
    problems: list[str] = []
    metrics = tuple(metric for file, text in texts.items() for metric in _parsed(file, text, problems))
    problems.extend(_repeated(metrics))
    if problems:
        raise ConfigError("\n".join(problems))
    return metrics


def _parsed(file: str, text: str, problems: list[str]) -> Iterator[Metric]:
    root = RawTable(tomllib.loads(text), f"{file}:", problems)
    for raw in root.tables("metrics", "[[metrics]]", "figure"):
        yield from _definitions(raw)
    root.close()


def _definitions(raw: RawTable) -> Iterator[Metric]:
    standard = _standard(raw)
    raters = raw.texts("raters")
    for rater in raters:
        raw.known("raters", rater, RATERS)
    raw.close()
    if not raters:
        yield standard
    for rater in raters:
        yield _rated_by(standard, rater)


def _standard(raw: RawTable) -> Metric:
    kind = raw.choice("kind", KINDS)
    if kind == "count" and "denominator" in raw:
        raw.problem("denominator", "a count has none")
    return Metric(
        figure=raw.text("figure"),
        definition=raw.optional_text("definition") or STANDARD,
        theme=raw.choice("theme", THEMES),
        title=raw.text("title"),
        kind=kind,
        unit=raw.text("unit"),
        better=raw.choice("better", BETTER),
        numerator=raw.text("numerator"),
        denominator="" if kind == "count" else raw.text("denominator"),
        dated_by=raw.text("dated_by"),
        source=raw.text("source"),
        needs=raw.texts("needs"),
        series=raw.choice("series", SERIES, "whole"),
        scaffold=raw.choice("scaffold", SCAFFOLDS, "period"),
        rater="client",
    )


def _rated_by(metric: Metric, rater: str) -> Metric:
    """Raters are never mixed: each has a definition of its own, the client's is the standard."""
    if rater == "client":
        return metric
    fields = vars(metric) | {
        "definition": f"{rater}_rated",
        "title": f"{metric.title}, rated by {rater}",
        "rater": rater,
    }
    return Metric(**fields)


def _repeated(metrics: tuple[Metric, ...]) -> Iterator[str]:
    keys = [(metric.figure, metric.definition) for metric in metrics]
    for figure, definition in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"[[metrics]] {figure}, definition: {definition!r} is there twice"
