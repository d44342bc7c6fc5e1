"""Columns that hold a form's own score, as the export's system computed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from flows.inspect_answers import Reading, steps_of
from flows.inspect_columns import Column
from flows.inspect_items import Block
from flows.score import score
from schemas.instrument import Instrument, item_column
from schemas.recognition import columns

FEWEST_ROWS = 5
EQUAL = 0.95
MOSTLY = 0.6
"""A column that is named as a total and equals the score so often is one that disagrees at times."""


@dataclass(frozen=True)
class Total:
    """A scale's score in a column. equal of compared rows; keyed: it is the sum of answers not turned."""

    scale: str
    column: str
    equal: int
    compared: int
    unturned: bool = False

    @property
    def sure(self) -> bool:
        return self.equal >= EQUAL * self.compared and not self.unturned


def stored_totals(
    block: Block, reading: Reading, instrument: Instrument, others: Iterable[Column]
) -> tuple[Total, ...]:
    """The best column for each scale, of those that are numbers; the outcome scale first."""
    if not instrument.gives_scores(True):
        return ()
    able = [one for one in others if len(one.texts) >= 3 and one.whole_share + one.decimal_share > 0.9]
    if not able:
        return ()
    keyed = _scores(block, reading, instrument, already_keyed=False)
    found = _best(able, keyed, instrument, unturned=False)
    if not found and instrument.reverse:
        found = _best(
            able, _scores(block, reading, instrument, already_keyed=True), instrument, unturned=True
        )
    return tuple(sorted(found, key=lambda one: one.scale != instrument.outcome_scale))


def _scores(block: Block, reading: Reading, instrument: Instrument, already_keyed: bool) -> pl.DataFrame:
    items = {
        item_column(n): pl.Series(steps_of(column.cells, reading), dtype=pl.Int8)
        for n, column in enumerate(block.columns, start=1)
    }
    return score(pl.DataFrame(items), instrument, True, already_keyed)


def _best(
    able: Sequence[Column], scores: pl.DataFrame, instrument: Instrument, unturned: bool
) -> list[Total]:
    found: dict[str, Total] = {}
    for scale in instrument.scales:
        computed = [None if one is None else float(one) for one in scores[f"score_{scale.id}"].to_list()]
        for column in able:
            equal, compared = _agreement(column.cells, computed)
            total = Total(scale.id, column.name, equal, compared, unturned)
            if _likely(total, unturned) and (scale.id not in found or equal > found[scale.id].equal):
                found.setdefault(column.name, total)
    by_scale: dict[str, Total] = {}
    for total in found.values():
        if total.scale not in by_scale or total.equal > by_scale[total.scale].equal:
            by_scale[total.scale] = total
    return list(by_scale.values())


def _likely(total: Total, unturned: bool) -> bool:
    if total.compared < FEWEST_ROWS:
        return False
    named = columns()["total"].rank(total.column) is not None and not unturned
    return total.equal >= (MOSTLY if named else EQUAL) * total.compared


def _agreement(cells: Sequence[str], computed: Sequence[float | None]) -> tuple[int, int]:
    """In how many rows both are there, and in how many of them the score rounds to the cell."""
    equal = compared = 0
    for cell, value in zip(cells, computed, strict=True):
        if value is None or not cell:
            continue
        compared += 1
        try:
            stored = float(cell.replace(",", "."))
        except ValueError:
            continue
        places = len(cell.replace(",", ".").partition(".")[2])
        equal += abs(stored - value) <= 0.5 * 10**-places + 1e-9
    return equal, compared
