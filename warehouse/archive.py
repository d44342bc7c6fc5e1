"""The archive: every export as it came, by content, never changed.

    archive/ab/ab3f...               the bytes, named by their SHA-256
    archive/ab/ab3f....<entry>.name  the file name of a delivery, for exports only

A delivery is (feed, content): the same bytes again in a feed are nothing new, in another feed they are
another delivery. Callers that write hold the site's lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from schemas.errors import ArchiveError
from schemas.rules import one_line
from schemas.site_checks import OWN_NAMES
from warehouse import ledger
from warehouse.files import FILE_MODE, private_dir, sync_dir, write_private

ARCHIVE = "archive"
INCOMING = "incoming"

SETTLED_SECONDS = 1.0
"""A file is stable when size and time of change are equal before and after hashing and this far apart."""

BLOCK_BYTES = 4 * 1024 * 1024

UNFINISHED = (".", "~$")
"""Names of files that uploads and office programs keep while they write."""


@dataclass(frozen=True)
class Entry:
    """One delivery. entry: 16 hex digits of feed and content; entry_no: its place among deliveries, from 1.

    sha256, bytes: of the content; arrived_at: UTC; file: name as delivered
    """

    entry: str
    entry_no: int
    feed: str
    sha256: str
    bytes: int
    arrived_at: datetime
    file: str


@dataclass(frozen=True)
class LeftOut:
    """A file that was not taken. reason: unstable, unreadable or outside_site.

    tag: eight hex digits for logs, the same every night for the same feed and name
    """

    feed: str
    tag: str
    reason: str


@dataclass(frozen=True)
class Collected:
    """What one look into the feeds' folders found. files: matching files, taken or not."""

    files: int
    new: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


class _Unreadable(Exception):
    """The export itself cannot be opened or read; a full disk, in contrast, ends the run."""


@dataclass(frozen=True)
class _Found:
    feed: str
    path: Path
    state: tuple[int, ...]

    @property
    def name(self) -> str:
        """One line of valid text whatever bytes the name is made of."""
        return one_line(os.fsencode(self.path.name).decode("utf-8", "backslashreplace"))

    def left_out(self, reason: str) -> LeftOut:
        tag = hashlib.sha256(f"{self.feed}\0{self.name}".encode()).hexdigest()[:8]
        return LeftOut(self.feed, tag, reason)


@dataclass(frozen=True)
class _Staged:
    found: _Found
    sha256: str
    bytes: int
    copy: Path | None

    @property
    def delivery(self) -> tuple[str, str]:
        return self.found.feed, self.sha256


def deliveries(site: Path, lines: Sequence[ledger.Line] | None = None) -> tuple[Entry, ...]:
    """All deliveries in order of the ledger, of these lines or of the whole ledger.

    raises: ArchiveError for a damaged ledger or a lost or changed file name, naming the entry
    """
    known = ledger.read(site) if lines is None else lines
    found = [line for line in known if line.kind == "delivery"]
    return tuple(_entry(site, number, line) for number, line in enumerate(found, start=1))


def collect(
    site: Path,
    feeds: Iterable[tuple[str, str]],
    now: datetime,
    settled_seconds: float = SETTLED_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> Collected:
    """Archive what is new in (feed id, glob relative to the site), oldest file first.

    All files share one pause, and a night without a new file has none. A file that changes meanwhile
    is left for the next night.
    """
    found, left_out = _find(site, feeds)
    started = time.monotonic()
    with _incoming(site) as incoming:
        staged, unreadable = _stage_all(site, found, incoming)
        if staged:
            pause(max(0.0, started + settled_seconds - time.monotonic()))
        stable = [one for one in staged if _state(one.found.path) == one.found.state]
        new = _commit(site, stable, now)
    unstable = [one.found.left_out("unstable") for one in staged if one not in stable]
    return Collected(len(found) + len(left_out), new, (*left_out, *unreadable, *unstable))


def count_files(site: Path, pattern: str) -> int:
    """How many files a feed's glob finds, archived already or not."""
    return len(_find(site, [("", pattern)])[0])


def put(site: Path, feed: str, path: Path, now: datetime) -> Entry | None:
    """Archive one file that nobody is writing; None when the feed had these bytes already."""
    found = _Found(feed, path, _state(path) or ())
    with _incoming(site) as incoming:
        staged, unreadable = _stage_all(site, [found], incoming)
        if unreadable:
            raise ArchiveError(f"{feed}: the file cannot be read")
        return next(iter(_commit(site, staged, now)), None)


def locate(site: Path, entry: Entry) -> Path:
    """Where the bytes of an entry lie. Raises ArchiveError naming the entry when they do not."""
    path = _object(site, entry.sha256)
    if not path.is_file():
        raise ArchiveError(f"entry {entry.entry} of feed {entry.feed}: the archived bytes are missing")
    return path


def verify(site: Path, entry: Entry) -> Path:
    """Where the bytes of an entry lie, after checking that they are the delivered ones.

    raises: ArchiveError naming the entry when they are missing or were changed
    """
    path = locate(site, entry)
    try:
        with _opened(path) as content:
            found = _digest(content, None)
    except _Unreadable:
        raise ArchiveError(
            f"entry {entry.entry} of feed {entry.feed}: the archived bytes cannot be read"
        ) from None
    if found != (entry.sha256, entry.bytes):
        raise ArchiveError(f"entry {entry.entry} of feed {entry.feed}: the archived bytes were changed")
    return path


def entry_id(feed: str, sha256: str) -> str:
    """Sixteen hex digits of feed and content."""
    return hashlib.sha256(f"{feed}\0{sha256}".encode()).hexdigest()[:16]


def _find(site: Path, feeds: Iterable[tuple[str, str]]) -> tuple[list[_Found], list[LeftOut]]:
    root = site.resolve()
    found, left_out = [], []
    for feed, pattern in feeds:
        for path in site.glob(pattern):
            if path.name.startswith(UNFINISHED) or _is_own(path.relative_to(site)):
                continue
            resolved = Path(os.path.realpath(path))  # unlike resolve(), bears links that go in circles
            if not resolved.is_relative_to(root) or _is_own(resolved.relative_to(root)):
                left_out.append(_Found(feed, path, ()).left_out("outside_site"))
            elif resolved.is_file():
                found.append(_Found(feed, path, _state(path) or ()))
    # Ledger order is the order in which files were written, as far as the file system knows it.
    found.sort(key=lambda one: (one.state[1:2], one.name, one.feed))
    return found, sorted(left_out, key=lambda one: (one.feed, one.tag))


def _is_own(path: Path) -> bool:
    """Whether a path, relative to the site, is of what Accord itself keeps there."""
    return not OWN_NAMES.isdisjoint(path.parts[:1])


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def _incoming(site: Path) -> Iterator[Path]:
    """A folder for copies that may yet be thrown away; what a crash left in it goes too."""
    folder = site / ARCHIVE / INCOMING
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield private_dir(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stage_all(site: Path, found: Sequence[_Found], incoming: Path) -> tuple[list[_Staged], list[LeftOut]]:
    """Copies of the files that are no delivery yet, and the files that cannot be read."""
    known = deliveries(site)
    had = {(entry.feed, entry.sha256) for entry in known}
    sizes = {entry.bytes for entry in known}
    staged, unreadable = [], []
    for number, one in enumerate(found):
        try:
            copied = _stage(site, one, incoming / str(number), sizes)
        except _Unreadable:
            unreadable.append(one.left_out("unreadable"))
            continue
        if copied.delivery not in had:
            staged.append(copied)
    return staged, unreadable


def _stage(site: Path, found: _Found, copy: Path, sizes: set[int]) -> _Staged:
    """Read the file once, copying it on the way; twice when its size makes it likely to be an old one."""
    with _opened(found.path) as content:
        if os.fstat(content.fileno()).st_size in sizes:
            sha256, size = _digest(content, None)
            if _object(site, sha256).exists():
                return _Staged(found, sha256, size, None)
            content.seek(0)
        with open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as out:
            sha256, size = _digest(content, out)
            out.flush()
            os.fsync(out.fileno())
    return _Staged(found, sha256, size, copy)


def _digest(content: BinaryIO, copy: BinaryIO | None) -> tuple[str, int]:
    """SHA-256 and size of all that is read, which is written to the copy where there is one."""
    digest, size = hashlib.sha256(), 0
    block = memoryview(bytearray(BLOCK_BYTES))
    while count := _read_into(content, block):
        part = block[:count]
        digest.update(part)
        size += count
        if copy is not None:
            copy.write(part)
    return digest.hexdigest(), size


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise _Unreadable from None


def _read_into(content: BinaryIO, block: memoryview) -> int:
    try:
        return content.readinto(block)  # type: ignore[attr-defined, no-any-return]  # typeshed leaves it out
    except OSError:
        raise _Unreadable from None


def _commit(site: Path, staged: Sequence[_Staged], now: datetime) -> tuple[Entry, ...]:
    """Copies to their places, then names, then the ledger: a crash in between is made good next time."""
    fresh: dict[tuple[str, str], _Staged] = {}
    for one in staged:
        fresh.setdefault(one.delivery, one)
    if not fresh:
        return ()
    for one in fresh.values():
        target = _object(site, one.sha256)
        private_dir(target.parent)
        if one.copy is not None and not target.exists():
            one.copy.rename(target)
        write_private(_name_file(site, *one.delivery), one.found.name.encode())
    sync_dir(site / ARCHIVE)
    lines = ledger.append(site, [("delivery", _payload(one)) for one in fresh.values()], now)
    new = {line.payload["entry"] for line in lines}
    return tuple(entry for entry in deliveries(site) if entry.entry in new)


def _payload(staged: _Staged) -> dict[str, str | int]:
    feed, sha256 = staged.delivery
    entry = entry_id(feed, sha256)
    name_sha256 = _name_digest(entry, staged.found.name.encode())
    return {"entry": entry, "feed": feed, "sha256": sha256, "bytes": staged.bytes, "name_sha256": name_sha256}


def _entry(site: Path, number: int, line: ledger.Line) -> Entry:
    content = line.payload
    entry, feed, sha256 = content["entry"], content["feed"], content["sha256"]
    try:
        name = _name_file(site, feed, sha256).read_bytes()
    except FileNotFoundError:
        raise ArchiveError(f"entry {entry} of feed {feed}: its file name is missing") from None
    if _name_digest(entry, name) != content["name_sha256"]:
        raise ArchiveError(f"entry {entry} of feed {feed}: its file name was changed")
    return Entry(entry, number, feed, sha256, content["bytes"], line.at, name.decode())


def _name_digest(entry: str, name: bytes) -> str:
    return hashlib.sha256(entry.encode() + b"\0" + name).hexdigest()


def _object(site: Path, sha256: str) -> Path:
    return site / ARCHIVE / sha256[:2] / sha256


def _name_file(site: Path, feed: str, sha256: str) -> Path:
    return _object(site, sha256).with_name(f"{sha256}.{entry_id(feed, sha256)}.name")
