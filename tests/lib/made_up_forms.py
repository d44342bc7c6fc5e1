"""Made-up forms and keys for what the shipped cards leave untried: every method, dated rules, items of their own range."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

import numpy as np

_HEAD = """
title = "Made up"
version = "1"
construct = "outcome"
raters = ["client"]
risk_items = []
given = "never"
licence = "free"
evidence = "verified"
sources = ["made up"]
"""

EVERY_METHOD = f"""
id = "every_method"
{_HEAD}
n_items = 9
response = {{ min = 0, max = 3 }}
item_responses = [{{ items = [3], min = 0, max = 1 }}, {{ items = [5, 6], min = 2, max = 9 }}]
reverse = [2, 3, 5]
outcome_scale = "total"
structure = {{ partition = ["low", "high"], overlap = ["mean_3", "tenfold", "looked_up", "without_9"] }}

[[scales]]
id = "total"
items = "all"
method = "sum"
range = [4, 37]
unit = "points"
direction = "higher_worse"
missing = [
    {{ rule = "complete" }},
    {{ rule = "prorate", from = 2024-03-01, max_missing = 1, evidence = "verified", source = "made up", recorded = 2024-03-01 }},
    {{ rule = "prorate", from = 2025-01-15, max_missing = 4, evidence = "verified", source = "made up", recorded = 2025-01-15 }},
]

[[scales]]
id = "low"
items = [1, 2, 3, 4]
method = "sum"
round_to = 0
range = [0, 10]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "prorate", max_missing = 2, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "high"
items = [5, 6, 7, 8, 9]
method = "sum"
round_to = 1
range = [4, 27]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "prorate", max_missing = 3, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "mean_3"
items = [1, 4, 7]
method = "mean"
range = [0, 3]
unit = "mean answer"
direction = "higher_worse"
missing = {{ rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "tenfold"
items = [2, 4, 7, 8, 9]
method = "mean_x10"
range = [0, 30]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "prorate", max_missing = 3, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "looked_up"
items = [1, 2]
method = "table"
table = {{ 0 = "0.00", 1 = "1.05", 2 = "1.95", 3 = "3.33", 4 = "4.0001", 5 = "5.5", 6 = "7" }}
range = [0, 7]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "complete" }}

[[scales]]
id = "without_9"
items = [7, 8]
method = "sum"
not_applicable = [9]
range = [0, 6]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "both"
scales = ["low", "high"]
method = "sum_of_scales"
range = [4, 37]
unit = "points"
direction = "higher_worse"
missing = {{ rule = "complete" }}

[[vectors]]
answers = [0, 3, 1, 0, 9, 2, 0, 0, 0]
scores = {{ total = 4, low = 0, high = 4, mean_3 = 0, tenfold = 0, looked_up = 0, without_9 = "x", both = 4 }}
source = "made up"
"""

TENTHS = f"""
id = "tenths"
{_HEAD}
n_items = 4
response = {{ min = 0, max = 10, decimals = 1 }}
reverse = [2]
outcome_scale = "total"
structure = {{ partition = [], overlap = [] }}

[[scales]]
id = "total"
items = "all"
method = "sum"
round_to = 1
range = [0, 40]
unit = "points"
direction = "higher_better"
missing = {{ rule = "prorate", max_missing = 3, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[scales]]
id = "mean"
items = [1, 2, 3]
method = "mean"
range = [0, 10]
unit = "mean answer"
direction = "higher_better"
missing = {{ rule = "prorate", max_missing = 2, evidence = "verified", source = "made up", recorded = 2024-03-01 }}

[[vectors]]
answers = [0, 10, 0, 0]
scores = {{ total = 0, mean = 0 }}
source = "made up"
"""

MADE_UP = {
    card["id"]: card for card in (tomllib.loads(text, parse_float=Decimal) for text in (EVERY_METHOD, TENTHS))
}


def made_up_key(card: dict[str, Any], seed: int) -> dict[str, Any]:
    """A key file for a form without a public key: some items reversed; one in no scale and one in two, where it may."""
    rng = np.random.default_rng(seed)
    scales = [scale["id"] for scale in card["scales"] if scale.get("items") == "site_key"]
    numbers = rng.permutation(np.arange(1, card["n_items"] + 1)).tolist()
    items: dict[str, Any] = {str(number): scales[place % len(scales)] for place, number in enumerate(numbers)}
    if card["n_items"] > 2 * len(scales) and not card.get("structure", {}).get("partition"):
        items[str(numbers[-1])] = ""
        items[str(numbers[-2])] = sorted(scales)[:2]
    reverse = sorted(int(number) for number in rng.choice(numbers, card["n_items"] // 4, replace=False))
    return {
        "instrument": card["id"],
        "source": "made up",
        "recorded": tomllib.loads("day = 2026-11-23")["day"],
        "reverse": reverse,
        "items": items,
    }
