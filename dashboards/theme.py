"""Colours and type of the pages, in light and dark, as Streamlit options.

Series colours are those of Okabe and Ito, told apart by colour-blind people too; on light ground
the darker ones, on dark ground the lighter ones, so that every line keeps 3:1 against the page.
Texts keep 4.5:1, which `tests/dashboards/test_theme.py` computes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "primaryColor": "#0b5fa5",
    "backgroundColor": "#f6f7f9",
    "secondaryBackgroundColor": "#ffffff",
    "textColor": "#18212c",
    "borderColor": "#d5dae1",
    "linkColor": "#0b5fa5",
    "codeTextColor": "#18212c",
    "codeBackgroundColor": "#eceff3",
}
DARK: Mapping[str, str] = {
    "primaryColor": "#7cbcf0",
    "backgroundColor": "#12171e",
    "secondaryBackgroundColor": "#1b222c",
    "textColor": "#e7ebf0",
    "borderColor": "#39424f",
    "linkColor": "#7cbcf0",
    "codeTextColor": "#e7ebf0",
    "codeBackgroundColor": "#232c38",
}
LIGHT_SERIES = ("#0072b2", "#d55e00", "#18212c", "#007a59")
DARK_SERIES = ("#56b4e9", "#e69f00", "#e7ebf0", "#cc79a7")

COMMON: Mapping[str, str] = {
    "baseRadius": "0.625rem",
    "baseFontSize": "16",
    "showWidgetBorder": "true",
    "font": "sans-serif",
    "headingFont": "sans-serif",
    "linkUnderline": "true",
}


def options() -> dict[str, str]:
    """Streamlit option -> value, for both themes; the browser's colour scheme chooses."""
    return {
        **{f"theme.{name}": value for name, value in COMMON.items()},
        **_scheme("light", LIGHT, LIGHT_SERIES),
        **_scheme("dark", DARK, DARK_SERIES),
    }


def _scheme(name: str, colours: Mapping[str, str], series: tuple[str, ...]) -> dict[str, str]:
    return {
        **{f"theme.{name}.{option}": value for option, value in colours.items()},
        f"theme.{name}.chartCategoricalColors": json.dumps(series),
    }
