"""A release by itself: whoever reads only this one must not learn of a protected cell either.

Where what earlier releases told, and is still true, narrows a cell by itself, no hiding brings its worlds
back, and none are found. What is told now would then say for sure what was only possibly still so. So such
a release is settled again as if nothing had been told before.
"""

from __future__ import annotations

import polars as pl
from duckdb import DuckDBPyConnection

from schemas.quantities import Quantities
from schemas.site import Disclosure
from schemas.tables import MART_DISCLOSED
from warehouse.disclosed import FIGURES, causes, write
from warehouse.earlier_statements import KEY
from warehouse.suppression import Account


def settle_alone(con: DuckDBPyConnection, policy: Disclosure, quantities: Quantities) -> Account:
    """Hide more rows of mart_disclosed, until those that are told are safe without any release before; how.

    con: warehouse with its marts and mart_disclosed, open for writing
    """
    decided = con.sql(f"FROM {MART_DISCLOSED.name}").pl()
    figures = (
        con.sql(FIGURES).pl().join(decided.select(*KEY, "cause"), on=KEY, how="left", maintain_order="left")
    )
    clinics = dict(con.sql("SELECT clinic, service FROM core_clinic ORDER BY clinic").fetchall())
    told = pl.col("closed") & (pl.col("cause").fill_null("") == "")
    found, account = causes(figures.with_columns(closed=told).drop("cause"), clinics, policy, quantities)
    more = figures.select(*KEY, pl.Series("more", found, dtype=pl.String))
    hidden = (
        (pl.col("cause") == "") & (pl.col("more") != "") & pl.col("state").is_in(("value", "zero", "no_data"))
    )
    write(
        con,
        decided.join(more, on=KEY, how="left", maintain_order="left").with_columns(
            cause=pl.when(hidden).then("more").otherwise("cause"),
            state=pl.when(hidden).then(pl.lit("suppressed")).otherwise("state"),
        ),
    )
    return account
