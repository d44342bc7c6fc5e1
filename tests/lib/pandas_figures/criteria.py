"""How much change counts, and where the clinical side begins: published, Jacobson-Truax, and the service's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache

import pandas as pd

from tests.lib.pandas_figures.cards import Cards, cards
from tests.lib.pandas_figures.courses import ANSWERED
from tests.lib.pandas_figures.frames import ONE, PERSON, Core, counted, where

Z = Decimal("1.96")
FEWEST_PEOPLE = 30
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Criterion:
    """size in ten-thousandths; strict: an improvement must exceed it, else reaching it is enough."""

    size: int
    strict: bool

    def met(self, improvement: int) -> bool:
        return improvement > self.size if self.strict else improvement >= self.size


@dataclass(frozen=True)
class Line:
    """A threshold: value in ten-thousandths."""

    value: int
    comparison: str


def thresholds_on(core: Core) -> pd.DataFrame:
    lines = core.thresholds
    return lines[lines.is_on.astype(bool)] if "is_on" in lines else lines


def threshold(core: Core, instrument: str, kind: str, name: str | None = None) -> Line | None:
    """The one that is on for the outcome scale, of this name where one is given."""
    found = _lines(core).get((instrument, kind), {})
    return next(iter(found.values()), None) if name is None else found.get(name)


@cache
def _lines(core: Core) -> dict[tuple[str, str], dict[str, Line]]:
    """Thresholds of outcome scales that are on, by instrument and kind, then name."""
    scales = core.instruments.set_index("instrument").outcome_scale
    found: dict[tuple[str, str], dict[str, Line]] = {}
    for one in thresholds_on(core).itertuples():
        if one.scale == scales[one.instrument]:
            line = Line(counted(one.value), one.comparison)
            found.setdefault((one.instrument, one.kind), {})[one.name] = line
    return found


def cutoff(core: Core, instrument: str) -> Line | None:
    return threshold(core, instrument, "caseness")


def criteria(core: Core) -> Mapping[tuple[str, str], Criterion]:
    """By instrument and definition; those there are."""
    found: dict[tuple[str, str], Criterion] = {}
    for instrument in core.instruments[core.instruments.construct == "outcome"].instrument:
        line = threshold(core, instrument, "reliable_change")
        if line:
            found[instrument, "standard"] = Criterion(line.value, strict=line.comparison == ">")
        for name, size in (
            ("jacobson_truax", _published(cards(core), instrument)),
            ("own_baseline", _own(core, instrument)),
        ):
            if size is not None:
                found[instrument, name] = Criterion(size, strict=True)
    return found


def size_of(sd: Decimal, reliability: Decimal) -> int:
    """z * sqrt(2) * sd * sqrt(1 - reliability), to four decimals, in ten-thousandths."""
    with localcontext() as context:
        context.prec = 50
        size = Z * Decimal(2).sqrt() * sd * (1 - reliability).sqrt()
        return int(size.quantize(PLACES, ROUND_HALF_UP) * ONE)


def _published(known: Cards, instrument: str) -> int | None:
    """From the card: the first by name of the outcome scale's entries with SD and reliability, verified or derived."""
    card = known[instrument]
    lines = sorted(
        (line["name"], line["sd"], line["reliability"])
        for line in card.get("thresholds", ())
        if line["kind"] == "reliable_change"
        and line["scale"] == card["outcome_scale"]
        and {"sd", "reliability"} <= line.keys()
        and line["evidence"] in ("verified", "derived")
    )
    return size_of(*map(Decimal, lines[0][1:])) if lines else None


def _own(core: Core, instrument: str) -> int | None:
    """From each client's first whole questionnaire, where it falls into the baseline window."""
    if core.baseline is None:
        return None
    first, last = core.baseline
    scores = core.outcome_scores
    scores = scores[
        (scores.instrument == instrument) & (scores.rater == "client") & (scores.status == "scored")
    ]
    firsts = scores.drop_duplicates(PERSON)
    firsts = where(firsts, (first <= day <= last for day in firsts.completed_on))
    if len(firsts) < FEWEST_PEOPLE:
        return None
    answers = firsts[ANSWERED].merge(core.administrations[[*ANSWERED, "answers"]], on=ANSWERED, how="left")
    keyed = cards(core).keyed(instrument, core.outcome_scale(instrument), list(answers.answers))
    sd = rounded_root(variance([Fraction(int(score), ONE) for score in firsts.score]))
    alpha = rounded(cronbach(keyed))
    return size_of(sd, alpha) if sd > 0 and alpha is not None and alpha > 0 else None


def variance(values: Sequence[Fraction | int]) -> Fraction:
    """The sample's, with n - 1."""
    n = len(values)
    total, squares = sum(values), sum(value * value for value in values)
    return (n * squares - Fraction(total) ** 2) / (n * (n - 1))


def cronbach(keyed: Sequence[Sequence[int]]) -> Fraction | None:
    """Of rows of keyed items; None where the sums do not differ, or for one item."""
    items = len(keyed[0])
    whole = variance([sum(row) for row in keyed])
    if not whole or items < 2:
        return None
    parts = sum(variance([row[place] for row in keyed]) for place in range(items))
    return Fraction(items, items - 1) * (1 - parts / whole)


def rounded(value: Fraction | None) -> Decimal | None:
    """To four decimals, half away from zero."""
    if value is None:
        return None
    with localcontext() as context:
        context.prec = 60
        return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(PLACES, ROUND_HALF_UP)


def rounded_root(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return (Decimal(value.numerator) / Decimal(value.denominator)).sqrt().quantize(PLACES, ROUND_HALF_UP)
