"""What every reader makes of a file: header names, and text cells in batches behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Protocol

import polars as pl

from flows.clean import Batch

Cells = Sequence[str | None]
"""Cells of one record in file order; None and "" are blank."""

ROWS_PER_BATCH = 20_000
"""Records of a batch that Python makes cell by cell."""


@dataclass(frozen=True)
class Broken:
    """A record that cannot be read. rule: of schemas.rules, level record."""

    rule: str


class Records(Protocol):
    """Records in file order, read once, each with its number from 1."""

    def sample(self, most: int) -> list[Cells]:
        """The first records that can be read, all their cells; takes nothing away from `readers`."""

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        """Batches of the wanted cells, named by their position: "0", "3", …; each to be read when called,
        in any order and in any thread.

        numbers: positions whose cells may come as Int16 instead of text
        """


@dataclass(frozen=True)
class Table:
    """An opened file.

    names:   of the columns, in file order, as written; a name may occur twice
    records: behind the header
    aliases: further names of columns to their positions, such as import ids; a name of `names` wins
    warnings: rules of that level that the reader met in the header
    hidden:  positions of columns that nothing can read, as what the file comes with says they identify people
    labels:  by position, what the file itself says its codes mean: text -> code, for `accord inspect`
    timezone: IANA name that the file itself gives for its times without offset
    column:  position of a name that is not among `names`, in files whose records name their own cells: a
        question that nobody answered is then no column. None where the header is all there is
    """

    names: Sequence[str]
    records: Records
    aliases: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    timezone: str | None = None
    column: Callable[[str], int] | None = None
    hidden: frozenset[int] = frozenset()


class RowRecords:
    """Records that a reader yields one by one.

    rows: cells of each, or what is wrong with it; a record of another width than the header is broken
    """

    def __init__(self, rows: Iterable[Cells | Broken], width: int) -> None:
        self._rows = iter(rows)
        self.width = width

    def sample(self, most: int) -> list[Cells]:
        first = list(islice(self._rows, most))
        self._rows = chain(first, self._rows)
        return [row for row in first if not isinstance(row, Broken) and len(row) == self.width]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns, row = sorted(set(wanted)), 1
        while rows := list(islice(self._rows, ROWS_PER_BATCH)):
            yield partial(_batch_of_rows, rows, columns, self.width, row)
            row += len(rows)


def _batch_of_rows(rows: Sequence[Cells | Broken], columns: Sequence[int], width: int, first: int) -> Batch:
    sound: list[Cells] = []
    numbers: list[int] = []
    broken: list[tuple[int, str]] = []
    for number, row in enumerate(rows, first):
        if isinstance(row, Broken):
            broken.append((number, row.rule))
        elif len(row) != width:
            broken.append((number, "short_row" if len(row) < width else "long_row"))
        else:
            sound.append(row)
            numbers.append(number)
    cells = {str(at): pl.Series(str(at), [row[at] for row in sound], dtype=pl.String) for at in columns}
    frame = pl.DataFrame(cells).with_columns(pl.col(pl.String).replace("", None))
    return Batch(frame.insert_column(0, pl.Series("source_row", numbers, dtype=pl.Int32)), broken)


class FrameRecords:
    """Records of a reader that makes whole frames of text cells, their columns named "0", "1", …"""

    def __init__(self, frames: Iterable[pl.DataFrame], width: int) -> None:
        self._frames = iter(frames)
        self.width = width

    def sample(self, most: int) -> list[Cells]:
        taken: list[pl.DataFrame] = []
        while sum(frame.height for frame in taken) < most and (frame := next(self._frames, None)) is not None:
            taken.append(frame)
        self._frames = chain(taken, self._frames)
        return list(pl.concat(taken).head(most).iter_rows()) if taken else []

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns, row = sorted(set(wanted)), 1
        for frame in self._frames:
            yield partial(_batch_of_frame, frame, columns, row)
            row += frame.height


def _batch_of_frame(frame: pl.DataFrame, columns: Sequence[int], first: int) -> Batch:
    rows = frame.select(str(at) for at in columns).with_columns(pl.col(pl.String).replace("", None))
    numbers = pl.int_range(first, first + frame.height, dtype=pl.Int32, eager=True)
    return Batch(rows.insert_column(0, numbers.alias("source_row")))
