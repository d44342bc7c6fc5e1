"""The shape of a frame of administrations, appointments or referrals, checked by pandera, and the same
predicates as masks.

pandera says whether a batch is sound; which cells are not comes from `invalid_mask`. Both read one
predicate. pandera keeps one failing value for each check, and `breaches` lets none of them out.

Only this module imports pandera, and only when a schema is made: the import takes about a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from schemas.instrument import MISSING_CODES, Instrument, item_column
from schemas.site import VOCABULARY
from schemas.tables import ADMINISTRATION_COLUMNS, CLINIC, CORE, ENTRY_NO, RATER
from schemas.tables import Column as Part

if TYPE_CHECKING:
    from pandera.api.polars.types import PolarsData
    from pandera.polars import Column, DataFrameSchema

OUT_OF_RANGE, OTHER_INSTRUMENT, UNKNOWN_RATER = "out_of_range", "other_instrument", "unknown_rater"
UNKNOWN_WORD = "unknown_word"

TABLE_KINDS = {"appointments": "core_appointment", "referrals": "core_referral"}
"""Kind of feed to the table that its records go to."""

PART_COLUMNS = tuple(column for column in ADMINISTRATION_COLUMNS if column not in (ENTRY_NO, CLINIC))
"""Columns an administration has before it is joined with its delivery."""

POLARS_TYPES: Mapping[str, pl.DataType] = {
    "INTEGER": pl.Int32(),
    "SMALLINT": pl.Int16(),
    "UBIGINT": pl.UInt64(),
    "VARCHAR": pl.String(),
    RATER: pl.String(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
}
"""DuckDB types of `schemas.tables` as polars holds them."""


class Breach(NamedTuple):
    """What is wrong with a frame: a column, and a rule or pandera's name of the check. Never a value."""

    column: str
    rule: str


def invalid_mask(instrument: Instrument) -> dict[str, pl.Expr]:
    """Item column -> expression, True where the cell is no allowed answer and no missing code; never null."""
    return {item_column(number): _invalid(number, instrument).fill_null(False) for number in instrument.items}


def _invalid(number: int, instrument: Instrument) -> pl.Expr:
    cell, response = pl.col(item_column(number)), instrument.response_of(number)
    low, high = min(MISSING_CODES), max(MISSING_CODES)
    between = (cell > high) & (cell < response.step_min)
    outside = (cell < low) | between | (cell > response.step_max)
    return outside | cell.is_in(response.skipped_steps) if response.skip else outside


@cache
def administration_schema(instrument: Instrument) -> DataFrameSchema:
    """pandera schema of administrations of one instrument, answers not yet scored.

    grain:   one row per administration; further columns are left alone
    columns: PART_COLUMNS and the item columns, Int8 codes as in core_administration.answers
    Validate a DataFrame: of a LazyFrame pandera checks the types only. Its SchemaErrors holds on to
    the frame: use `breaches`, which keeps none of it.
    """
    import pandera.polars as pa

    def column(dtype: pl.DataType, nullable: bool, invalid: pl.Expr | None = None, rule: str = "") -> Column:
        checks = [] if invalid is None else [pa.Check(_valid(invalid), error=rule, n_failure_cases=1)]
        return pa.Column(dtype, checks, nullable=nullable)

    rules = {
        "instrument": (pl.col("instrument") != instrument.id, OTHER_INSTRUMENT),
        "rater": (~pl.col("rater").is_in(instrument.raters), UNKNOWN_RATER),
    }
    shared = {
        part.name: column(POLARS_TYPES[part.type], part.nullable, *rules.get(part.name, ()))
        for part in PART_COLUMNS
    }
    items = {
        item_column(number): column(pl.Int8(), True, _invalid(number, instrument), OUT_OF_RANGE)
        for number in instrument.items
    }
    return pa.DataFrameSchema({**shared, **items}, name=f"administrations of {instrument.id}")


@cache
def table_schema(kind: str) -> DataFrameSchema:
    """pandera schema of appointments or referrals, as parts hold them.

    grain:   one row per record; further columns are left alone
    columns: those of core_appointment or core_referral but entry_no and clinic; words of VOCABULARY
    """
    import pandera.polars as pa

    def column(part: Part) -> Column:
        words = VOCABULARY.get(part.name)
        known = _valid(~pl.col(part.name).is_in(list(words))) if words else None
        checks = [] if known is None else [pa.Check(known, error=UNKNOWN_WORD, n_failure_cases=1)]
        return pa.Column(POLARS_TYPES[part.type], checks, nullable=part.nullable)

    table = next(table for table in CORE if table.name == TABLE_KINDS[kind])
    parts = [part for part in table.columns if part not in (ENTRY_NO, CLINIC)]
    return pa.DataFrameSchema({part.name: column(part) for part in parts}, name=kind)


def table_breaches(frame: pl.DataFrame, kind: str) -> tuple[Breach, ...]:
    """What pandera finds wrong with a frame of appointments or referrals, sorted."""
    return _breaches(frame, table_schema(kind))


def breaches(frame: pl.DataFrame, instrument: Instrument) -> tuple[Breach, ...]:
    """What pandera finds wrong with a frame of administrations, sorted; nothing when it is sound."""
    return _breaches(frame, administration_schema(instrument))


def _breaches(frame: pl.DataFrame, schema: DataFrameSchema) -> tuple[Breach, ...]:
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    # pandera's environment variables could otherwise switch the checks off without a word.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return tuple(sorted({_breach(case) for case in errors.failure_cases.iter_rows(named=True)}))
    return ()


def _valid(invalid: pl.Expr) -> Callable[[PolarsData], pl.LazyFrame]:
    return lambda data: data.lazyframe.select(~invalid)


def _breach(case: Mapping[str, str]) -> Breach:
    # Only of a missing column is pandera's "failure case" a name; elsewhere it may be a value.
    missing = case["check"] == "column_in_dataframe"
    return Breach(case["failure_case"] if missing else case["column"], case["check"])
