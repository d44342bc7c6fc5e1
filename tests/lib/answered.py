"""Made-up people who answer any form, and the mistakes that a survey system makes with their answers.

A trait with what is each person's own about each item; a habit of agreeing to items worded against the scale;
ceilings where the alliance is rated, risk items seldom above the lowest answer; a few careless people. Written
apart from the sample's people, so that thresholds are not tried on what they were set on.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import polars as pl

from flows.detect_form import Form
from flows.detect_tally import Tally, gather
from schemas.instrument import Instrument, item_column
from schemas.registry import load
from schemas.site import FeedInstrument

Answers = npt.NDArray[np.int16]

CARELESS = 0.04
"""People who tick one column all the way down, whatever the wording."""
LEVELS = {"alliance": 0.9, "outcome": -0.35, "process": -0.5}
"""Where people stand on average, in standard deviations from the middle of the response scale."""

LONG_CARD = """
id = "long"
title = "A long form with a fourth of its items worded the other way"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 34
response = { min = 0, max = 4 }
reverse = [3, 4, 7, 12, 19, 21, 31, 32]
outcome_scale = "total"
risk_items = [6, 9, 16, 22, 24, 34]
given = "often"
licence = "none needed"
evidence = "verified"
sources = ["made up"]
[[scales]]
id = "total"
items = "all"
method = "sum"
range = [0, 136]
unit = "points"
direction = "higher_worse"
missing = { rule = "complete" }
"""


def forms() -> dict[str, Instrument]:
    """The shipped forms whose items should go together, and a long one."""
    registry = load({"instruments/long.toml": LONG_CARD.encode()})
    return {card.id: card for card in registry.instruments if form_of(card).blocks}


def form_of(card: Instrument, already_keyed: bool = False, labels: dict[str, int] | None = None) -> Form:
    """A feed's first form, with items Q1, Q2, …"""
    asked = FeedInstrument(
        id=card.id,
        rater="client",
        rater_column=None,
        items="Q{n}",
        labels=labels or {},
        already_keyed=already_keyed,
    )
    return Form(1, asked, card)


def answers(rng: np.random.Generator, card: Instrument, people: int, shift: float = 0.0) -> Answers:
    """Answers as marked on the form, people by items, from the form's lowest answer to its highest.

    shift: how much higher all stand than people usually do, in standard deviations
    """
    trait = LEVELS[card.construct] + shift + rng.standard_normal(people)
    agrees = rng.standard_normal(people)
    given = np.empty((people, card.n_items), dtype=np.int16)
    profile = np.random.default_rng(card.n_items)  # the form's own: the same in every file
    easy, loading = profile.normal(0, 0.45, card.n_items), profile.uniform(0.5, 0.8, card.n_items)
    for item in card.items:
        low, high = ends(card, item)
        at = easy[item - 1] - (2.2 if item in card.risk_items else 0.0)
        worded = -0.35 if item in card.reverse else 0.15
        noise = rng.standard_normal(people)
        load_ = loading[item - 1]
        tendency = load_ * trait + at + worded * agrees + np.sqrt(1 - load_**2) * noise
        place = 1 / (1 + np.exp(-1.3 * tendency))
        marked = np.minimum((place * (high - low + 1)).astype(np.int16), high - low)
        given[:, item - 1] = high - marked if item in card.reverse else low + marked
    lined = rng.random(people) < CARELESS
    low, high = ends(card, 1)
    given[lined] = rng.integers(low, high + 1, int(lined.sum()))[:, None]
    return given


def ends(card: Instrument, item: int) -> tuple[int, int]:
    response = form_of(card).response(item)
    return response.step_min, response.step_max


def turned(card: Instrument, given: Answers, items: Collection[int]) -> Answers:
    """The same answers with some items turned."""
    found = given.copy()
    for item in items:
        low, high = ends(card, item)
        found[:, item - 1] = low + high - found[:, item - 1]
    return found


def counted(card: Instrument, given: Answers, clients: npt.NDArray[np.int64] | None = None) -> Tally:
    """The tally of such a file. clients: of each row; else each row is another person's."""
    keys = np.arange(len(given)) if clients is None else clients
    columns = {item_column(item): given[:, item - 1].astype(np.int8) for item in card.items}
    read = pl.DataFrame({"client_key": keys.astype(np.uint64), **columns})
    within = [pl.col(item_column(item)).is_between(*ends(card, item)) for item in card.items]
    return gather(1, card, read, read.filter(pl.all_horizontal(within))).tally()
