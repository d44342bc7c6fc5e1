"""What earlier releases told of today's figures and is still true: nothing that is hidden now takes it back.

A statement is of a cell: a figure in a set of clinics and an interval of slots (month numbers; session or
stage numbers). It is of each row of today's that has the cell, whatever its unit and period are called. Of a
sum over time that no row has today, such as that of all months up to an earlier date, it becomes a row of its
own. What a unit of other clinics was told to have is about no row of today's, and is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl

SERIES = ["figure", "definition", "instrument", "scale"]
KEY = ["figure", "definition", "service", "clinic", "grain", "period", "instrument", "scale"]
CELL = [*SERIES, "clinics", "first_slot", "last_slot"]
COUNTS = [f"told_{role}_{side}" for role in ("n", "d", "c") for side in ("low", "high")]
TOLD = [*COUNTS, "told_tenths"]
"""Columns of bounds: of numerator, denominator and complement, and the mean in tenths."""

SPOKEN = ("value", "zero", "no_data")
"""States that tell something; an update that is withheld says again what a release before it told."""

EARLIER = "earlier"
"""Grain of rows that are of no figure today."""


def with_earlier(
    figures: pl.DataFrame,
    cells: pl.DataFrame,
    releases: Iterable[tuple[pl.DataFrame, Mapping[str, Any]]],
    additive: Collection[tuple[str, str]],
) -> pl.DataFrame:
    """The figures with the columns of TOLD, and a row more for each sum that is no figure now. Pure.

    figures: as `warehouse.disclosed.FIGURES` gives them, in order of place
    cells: for each key its clinics, first_slot and last_slot
    releases: at least one; rows and disclosure policy, as `warehouse.releases.Release` has them
    additive: figures and definitions of which all that is counted adds up over time

    told_n, told_d, told_c _low and _high (Int64): between them lie count_n, count_d and count_d - count_n;
    null where nothing stands, be it on one side; of several releases the narrowest; only what is true of
    today's counts. told_tenths (Float64): equals `tenths`, where a release told that mean. Further rows are
    never closed, have the unit of a row of today's, grain EARLIER, and places after all others.
    """
    told = _all_told(releases)
    placed = figures.join(_named(cells), on=KEY, how="left", maintain_order="left")
    sums = _sums(placed, told, additive)
    every = pl.concat([placed, sums.select(placed.columns)]) if len(sums) else placed
    bounds = _bounds(every, told)
    found = every.join(bounds, on="place", how="left", maintain_order="left")
    spare = (pl.col("grain") == EARLIER) & pl.all_horizontal(pl.col(TOLD).is_null())
    place = pl.int_range(pl.len()).cast(figures.schema["place"]).alias("place")
    return found.filter(~spare).with_columns(place).select(*figures.columns, *TOLD)


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """Sets of clinics as texts, so that they can be joined on."""
    clinics = pl.col("clinics").list.sort().list.join("\n").fill_null("")
    return rows.with_columns(clinics, pl.col("first_slot", "last_slot").cast(pl.Int64))


# -- what a release told ------------------------------------------------------------------------------


def _all_told(releases: Iterable[tuple[pl.DataFrame, Mapping[str, Any]]]) -> pl.DataFrame:
    """Statements of all releases, each once. One release at a time: most of them say what others said."""
    found: pl.DataFrame | None = None
    for rows, policy in releases:
        told = _told(rows, policy)
        found = (told if found is None else pl.concat([found, told])).unique(maintain_order=True)
    if found is None:
        raise ValueError("no release")
    return found


def _told(rows: pl.DataFrame, policy: Mapping[str, Any]) -> pl.DataFrame:
    """Statements of one release, one per row that said something: read by the policy it was made by."""
    least = pl.lit(int(policy["threshold"]), dtype=pl.Int64)
    spoken = rows.filter(pl.col("state").is_in(SPOKEN))
    n, d = (pl.col(name).cast(pl.Int64) for name in ("numerator", "denominator"))
    mean = (pl.col("kind") == "mean") & (d > 0)
    d_low = _low(d, policy)
    stated = _named(spoken).select(
        *CELL,
        least.alias("least"),
        _low(n, policy).alias("n_low"),
        _high(n, policy).alias("n_high"),
        # A mean that is told is of enough cases, too.
        pl.max_horizontal(d_low, pl.when(mean).then(int(policy["mean_cases"]))).alias("d_low"),
        _high(d, policy).alias("d_high"),
        (pl.col("kind") == "rate").alias("rate"),
        pl.when(mean).then((pl.col("value").cast(pl.Float64) * 10).round()).alias("mean_tenths"),
    )
    return stated.with_columns(
        # Of a rate that is told the complement is none, or the least that is told and more.
        none_left=pl.col("rate") & (pl.col("d_high") - pl.col("n_low") < least),
        some_left=pl.col("rate") & (pl.col("d_low") > pl.col("n_high")),
    )


def _low(shown: pl.Expr, policy: Mapping[str, Any]) -> pl.Expr:
    """The least that a count shown as this can be; a zero is a zero."""
    low = pl.max_horizontal(shown - int(policy["round_to"]) // 2, int(policy["threshold"]))
    return pl.when(shown == 0).then(0).when(shown > 0).then(low).cast(pl.Int64)


def _high(shown: pl.Expr, policy: Mapping[str, Any]) -> pl.Expr:
    high = shown + (int(policy["round_to"]) - 1) // 2
    return pl.when(shown == 0).then(0).when(shown > 0).then(high).cast(pl.Int64)


# -- sums that are no figure today --------------------------------------------------------------------


def _sums(placed: pl.DataFrame, told: pl.DataFrame, additive: Collection[tuple[str, str]]) -> pl.DataFrame:
    """Rows of told intervals of months that no figure has now, counted from the months of one unit."""
    adds_up = pl.DataFrame(sorted(additive), schema=["figure", "definition"], orient="row")
    adds_up = adds_up.cast(pl.String)
    wanted = (
        told.select(CELL)
        .unique(maintain_order=True)
        .join(placed, on=CELL, how="anti", maintain_order="left")
        .join(adds_up, on=["figure", "definition"], how="semi", maintain_order="left")
    )
    months = placed.filter(pl.col("grain") == "month", pl.col("state") != "not_applicable")
    # Units of the same clinics have the same counts: one of them stands for all.
    unit = pl.concat_str("service", "clinic", separator="\n")
    months = (
        months.filter(unit == unit.min().over(*SERIES, "clinics"))
        .rename({"first_slot": "slot"})
        .drop("last_slot")
    )
    within = pl.col("slot").is_between("first_slot", "last_slot")
    parts = wanted.join(months, on=[*SERIES, "clinics"], how="inner", maintain_order="left_right")
    sums = (
        parts.filter(within)
        .group_by(CELL, maintain_order=True)
        .agg(
            pl.col("service", "clinic", "kind").first(),
            *(_sum(name) for name in ("count_n", "count_d", "total")),
            pl.col("start").min(),
            pl.col("stop").max(),
            pl.len().cast(pl.Int64).alias("slots"),
        )
    )
    # Where a month is missing, the sum is not known.
    sums = sums.filter(pl.col("slots") == pl.col("last_slot") - pl.col("first_slot") + 1)
    return sums.with_columns(
        (pl.int_range(pl.len()) + len(placed)).cast(placed.schema["place"]).alias("place"),
        pl.lit(EARLIER).alias("grain"),
        pl.format("{}-{}", "first_slot", "last_slot").alias("period"),
        pl.lit("value").alias("state"),
        pl.lit(False).alias("closed"),
        _tenths().alias("tenths"),
    ).cast({name: placed.schema[name] for name in ("count_n", "count_d", "total", "start", "stop")})


def _sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name)


def _tenths() -> pl.Expr:
    """A mean with one decimal, times ten, half away from zero: as it is shown."""
    total, cases = (pl.col("total") * 10_000).round().cast(pl.Int64), pl.col("count_d")
    tenths = (20 * total.abs() + 10_000 * cases) // (20_000 * cases)
    return pl.when((pl.col("kind") == "mean") & (cases > 0)).then(total.sign() * tenths).cast(pl.Float64)


# -- what of it holds today ---------------------------------------------------------------------------


def _bounds(placed: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """By place, the columns of TOLD: of all that was told of its cell what is true of its counts."""
    applies = placed.filter(pl.col("state") != "not_applicable")
    said = applies.select(*CELL, "place", "count_n", "count_d", "tenths").join(told, on=CELL, how="inner")
    n, d, rest = pl.col("count_n"), pl.col("count_d"), pl.col("count_d") - pl.col("count_n")
    none_left = pl.col("rate") & (rest == 0) & ~pl.col("some_left")
    some_left = pl.col("rate") & (rest >= pl.col("least")) & ~pl.col("none_left")
    true = {
        "n": n.is_between("n_low", "n_high"),
        "d": d.is_between("d_low", "d_high"),
    }
    held = said.with_columns(
        *(
            pl.when(holds).then(pl.col(f"{role}_{side}")).alias(f"told_{role}_{side}")
            for role, holds in true.items()
            for side in ("low", "high")
        ),
        pl.when(none_left).then(0).when(some_left).then(pl.col("least")).cast(pl.Int64).alias("told_c_low"),
        pl.when(none_left).then(0).cast(pl.Int64).alias("told_c_high"),
        pl.when(pl.col("mean_tenths") == pl.col("tenths")).then(pl.col("tenths")).alias("told_tenths"),
    )
    return held.group_by("place", maintain_order=True).agg(
        *(pl.col(name).max() if name.endswith("low") else pl.col(name).min() for name in COUNTS),
        pl.col("told_tenths").max(),
    )
