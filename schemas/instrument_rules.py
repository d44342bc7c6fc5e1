"""What is said about scores: bands, thresholds; and golden vectors, which prove a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext

from schemas.instrument_reading import (
    NO_ANSWER,
    Provenance,
    decimal,
    number,
    optional_decimal,
    pairs,
    result,
)
from schemas.raw_table import RawTable

THRESHOLD_KINDS = ("caseness", "reliable_change", "alliance_concern", "alliance_drop")
SINGLE_KINDS = ("caseness", "reliable_change")
"""Kinds of which a scale has at most one in use; alliance markers run side by side."""

COMPARISONS = (">=", ">", "<=", "<")
RELIABILITY_KINDS = ("alpha", "retest")
STATUSES = ("scored", "prorated", "too_many_missing", "key_not_confirmed")
Z = {"90 %": Decimal("1.645"), "95 %": Decimal("1.96")}
"""Normal deviate of a two-sided interval, as the literature rounds it."""

NOT_APPLICABLE = "na"
"""How a golden vector writes an item that was marked as not applicable."""


@dataclass(frozen=True)
class Band:
    """A named part of a scale: from `start`, included, to the start of the next band or the end.

    on: whether figures may use it; one that nobody has confirmed is recorded and off
    """

    scale: str
    start: Decimal
    label: str
    on: bool
    evidence: str
    source: str
    recorded: date

    @classmethod
    def build(cls, table: RawTable) -> Band:
        band = cls(
            table.text("scale"),
            decimal(table, "from"),
            table.text("label"),
            table.flag("on") if "on" in table else table.value("on") is None,
            *Provenance.read(table),
        )
        table.close()
        return band


@dataclass(frozen=True)
class Threshold:
    """A published cut-off or criterion of change.

    on:    whether figures use it; an alternative or a doubtful one is recorded and off
    level: confidence level of a reliable-change criterion, where the source gives one
    per:   "item" where any one item is compared, else empty: the scale's score is
    sd, reliability, reliability_kind: what a reliable-change criterion is computed from
    """

    scale: str
    kind: str
    name: str
    value: Decimal
    comparison: str
    on: bool
    level: str
    per: str
    sd: Decimal | None
    reliability: Decimal | None
    reliability_kind: str
    evidence: str
    source: str
    recorded: date

    @classmethod
    def build(cls, table: RawTable) -> Threshold:
        given = table.value("reliability") is not None
        threshold = cls(
            table.text("scale"),
            table.choice("kind", THRESHOLD_KINDS),
            table.text("name"),
            decimal(table, "value"),
            table.choice("comparison", COMPARISONS),
            table.flag("on"),
            table.choice("level", tuple(Z), ""),
            table.choice("per", ("item",), ""),
            optional_decimal(table, "sd"),
            optional_decimal(table, "reliability"),
            table.choice("reliability_kind", RELIABILITY_KINDS, None if given else ""),
            *Provenance.read(table),
        )
        table.close()
        return threshold

    def reliable_change(self) -> Decimal | None:
        """z * sqrt 2 * SD * sqrt(1 - reliability), exact to many places; None where a part is not given."""
        if self.sd is None or self.reliability is None or self.level not in Z:
            return None
        with localcontext() as context:
            context.prec = 28
            return Z[self.level] * Decimal(2).sqrt() * self.sd * (1 - self.reliability).sqrt()

    def follows(self) -> bool:
        """Whether the value is what its SD and reliability give: to two places, or the next whole number."""
        exact = self.reliable_change()
        return exact is None or self.value in (
            exact.quantize(Decimal("0.01"), ROUND_HALF_UP),
            exact.to_integral_value(ROUND_CEILING),
        )


@dataclass(frozen=True)
class Vector:
    """A golden vector: answers, None where there is none, and every scale's score, None where there is none.

    answers:        printed units, in the form's own order
    not_applicable: items that were marked so; all others without an answer are missing
    statuses:       of some scales, where a score alone does not tell
    variant:        the response scale it is for; empty for the form's own
    refusal:        the form has no public key: no scale has a score
    """

    answers: tuple[Decimal | None, ...]
    not_applicable: tuple[int, ...]
    scores: tuple[tuple[str, Decimal | None], ...]
    statuses: tuple[tuple[str, str], ...]
    variant: str
    refusal: bool
    source: str

    @classmethod
    def build(cls, table: RawTable) -> Vector:
        refusal = table.flag("refusal")
        vector = cls(
            *_answers(table),
            scores=() if refusal else _scores(table),
            statuses=pairs(table, "statuses", lambda at, key, word: at.known(key, str(word), STATUSES)),
            variant=table.optional_text("variant") or "",
            refusal=refusal,
            source=table.text("source"),
        )
        table.close()
        return vector


def _answers(table: RawTable) -> tuple[tuple[Decimal | None, ...], tuple[int, ...]]:
    value = table.value("answers")
    if not isinstance(value, list):
        table.problem("answers", "must be a list of answers")
        return (), ()
    none = (NO_ANSWER, NOT_APPLICABLE)
    answers = tuple(None if one in none else number(table, "answers", one) for one in value)
    return answers, tuple(at for at, one in enumerate(value, start=1) if one == NOT_APPLICABLE)


def _scores(table: RawTable) -> tuple[tuple[str, Decimal | None], ...]:
    if "scores" not in table:
        table.problem("scores", "must be a table of scale = score")
    return pairs(table, "scores", result)
