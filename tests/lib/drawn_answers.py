"""Random administrations of any form: whole, with gaps of every kind, at the ends of the scale, and invalid ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.lib.second_scorer import NO_ANSWER, SecondScorer

Codes = npt.NDArray[np.int16]

NOTHING = 999
"""In place of null, which an array of whole numbers cannot hold."""

GAPS = (NOTHING, *NO_ANSWER)
GAP_SHARES = (0.4, 0.2, 0.2, 0.2)
MISSING_SHARE = 0.55
INVALID_SHARE = 0.06


def drawn(scorer: SecondScorer, count: int, seed: Sequence[int]) -> list[tuple[int | None, ...]]:
    """Item codes, a row an administration; the same for the same seed."""
    rng = np.random.default_rng(list(seed))
    answers = _answers(rng, scorer, count)
    _straight_lines(rng, scorer, answers)
    _gaps(rng, answers)
    _outside(rng, scorer.card, answers)
    _invalid(rng, scorer, answers)
    return [tuple(None if code == NOTHING else code for code in row) for row in answers.tolist()]


def _answers(rng: np.random.Generator, scorer: SecondScorer, count: int) -> Codes:
    columns = [rng.choice(allowed(scorer, place), count) for place in range(len(scorer.items))]
    return np.stack(columns, axis=1).astype(np.int16)


def allowed(scorer: SecondScorer, place: int) -> list[int]:
    item = scorer.items[place]
    return [code for code in range(item.low, item.high + 1) if item.allows(code)]


def _straight_lines(rng: np.random.Generator, scorer: SecondScorer, answers: Codes) -> None:
    """One row in ten is all at the lowest or at the highest answer."""
    kind = rng.random(len(answers))
    answers[kind < 0.05] = [item.low for item in scorer.items]
    answers[kind > 0.95] = [item.high for item in scorer.items]


def _gaps(rng: np.random.Generator, answers: Codes) -> None:
    """Rows with one, a few, or nearly all items left out."""
    rows, items = answers.shape
    few = rng.integers(1, 5, rows)
    left_out = np.where(rng.random(rows) < 0.9, few, rng.integers(0, items + 1, rows))
    left_out[rng.random(rows) > MISSING_SHARE] = 0
    order = rng.random(answers.shape).argsort(axis=1)
    kinds = rng.choice(np.array(GAPS, np.int16), answers.shape, p=GAP_SHARES)
    np.copyto(answers, kinds, where=order < left_out[:, None])


def _outside(rng: np.random.Generator, card: Mapping[str, Any], answers: Codes) -> None:
    """Where a scale is for people to whom some items do not apply: such people, and some nearly so."""
    for scale in card["scales"]:
        places = [number - 1 for number in scale.get("not_applicable", ())]
        rows = np.flatnonzero(rng.random(len(answers)) < (0.4 if places else 0))
        for place in places:
            answers[rows, place] = rng.choice(np.array([*GAPS, -104, -104, -104], np.int16), len(rows))


def _invalid(rng: np.random.Generator, scorer: SecondScorer, answers: Codes) -> None:
    """One or two cells of some rows hold what no rater can have ticked."""
    rows = np.flatnonzero(rng.random(len(answers)) < INVALID_SHARE)
    wrong = [refused(scorer, place) for place in range(len(scorer.items))]
    for row in rows:
        for place in rng.integers(0, len(wrong), rng.integers(1, 3)):
            answers[row, place] = rng.choice(wrong[place])


def refused(scorer: SecondScorer, place: int) -> list[int]:
    """Codes an item column can hold that are no answer to the item: next to the scale more often than far off."""
    item = scorer.items[place]
    outside = [code for code in range(-128, 128) if not item.allows(code)]
    return outside + [code for code in outside if item.low - 2 <= code <= item.high + 2] * 30
