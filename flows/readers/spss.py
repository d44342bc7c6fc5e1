"""SPSS .sav and .zsav: codes as text, labels beside them, dates by their type, user-missing values blank.

`flows.readers.spss_worker` reads the file, in a process of its own.
"""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from shutil import copyfileobj
from threading import Timer
from typing import IO, Any, BinaryIO

import polars as pl

from flows.answers import normalise
from flows.clean import Batch
from flows.readers import spss_worker
from flows.readers.table import Cells, Table
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import ITEM_NUMBER, Feed, FeedInstrument

ROWS_PER_READ = 50_000
"""Rows in memory at a time; the library reads past those before them, which is quick."""

MOST_UNDECODABLE = 50
"""Rows whose texts are not of the encoding; with more of them the encoding is the wrong one."""

LONGEST_ANSWER_S = 900
"""A damaged file may keep the library busy for ever; a stretch of a sound one takes a second."""

ROOT = Path(__file__).resolve().parents[2]


def open_spss(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: broken_spss, undecodable_header"""
    worker = Worker(stream, _encoding(feed))
    said = worker.answer()
    names = said["names"]
    kept = {name: sorted(_listed(name, feed)) for name in said["missing"]}
    labels = {at: said["labels"][name] for at, name in enumerate(names) if name in said["labels"]}
    return Table(names, SpssRecords(worker, names, kept), labels=labels)


def _encoding(feed: Feed) -> str:
    """The feed's encoding by a name that the library knows; "" for what the file says."""
    return codecs.lookup(feed.encoding).name.removesuffix("-sig") if feed.encoding else ""


def _listed(name: str, feed: Feed) -> set[str]:
    """Codes that the feed gives a meaning in this column: of those the text is kept."""
    asked = [one for one in feed.instruments if _is_item(name, one)]
    lists = [feed.missing, *(codes for one in asked for codes in _code_lists(one))]
    return {normalise(code) for codes in lists for code in codes}


def _code_lists(one: FeedInstrument) -> tuple[tuple[str, ...], ...]:
    return one.missing, one.refused, one.not_shown, one.not_applicable


def _is_item(name: str, one: FeedInstrument) -> bool:
    if not isinstance(one.items, str):
        return name in one.items
    before, _, after = ITEM_NUMBER.split(one.items, maxsplit=1)
    number = name.removeprefix(before).removesuffix(after)
    return number.isdecimal() and name == f"{before}{number}{after}"


class Worker:
    """The process that reads one file; it ends with this object."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        file = _with_descriptor(stream)
        number = file.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", spss_worker.__name__, str(number), encoding],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[number],
            cwd=ROOT,
        )
        self.end = weakref.finalize(self, _end, self._process, None if file is stream else file)

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # a process that has ended gives no answer below
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """raises ExportRefused for an error, and where the process ended instead"""
        assert self._process.stdout is not None
        patience = Timer(LONGEST_ANSWER_S, self._process.kill)
        patience.daemon = True
        patience.start()
        try:
            line = self._process.stdout.readline()
        finally:
            patience.cancel()
        said: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {"error": spss_worker.NO_FILE}
        if "error" in said:
            raise ExportRefused(said["error"])
        return said

    def rows(self, columns: Sequence[tuple[str, Sequence[str], bool]], first: int, most: int) -> pl.DataFrame:
        said = self.ask({"columns": columns, "first": first, "most": most})
        assert self._process.stdout is not None
        packed = self._process.stdout.read(said["bytes"])
        if len(packed) < said["bytes"]:
            raise ExportRefused(spss_worker.NO_FILE)
        return pl.read_ipc_stream(BytesIO(packed))


def _end(process: subprocess.Popen[bytes], copy: IO[bytes] | None) -> None:
    for file in (process.stdin, process.stdout, copy):
        if file is not None:
            with suppress(BrokenPipeError):
                file.close()
    process.kill()
    process.wait()


def _with_descriptor(stream: BinaryIO) -> IO[bytes]:
    """The stream where another process can read it, else what is in it, in a file that has no name."""
    if isinstance(stream, BufferedReader) and isinstance(stream.raw, FileIO):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process ends
    stream.seek(0)
    copyfileobj(stream, copy)
    copy.flush()
    return copy


class SpssRecords:
    """Rows of one file, a stretch at a time and the wanted columns alone.

    kept: by name of a column with user-missing values, those codes that are not blank
    """

    def __init__(self, worker: Worker, names: Sequence[str], kept: Mapping[str, Sequence[str]]) -> None:
        self._worker, self._names, self._kept = worker, names, kept
        self._undecodable = 0

    def sample(self, most: int) -> list[Cells]:
        if most < 1:
            return []
        frames = next(self._stretches(range(len(self._names)), (), most), ([], []))[0]
        return [row[1:] for frame in frames for row in frame.iter_rows()]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns = sorted(set(wanted))
        none = pl.DataFrame(schema={"source_row": pl.Int32, **{str(at): pl.String for at in columns}})
        for frames, broken in self._stretches(columns, numbers, ROWS_PER_READ):
            yield partial(_batch, frames or [none], broken)
        self._worker.end()

    def _stretches(
        self, wanted: Sequence[int], numbers: Collection[int], most: int
    ) -> Iterator[tuple[list[pl.DataFrame], list[tuple[int, str]]]]:
        """Frames with source_row, and the rows between them that are no text."""
        first, read = 0, most
        while read == most:
            frames, broken = self._rows(wanted or [0], numbers, first, most)
            read = sum(frame.height for frame in frames) + len(broken)
            if read:
                yield frames, broken
            first += read

    def _rows(
        self, wanted: Sequence[int], numbers: Collection[int], first: int, most: int
    ) -> tuple[list[pl.DataFrame], list[tuple[int, str]]]:
        columns = [(self._names[at], self._kept.get(self._names[at], ()), at in numbers) for at in wanted]
        try:
            frame = self._worker.rows(columns, first, most)
        except ExportRefused as refusal:
            if refusal.rule != spss_worker.NO_TEXT or self._undecodable >= MOST_UNDECODABLE:
                raise
            if most == 1:
                self._undecodable += 1
                return [], [(first + 1, "undecodable")]
        else:
            frame.columns = [str(at) for at in wanted]
            numbered = pl.int_range(first + 1, first + 1 + frame.height, dtype=pl.Int32, eager=True)
            return [frame.insert_column(0, numbered.alias("source_row"))], []
        half = most // 2
        frames, broken = self._rows(wanted, numbers, first, half)
        more, worse = self._rows(wanted, numbers, first + half, most - half)
        return frames + more, broken + worse


def _batch(frames: Sequence[pl.DataFrame], broken: list[tuple[int, str]]) -> Batch:
    return Batch(pl.concat(frames, how="vertical_relaxed"), broken)
