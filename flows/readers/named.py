"""Records that name their own cells, as JSON has them: a header is what the first of them hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice

import polars as pl

from flows.clean import Batch
from flows.readers.table import ROWS_PER_BATCH, Broken, Cells

Named = Mapping[str, str]
"""One record: the text of each cell by its name."""

Absent = Callable[[Named, str], str]
"""The text of a cell that a record has not, by its name."""


class NamedRecords:
    """Records in file order, read once; a further column may be asked for until they are read.

    names: of the columns, the fixed ones first, then as they are met in the first records
    """

    def __init__(self, records: Iterable[Named | Broken], fixed: Sequence[str], absent: Absent) -> None:
        self._records = iter(records)
        self._absent = absent
        first = list(islice(self._records, ROWS_PER_BATCH))
        self._records = chain(first, self._records)
        met = (name for one in first if not isinstance(one, Broken) for name in one)
        self.names = list(dict.fromkeys(chain(fixed, met)))
        self._places = {name: at for at, name in enumerate(self.names)}
        self.empty = all(isinstance(one, Broken) for one in first)

    def column(self, name: str) -> int:
        """Position of a column by its name, which no record need have."""
        if name not in self._places:
            self._places[name] = len(self.names)
            self.names.append(name)
        return self._places[name]

    def sample(self, most: int) -> list[Cells]:
        """The first records that can be read, all their cells; takes nothing away from `readers`."""
        first = list(islice(self._records, most))
        self._records = chain(first, self._records)
        sound = (one for one in first if not isinstance(one, Broken))
        return [[_cell(one, name, self._absent) for name in self.names] for one in sound]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        """Batches of the wanted cells, by position, each to be read when called."""
        columns, row = {at: self.names[at] for at in sorted(set(wanted))}, 1
        while records := list(islice(self._records, ROWS_PER_BATCH)):
            yield partial(_batch, records, columns, self._absent, row)
            row += len(records)


def _cell(record: Named, name: str, absent: Absent) -> str:
    return record[name] if name in record else absent(record, name)


def _batch(
    records: Sequence[Named | Broken], columns: Mapping[int, str], absent: Absent, first: int
) -> Batch:
    broken = [(row, one.rule) for row, one in enumerate(records, first) if isinstance(one, Broken)]
    sound = [(row, one) for row, one in enumerate(records, first) if not isinstance(one, Broken)]
    try:
        frame = _frame([one for _, one in sound], columns, absent)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and no text has
        broken += [(row, "undecodable") for row, one in sound if not _is_text(one, columns.values())]
        sound = [(row, one) for row, one in sound if _is_text(one, columns.values())]
        frame = _frame([one for _, one in sound], columns, absent)
    numbers = pl.Series("source_row", [row for row, _ in sound], dtype=pl.Int32)
    return Batch(frame.insert_column(0, numbers), sorted(broken))


def _frame(records: Sequence[Named], columns: Mapping[int, str], absent: Absent) -> pl.DataFrame:
    cells = {
        str(at): pl.Series([_cell(record, name, absent) for record in records], dtype=pl.String)
        for at, name in columns.items()
    }
    return pl.DataFrame(cells).with_columns(pl.col(pl.String).replace("", None))


def _is_text(record: Named, names: Iterable[str]) -> bool:
    try:
        "".join(record.get(name, "") for name in names).encode()
    except UnicodeEncodeError:
        return False
    return True
