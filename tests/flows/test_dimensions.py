"""The cards of instruments as tables: items, thresholds with who vouches for them, steps of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flows.build import inputs_of, open_site
from flows.dimensions import dimensions, steps_per_point
from schemas.registry import load
from schemas.tables import CORE
from tests.lib.handmade_site import KEY, make_site
from warehouse import ledger


def test_cards_are_loaded_with_their_items_and_with_what_is_off(tmp_path: Path):
    setup = make_site(tmp_path / "site")
    form = load()["core_10"]
    rows = dimensions(setup.site, [form], inputs_of(setup, [], date(2026, 1, 1)))
    columns = {table.name: table.column_names for table in CORE}
    loaded = {name: [dict(zip(columns[name], row, strict=True)) for row in rows[name]] for name in rows}
    assert {row["item"] for row in loaded["core_item"] if row["reverse"]} == {2, 3}
    assert [row["item"] for row in loaded["core_item"]] == list(range(1, 11))
    assert [(row["name"], row["is_on"]) for row in loaded["core_threshold"]] == [
        (threshold.name, threshold.on) for threshold in form.thresholds
    ]
    assert {row["is_on"] for row in loaded["core_threshold"]} == {True, False}


@pytest.mark.parametrize(("form", "steps"), [("phq_9", 1), ("srs", 10), ("wai_sr", 1)])
def test_steps_of_the_answers_in_one_point_of_the_score(form: str, steps: int):
    card = load()[form]
    scale = card.scale(card.outcome_scale)
    assert steps_per_point(card, scale) == Decimal(steps)
    mean = replace(scale, method="mean")
    assert steps_per_point(card, mean) == Decimal(steps * scale.n_items)
    assert steps_per_point(card, replace(scale, method="mean_x10")) == Decimal(steps * scale.n_items) / 10
    assert steps_per_point(card, replace(scale, method="table")) is None


def test_cards_as_tables(site: Path):
    """Who vouches for a threshold, since when, and what a criterion of change is computed from."""
    setup = open_site(site, KEY)
    forms = [setup.registry[id_] for id_ in ("core_10", "gad_7", "srs")]
    rows = dimensions(setup.site, forms, inputs_of(setup, ledger.read(site), None))
    assert {row[0]: row[-1] for row in rows["core_instrument"]} == {
        "core_10": None,
        "gad_7": "depression,gad,mixed",
        "srs": None,
    }
    day = date(2026, 11, 23)
    found = {(row[0], row[3]): row[6:] for row in rows["core_threshold"] if row[2] == "reliable_change"}
    assert found["core_10", "rci_90"] == ("unconfirmed", "90 %", Decimal("7.7"), Decimal("0.90"), day, True)
    assert found["core_10", "rci_95"][-1] is False
    on = [row[3] for row in rows["core_threshold"] if row[0] == "srs" and row[-1]]
    assert on == ["below_36", "36_or_below", "drop_1_point"]
