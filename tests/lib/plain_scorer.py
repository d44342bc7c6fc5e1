"""A second scorer, written from the cards and not from the pipeline: one answer at a time, fractions only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

NO_ANSWER = (None, -102, -103, -104)
PRINTED_OR_DERIVED = ("verified", "derived")


class PlainScore(NamedTuple):
    score: Decimal | None
    answered: int
    status: str


def plain_scores(
    form: dict[str, Any], codes: Sequence[int | None], confirmed: bool = True, already_keyed: bool = False
) -> dict[str, PlainScore]:
    """Every scale of one administration, from the form's raw TOML and the codes of its items."""
    trusted = confirmed or form["evidence"] in PRINTED_OR_DERIVED
    answers = {}
    for number, code in enumerate(codes, start=1):
        if code not in NO_ANSWER:
            answer = Fraction(code, 10 ** form["response"].get("decimals", 0))
            if number in form["reverse"] and not already_keyed:
                answer = form["response"]["min"] + form["response"]["max"] - answer
            answers[number] = answer
    return {scale["id"]: plain_score(scale, answers, len(codes), trusted) for scale in form["scales"]}


def plain_score(
    scale: dict[str, Any], answers: dict[int, Fraction], n_items: int, trusted: bool
) -> PlainScore:
    items = list(range(1, n_items + 1)) if scale["items"] == "all" else scale["items"]
    kept = [answers[number] for number in items if number in answers]
    if not trusted:
        return PlainScore(None, len(kept), "key_not_confirmed")
    lost = len(items) - len(kept)
    allowed = scale["missing"]["max_missing"] if scale["missing"]["rule"] == "prorate" else 0
    if lost > allowed:
        return PlainScore(None, len(kept), "too_many_missing")
    mean = sum(kept, Fraction()) / len(kept)
    exact = mean * len(items) if scale["method"] == "sum" else mean
    return PlainScore(four_places(exact), len(kept), "prorated" if lost else "scored")


def four_places(number: Fraction) -> Decimal:
    """Rounded to four places, a half away from zero."""
    size = int(abs(number) * 10_000 + Fraction(1, 2))
    return Decimal(size if number >= 0 else -size) / 10_000
