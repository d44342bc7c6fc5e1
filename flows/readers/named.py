"""Records that name their own cells, as JSON has them: a header is what the first of them hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice

import polars as pl

from flows.clean import Batch
from flows.readers.table import Broken, Cells

ROWS_PER_BATCH = 5_000
"""Records of a batch: each holds its cells as Python objects until it is read."""

Named = Mapping[str, object]
"""One record: the value of each cell by its name; None is blank."""

AsText = Callable[[object], str]
"""The text of a value that is none itself."""

Absent = Callable[[Named, str], str]
"""The text of a cell that a record has not, by its name."""


def _blank(record: Named, name: str) -> str:
    return ""


class NamedRecords:
    """Records in file order, read once; a further column may be asked for until they are read.

    names: of the columns, the fixed ones first, then as they are met in the first records
    """

    def __init__(
        self,
        records: Iterable[Named | Broken],
        fixed: Sequence[str],
        as_text: AsText,
        absent: Absent = _blank,
    ) -> None:
        self._records = iter(records)
        self._read = partial(_cells, as_text=as_text, absent=absent)
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
        return [[self._read([one], name)[0] for name in self.names] for one in sound]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        """Batches of the wanted cells, by position, each to be read when called."""
        columns, row = {at: self.names[at] for at in sorted(set(wanted))}, 1
        while records := list(islice(self._records, ROWS_PER_BATCH)):
            yield partial(_batch, records, columns, self._read, row)
            row += len(records)


_Read = Callable[[Sequence[Named], str], list[str]]
"""The texts of one column of some records."""

_NOT_THERE = object()
_PLAIN = frozenset((str, int))
"""Types whose values are their own texts; true and false are of another."""


def _cells(records: Sequence[Named], name: str, as_text: AsText, absent: Absent) -> list[str]:
    values = [record.get(name, _NOT_THERE) for record in records]
    if _NOT_THERE in values:
        values = [
            absent(record, name) if value is _NOT_THERE else value
            for record, value in zip(records, values, strict=True)
        ]
    if _PLAIN.issuperset(map(type, values)):
        return list(map(str, values))
    return [value if isinstance(value, str) else as_text(value) for value in values]


def _batch(records: Sequence[Named | Broken], columns: Mapping[int, str], read: _Read, first: int) -> Batch:
    broken = [(row, one.rule) for row, one in enumerate(records, first) if isinstance(one, Broken)]
    sound = [(row, one) for row, one in enumerate(records, first) if not isinstance(one, Broken)]
    try:
        frame = _frame([one for _, one in sound], columns, read)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and no text has
        bad = {row for row, one in sound if not _is_text(one, columns.values(), read)}
        broken += [(row, "undecodable") for row in bad]
        sound = [(row, one) for row, one in sound if row not in bad]
        frame = _frame([one for _, one in sound], columns, read)
    numbers = pl.Series("source_row", [row for row, _ in sound], dtype=pl.Int32)
    return Batch(frame.insert_column(0, numbers), sorted(broken))


def _frame(records: Sequence[Named], columns: Mapping[int, str], read: _Read) -> pl.DataFrame:
    cells = {str(at): pl.Series(read(records, name), dtype=pl.String) for at, name in columns.items()}
    return pl.DataFrame(cells).with_columns(pl.col(pl.String).replace("", None))


def _is_text(record: Named, names: Iterable[str], read: _Read) -> bool:
    try:
        "".join(read([record], name)[0] for name in names).encode()
    except UnicodeEncodeError:
        return False
    return True
