"""Records whose cells still have the types of a workbook: only wanted ones become text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice

import polars as pl

from flows.clean import Batch
from flows.readers.cell_text import BLANK_ERRORS, INEXACT, Texts
from flows.readers.table import ROWS_PER_BATCH, Broken, Cells

Row = Sequence[object]
"""Typed cells of one record; all of one length."""


class SheetRecords:
    """Records of typed cells. rows: cells of each, or what is wrong with it; mark: before decimals."""

    def __init__(self, rows: Iterable[Row | Broken], mark: str) -> None:
        self._rows = iter(rows)
        self._mark = mark

    def sample(self, most: int) -> list[Cells]:
        first = list(islice(self._rows, most))
        self._rows = chain(first, self._rows)
        texts = Texts(self._mark)
        return [[texts.of(value) for value in row] for row in first if not isinstance(row, Broken)]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns, first = sorted(set(wanted)), 1
        while rows := list(islice(self._rows, ROWS_PER_BATCH)):
            yield partial(_batch, rows, columns, self._mark, first)
            first += len(rows)


def _batch(rows: Sequence[Row | Broken], columns: Sequence[int], mark: str, first: int) -> Batch:
    broken = {number: row.rule for number, row in enumerate(rows, first) if isinstance(row, Broken)}
    sound = [row for row in rows if not isinstance(row, Broken)]
    numbers = [number for number in range(first, first + len(rows)) if number not in broken]
    texts = Texts(mark)
    cells = {str(at): pl.Series(texts.column([row[at] for row in sound]), dtype=pl.String) for at in columns}
    frame = pl.DataFrame({"source_row": pl.Series(numbers, dtype=pl.Int32), **cells})
    frame = frame.with_columns(pl.col(pl.String).replace(["", *sorted(BLANK_ERRORS)], None))
    inexact = frame.filter(pl.any_horizontal(pl.col(pl.String) == INEXACT)) if columns else frame.clear()
    if inexact.height:
        broken |= dict.fromkeys(inexact["source_row"].to_list(), "inexact_number")
        frame = frame.join(inexact, on="source_row", how="anti", maintain_order="left")
    return Batch(frame, sorted(broken.items()))
