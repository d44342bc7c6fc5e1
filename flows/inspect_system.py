"""Which system wrote a file: every dialect weighed by what speaks for it; the file opened as the best one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from flows.inspect_bytes import Look
from flows.read import Export, open_export
from schemas.dialect import Dialect, load_dialects
from schemas.errors import ExportRefused
from schemas.recognition import systems
from schemas.site import Feed

CLOSE = 0.6
"""A runner-up is told when it has so much of the winner's weight."""

_PLAIN = {"xlsx": "xlsx", "ods": "ods"}


@dataclass(frozen=True)
class Candidate:
    """A dialect, what speaks for it, and how much; refused: the rule by which it cannot read the file."""

    dialect: str
    weight: int
    evidence: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True)
class Opened:
    """A file as its dialect reads it.

    candidates: those with any weight, the best first; feed: only the keys that reading the bytes needs
    """

    seen: Look
    export: Export
    dialect: Dialect
    feed: Feed
    candidates: tuple[Candidate, ...]

    @property
    def runner_up(self) -> Candidate | None:
        best, *others = self.candidates
        close = [one for one in others if not one.refused and one.weight >= CLOSE * best.weight]
        return close[0] if close else None


def candidates(seen: Look, names: Sequence[str], second: Sequence[str]) -> list[Candidate]:
    """Dialects that can be read and have any mark of the file, the best first."""
    found = []
    for name, dialect in load_dialects().items():
        marks = systems().get(name, ())
        fitting = [mark for mark in marks if mark.fits(seen.features, names, second)]
        if seen.container in dialect.containers and not all(mark.supports for mark in fitting):
            weight = sum(mark.weight for mark in fitting)
            found.append(Candidate(name, weight, tuple(mark.says for mark in fitting)))
    return sorted(found, key=lambda one: (-one.weight, one.dialect))


def feed_of(seen: Look, dialect: Dialect, sheet: str | None = None) -> Feed:
    """A feed with what the bytes ask for, of the keys that the dialect leaves open."""
    feed = Feed("file", "clinic", "responses", "file", dialect.name)
    if seen.encoding and "encoding" in dialect.open and not _same_encoding(seen.encoding.value, dialect):
        feed = replace(feed, encoding=seen.encoding.value)
    if seen.delimiter and "delimiter" in dialect.open and seen.delimiter.value != dialect.delimiter:
        feed = replace(feed, delimiter=seen.delimiter.value)
    return replace(feed, sheet=sheet) if sheet and "sheet" in dialect.open else feed


def _same_encoding(encoding: str, dialect: Dialect) -> bool:
    utf8 = ("utf-8", "utf-8-sig")
    return encoding == dialect.encoding or (encoding in utf8 and dialect.encoding in utf8)


def open_best(stream: BinaryIO, seen: Look, sheet: str | None = None) -> Opened:
    """The file as the first dialect opens it that can.

    raises ExportRefused: not_this_dialect where no dialect has its container; else what the best one says
    """
    names, second = _first_rows(stream, seen, sheet)
    found = candidates(seen, names, second)
    tried: list[Candidate] = []
    for at, one in enumerate(found):
        dialect = load_dialects()[one.dialect]
        feed = feed_of(seen, dialect, sheet)
        try:
            export = open_export(stream, feed, dialect)
        except ExportRefused as refusal:
            tried.append(replace(one, refused=refusal.rule))
            continue
        return Opened(seen, export, dialect, feed, (one, *found[at + 1 :], *tried))
    raise ExportRefused(tried[0].refused if tried else _without(seen))


def _without(seen: Look) -> str:
    """Why nothing can be tried: an empty file is text without rows."""
    return "empty_file" if seen.container == "text" and not seen.rows else "not_this_dialect"


def _first_rows(stream: BinaryIO, seen: Look, sheet: str | None) -> tuple[Sequence[str], Sequence[str]]:
    """The first row that has texts, and the one below, whatever system wrote them."""
    if seen.container == "text":
        rows = (*seen.rows, (), ())
        return rows[0], rows[1]
    plain = [name for feature, name in _PLAIN.items() if feature in seen.features]
    dialects: Mapping[str, Dialect] = load_dialects()
    if not plain or plain[0] not in dialects:
        return (), ()
    dialect = dialects[plain[0]]
    try:
        export = open_export(stream, feed_of(seen, dialect, sheet), dialect)
        below = export.sample(1)
    except ExportRefused:
        return (), ()
    return export.names, [cell or "" for cell in below[0]] if below else ()
