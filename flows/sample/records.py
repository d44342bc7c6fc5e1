"""Records on their way into files, each with the fate it must have: the sample's ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from flows.sample.columns import Array, Columns, Rows, concatenate
from flows.sample.model import DAY
from flows.sample.people import NOTES, ONE_IN
from flows.sample.plan import day_number

ACCEPTED, QUARANTINED, EXCLUDED, SUPERSEDED = range(4)
FATES = ("accepted", "quarantined", "excluded", "superseded")

HELD = "suspect_reversed_items"
"""Reason of the records of a file that is quarantined whole."""

NO_CLIENT, TEST_CLIENT = -1, -2
"""In place of a client's number: a blank cell, and an id used for trying the form out."""

NUMBERS_APART = 4
"""Numbers of records leave room: a copy with a number of its own takes the next one."""

PLAIN_TEXT = "<U32"


def tracked(records: Columns, times: Array, ends: Sequence[date]) -> Columns:
    """Add what every record carries: its file (by local time and delivery days), number, fate, defect.

    ragged: cells too many, or too few when negative; blank: every cell is empty; note: free text or -1
    """
    n = len(records)
    days = np.array([day_number(end) for end in ends])
    records["file"] = np.searchsorted(days, times // DAY, side="left")
    records["number"] = (np.arange(n) + 1) * NUMBERS_APART
    records["note"] = _notes(records["number"])
    records["fate"] = np.full(n, ACCEPTED)
    records["reason"] = np.full(n, "", PLAIN_TEXT)
    records["defect"] = np.full(n, "", PLAIN_TEXT)
    records["ragged"] = np.zeros(n, np.int64)
    records["blank"] = np.zeros(n, bool)
    return records


def _notes(numbers: Array) -> Array:
    """A free text for one record in ONE_IN."""
    mixed = ((numbers.astype(np.uint64) * np.uint64(2654435761)) >> np.uint64(7)).astype(np.int64)
    chosen = mixed % (ONE_IN * len(NOTES))
    return np.where(chosen < len(NOTES), chosen, -1)


class Injector:
    """Puts defects among sound records; no record carries two of them.

    Records are changed in place, and copies are kept aside until `finish`.
    """

    def __init__(self, rng: np.random.Generator, records: Columns, files: int) -> None:
        self.rng, self.records, self.last_file = rng, records, files - 1
        self._free = rng.permutation(len(records))
        self._added: list[Columns] = []

    def pick(self, share: float, where: Array | None = None) -> Rows:
        """A share of all records, at least one, among those still sound; fewer where few are left."""
        allowed = self._free if where is None else self._free[where[self._free]]
        wanted = max(1, round(share * len(self.records)))
        taken: Rows = np.sort(allowed[: min(wanted, (len(allowed) + 2) // 3)])
        self._free = self._free[~np.isin(self._free, taken)]
        return taken

    def files_before_end(self, files: int = 1) -> Array:
        """Records after whose file at least so many files follow."""
        mask: Array = self.records["file"] <= self.last_file - files
        return mask

    def change(
        self, rows: Rows, defect: str, fate: int = ACCEPTED, reason: str = "", **values: object
    ) -> None:
        """Give these records the defect, its fate, and other values in some columns."""
        _assign(self.records, rows, {"defect": defect, "fate": fate, "reason": reason, **values})

    def copy(self, rows: Rows, defect: str, fate: int, reason: str = "", files: int = 0) -> Columns:
        """Copies of these records, so many files later: a delivery of the same record again."""
        copies = self.records.take(rows)
        everything = np.arange(len(copies))
        _assign(copies, everything, {"defect": defect, "fate": fate, "reason": reason})
        copies["file"] = copies["file"] + files
        self._added.append(copies)
        return copies

    def twin(self, rows: Rows, defect: str, fate: int, reason: str = "", later: int = 0) -> Columns:
        """Copies in the same file under numbers of their own, completed some seconds later."""
        copies = self.copy(rows, defect, fate, reason)
        copies["number"] = copies["number"] + 1
        copies["completed"] = copies["completed"] + later
        copies["note"] = np.full(len(copies), -1)
        return copies

    def finish(self) -> Columns:
        return concatenate([self.records, *self._added])


def _assign(records: Columns, rows: Rows, values: dict[str, object]) -> None:
    for name, value in values.items():
        records[name][rows] = value


def ragged_rows(inject: Injector, share: float) -> None:
    """Rows cut short, and rows with a cell too many; their free text is blank, so one line is one row."""
    short, long = inject.pick(share), inject.pick(share)
    inject.change(short, "short_row", QUARANTINED, "short_row", ragged=-3, note=-1)
    inject.change(long, "long_row", QUARANTINED, "long_row", ragged=1, note=-1)


def sort_into_files(records: Columns, *order: Array) -> Columns:
    """Records file by file in the vendor's order, with source_row from 1 in each file."""
    placed = records.take(np.lexsort((*reversed(order), records["file"])))
    starts = np.searchsorted(placed["file"], placed["file"], side="left")
    placed["source_row"] = np.arange(len(placed)) - starts + 1
    return placed
