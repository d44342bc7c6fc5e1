"""JSON files piece by piece: one document a line, or one document whose array of records is walked.

Nothing that a file holds can raise but ExportRefused: not_json, too_large.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from flows.readers.table import Broken
from schemas.errors import ExportRefused

DOCUMENT_BYTES = 512 * 1024 * 1024
"""Largest file that is one document; files of one document a line have no limit."""
LINE_BYTES = 64 * 1024 * 1024
"""Longest line that is a document by itself."""
LINES_LOOKED_AT = 100
"""Lines of which one must be a document, that the file is one of lines."""

_BLANKS = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_UNREADABLE = (ValueError, RecursionError)
"""What Python's reader raises: texts that are no JSON, numbers without end, brackets without end."""


@dataclass(frozen=True)
class Whole:
    """The one object a file consists of, without its array of records, which was walked before.

    walked: whether there was such an array
    """

    members: Mapping[str, object]
    walked: bool


def pieces(stream: BinaryIO, array: str) -> Iterator[object]:
    """Each document of a file of lines; or each member of the outer array, or of the array of that name in
    the outer object, and then that object as Whole. A line that cannot be read is Broken.

    raises ExportRefused: empty_file, not_json, too_large
    """
    stream.seek(0)
    one_a_line = _is_one_a_line(stream)
    stream.seek(0)
    return _lines(stream) if one_a_line else _document(stream, array)


def text_of(value: object) -> str:
    """A JSON value as a person would read it; "" for null, and for what is no single value."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value).lower()  # of true and false too, which Python counts among the integers
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _EXACT
        return str(int(value)) if whole else repr(value)
    return ""


_EXACT = 2.0**53
"""Whole numbers from here on are not told apart by a float."""


def _is_one_a_line(stream: BinaryIO) -> bool:
    """Whether the first line opens an object and more, and one of the first lines is an object by itself."""
    stripped = (line.removeprefix(codecs.BOM_UTF8).strip() for line in _begun_lines(stream))
    lines = islice(filter(None, stripped), LINES_LOOKED_AT)
    first = next(lines, b"")
    if not first:
        raise ExportRefused("empty_file")
    if first == b"{" or not first.startswith(b"{"):
        return False
    second = next(lines, b"")
    return any(isinstance(_parsed(line), dict) for line in chain([first, second], lines) if second)


def _begun_lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LINE_BYTES):
        yield line


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError:
        return Broken("undecodable")
    except _UNREADABLE:
        return Broken("unreadable_record")


def _lines(stream: BinaryIO) -> Iterator[object]:
    while line := stream.readline(LINE_BYTES):
        whole = line.endswith(b"\n") or len(line) < LINE_BYTES
        if not whole:
            _skip_line(stream)
            yield Broken("record_too_long")
        elif stripped := line.removeprefix(codecs.BOM_UTF8).strip():
            yield _parsed(stripped)


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _document(stream: BinaryIO, array: str) -> Iterator[object]:
    if stream.seek(0, 2) > DOCUMENT_BYTES:
        raise ExportRefused("too_large")
    stream.seek(0)
    try:
        text = stream.read().removeprefix(codecs.BOM_UTF8).decode()
        yield from _walk(text, array)
    except _UNREADABLE:
        raise ExportRefused("not_json") from None


def _walk(text: str, array: str) -> Iterator[object]:
    """Raises ValueError where the text is no JSON from there on."""
    at = _past_blanks(text, 0)
    if text.startswith("[", at):
        at = yield from _members(text, at)
    elif text.startswith("{", at):
        at = yield from _object(text, at, array)
    else:
        raise ValueError
    if _past_blanks(text, at) < len(text):
        raise ValueError


def _past_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    assert blanks is not None
    return blanks.end()


def _members(text: str, at: int) -> Generator[object, None, int]:
    """Members of the array that begins here; returns the place behind it."""
    at = _past_blanks(text, at + 1)
    if text.startswith("]", at):
        return at + 1
    while True:
        value, at = _DECODER.raw_decode(text, at)
        yield value
        at = _past_blanks(text, at)
        if text.startswith("]", at):
            return at + 1
        at = _past_blanks(text, _expected(text, at, ","))


def _object(text: str, at: int, array: str) -> Generator[object, None, int]:
    """Members of the array of that name, then the other members as Whole; returns the place behind it."""
    members: dict[str, object] = {}
    walked = False
    at = _past_blanks(text, at + 1)
    while not text.startswith("}", at):
        if members or walked:
            at = _past_blanks(text, _expected(text, at, ","))
        key, at = _DECODER.raw_decode(text, at)
        if not isinstance(key, str):
            raise ValueError
        at = _past_blanks(text, _expected(text, _past_blanks(text, at), ":"))
        if key == array and text.startswith("[", at):
            walked = True
            at = yield from _members(text, at)
        else:
            members[key], at = _DECODER.raw_decode(text, at)
        at = _past_blanks(text, at)
    yield Whole(members, walked)
    return at + 1


def _expected(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise ValueError
    return at + 1
