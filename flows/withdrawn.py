"""Rows that withdraw a response delivered before, as a system exports one that was entered in error."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from flows.administrations import keyed
from flows.cells import PROBLEM, held_rows, joined, mapped, problems
from flows.plan import Plan
from flows.pseudonyms import Pseudonymiser

WITHDRAWN = {"source_row": pl.Int32, "response_key": pl.UInt64}
"""Schema of tombstones: one row each. response_key: earlier rows of this response stand no longer."""

KEPT, GONE = "kept", "withdrawn"


@dataclass(frozen=True)
class Tombstones:
    """What a batch's column of withdrawals says of its rows.

    gone:     mask of rows that withdraw a response
    doubtful: mask of rows of which it cannot be read whether they do, or which response
    rows:     WITHDRAWN rows
    problems: PROBLEM rows of the doubtful ones; held: HELD rows of the same
    """

    gone: pl.Series
    doubtful: pl.Series
    rows: pl.DataFrame
    problems: pl.DataFrame
    held: pl.DataFrame


def tombstones(rows: pl.DataFrame, plan: Plan, people: Pseudonymiser, open_: pl.Series) -> Tombstones | None:
    """The rows of a batch that withdraw; None where the feed has no such column. A blank cell keeps.

    open_: rows that are not excluded for another reason; of the others nothing is doubted
    """
    names = plan.columns.get("withdrawn")
    if names is None:
        return None
    said = joined(rows, names, plan.feed.missing)
    words = mapped(said, dict(plan.dialect.values_of(plan.feed, "withdrawn")))
    keys = keyed(rows, plan, "response", people)
    known = keys.is_not_null() if keys is not None else pl.Series([False]).new_from_index(0, rows.height)
    gone = (words == GONE).fill_null(False)
    unknown, nameless = open_ & said.is_not_null() & words.is_null(), gone & ~known
    found = [pl.DataFrame(schema=PROBLEM)]
    doubts = ((unknown, "withdrawn", "unknown_code"), (nameless, "response", "missing_response"))
    for mask, ours, rule in doubts:
        if mask.any():
            column = "/".join(plan.columns.get(ours, names))
            responses = keys.filter(mask) if keys is not None else None
            found.append(problems(rows["source_row"].filter(mask), "", column, rule, responses))
    withdrawn = gone & known
    table = rows.select("source_row").with_columns(
        response_key=keys if keys is not None else pl.lit(None, dtype=pl.UInt64)
    )
    doubtful = unknown | nameless
    return Tombstones(
        withdrawn,
        doubtful,
        table.filter(withdrawn),
        pl.concat(found),
        held_rows(table.filter(doubtful)),
    )
