"""Which rows of figures the site's policy publishes at all, and which units a clinic stands for."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars import selectors as columns

from schemas.site import Disclosure
from warehouse.earlier_statements import TOLD

DOMINANCE = "dominance"
"""The cause of a row that is hidden because a clinic that is not told of has most of its cases."""

QUARTER_ENDS = ("03", "06", "09", "12")
"""Months to which rolling years are told: one that begins with each month would differ by two months from the
next, and so tell these."""

ROW = ["figure", "definition", "instrument", "scale", "grain", "period"]


def published(policy: Disclosure) -> pl.Expr:
    """Whether the policy publishes a row: its period, session or stage, and its clinic."""
    crossed = (("session", policy.by_session), ("stage", policy.by_stage))
    grains = (*policy.grains, *(grain for grain, is_told in crossed if is_told))
    rolling = pl.col("grain") == "rolling_12_months"
    told = pl.col("grain").is_in(grains) & (~rolling | pl.col("period").str.slice(5, 2).is_in(QUARTER_ENDS))
    return told & ((pl.col("clinic") == "all") | policy.by_clinic)


def needed(policy: Disclosure) -> pl.Expr:
    """Whether suppression has to know of a row: those that are published, and months of single clinics.

    Rolling years between the ends of quarters, too: what is not published must not follow either.
    All counts are sums over months of single clinics. Where the policy leaves them out they are as those of
    open periods are: true, not told, and nothing told may tell them. What an earlier release told, and no
    figure or another policy's has now, is known in any case: columns of `warehouse.earlier_statements`, where
    there are any.
    """
    single = (pl.col("clinic") != "all") & (pl.col("grain") == "month")
    rolling = pl.col("grain").is_in({"rolling_12_months"} & {*policy.grains})
    return (
        published(policy)
        | single
        | (rolling & ((pl.col("clinic") == "all") | policy.by_clinic))
        | pl.any_horizontal(columns.by_name(*TOLD, require_all=False).is_not_null())
    )


def dominated(figures: pl.DataFrame, cause: Sequence[str], policy: Disclosure) -> list[str]:
    """The causes, and DOMINANCE for each further row that a clinic which is not told of stands for.

    figures: rows with the columns of ROW, service, clinic, count_n and count_d; cases are those of the
        denominator, or of the count. cause: why each is hidden, empty where it is told
    """
    rows = figures.select(
        *ROW,
        "service",
        "clinic",
        pl.coalesce("count_d", "count_n").alias("cases"),
        pl.Series("cause", cause, dtype=pl.String),
        published(policy).alias("published"),
    )
    not_told = (pl.col("cause") != "") | ~pl.col("published")
    alone = rows.filter(pl.col("clinic") != "all", not_told)
    largest = pl.concat(
        alone.group_by(*ROW, unit.alias("service")).agg(pl.col("cases").max().alias("largest"))
        for unit in (pl.col("service"), pl.lit("all"))
    )
    beside = rows.join(largest, on=[*ROW, "service"], how="left", maintain_order="left")
    stands = (pl.col("clinic") == "all") & (
        100 * pl.col("largest") > policy.dominance_percent * pl.col("cases")
    )
    hidden = pl.when((pl.col("cause") == "") & pl.col("published") & stands.fill_null(value=False)).then(
        pl.lit(DOMINANCE)
    )
    return beside.select(hidden.otherwise("cause").alias("cause"))["cause"].to_list()
