"""The page of the metric dictionary: every definition once, with what it is made of and its source."""

from __future__ import annotations

from schemas.figure_page import figure_page
from schemas.metrics import load


def test_every_definition_has_its_line_under_its_figure():
    page = figure_page(load())
    for metric in load():
        section = page.split(f"### {metric.figure}\n")[1].split("\n### ")[0]
        name = "**standard**" if metric.definition == "standard" else metric.definition
        of = f"; of: {metric.denominator}" if metric.denominator else ""
        assert f"- {name}: {metric.numerator}{of}. Source: {metric.source}." in section


def test_a_figure_stands_once():
    headings = [line for line in figure_page(load()).splitlines() if line.startswith("### ")]
    assert len(headings) == len(set(headings)) == len({metric.figure for metric in load()})
