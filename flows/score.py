"""Score answers by an instrument's own key: integers all the way, decimals at the end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import NamedTuple

import polars as pl

from schemas.instrument import NOT_APPLICABLE, Instrument, Scale, item_column
from schemas.instrument_reading import SCORE_PLACES
from schemas.instrument_rules import STATUSES
from schemas.instrument_scales import Missing

SCORE = pl.Decimal(9, SCORE_PLACES)
ANSWERED = pl.Int8()
STATUS = pl.Enum(STATUSES)
COMPLETED_ON = "completed_on"


def score(
    frame: pl.DataFrame, instrument: Instrument, confirmed: bool, already_keyed: bool = False
) -> pl.DataFrame:
    """The frame with every scale's score, whatever is missing: one row in, one row out.

    frame:         one row per administration; the item columns hold valid codes (see `schemas.frames`):
                   answers in the smallest step; null and the missing codes count as unanswered;
                   `completed_on`, a date, picks the version of a dated missing rule: without it, the newest
    confirmed:     whether the site has checked this key; see `Instrument.gives_scores`
    already_keyed: the capturing system has reversed the reversed items: they are taken as they stand.
                   Reversal happens once; nothing is ever turned back
    adds:          per scale, in the order of the card: score_<scale> Decimal(9,4), in scale.unit, null unless
                   status is scored or prorated, rounded half away from zero; answered_<scale> Int8, items;
                   status_<scale> Enum(STATUSES). The same types whatever the data, also without rows
    """
    reverse = frozenset() if already_keyed else instrument.reverse
    beside = tuple(_beside(frame, instrument))
    items = frame.select(
        *(column for n in instrument.items for column in _item(n, instrument, n in reverse)), *beside
    )
    kept = [one.meta.output_name() for one in beside]
    sums = items.select(*(column for scale in instrument.scales for column in _sums(scale)), *kept)
    withheld = not instrument.gives_scores(confirmed)
    scores = sums.select(_scores(instrument, withheld))
    return frame.hstack(scores.get_columns())


def _item(number: int, instrument: Instrument, reversed_: bool) -> tuple[pl.Expr, pl.Expr]:
    """An item's keyed answer, 0 without one, and whether there is one."""
    # Polars adds Int8 columns in Int8 and wraps around without a word.
    answer = pl.col(item_column(number)).cast(pl.Int16)
    response = instrument.response_of(number)
    answered = (answer >= response.step_min).fill_null(False)
    keyed = response.step_min + response.step_max - answer if reversed_ else answer
    return (
        pl.when(answered).then(keyed).otherwise(0).cast(pl.Int16).alias(f"keyed_{number}"),
        answered.cast(ANSWERED).alias(f"answered_{number}"),
    )


def _beside(frame: pl.DataFrame, instrument: Instrument) -> Iterator[pl.Expr]:
    """What some scales need beside keyed answers: which items do not apply, and the day."""
    for scale in instrument.scales:
        if scale.not_applicable:
            yield _applies(scale, instrument).alias(f"applies_{scale.id}")
    if any(len(scale.missing_rules) > 1 for scale in instrument.scales):
        day = pl.col(COMPLETED_ON) if COMPLETED_ON in frame.columns else pl.lit(None, dtype=pl.Date)
        yield day.alias(COMPLETED_ON)


def _applies(scale: Scale, instrument: Instrument) -> pl.Expr:
    """Whether exactly the items the scale names were marked as not applicable."""
    return reduce(
        and_,
        (
            pl.col(item_column(n)).eq_missing(NOT_APPLICABLE) == pl.lit(n in scale.not_applicable)
            for n in instrument.items
        ),
    )


def _sums(scale: Scale) -> tuple[pl.Expr, pl.Expr]:
    # A scale whose items only a site's key tells adds nothing up, row by row.
    nothing = pl.col("answered_1") * 0
    keyed = pl.sum_horizontal(f"keyed_{n}" for n in scale.items) if scale.items else nothing
    answered = pl.sum_horizontal(f"answered_{n}" for n in scale.items) if scale.items else nothing
    return keyed.alias(f"sum_{scale.id}"), answered.alias(f"answered_{scale.id}")


class _Parts(NamedTuple):
    """Expressions over the sums of one scale.

    complete: no item is missing; enough: there is a score; points: it, in ten-thousandths
    """

    complete: pl.Expr
    enough: pl.Expr
    points: pl.Expr


def _scores(instrument: Instrument, withheld: bool) -> Iterator[pl.Expr]:
    parts: dict[str, _Parts] = {}
    for scale in instrument.scales:
        summed = [parts[id_] for id_ in scale.scales]
        part = _added(summed) if summed else _parts(scale, instrument)
        parts[scale.id] = part
        # Polars divides decimals its own way; times a ten-thousandth only moves the point.
        exact = (part.points.cast(pl.Decimal(9, 0)) * pl.lit("0.0001").cast(SCORE)).cast(SCORE)
        yield pl.when(part.enough & pl.lit(not withheld)).then(exact).alias(f"score_{scale.id}")
        yield pl.col(f"answered_{scale.id}")
        yield _status(part, withheld).alias(f"status_{scale.id}")


def _added(parts: list[_Parts]) -> _Parts:
    """A sum of scales: there is one where each of them has a score."""
    return _Parts(
        reduce(and_, (part.complete for part in parts)),
        reduce(and_, (part.enough for part in parts)),
        pl.sum_horizontal(part.points for part in parts),
    )


def _parts(scale: Scale, instrument: Instrument) -> _Parts:
    answered = pl.col(f"answered_{scale.id}")
    complete, enough = answered == scale.n_items, answered >= scale.n_items - _allowed(scale)
    if scale.not_applicable:
        enough = enough & pl.col(f"applies_{scale.id}")
        complete = complete & enough
    return _Parts(complete, enough, _points(scale, instrument))


def _allowed(scale: Scale) -> pl.Expr | int:
    """How many items may be missing, by the version of the rule in force on the day."""
    first, *later = scale.missing_rules
    if not later:
        return first.max_missing
    newest = later[-1].max_missing
    allowed = pl.lit(first.max_missing, dtype=ANSWERED)
    for rule in later:
        allowed = pl.when(_since(rule)).then(pl.lit(rule.max_missing, dtype=ANSWERED)).otherwise(allowed)
    return pl.when(pl.col(COMPLETED_ON).is_null()).then(pl.lit(newest, dtype=ANSWERED)).otherwise(allowed)


def _since(rule: Missing) -> pl.Expr:
    return pl.col(COMPLETED_ON) >= pl.lit(rule.start, dtype=pl.Date)


def _points(scale: Scale, instrument: Instrument) -> pl.Expr:
    """Ten-thousandths of a point: sum / answered, times the scale's weight, rounded half away from zero."""
    total = pl.col(f"sum_{scale.id}").cast(pl.Int64)
    if scale.method == "table":
        points = {at: int(found.scaleb(SCORE_PLACES)) for at, found in scale.table}
        return total.replace_strict(points, default=None, return_dtype=pl.Int64)
    places = SCORE_PLACES if scale.round_to is None else scale.round_to
    numerator = total * (scale.weight * 10 ** (places - instrument.response.decimals))
    denominator = pl.col(f"answered_{scale.id}").cast(pl.Int64)
    nearest: pl.Expr = (2 * numerator.abs() + denominator) // (2 * denominator) * numerator.sign()
    return nearest if places == SCORE_PLACES else nearest * 10 ** (SCORE_PLACES - places)


def _status(part: _Parts, withheld: bool) -> pl.Expr:
    if withheld:
        # Of a column of the frame, so that there are as many as rows.
        return pl.when(part.complete.is_not_null()).then(_named("key_not_confirmed"))
    return (
        pl.when(part.complete)
        .then(_named("scored"))
        .when(part.enough)
        .then(_named("prorated"))
        .otherwise(_named("too_many_missing"))
    )


def _named(status: str) -> pl.Expr:
    return pl.lit(status, dtype=STATUS)
