"""The site's ledger: one append-only file of JSON lines, each bound to the one before by its digest.

    {"at": ..., "digest": ..., "kind": "delivery", "payload": {...}, "prev": ..., "seq": 1}

What was delivered and decided, in order; with the archive it is all that figures are made from.
Lines name entry ids and digests, never a file name, a client or an answer. Lines cut off the end leave
a whole ledger behind: run manifests record its head, by which a rerun notices.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from schemas.errors import ArchiveError
from warehouse.files import FILE_MODE, private_dir, sync_dir

LEDGER = "ledger"

KINDS = ("delivery", "release", "tombstone", "approval", "key")
"""What may be appended: a file came; a record was released from quarantine; an entry was erased;
a change was approved; the site is run with another key."""

REPAIR = "repair"
"""Written by the ledger itself: a line that a crash had cut short was removed."""

BEGINNING = "0" * 64


@dataclass(frozen=True)
class Line:
    """One line. at: UTC; prev: digest of the line before; digest: SHA-256 of all the rest."""

    seq: int
    kind: str
    at: datetime
    payload: Mapping[str, Any] = field(hash=False)
    prev: str
    digest: str


def read(site: Path, last: int | None = None) -> tuple[Line, ...]:
    """All lines in order, none for a site without a ledger; a last line cut short does not count.

    last: number of the last line wanted; what comes after it is not looked at
    raises: ArchiveError naming the first line that is not what was written
    """
    path = site / LEDGER
    return _lines(_whole(path.read_bytes())[0], last) if path.exists() else ()


def append(site: Path, items: Sequence[tuple[str, Mapping[str, Any]]], at: datetime) -> tuple[Line, ...]:
    """Add lines of (kind, payload), on the disk when this returns; the new lines.

    A last line that a crash cut short is removed first, and a line says so.
    raises: ArchiveError for a damaged ledger, which then stays as it is
    """
    if unknown := {kind for kind, _ in items} - set(KINDS):
        raise ValueError(f"not a kind of ledger line: {sorted(unknown)}")
    with _locked(site / LEDGER) as descriptor:
        whole, torn = _whole(_content(descriptor))
        before = _lines(whole)
        repairs = [(REPAIR, _cut(torn))] if torn else []
        if torn:
            os.ftruncate(descriptor, len(whole))
        new = tuple(_chained(before[-1] if before else None, [*repairs, *items], at))
        _write(descriptor, b"".join(_encode(line) for line in new))
    sync_dir(site)
    return new[len(repairs) :]


def as_of(lines: Sequence[Line], timezone: str) -> date | None:
    """Local date of the newest line, None for an empty ledger. A repair decides nothing."""
    decided = [line for line in lines if line.kind != REPAIR]
    return decided[-1].at.astimezone(ZoneInfo(timezone)).date() if decided else None


def head(lines: Sequence[Line]) -> str:
    """Digest of the newest line: equal heads are equal ledgers."""
    return lines[-1].digest if lines else BEGINNING


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    private_dir(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as ledger:
        return ledger.read()


def _write(descriptor: int, content: bytes) -> None:
    with open(descriptor, "ab", closefd=False) as ledger:
        ledger.write(content)
        ledger.flush()
        os.fsync(descriptor)


def _whole(content: bytes) -> tuple[bytes, bytes]:
    """The lines that end, and what follows the last end of line."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _cut(torn: bytes) -> dict[str, Any]:
    return {"cut_bytes": len(torn), "cut_sha256": hashlib.sha256(torn).hexdigest()}


def _lines(content: bytes, last: int | None = None) -> tuple[Line, ...]:
    lines: list[Line] = []
    for number, raw in enumerate(content.splitlines(keepends=True)[:last], start=1):
        line = _decode(raw)
        expected = lines[-1].digest if lines else BEGINNING
        # The text itself is compared: it has one way of being written, so that no byte can change unseen.
        if line is None or line.seq != number or line.prev != expected or _encode(_sealed(line)) != raw:
            raise ArchiveError(f"{LEDGER}, line {number}: is not what was written; restore it from backup")
        lines.append(line)
    return tuple(lines)


def _decode(raw: bytes) -> Line | None:
    try:
        found = json.loads(raw)
        return Line(**{**found, "at": datetime.fromisoformat(found["at"])})
    except (ValueError, TypeError, KeyError):
        return None


def _chained(
    last: Line | None, items: Sequence[tuple[str, Mapping[str, Any]]], at: datetime
) -> Iterator[Line]:
    for kind, payload in items:
        seq, prev = (last.seq + 1, last.digest) if last else (1, BEGINNING)
        last = _sealed(Line(seq, kind, at.astimezone(UTC), payload, prev, ""))
        yield last


def _sealed(line: Line) -> Line:
    """The line with the digest that its content has."""
    body = {key: value for key, value in _plain(line).items() if key != "digest"}
    digest = hashlib.sha256(_canonical(body)).hexdigest()
    return Line(line.seq, line.kind, line.at, line.payload, line.prev, digest)


def _encode(line: Line) -> bytes:
    return _canonical(_plain(line)) + b"\n"


def _plain(line: Line) -> dict[str, Any]:
    return {**vars(line), "at": line.at.isoformat(timespec="microseconds")}


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
