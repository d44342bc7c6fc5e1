"""Two scorers that share nothing but the cards agree on random administrations of every form.

By default a slice of each form; all 100,000 where ACCORD_ADMINISTRATIONS says so.
"""

from __future__ import annotations

import os

import polars as pl
import pytest

from flows.score import score
from flows.validate import invalid_cells
from schemas.instrument import Instrument
from tests.lib.drawn_answers import drawn
from tests.lib.forms import FORMS, administrations, raw_form
from tests.lib.second_scorer import SecondScorer, Use

COUNT = int(os.environ.get("ACCORD_ADMINISTRATIONS", "4000"))
VARIANTS = [(form, variant["id"]) for form in FORMS for variant in raw_form(form).get("variants", ())]
CASES = [*((form, "") for form in FORMS), *VARIANTS]


def named(case: tuple[str, str]) -> str:
    return "-".join(filter(None, case))


def form_of(case: tuple[str, str]) -> Instrument:
    id_, variant = case
    return Instrument.build(raw_form(id_), f"{id_}.toml").as_variant(variant)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_two_scorers_agree(case: tuple[str, str]):
    """The same verdict on every cell; where a form is sound, the same scores, answered items and statuses."""
    form, use = form_of(case), Use(confirmed=True, variant=case[1])
    second = SecondScorer(raw_form(case[0]), use)
    rows = drawn(second, COUNT, (CASES.index(case), COUNT))
    verdicts = [second.valid(row) for row in rows]
    assert cells_refused(form, rows) == {
        column: [not verdict[place] for verdict in verdicts]
        for place, column in enumerate(form.item_columns)
        if not all(verdict[place] for verdict in verdicts)
    }
    sound = [row for row, verdict in zip(rows, verdicts, strict=True) if all(verdict)]
    assert 0.9 * COUNT < len(sound) < COUNT
    assert_same_scores(form, second, sound)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_two_scorers_agree_where_the_key_is_not_confirmed_or_items_come_keyed(case: tuple[str, str]):
    form, count = form_of(case), COUNT // 10
    for use in (
        Use(variant=case[1]),
        Use(confirmed=True, already_keyed=True, variant=case[1]),
        Use(already_keyed=True, variant=case[1]),
    ):
        second = SecondScorer(raw_form(case[0]), use)
        rows = [row for row in drawn(second, count, (1, CASES.index(case))) if all(second.valid(row))]
        assert_same_scores(form, second, rows)


def cells_refused(form: Instrument, rows: list[tuple[int | None, ...]]) -> dict[str, list[bool]]:
    """What the reading path finds wrong, by item column."""
    found = invalid_cells(administrations(form, rows), form)
    return {column: mask.to_list() for column, mask in found.items()}


def assert_same_scores(form: Instrument, second: SecondScorer, rows: list[tuple[int | None, ...]]):
    frame = administrations(form, rows)
    scored = score(frame, form, second.use.confirmed, second.use.already_keyed)
    by_row = [second.score(row) for row in rows]
    for place, scale in enumerate(second.scales):
        found = scored.select(
            f"score_{scale}", f"answered_{scale}", pl.col(f"status_{scale}").cast(pl.String)
        )
        differing = [
            (row, ours[place], theirs)
            for row, ours, theirs in zip(rows, by_row, found.iter_rows(), strict=True)
            if ours[place] != theirs
        ]
        assert not differing[:3], (form.id, scale)
