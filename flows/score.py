"""Score answers by an instrument's own key: integers all the way, decimals at the end."""

from __future__ import annotations

import polars as pl

from schemas.instrument import Instrument, Scale, item_column
from schemas.instrument_reading import SCORE_PLACES

STATUSES = ("scored", "prorated", "too_many_missing", "key_not_confirmed")
SCORE = pl.Decimal(9, SCORE_PLACES)
ANSWERED = pl.Int8()
STATUS = pl.Enum(STATUSES)


def score(
    frame: pl.DataFrame, instrument: Instrument, confirmed: bool, already_keyed: bool = False
) -> pl.DataFrame:
    """The frame with every scale's score, whatever is missing: one row in, one row out.

    frame:         one row per administration; the item columns hold valid codes (see `schemas.frames`):
                   answers in the smallest step; null and the missing codes count as unanswered
    confirmed:     whether the site has checked this key; see `Instrument.gives_scores`
    already_keyed: the capturing system has reversed the reversed items: they are taken as they stand.
                   Reversal happens once; nothing is ever turned back
    adds:          per scale, in the order of the card: score_<scale> Decimal(9,4), in scale.unit, null unless
                   status is scored or prorated, rounded half away from zero; answered_<scale> Int8, items;
                   status_<scale> Enum(STATUSES). The same types whatever the data, also without rows
    """
    reverse = frozenset() if already_keyed else instrument.reverse
    withheld = not instrument.gives_scores(confirmed)
    items = frame.select(column for n in instrument.items for column in _item(n, instrument, n in reverse))
    sums = items.select(column for scale in instrument.scales for column in _sums(scale))
    scores = sums.select(
        column for scale in instrument.scales for column in _score(scale, instrument, withheld)
    )
    return frame.hstack(scores.get_columns())


def _item(number: int, instrument: Instrument, reversed_: bool) -> tuple[pl.Expr, pl.Expr]:
    """An item's keyed answer, 0 without one, and whether there is one."""
    # Polars adds Int8 columns in Int8 and wraps around without a word.
    answer = pl.col(item_column(number)).cast(pl.Int16)
    answered = (answer >= instrument.step_min).fill_null(False)
    keyed = instrument.step_min + instrument.step_max - answer if reversed_ else answer
    return (
        pl.when(answered).then(keyed).otherwise(0).cast(pl.Int16).alias(f"keyed_{number}"),
        answered.cast(ANSWERED).alias(f"answered_{number}"),
    )


def _sums(scale: Scale) -> tuple[pl.Expr, pl.Expr]:
    return (
        pl.sum_horizontal(f"keyed_{n}" for n in scale.items).alias(f"sum_{scale.id}"),
        pl.sum_horizontal(f"answered_{n}" for n in scale.items).alias(f"answered_{scale.id}"),
    )


def _score(scale: Scale, instrument: Instrument, withheld: bool) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    answered = pl.col(f"answered_{scale.id}")
    enough = answered >= scale.n_items - scale.missing.max_missing
    return (
        pl.when(enough & pl.lit(not withheld)).then(_points(scale, instrument)).alias(f"score_{scale.id}"),
        answered,
        _status(answered == scale.n_items, enough, withheld).alias(f"status_{scale.id}"),
    )


def _points(scale: Scale, instrument: Instrument) -> pl.Expr:
    """sum / answered, times the number of items for a sum: exact, then rounded half away from zero."""
    weight = scale.n_items if scale.method == "sum" else 1
    places = SCORE_PLACES - instrument.response.decimals
    numerator = pl.col(f"sum_{scale.id}").cast(pl.Int64) * (weight * 10**places)
    denominator = pl.col(f"answered_{scale.id}").cast(pl.Int64)
    nearest: pl.Expr = (2 * numerator.abs() + denominator) // (2 * denominator) * numerator.sign()
    # Polars divides decimals its own way; times a ten-thousandth only moves the point.
    return (nearest.cast(pl.Decimal(9, 0)) * pl.lit("0.0001").cast(SCORE)).cast(SCORE)


def _status(complete: pl.Expr, enough: pl.Expr, withheld: bool) -> pl.Expr:
    return (
        pl.when(pl.lit(withheld))
        .then(_named("key_not_confirmed"))
        .when(complete)
        .then(_named("scored"))
        .when(enough)
        .then(_named("prorated"))
        .otherwise(_named("too_many_missing"))
    )


def _named(status: str) -> pl.Expr:
    return pl.lit(status, dtype=STATUS)
