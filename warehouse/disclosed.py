"""Which exact figures may be told: mart_disclosed, one row per published figure, with its state and cause.

What the policy leaves out (lengths of periods, clinics, sessions, stages) has no row. The cause stays in the
warehouse: whether a cell is hidden for itself or for another is nobody's to know.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from duckdb import DuckDBPyConnection

from schemas.quantities import Quantities
from schemas.site import Disclosure
from schemas.tables import MART_DISCLOSED
from warehouse.earlier_statements import KEY, with_earlier
from warehouse.policy_rows import dominated, needed, published
from warehouse.release_rows import CELLS
from warehouse.releases import NO_HISTORY, History
from warehouse.suppression import Account, settle
from warehouse.suppression_block import CAUSES, Policy
from warehouse.suppression_rows import blocks, told

KINDS = ("count", "rate", "mean")
"""Kinds of figures that are published."""

FIGURES = f"""
WITH span AS (
    SELECT
        coalesce(min(first_slot) FILTER (grain = 'month'), min(first_slot)) AS first_slot,
        coalesce(max(last_slot) FILTER (grain = 'month'), max(last_slot)) AS last_slot
    FROM mart_period
    WHERE scaffold = 'period'
)
SELECT
    row_number() OVER (ORDER BY {", ".join(MART_DISCLOSED.key)}) - 1 AS place,
    figure, definition, service, clinic, grain, period, instrument, scale, kind, state,
    CASE
        WHEN metric.scaffold = 'period_end' THEN least(period.last_slot, span.last_slot) - span.first_slot
        WHEN period.scaffold = 'period' THEN greatest(period.first_slot, span.first_slot) - span.first_slot
        ELSE period.first_slot - 1
    END AS start,
    CASE
        WHEN period.scaffold = 'period' THEN least(period.last_slot, span.last_slot) - span.first_slot + 1
        ELSE period.last_slot
    END AS stop,
    CASE WHEN kind <> 'mean' THEN numerator::BIGINT END AS count_n,
    denominator AS count_d,
    CASE WHEN kind = 'mean' THEN numerator::DOUBLE END AS total,
    CASE
        WHEN kind = 'mean' AND denominator > 0
            THEN (sign(numerator) * ((20 * abs((numerator * 10000)::HUGEINT) + 10000 * denominator)
                // (20000 * denominator::HUGEINT)))::DOUBLE
    END AS tenths,
    period.closed AS closed
FROM mart_figure AS figure
JOIN mart_metric AS metric USING (figure, definition)
JOIN mart_period AS period USING (grain, period)
CROSS JOIN span
WHERE metric.kind IN {KINDS}
ORDER BY place
"""


def disclose_figures(
    con: DuckDBPyConnection,
    policy: Disclosure,
    quantities: Quantities,
    history: History = NO_HISTORY,
    kept: pl.DataFrame | None = None,
) -> Account:
    """Write mart_disclosed anew; how it was done.

    con: warehouse with its marts, open for writing
    history: what was told before and is still true, which hiding cannot take back
    kept: keys of rows that stay as they were released, so that nothing is told anew of them
    raises: WarehouseError where two figures disagree on one count
    """
    figures = con.sql(FIGURES).pl()
    clinics = dict(con.sql("SELECT clinic, service FROM core_clinic ORDER BY clinic").fetchall())
    known = _with_history(con, figures, quantities, history, kept)
    cause, account = causes(known, clinics, policy, quantities)
    # After today's rows come those of sums that only earlier releases told.
    cause = cause[: len(figures)]
    decided = figures.select(*MART_DISCLOSED.key, pl.Series("cause", cause, dtype=pl.String)).with_columns(
        _state(figures, cause).alias("state")
    )
    write(con, decided.filter(published(policy)))
    con.execute(f"COMMENT ON TABLE {MART_DISCLOSED.name} IS '{account.words()}'")
    return account


def _with_history(
    con: DuckDBPyConnection,
    figures: pl.DataFrame,
    quantities: Quantities,
    history: History,
    kept: pl.DataFrame | None,
) -> pl.DataFrame:
    """The figures as the solver takes them: with what earlier releases told, and of kept rows nothing new."""
    if not history.releases:
        return figures
    released = ((pl.read_parquet(one.rows), one.disclosure) for one in history.releases)
    known = with_earlier(figures, con.sql(CELLS.format(of="")).pl(), released, _additive(quantities))
    if kept is None:
        return known
    stays = kept.select(*KEY, pl.lit(True).alias("stays"))
    known = known.join(stays, on=KEY, how="left", maintain_order="left")
    return known.with_columns(pl.col("closed") & pl.col("stays").is_null()).drop("stays")


def _additive(quantities: Quantities) -> set[tuple[str, str]]:
    """Definitions of which everything that is counted adds up."""
    never = {one.id for one in quantities.quantities if not one.additive}
    return {
        (one.figure, one.definition)
        for one in quantities.counted
        if not never & {one.numerator, one.denominator}
    }


def causes(
    figures: pl.DataFrame, clinics: Mapping[str, str], policy: Disclosure, quantities: Quantities
) -> tuple[list[str], Account]:
    """Why each row is hidden, in order of rows; empty where it is told, or left out. Pure.

    figures: as FIGURES gives them; where something was released before, with the columns and further rows of
        `warehouse.earlier_statements`
    """
    account = Account()
    found = np.zeros(len(figures), dtype=np.int8)
    limits = Policy(policy.threshold, policy.round_to, policy.rate_denominator, policy.mean_cases)
    applicable = figures.filter(pl.col("state") != "not_applicable", needed(policy)).with_columns(
        pl.col("closed") & published(policy)
    )
    if len(applicable):
        known = told(applicable, dict(clinics), quantities)
        for block in blocks(known, quantities, limits):
            settle(block, quantities, account)
            found[block.rows.place] = block.cause
    return dominated(figures, [CAUSES[one] for one in found], policy), account


def _state(figures: pl.DataFrame, cause: list[str]) -> pl.Expr:
    state, closed = pl.lit(figures["state"]), pl.lit(figures["closed"])
    return (
        pl.when(state == "not_applicable")
        .then(state)
        .when(~closed)
        .then(pl.lit("update_withheld"))
        .when(pl.lit(pl.Series(cause, dtype=pl.String)) != "")
        .then(pl.lit("suppressed"))
        .otherwise(state)
    )


def write(con: DuckDBPyConnection, decided: pl.DataFrame) -> None:
    """Replace mart_disclosed by these rows, in key order."""
    write_none(con)
    columns = ", ".join(MART_DISCLOSED.column_names)
    con.register("decided", decided.to_arrow())
    con.execute(
        f"INSERT INTO {MART_DISCLOSED.name} ({columns}) SELECT {columns} FROM decided "
        f"ORDER BY {', '.join(MART_DISCLOSED.key)}"
    )
    con.unregister("decided")


def write_none(con: DuckDBPyConnection) -> None:
    """Make mart_disclosed anew, without rows: where nothing is decided."""
    con.execute(f"DROP TABLE IF EXISTS {MART_DISCLOSED.name}")
    for statement in MART_DISCLOSED.ddl():
        con.execute(statement)
