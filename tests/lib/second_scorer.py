"""A second scorer, written from the cards alone: plain Python, one administration at a time, exact fractions.

It shares nothing with `flows.score` but the TOML files, so that where the two agree both have read the card
alike. A card here is what `tomllib` gives; an answer is its item code: the printed number in the smallest step of
the response scale, None where nothing was answered, -102 refused, -103 not shown, -104 not applicable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

Card = Mapping[str, Any]
Answers = Sequence[int | None]
Result = tuple[Decimal | None, int, str]
"""A scale's score, how many of its items were answered, and its status."""

NOT_APPLICABLE = -104
NO_ANSWER = (-102, -103, NOT_APPLICABLE)
SOURCED = ("verified", "derived")
SITE_KEY = "site_key"
INVALID = "invalid"
REASONS = {"missing": None, "refused": -102, "not_shown": -103, "not_applicable": NOT_APPLICABLE}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?")
PLACES = 4


def rounded(value: Fraction, places: int) -> Fraction:
    """To so many decimals, half away from zero."""
    steps = value * 10**places
    whole, rest = divmod(abs(steps.numerator), steps.denominator)
    size = whole + (2 * rest >= steps.denominator)
    return Fraction(-size if steps < 0 else size, 10**places)


def as_decimal(value: Fraction) -> Decimal:
    """A fraction that ends after four decimals, as a decimal number."""
    return Decimal(int(value * 10**PLACES)).scaleb(-PLACES)


@dataclass(frozen=True)
class Use:
    """How a site uses a form.

    confirmed: it has compared the key with the printed form; key: its own key file, as `tomllib` gives it
    already_keyed: reversed items come reversed; variant: another response scale of the card, by its id
    """

    confirmed: bool = False
    key: Card | None = None
    already_keyed: bool = False
    variant: str = ""


@dataclass(frozen=True)
class _Item:
    """One item: lowest and highest answer and what is left out between them, in steps; whether it is turned."""

    low: int
    high: int
    skipped: frozenset[int]
    turned: bool

    def allows(self, code: int | None) -> bool:
        return code is None or code in NO_ANSWER or self._answered(code)

    def keyed(self, code: int | None) -> int | None:
        if code is None or not self._answered(code):
            return None
        return self.low + self.high - code if self.turned else code

    def read(self, text: str, steps: int, listed: Mapping[str, Sequence[str]]) -> int | str | None:
        """What a cell says: an item code, or that it is none. listed: texts that stand for no answer, by reason."""
        said = _reading(text)
        if said == "":
            return None
        for reason, texts in listed.items():
            if said in map(_reading, texts):
                return REASONS[reason]
        code = said * steps if isinstance(said, Decimal) else None
        if code is None or code != int(code) or not self._answered(int(code)):
            return INVALID
        return int(code)

    def _answered(self, code: int) -> bool:
        return self.low <= code <= self.high and code not in self.skipped


def _reading(text: str) -> str | Decimal:
    """Trimmed; numbers are compared as numbers, other texts without regard to case."""
    trimmed = text.strip()
    return Decimal(trimmed) if NUMBER.fullmatch(trimmed) else trimmed.casefold()


class SecondScorer:
    """Scores administrations of one form as one site uses it."""

    def __init__(self, card: Card, use: Use = Use()):
        self.card, self.use = card, use
        response = _response(card, use.variant)
        self.steps = 10 ** response.get("decimals", 0)
        self.items = [_item(card, use, response, n) for n in range(1, card["n_items"] + 1)]
        codes = (None, *range(-128, 128))
        self._allowed = [frozenset(code for code in codes if item.allows(code)) for item in self.items]
        self._keyed = [{code: item.keyed(code) for code in codes} for item in self.items]
        self.withheld = _withheld(card, use)
        self.scales = [scale["id"] for scale in card["scales"]]
        self._one = [self._scale(scale) for scale in card["scales"]]

    def valid(self, answers: Answers) -> list[bool]:
        """Item by item, whether what stands there is an answer of the form or a way of giving none."""
        return [code in allowed for code, allowed in zip(answers, self._allowed, strict=True)]

    def score(self, answers: Answers, completed_on: date | None = None) -> list[Result]:
        """Every scale, in the order of the card."""
        keyed = [table[code] for table, code in zip(self._keyed, answers, strict=True)]
        found: list[Result] = []
        for one in self._one:
            found.append(one(answers, keyed, completed_on, found))
        if self.withheld:
            return [(None, answered, "key_not_confirmed") for _, answered, _ in found]
        return found

    def _scale(self, scale: Card) -> Callable[..., Result]:
        if scale["method"] == "sum_of_scales":
            return self._sum_of_scales(scale)
        return self._from_items(scale)

    def _from_items(self, scale: Card) -> Callable[..., Result]:
        places = [number - 1 for number in _members(self.card, scale, self.use.key)]
        outside = frozenset(number - 1 for number in scale.get("not_applicable", ()))
        known: dict[tuple[int, int, date | None], Result] = {}

        def one(answers: Answers, keyed: Sequence[int | None], day: date | None, _: list[Result]) -> Result:
            got = [value for place in places if (value := keyed[place]) is not None]
            if outside and not _left_out(answers, outside):
                return None, len(got), "too_many_missing"
            at = sum(got), len(got), day
            if at not in known:
                known[at] = self._result(scale, sum(got), len(got), len(places), day)
            return known[at]

        return one

    def _result(self, scale: Card, keyed_sum: int, answered: int, items: int, day: date | None) -> Result:
        missing = items - answered
        if missing > _may_be_missing(scale, day) or not answered:
            return None, answered, "too_many_missing"
        value = _value(scale, Fraction(keyed_sum, self.steps), answered, items)
        if missing and "round_to" in scale:
            value = rounded(value, scale["round_to"])
        return as_decimal(rounded(value, PLACES)), answered, "prorated" if missing else "scored"

    def _sum_of_scales(self, scale: Card) -> Callable[..., Result]:
        parts = [self.scales.index(name) for name in scale["scales"]]
        by_id = {part["id"]: part for part in self.card["scales"]}
        places = {n - 1 for name in scale["scales"] for n in _members(self.card, by_id[name], self.use.key)}

        def one(_a: Answers, keyed: Sequence[int | None], _d: date | None, found: list[Result]) -> Result:
            answered = sum(keyed[place] is not None for place in places)
            scores = [found[part][0] for part in parts]
            if None in scores:
                return None, answered, "too_many_missing"
            whole = all(found[part][2] == "scored" for part in parts)
            return sum(scores, Decimal(0)), answered, "scored" if whole else "prorated"

        return one


def _response(card: Card, variant: str) -> Card:
    if not variant:
        return card["response"]
    return next(one["response"] for one in card["variants"] if one["id"] == variant)


def _item(card: Card, use: Use, response: Card, number: int) -> _Item:
    steps = 10 ** response.get("decimals", 0)
    own = [part for part in card.get("item_responses", ()) if number in part["items"]]
    ends = own[0] if own else response
    turned = number in (use.key or card).get("reverse", ()) or number in card.get("reverse", ())
    return _Item(
        low=ends["min"] * steps,
        high=ends["max"] * steps,
        skipped=frozenset(value * steps for value in response.get("skip", ())) if not own else frozenset(),
        turned=turned and not use.already_keyed,
    )


def _withheld(card: Card, use: Use) -> bool:
    """Whether there is no score yet: the key is the site's to supply, or the site's to confirm.

    A response scale that nobody has seen in print needs confirmation as a key does.
    """
    if card["evidence"] == SITE_KEY:
        return use.key is None
    said = [card, *(one for one in card.get("variants", ()) if one["id"] == use.variant)]
    return not use.confirmed and any(one["evidence"] not in SOURCED for one in said)


def _members(card: Card, scale: Card, key: Card | None) -> list[int]:
    """The numbers of a scale's items, in order."""
    if scale["items"] == "all":
        return list(range(1, card["n_items"] + 1))
    if scale["items"] != SITE_KEY:
        return sorted(scale["items"])
    named = (key or {"items": {}})["items"].items()
    return sorted(int(number) for number, of in named if scale["id"] in ([of] if isinstance(of, str) else of))


def _left_out(answers: Answers, outside: frozenset[int]) -> bool:
    """Whether exactly these places are coded as not applicable."""
    return {place for place, code in enumerate(answers) if code == NOT_APPLICABLE} == outside


def _may_be_missing(scale: Card, day: date | None) -> int:
    """The most items without an answer, by the rule in force on the day; the newest where no day is known."""
    rules = scale["missing"] if isinstance(scale["missing"], list) else [scale["missing"]]
    in_force = [rule for rule in rules if day is None or rule.get("from", day) <= day]
    rule = in_force[-1]
    return rule["max_missing"] if rule["rule"] == "prorate" else 0


def _value(scale: Card, total: Fraction, answered: int, items: int) -> Fraction:
    match scale["method"]:
        case "sum":
            return total * items / answered
        case "mean":
            return total / answered
        case "mean_x10":
            return total * 10 / answered
        case "table":
            return Fraction(scale["table"][str(int(total))])
        case method:
            raise AssertionError(f"{scale['id']}: no card knows the method {method}")
