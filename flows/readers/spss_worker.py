"""Reads one SPSS file in a process of its own: on damaged bytes the library may take its process down.

The process is told by file descriptor which file, and gets one request a line as JSON on standard input:
    {"columns": [[name, [kept codes], whether as numbers], …], "first": rows before, "most": rows}
It answers the start, and each request, with a line of JSON: {"error": …}, or what `describe` gives, or
{"rows": n, "bytes": k} and then k bytes, an Arrow stream of the columns named "0", "1", …
It writes no file, says nothing of the data on standard error and ends when its standard input does.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import polars as pl

from flows.readers.spss_cells import Column, cells_of, kind_of, number_text

MEMORY_BYTES = 8 * 1024**3
"""Address space of the process: a damaged file may ask for any amount."""

NO_FILE, NO_TEXT = "broken_spss", "undecodable_header"
"""Errors: the file cannot be read; it can, but texts are not of the encoding."""

_MESSAGES = ("convert string", "character set")
"""In the library's messages when a text is not of the encoding, or it does not know the encoding."""


class Failed(Exception):
    """A reading failed. error: NO_FILE or NO_TEXT."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class SpssFile:
    """The library's readings of one file."""

    def __init__(self, stream: BinaryIO, encoding: str | None) -> None:
        self._stream, self._encoding = stream, encoding
        _, self._meta = self._read(metadataonly=True)
        if not self._meta.column_names or not all(isinstance(one, str) for one in self._meta.column_names):
            raise Failed(NO_FILE)
        self.columns = {name: self._column(name) for name in self._meta.column_names}

    def _read(self, **how: Any) -> tuple[Any, Any]:  # noqa: ANN401 - the library's options
        import pyreadstat

        read: Any = pyreadstat.read_sav  # its overloads do not take options as a mapping
        self._stream.seek(0)
        try:
            values, meta = read(
                self._stream,
                encoding=self._encoding,
                user_missing=True,
                disable_datetime_conversion=True,
                output_format="dict",
                **how,
            )
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
            raise Failed(NO_TEXT if any(one in str(error) for one in _MESSAGES) else NO_FILE) from None
        except UnicodeError:
            raise Failed(NO_TEXT) from None
        return values, meta

    def _column(self, name: str) -> Column:
        meta = self._meta
        kind = kind_of(meta.readstat_variable_types[name], meta.original_variable_types[name])
        ranges = tuple((one["lo"], one["hi"]) for one in meta.missing_ranges.get(name, ()))
        return Column(name, kind, ranges)

    def describe(self) -> dict[str, Any]:
        """names; by name whether it has user-missing values; by name text to code of its labels."""
        return {
            "names": list(self.columns),
            "missing": [name for name, column in self.columns.items() if column.missing],
            "labels": {
                name: {str(text): _code(code) for code, text in labels.items()}
                for name, labels in self._meta.variable_value_labels.items()
            },
        }

    def rows(self, asked: Sequence[tuple[str, Sequence[str], bool]], first: int, most: int) -> pl.DataFrame:
        """Text cells of the rows behind the first ones, at most so many; columns "0", "1", … as asked."""
        values, _ = self._read(usecols=[name for name, _, _ in asked], row_offset=first, row_limit=most)
        return pl.DataFrame(
            [
                cells_of(values[name], replace(self.columns[name], kept=frozenset(kept)), numbers).alias(
                    str(at)
                )
                for at, (name, kept, numbers) in enumerate(asked)
            ]
        )


def _code(code: object) -> str:
    return number_text(code) if isinstance(code, (float, int)) else str(code).rstrip()


def serve(file: BinaryIO, encoding: str | None, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer the start and every request; the first failure to open the file is the last answer."""
    try:
        opened = SpssFile(file, encoding)
        _answer(answers, opened.describe())
        for line in requests:
            _answer_rows(answers, opened, json.loads(line))
    except Failed as failed:
        _answer(answers, {"error": failed.error})


def _answer_rows(answers: BinaryIO, opened: SpssFile, request: Mapping[str, Any]) -> None:
    try:
        frame = opened.rows(request["columns"], request["first"], request["most"])
    except Failed as failed:
        _answer(answers, {"error": failed.error})
        return
    packed = io.BytesIO()
    frame.write_ipc_stream(packed)
    _answer(answers, {"rows": frame.height, "bytes": packed.tell()}, packed.getvalue())


def _answer(answers: BinaryIO, said: Mapping[str, Any], packed: bytes = b"") -> None:
    answers.write(json.dumps(said).encode() + b"\n" + packed)
    answers.flush()


def limit_process() -> None:
    """No core file, which would hold answers, and bounded memory; where the system can."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    for what, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY_BYTES)):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):  # pragma: no cover - lower already, or not of this system
            continue


if __name__ == "__main__":
    limit_process()
    with os.fdopen(int(sys.argv[1]), "rb") as source:
        serve(source, sys.argv[2] or None, sys.stdin.buffer, sys.stdout.buffer)
