"""The metric dictionary: every figure and its definition, as data in metrics.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas.errors import ConfigError
from schemas.raw_table import RawTable
from schemas.site import RATERS

FILE = "metrics.toml"
THEMES = ("engagement", "alliance", "outcome", "quality")
KINDS = ("count", "rate", "mean")
BETTER = ("higher", "lower", "neither")
SERIES = ("whole", "due", "alliance", "outcome")
SCAFFOLDS = ("period", "session")
STANDARD = "standard"


@dataclass(frozen=True)
class Metric:
    """One definition of a figure.

    kind: count, rate (per cent of denominator) or mean (sum of scores by number of scores)
    denominator: in words; empty for a count
    needs, series, scaffold, rater: see the head of metrics.toml
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
    """All definitions, in the order of the dictionary."""
    return parse((files("schemas") / FILE).read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Metric, ...]:
    """The definitions a TOML text holds; ConfigError names every wrong table and key at once."""
    problems: list[str] = []
    root = RawTable(tomllib.loads(text), f"{FILE}:", problems)
    metrics = tuple(
        metric for raw in root.tables("metrics", "[[metrics]]", "figure") for metric in _definitions(raw)
    )
    root.close()
    problems.extend(_repeated(metrics))
    if problems:
        raise ConfigError("\n".join(problems))
    return metrics


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
        yield f"{FILE}: [[metrics]] {figure}, definition: {definition!r} is there twice"
