"""A second scorer, written from the cards and not from the pipeline: one answer at a time, fractions only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

NOT_APPLICABLE = -104
NO_ANSWER = (None, -102, -103, NOT_APPLICABLE)
PRINTED_OR_DERIVED = ("verified", "derived")
Raw = dict[str, Any]


class PlainScore(NamedTuple):
    score: Decimal | None
    answered: int
    status: str


def plain_scores(
    form: Raw,
    codes: Sequence[int | None],
    confirmed: bool = True,
    already_keyed: bool = False,
    day: date | None = None,
    key: Raw | None = None,
) -> dict[str, PlainScore]:
    """Every scale of one administration, from the form's raw TOML and the codes of its items.

    key: the raw TOML of the site's key file, for a form without a public key
    """
    form = form if key is None else with_key(form, key)
    answers = keyed_answers(form, codes, already_keyed)
    apart = [number for number, code in enumerate(codes, start=1) if code == NOT_APPLICABLE]
    scores: dict[str, PlainScore] = {}
    for scale in form["scales"]:
        if scale["method"] == "sum_of_scales":
            scores[scale["id"]] = added(scale, scores, answers, form)
        else:
            scores[scale["id"]] = one_score(scale, answers, apart, day, form)
    if trusted(form, confirmed, key is not None):
        return scores
    return {id_: PlainScore(None, score.answered, "key_not_confirmed") for id_, score in scores.items()}


def trusted(form: Raw, confirmed: bool, has_key: bool) -> bool:
    if form["evidence"] == "site_key":
        return has_key
    return confirmed or form["evidence"] in PRINTED_OR_DERIVED


def with_key(form: Raw, key: Raw) -> Raw:
    """The form with what the site's key file says of its items."""
    scales = []
    for scale in form["scales"]:
        if scale.get("items") == "site_key":
            own = [
                int(n)
                for n, put in key["items"].items()
                if scale["id"] in ([put] if put is str(put) else put)
            ]
            scale = {**scale, "items": own}
        scales.append(scale)
    return {**form, "scales": scales, "reverse": key.get("reverse", [])}


def keyed_answers(form: Raw, codes: Sequence[int | None], already_keyed: bool) -> dict[int, Fraction]:
    answers = {}
    for number, code in enumerate(codes, start=1):
        if code not in NO_ANSWER:
            answer = Fraction(code, 10 ** form["response"].get("decimals", 0))
            if number in form["reverse"] and not already_keyed:
                low, high = ends(form, number)
                answer = low + high - answer
            answers[number] = answer
    return answers


def ends(form: Raw, number: int) -> tuple[int, int]:
    """Lowest and highest answer to an item."""
    for part in form.get("item_responses", []):
        if number in part["items"]:
            return part["min"], part["max"]
    return form["response"]["min"], form["response"]["max"]


def items_of(scale: Raw, form: Raw) -> list[int]:
    match scale.get("items"):
        case "all":
            return list(range(1, form["n_items"] + 1))
        case "site_key":
            return []
        case None:
            parts = [one for one in form["scales"] if one["id"] in scale["scales"]]
            return sorted({number for part in parts for number in items_of(part, form)})
        case listed:
            return listed


def one_score(
    scale: Raw, answers: dict[int, Fraction], apart: list[int], day: date | None, form: Raw
) -> PlainScore:
    items = items_of(scale, form)
    kept = [answers[number] for number in items if number in answers]
    lost = len(items) - len(kept)
    wrong_form = "not_applicable" in scale and sorted(scale["not_applicable"]) != apart
    if lost > may_be_missing(scale, day) or wrong_form or not items:
        return PlainScore(None, len(kept), "too_many_missing")
    points = exact(scale, sum(kept, Fraction()), len(kept), len(items))
    places = scale.get("round_to", 4)
    return PlainScore(rounded(points, places), len(kept), "prorated" if lost else "scored")


def exact(scale: Raw, total: Fraction, n_kept: int, n_items: int) -> Fraction:
    match scale["method"]:
        case "sum":
            return total / n_kept * n_items
        case "mean":
            return total / n_kept
        case "mean_x10":
            return total / n_kept * 10
        case "table":
            return Fraction(scale["table"][str(total)])
    raise AssertionError(scale["method"])


def added(scale: Raw, scores: dict[str, PlainScore], answers: dict[int, Fraction], form: Raw) -> PlainScore:
    """A sum of scores that were rounded before."""
    answered = sum(number in answers for number in items_of(scale, form))
    parts = [scores[id_] for id_ in scale["scales"]]
    points = [part.score for part in parts if part.score is not None]
    if len(points) < len(parts):
        return PlainScore(None, answered, "too_many_missing")
    prorated = any(part.status == "prorated" for part in parts)
    return PlainScore(sum(points, Decimal(0)), answered, "prorated" if prorated else "scored")


def may_be_missing(scale: Raw, day: date | None) -> int:
    rules = scale["missing"] if isinstance(scale["missing"], list) else [scale["missing"]]
    begun = [rule for rule in rules if day is None or rule.get("from", date.min) <= day]
    return begun[-1]["max_missing"] if begun[-1]["rule"] == "prorate" else 0


def rounded(number: Fraction, places: int) -> Decimal:
    """Rounded, a half away from zero."""
    size = int(abs(number) * 10**places + Fraction(1, 2))
    return Decimal(size if number >= 0 else -size).scaleb(-places)


def four_places(number: Fraction) -> Decimal:
    return rounded(number, 4)
