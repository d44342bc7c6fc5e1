"""Two scorers that share nothing but the cards agree on random administrations of every form.

By default a slice of each form; all 100,000 where ACCORD_ADMINISTRATIONS says so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.answers import answer_key, codes
from flows.score import score
from flows.validate import invalid_cells
from schemas.dialect import load_dialects
from schemas.instrument import Instrument
from schemas.key_file import with_key
from schemas.site import Feed, FeedInstrument
from tests.lib.drawn_answers import drawn
from tests.lib.forms import FORMS, administrations, raw_form
from tests.lib.made_up_forms import MADE_UP, made_up_key
from tests.lib.second_scorer import INVALID, SecondScorer, Use

COUNT = int(os.environ.get("ACCORD_ADMINISTRATIONS", "4000"))
VARIANTS = [(form, variant["id"]) for form in FORMS for variant in raw_form(form).get("variants", ())]
CASES = [*((form, "") for form in (*FORMS, *MADE_UP)), *VARIANTS]
DAYS = [
    None,
    *map(
        date.fromisoformat,
        "2020-01-01 2024-02-29 2024-03-01 2024-03-02 2025-01-14 2025-01-15 2026-11-23".split(),
    ),
]

Row = tuple[int | None, ...]


@dataclass(frozen=True)
class Form:
    """A form as a site uses it, to both scorers."""

    instrument: Instrument
    second: SecondScorer

    @property
    def use(self) -> Use:
        return self.second.use


def named(case: tuple[str, str]) -> str:
    return "-".join(filter(None, case))


def card_of(id_: str) -> dict[str, Any]:
    return MADE_UP.get(id_) or raw_form(id_)


def form_of(
    case: tuple[str, str], confirmed: bool = True, already_keyed: bool = False, keyed: bool = True
) -> Form:
    """A form without a public key gets a made-up one."""
    id_, variant = case
    card = card_of(id_)
    form = Instrument.build(card, f"{id_}.toml")
    key = made_up_key(card, COUNT) if keyed and form.needs_key else None
    if key:
        form = with_key(key, f"{id_}.key.toml", {id_: form})
    return Form(form.as_variant(variant), SecondScorer(card, Use(confirmed, key, already_keyed, variant)))


@pytest.mark.parametrize("case", CASES, ids=named)
def test_two_scorers_agree(case: tuple[str, str]):
    """The same verdict on every cell; where an administration is sound, the same scores, items and statuses."""
    form = form_of(case)
    rows = drawn(form.second, COUNT, (CASES.index(case), COUNT))
    verdicts = [form.second.valid(row) for row in rows]
    wrong = {
        column: [not verdict[place] for verdict in verdicts]
        for place, column in enumerate(form.instrument.item_columns)
    }
    assert cells_refused(form, rows) == {column: cells for column, cells in wrong.items() if any(cells)}
    sound = [row for row, verdict in zip(rows, verdicts, strict=True) if all(verdict)]
    assert 0.9 * COUNT < len(sound) < COUNT
    assert_same_scores(form, sound)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_two_scorers_agree_whatever_the_site_says_of_the_key(case: tuple[str, str]):
    """Not confirmed, not supplied, reversed at capture."""
    for confirmed, already_keyed, keyed in (
        (False, False, True),
        (True, True, True),
        (False, True, True),
        (True, False, False),
    ):
        form = form_of(case, confirmed, already_keyed, keyed)
        rows = drawn(form.second, COUNT // 10, (1, CASES.index(case)))
        assert_same_scores(form, [row for row in rows if all(form.second.valid(row))])


@pytest.mark.parametrize("id_", MADE_UP)
def test_two_scorers_agree_on_the_rule_of_the_day(id_: str):
    form = form_of((id_, ""))
    rows = [row for row in drawn(form.second, COUNT, (2, COUNT)) if all(form.second.valid(row))]
    picked = np.random.default_rng(COUNT).integers(0, len(DAYS), len(rows))
    assert_same_scores(form, rows, [DAYS[place] for place in picked])


@pytest.mark.parametrize("case", CASES, ids=named)
def test_two_readers_agree_on_what_a_cell_says(case: tuple[str, str]):
    """Every text that may stand in a cell: the same answer, the same way of giving none, or no answer at all."""
    form = form_of(case)
    asked = FeedInstrument(form.instrument.id, "client", None, "q{n}", **CODES)
    key = answer_key(
        Feed("f", "c", "responses", "*.csv", "csv"), asked, form.instrument, load_dialects()["csv"]
    )
    texts = cell_texts()
    found = codes(pl.Series(texts, dtype=pl.String), key).to_list()
    frame = administrations(form.instrument, [[code] * form.instrument.n_items for code in found])
    refused = invalid_cells(frame, form.instrument)
    whole = pl.Series([False] * len(texts))
    for item, column in zip(form.second.items, form.instrument.item_columns, strict=True):
        ours = [item.read(text, form.second.steps, CODES) for text in texts]
        theirs = [
            INVALID if wrong else code for code, wrong in zip(found, refused.get(column, whole), strict=True)
        ]
        assert dict(zip(texts, ours, strict=True)) == dict(zip(texts, theirs, strict=True))


CODES = {
    "missing": ("-99", "N/A", "98.0"),
    "refused": ("R",),
    "not_shown": ("ns",),
    "not_applicable": ("77",),
}


def cell_texts() -> list[str]:
    numbers = [
        *map(str, range(-12, 14)),
        "97",
        "98",
        "99",
        "100",
        "101",
        "127",
        "128",
        "-77",
        "77",
        "77.0",
        "77.5",
    ]
    spelt = [
        form.format(number)
        for number in numbers
        for form in (
            "{}",
            " {} ",
            "\t{}",
            "0{}",
            "{}.0",
            "{}.00",
            "{}.5",
            "{}.25",
            "{}.90",
            "{},0",
            "{}e0",
            "0x{}",
        )
    ]
    words = [
        "",
        " ",
        "R",
        "r ",
        "NS",
        "n/a",
        "N/A.",
        "na",
        "x",
        "1 2",
        "1-2",
        ".5",
        ".",
        "-",
        "1..2",
        "nan",
        "inf",
        "½",
    ]
    return list(dict.fromkeys([*spelt, *words, "9" * 30, "0" * 30, "1_0"]))


def cells_refused(form: Form, rows: list[Row]) -> dict[str, list[bool]]:
    """What the reading path finds wrong, by item column."""
    found = invalid_cells(administrations(form.instrument, rows), form.instrument)
    return {column: mask.to_list() for column, mask in found.items()}


def assert_same_scores(form: Form, rows: list[Row], days: list[date | None] | None = None):
    days = days or [None] * len(rows)
    frame = administrations(form.instrument, rows).with_columns(completed_on=pl.Series(days, dtype=pl.Date))
    scored = score(frame, form.instrument, form.use.confirmed, form.use.already_keyed)
    by_row = [form.second.score(row, day) for row, day in zip(rows, days, strict=True)]
    for place, scale in enumerate(form.second.scales):
        found = scored.select(
            f"score_{scale}", f"answered_{scale}", pl.col(f"status_{scale}").cast(pl.String)
        )
        differing = [
            (row, day, ours[place], theirs)
            for row, day, ours, theirs in zip(rows, days, by_row, found.iter_rows(), strict=True)
            if ours[place] != theirs
        ]
        assert not differing[:3], (form.instrument.id, scale)
