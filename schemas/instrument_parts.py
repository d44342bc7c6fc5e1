"""The parts of an instrument: responses, scales, missing rules, bands, thresholds, golden vectors.

Each `build` reads one TOML table and reports what is wrong with it to the table's list of problems;
whether the parts agree with each other is settled by `schemas.instrument`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.raw_table import RawTable

EVIDENCE = ("verified", "derived", "unconfirmed", "licensed", "site_key")
"""verified: seen in a source. derived: follows from what was seen by one step of logic or arithmetic.
unconfirmed: known from the literature, nobody has opened the form or paper. licensed, site_key: the
site itself must supply or confirm the key."""

METHODS = ("sum", "mean")
DIRECTIONS = ("higher_better", "higher_worse")
MISSING_RULES = ("complete", "prorate")
THRESHOLD_KINDS = ("caseness", "reliable_change", "alliance_concern")
COMPARISONS = (">=", ">", "<=", "<")
NO_ANSWER = "x"
"""How a golden vector writes an item without an answer, and a scale without a score."""

SCORE_PLACES = 4


@dataclass(frozen=True)
class Response:
    """What one item may be answered, in printed units.

    An answer is kept in the smallest step of the scale: with decimals = 1, 9.5 is 95.
    """

    min: int
    max: int
    decimals: int = 0

    @classmethod
    def build(cls, table: RawTable) -> Response:
        response = cls(whole(table, "min"), whole(table, "max"), table.whole("decimals", 0, 0))
        table.close()
        return response

    @property
    def steps_per_point(self) -> int:
        return int(10**self.decimals)

    @property
    def step_min(self) -> int:
        return self.min * self.steps_per_point

    @property
    def step_max(self) -> int:
        return self.max * self.steps_per_point

    def step(self, answer: Decimal) -> int | None:
        """An answer in printed units as its code; None where the scale has no such answer."""
        scaled = answer.scaleb(self.decimals)
        allowed = scaled == scaled.to_integral_value() and self.step_min <= scaled <= self.step_max
        return int(scaled) if allowed else None


@dataclass(frozen=True)
class Missing:
    """How many items may be missing before a scale has no score. complete: none."""

    rule: str
    max_missing: int = 0
    evidence: str = ""
    source: str = ""

    @classmethod
    def build(cls, table: RawTable) -> Missing:
        rule = table.choice("rule", MISSING_RULES)
        if rule == "prorate":
            missing = cls(rule, whole(table, "max_missing"), *_provenance(table))
        else:
            source = table.optional_text("source") or ""
            missing = cls(rule, 0, table.choice("evidence", EVIDENCE, ""), source)
        table.close()
        return missing


@dataclass(frozen=True)
class Scale:
    """One score of an instrument.

    items:  item numbers from 1
    method: sum or mean of the keyed answers
    range:  lowest and highest possible score, in `unit`
    """

    id: str
    items: tuple[int, ...]
    method: str
    range: tuple[Decimal, Decimal]
    unit: str
    direction: str
    missing: Missing

    @classmethod
    def build(cls, table: RawTable, n_items: int) -> Scale:
        scale = cls(
            id=table.text("id"),
            items=_scale_items(table, n_items),
            method=table.choice("method", METHODS),
            range=_range(table),
            unit=table.text("unit"),
            direction=table.choice("direction", DIRECTIONS),
            missing=Missing.build(table.table("missing", "missing")),
        )
        table.close()
        return scale

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def minimum(self) -> Decimal:
        return self.range[0]

    @property
    def maximum(self) -> Decimal:
        return self.range[1]

    def implied_range(self, response: Response) -> tuple[Decimal, Decimal]:
        """The range that items, method and responses leave; reversal does not move it."""
        weight = self.n_items if self.method == "sum" else 1
        return Decimal(response.min * weight), Decimal(response.max * weight)


@dataclass(frozen=True)
class Band:
    """A named part of a scale: from `start`, included, to the start of the next band or the end."""

    scale: str
    start: Decimal
    label: str
    evidence: str
    source: str

    @classmethod
    def build(cls, table: RawTable) -> Band:
        band = cls(table.text("scale"), decimal(table, "from"), table.text("label"), *_provenance(table))
        table.close()
        return band


@dataclass(frozen=True)
class Threshold:
    """A published cut-off or criterion of change.

    on:    whether figures use it; an alternative or a doubtful one is recorded and off
    level: confidence level of a reliable-change criterion, where the source gives one
    """

    scale: str
    kind: str
    name: str
    value: Decimal
    comparison: str
    on: bool
    level: str
    evidence: str
    source: str

    @classmethod
    def build(cls, table: RawTable) -> Threshold:
        threshold = cls(
            scale=table.text("scale"),
            kind=table.choice("kind", THRESHOLD_KINDS),
            name=table.text("name"),
            value=decimal(table, "value"),
            comparison=table.choice("comparison", COMPARISONS),
            on=table.flag("on"),
            level=table.optional_text("level") or "",
            evidence=table.choice("evidence", EVIDENCE),
            source=table.text("source"),
        )
        table.close()
        return threshold


@dataclass(frozen=True)
class Vector:
    """A golden vector: answers, None where missing, and every scale's score, None where there is none.

    answers: printed units, in the form's own order
    """

    answers: tuple[Decimal | None, ...]
    scores: tuple[tuple[str, Decimal | None], ...]
    source: str

    @classmethod
    def build(cls, table: RawTable) -> Vector:
        vector = cls(_answers(table), _scores(table), table.text("source"))
        table.close()
        return vector


def whole(table: RawTable, key: str) -> int:
    """A whole number that must be there; it may be negative."""
    value = table.value(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    table.problem(key, "is missing" if value is None else "must be a whole number")
    return 0


def decimal(table: RawTable, key: str) -> Decimal:
    """An exact number that must be there."""
    value = table.value(key)
    if value is None:
        table.problem(key, "is missing")
        return Decimal(0)
    return _number(table, key, value)


def item_numbers(table: RawTable, key: str) -> tuple[int, ...]:
    """A list of item numbers that must be there; it may be empty."""
    value = table.value(key)
    if isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in value):
        return tuple(value)
    table.problem(key, "is missing" if value is None else "must be a list of item numbers")
    return ()


def _answers(table: RawTable) -> tuple[Decimal | None, ...]:
    value = table.value("answers")
    if isinstance(value, list):
        return tuple(_result(table, "answers", answer) for answer in value)
    table.problem("answers", "must be a list of answers")
    return ()


def _scores(table: RawTable) -> tuple[tuple[str, Decimal | None], ...]:
    value = table.value("scores")
    if isinstance(value, Mapping):
        return tuple((scale, _result(table, f"scores, {scale}", score)) for scale, score in value.items())
    table.problem("scores", "must be a table of scale = score")
    return ()


def _scale_items(table: RawTable, n_items: int) -> tuple[int, ...]:
    if table.value("items") == "all":
        return tuple(range(1, n_items + 1))
    return item_numbers(table, "items")


def _range(table: RawTable) -> tuple[Decimal, Decimal]:
    value = table.value("range")
    if isinstance(value, list) and len(value) == 2:
        return _number(table, "range", value[0]), _number(table, "range", value[1])
    table.problem("range", "must be a list of the lowest and the highest score")
    return Decimal(0), Decimal(0)


def _provenance(table: RawTable) -> tuple[str, str]:
    return table.choice("evidence", EVIDENCE), table.text("source")


def _result(table: RawTable, key: str, value: Any) -> Decimal | None:  # noqa: ANN401 - what TOML holds
    return None if value == NO_ANSWER else _number(table, key, value)


def _number(table: RawTable, key: str, value: Any) -> Decimal:  # noqa: ANN401 - what TOML holds
    """A TOML whole number, a TOML decimal read as Decimal, or a decimal written as text."""
    exact = isinstance(value, int | Decimal | str) and not isinstance(value, bool)
    try:
        number = Decimal(value) if exact else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if number.is_finite() and number == round(number, SCORE_PLACES):
        return number
    table.problem(key, f"must be a number with at most {SCORE_PLACES} decimals")
    return Decimal(0)
