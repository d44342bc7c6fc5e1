from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from re import findall, search

import pytest

import dashboards
from dashboards import theme

CSS = (Path(dashboards.__file__).parent / "style.css").read_text(encoding="utf-8")
GROUNDS = ("backgroundColor", "secondaryBackgroundColor")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def css_colour(name: str, dark: bool) -> str:
    found = search(rf"--a-{name}: light-dark\((#\w+), (#\w+)\)", CSS)
    assert found
    return found[2 if dark else 1]


SCHEMES = [
    pytest.param(theme.LIGHT, theme.LIGHT_SERIES, False, id="light"),
    pytest.param(theme.DARK, theme.DARK_SERIES, True, id="dark"),
]


@pytest.mark.parametrize(("colours", "series", "dark"), SCHEMES)
def test_texts_can_be_read(colours, series, dark):
    texts = [colours["textColor"], colours["linkColor"], css_colour("muted", dark), css_colour("ink", dark)]
    assert min(contrast(text, colours[ground]) for text in texts for ground in GROUNDS) >= 4.5


@pytest.mark.parametrize(("colours", "series", "dark"), SCHEMES)
def test_notices_can_be_read(colours, series, dark):
    for ground in ("amber-ground", "blue-ground"):
        assert contrast(css_colour("ink", dark), css_colour(ground, dark)) >= 4.5


@pytest.mark.parametrize(("colours", "series", "dark"), SCHEMES)
def test_lines_stand_out_from_the_card(colours, series, dark):
    assert min(contrast(colour, colours["secondaryBackgroundColor"]) for colour in series) >= 3


@pytest.mark.parametrize(("colours", "series", "dark"), SCHEMES)
def test_lines_differ(colours, series, dark):
    assert all(one != other for one, other in combinations(series, 2))


@pytest.mark.parametrize(("colours", "series", "dark"), SCHEMES)
def test_style_sheet_and_theme_agree(colours, series, dark):
    assert css_colour("card", dark) == colours["secondaryBackgroundColor"]
    assert css_colour("line", dark) == colours["borderColor"]
    assert css_colour("accent", dark) == colours["primaryColor"]


def test_colours_of_the_series_are_given_as_a_list():
    assert json.loads(theme.options()["theme.dark.chartCategoricalColors"]) == list(theme.DARK_SERIES)


def test_the_style_sheet_fetches_nothing():
    assert not findall(r"@import|url\(", CSS)
