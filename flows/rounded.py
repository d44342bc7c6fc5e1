"""Ids that a spreadsheet program wrote as 1.23457E+11: six digits of twelve, which many people share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from flows.clean import Batch
from flows.plan import Plan
from schemas.identifiers import KEYED

_POWER = r"^\s*[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}\s*$"


def without_rounded_ids(batch: Batch, plan: Plan) -> Batch:
    """The batch; records with a rounded id are broken, by the rule inexact_number, with their column."""
    found: dict[int, str] = {}
    for name in _columns(plan):
        for row in batch.rows["source_row"].filter(_rounded(batch.rows[name])):
            found.setdefault(row, name)
    if not found:
        return batch
    rows = batch.rows.filter(~pl.col("source_row").is_in(list(found)))
    broken = sorted([*batch.broken, *((row, "inexact_number") for row in found)])
    return replace(batch, rows=rows, broken=broken, columns=found)


def _columns(plan: Plan) -> Iterator[str]:
    return (name for ours in KEYED for name in plan.columns.get(ours, ()))


def _rounded(cells: pl.Series) -> pl.Series:
    """Which texts are such a number. Hardly any id has a plus sign, which is found faster than a pattern."""
    if cells.dtype != pl.String:
        return pl.Series([False]).new_from_index(0, len(cells))
    marked = cells.str.contains("+", literal=True).fill_null(False)
    return marked & cells.str.contains(_POWER).fill_null(False) if marked.any() else marked
