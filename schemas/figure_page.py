"""The page docs/figures.md: the metric dictionary, every figure with its definitions, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schemas.metrics import STANDARD, THEMES, Metric

NOTE = "<!-- Written by `make docs` from schemas/dictionary: change the TOML, not this page. -->"

LEAD = """\
Every figure that Accord computes, with its source. A rate is per cent of its denominator; a mean is a sum
divided by its number; a model is an estimate, with the ends of its 95 % interval beside it, for the
warehouse alone. Where services count differently, or where there is no agreed rule, each way is a
definition of its own. A figure whose needs a clinic lacks is not applicable there. A rate that is shown has
effect bounds where records are held: between these it will lie, whatever they say once they are mended."""


def figure_page(metrics: Sequence[Metric]) -> str:
    """Text of the page: themes in their order, figures in that of the dictionary."""
    lines = ["# Figures", "", NOTE, "", LEAD, ""]
    for theme in THEMES:
        lines += [f"## {theme.capitalize()}", "", *_figures(one for one in metrics if one.theme == theme)]
    return "\n".join(lines)


def _figures(metrics: Iterable[Metric]) -> Iterator[str]:
    by_figure: dict[str, list[Metric]] = {}
    for metric in metrics:
        by_figure.setdefault(metric.figure, []).append(metric)
    for figure, found in by_figure.items():
        yield from (f"### {figure}", "", f"{found[0].title}. {_kind(found[0])}", "")
        yield from (_definition(metric, found[0]) for metric in found)
        yield ""


def _kind(metric: Metric) -> str:
    dated = f"Counted by: {metric.dated_by}." if metric.kind != "model" else f"Of: {metric.dated_by}."
    needs = ", ".join(metric.needs)
    return f"{metric.kind.capitalize()}, in {metric.unit}. {dated} Needs {needs}."


def _definition(metric: Metric, first: Metric) -> str:
    name = metric.definition if metric.definition != STANDARD else f"**{STANDARD}**"
    of = f"; of: {metric.denominator}" if metric.denominator else ""
    needs = "" if metric.needs == first.needs else f" Needs {', '.join(metric.needs)}."
    return f"- {name}: {metric.numerator}{of}. Source: {metric.source}.{needs}"
