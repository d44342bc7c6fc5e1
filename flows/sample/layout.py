"""Cells as texts, and texts as the bytes of a vendor's file."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flows.sample.columns import Array, Columns
from flows.sample.model import DAY
from flows.sample.people import NOTES
from flows.sample.plan import EPOCH

Cells = list[str]
"""One column of a file, row by row."""


@dataclass(frozen=True)
class Layout:
    """How the rows of one feed look. before, between, after: what stands around and between cells."""

    header: str
    columns: Sequence[Cells]
    between: str = ","
    before: str = ""
    after: str = "\n"
    end: str = ""
    encoding: str = "utf-8"


def file_bytes(layout: Layout, records: Columns, files: int) -> list[bytes]:
    """The bytes of each file; a file without records has its header."""
    rows = [layout.between.join(row) for row in zip(*layout.columns, strict=True)]
    for at in (records["ragged"] != 0).nonzero()[0].tolist():
        cells = [column[at] for column in layout.columns]
        rows[at] = _ragged(cells, int(records["ragged"][at]), layout.between)
    for at in records["blank"].nonzero()[0].tolist():
        rows[at] = layout.between * (len(layout.columns) - 1)
    bounds = records["file"].searchsorted(range(files + 1)).tolist()
    return [
        _one_file(layout, rows[start:end]).encode(layout.encoding)
        for start, end in itertools.pairwise(bounds)
    ]


def _ragged(row: list[str], cells: int, between: str) -> str:
    return between.join(row[:cells] if cells < 0 else row + [""] * cells)


def _one_file(layout: Layout, rows: Iterable[str]) -> str:
    lines = (f"{layout.before}{row}{layout.after}" for row in rows)
    return layout.header + "".join(lines) + layout.end


def write_file(path: Path, content: bytes, modified: int) -> None:
    """Write bytes with a given time of modification (UTC seconds)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (modified, modified))


def moments(seconds: Array, pattern: str = "%Y-%m-%d", clock: str = "{:02}:{:02}:{:02}") -> Cells:
    """Local date and time, written as asked; blank for 0."""
    pairs = zip((seconds // DAY).tolist(), (seconds % DAY).tolist(), strict=True)
    return [f"{_day(day, pattern)} {_clock(time, clock)}" if day or time else "" for day, time in pairs]


def dates(days: Array, pattern: str) -> Cells:
    """Date, written as asked; blank for 0."""
    return [_day(day, pattern) if day else "" for day in days.tolist()]


@functools.cache
def _day(day: int, pattern: str) -> str:
    on = EPOCH + timedelta(days=day)
    # strftime pads the year and the rest in the platform's way; these patterns need no more than this.
    for mark, text in (("%Y", f"{on.year:04}"), ("%m", f"{on.month:02}"), ("%d", f"{on.day:02}")):
        pattern = pattern.replace(mark, text)
    return pattern


@functools.cache
def _clock(time: int, clock: str) -> str:
    return clock.format(time // 3600, time // 60 % 60, time % 60)


def coded(values: Array, texts: Mapping[int, str]) -> Cells:
    """The text of each code."""
    return [texts[value] for value in values.tolist()]


def answer_columns(given: Array, texts: Mapping[int, str]) -> list[Cells]:
    """One column of texts per item."""
    return [coded(given[:, item], texts) for item in range(given.shape[1])]


def numbered(values: Array, pattern: str, special: Mapping[int, str] | None = None) -> Cells:
    """Ids from numbers counted from 0, written from 1 on; some numbers stand for a text."""
    special = special or {}
    distinct = {value: special.get(value, pattern.format(value + 1)) for value in set(values.tolist())}
    return coded(values, distinct)


def constant(value: str, rows: int) -> Cells:
    return [value] * rows


def note_cells(chosen: Array, between: str = ",") -> Cells:
    """Free texts, in quotes where the format needs them."""
    texts = {-1: "", **{at: _quoted(note, between) for at, note in enumerate(NOTES)}}
    return coded(chosen, texts)


def _quoted(text: str, between: str) -> str:
    if not any(mark in text for mark in (between, '"', "\n")):
        return text
    return '"' + text.replace('"', '""') + '"'
