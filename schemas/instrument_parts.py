"""The parts of a form: responses, other response scales, how its scales share items, its site key.

Each `build` reads one TOML table and reports what is wrong with it to the table's list of problems;
whether the parts agree with each other is settled by `schemas.instrument_checks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.instrument_reading import (
    Provenance,
    distinct_items,
    is_whole,
    optional_items,
    whole,
)
from schemas.raw_table import RawTable

COMPONENTS = ("task", "bond", "goal")
"""Bordin's components of the alliance."""


@dataclass(frozen=True)
class Response:
    """What one item may be answered, in printed units.

    An answer is kept in the smallest step of the scale: with decimals = 1, 9.5 is 95.
    labels: the anchors from lowest to highest, where a source gives all of them
    skip:   values between the ends that are no answer
    """

    min: int
    max: int
    decimals: int = 0
    labels: tuple[str, ...] = ()
    skip: tuple[int, ...] = ()

    @classmethod
    def build(cls, table: RawTable) -> Response:
        response = cls(
            whole(table, "min"),
            whole(table, "max"),
            table.whole("decimals", 0, 0),
            table.texts("labels"),
            optional_items(table, "skip"),
        )
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

    @property
    def skipped_steps(self) -> tuple[int, ...]:
        return tuple(value * self.steps_per_point for value in self.skip)

    @property
    def steps(self) -> tuple[int, ...]:
        """Codes of all answers, from the lowest."""
        return tuple(
            code for code in range(self.step_min, self.step_max + 1) if code not in self.skipped_steps
        )

    def step(self, answer: Decimal) -> int | None:
        """An answer in printed units as its code; None where the scale has no such answer."""
        scaled = answer.scaleb(self.decimals)
        allowed = scaled == scaled.to_integral_value() and self.step_min <= scaled <= self.step_max
        return int(scaled) if allowed and int(scaled) not in self.skipped_steps else None


@dataclass(frozen=True)
class ItemResponse:
    """Items whose responses end elsewhere than those of the form."""

    items: tuple[int, ...]
    min: int
    max: int

    @classmethod
    def build(cls, table: RawTable) -> ItemResponse:
        found = cls(distinct_items(table, "items"), whole(table, "min"), whole(table, "max"))
        table.close()
        return found


@dataclass(frozen=True)
class Variant:
    """Another response scale of the same items, which a feed asks for by its id."""

    id: str
    response: Response
    evidence: str
    source: str
    recorded: date

    @classmethod
    def build(cls, table: RawTable) -> Variant:
        variant = cls(
            table.text("id"), Response.build(table.table("response", "response")), *Provenance.read(table)
        )
        table.close()
        return variant


@dataclass(frozen=True)
class Structure:
    """How scales share items, as declared.

    partition: scales that hold every item of the form exactly once
    overlap:   scales that share items with others
    """

    partition: tuple[str, ...] = ()
    overlap: tuple[str, ...] = ()

    @classmethod
    def build(cls, table: RawTable) -> Structure:
        structure = cls(table.texts("partition"), table.texts("overlap"))
        table.close()
        return structure


Component = tuple[str, str | tuple[int, ...]]
"""A component of the alliance, and the scale or the items that stand for it."""


def component(table: RawTable, key: str, value: Any) -> str | tuple[int, ...]:  # noqa: ANN401 - what TOML holds
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list) and value and all(map(is_whole, value)):
        return tuple(value)
    table.problem(key, "must be the id of a scale or a list of item numbers")
    return ()


@dataclass(frozen=True)
class KeySource:
    """Where the key comes from that a site supplied, and when it was written down."""

    source: str
    recorded: date
