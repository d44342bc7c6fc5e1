"""Take an export out of the gzip file or ZIP archive it came in, by its first bytes and within limits.

What is unpacked lies in a file without a name, gone when it is closed. No member is ever written under its
own name. A workbook is a ZIP archive too: it is left as it is, for its own reader to look through.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""First bytes of an archive: with members, without any, and in several pieces."""

MOST_BYTES = 8 * 1024**3
"""Of an unpacked export."""
FREE_BYTES, MOST_RATIO = 64 * 1024**2, 250
"""Beyond so many bytes, what is unpacked is at most so many times the packed file."""
MOST_MEMBERS = 10_000
MOST_PIECES = 200_000
"""Gzip files one behind the other in one file, as parallel packers write them."""
DIRECTORY_BYTES = 4 * 1024**2
"""Of the list of members, which is read at once."""

BLOCK_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024
MEMORY_BYTES = 8 * 1024**2
"""A smaller export is unpacked into memory."""

DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,  # an unknown way of packing
)
"""What the library raises for bytes that are no sound archive; UnicodeDecodeError is a ValueError."""

_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PARTS_OF_WORKBOOKS = frozenset({"[Content_Types].xml", "xl/workbook.xml", "META-INF/manifest.xml"})
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_SYSTEM_FOLDER = "__MACOSX"
_SYSTEM_FILES = (".DS_Store", "Thumbs.db", "desktop.ini")


@contextmanager
def unpacked(stream: BinaryIO, feed: Feed, dialect: Dialect, scratch: Path) -> Iterator[BinaryIO]:
    """The export itself, to be read from its beginning again; the stream as it is where it is no archive.

    feed:    its `sheet` may name the member, by its whole name or its last part
    dialect: where it reads workbooks, what may be a damaged one is left to their reader
    scratch: folder on whose disk the unpacked bytes may lie
    raises ExportRefused: broken_archive, archive_too_large, archive_members, archive_path, archive_encrypted,
    archive_nested
    """
    kind = _kind(stream, dialect)
    if kind is None:
        yield stream
        return
    with tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(scratch)) as spooled:
        plain = cast(BinaryIO, spooled)
        limit = _Limit(_size(stream), MOST_BYTES)
        if isinstance(kind, zipfile.ZipFile):
            _extract(kind, _member(kind, feed.sheet), limit, plain)
        else:
            _gunzip(stream, limit, plain)
        if _kind(plain, dialect) is not None:
            raise ExportRefused("archive_nested")
        yield plain


def _kind(stream: BinaryIO, dialect: Dialect) -> zipfile.ZipFile | str | None:
    """The archive, or that it is a gzip file; None where it is none that we unpack."""
    first = _first(stream)
    if first.startswith(GZIP):
        return "gzip"
    if not first.startswith(ZIP):
        return None
    archive = _archive(stream)
    if _is_workbook(archive) if archive else "workbook" in dialect.containers:
        stream.seek(0)
        return None
    if archive is None:
        raise ExportRefused("broken_archive")
    if any(_leads_away(one.orig_filename) for one in archive.infolist()):
        raise ExportRefused("archive_path")
    return archive


def _first(stream: BinaryIO) -> bytes:
    stream.seek(0)
    first = stream.read(4)
    stream.seek(0)
    return first


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size


class _Limit:
    """Counts what was really unpacked: no size that an archive declares is believed."""

    def __init__(self, packed: int, most: int) -> None:
        self.most = min(most, max(FREE_BYTES, packed * MOST_RATIO))
        self.taken = 0

    def take(self, block: bytes) -> bytes:
        self.taken += len(block)
        if self.taken > self.most:
            raise ExportRefused("archive_too_large")
        return block


def _gunzip(stream: BinaryIO, limit: _Limit, out: BinaryIO) -> None:
    """All pieces one behind the other, as gzip itself reads them; blank bytes at the end are none."""
    try:
        rest = stream.read(PIECE_BYTES)
        for _ in range(MOST_PIECES):
            rest = _piece(stream, rest, limit, out)
            while rest and not rest.strip(b"\0"):
                rest = stream.read(PIECE_BYTES)
            if not rest:
                return
    except zlib.error:
        raise ExportRefused("broken_archive") from None
    raise ExportRefused("archive_too_large")


def _piece(stream: BinaryIO, rest: bytes, limit: _Limit, out: BinaryIO) -> bytes:
    """Unpack one piece that begins with these bytes; the bytes read that come after it."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    while not unpacking.eof:
        if not rest:
            raise ExportRefused("broken_archive")
        out.write(limit.take(unpacking.decompress(rest, BLOCK_BYTES)))
        rest = unpacking.unconsumed_tail
        if not rest and not unpacking.eof:
            rest = stream.read(PIECE_BYTES)
    return unpacking.unused_data or stream.read(PIECE_BYTES)


class _Directory(io.RawIOBase):
    """The stream as the list of members is read from it: a list that does not end costs no memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY_BYTES:
            raise ExportRefused("archive_members")
        return self._stream.read(size if size >= 0 else DIRECTORY_BYTES)


def _archive(stream: BinaryIO) -> zipfile.ZipFile | None:
    """The archive with its list of members; None where it has none that can be read."""
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, _Directory(stream)))
    except (*DAMAGED, OSError):  # a place before the beginning of the file is an OSError
        return None
    if len(archive.infolist()) > MOST_MEMBERS:
        raise ExportRefused("archive_members")
    return archive


def _leads_away(name: str) -> bool:
    """Whether a member's name is none of a file in or below the folder it would be unpacked into."""
    absolute = name.startswith("/") or name[1:2] == ":"
    return absolute or "\\" in name or "\0" in name or ".." in name.split("/")


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    if not _PARTS_OF_WORKBOOKS.isdisjoint(names):
        return True
    if "mimetype" not in names:
        return False
    kind = archive.getinfo("mimetype")
    return next(_blocks(archive, kind), b"").startswith(_OPEN_DOCUMENT)


def _member(archive: zipfile.ZipFile, wanted: str | None) -> zipfile.ZipInfo:
    """The export among the members: the one that is wanted by name, else the only one."""
    files = [one for one in archive.infolist() if not (one.is_dir() or _is_of_system(one.filename))]
    named = [one for one in files if wanted in (one.filename, PurePosixPath(one.filename).name)]
    chosen: Sequence[zipfile.ZipInfo] = named or files
    if len(chosen) != 1:
        raise ExportRefused("archive_members")
    return chosen[0]


def _is_of_system(name: str) -> bool:
    path = PurePosixPath(name)
    return _SYSTEM_FOLDER in path.parts or path.name in _SYSTEM_FILES


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: _Limit, out: BinaryIO) -> None:
    for block in _blocks(archive, member):
        out.write(limit.take(block))


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Bytes of a member, its checksum compared at the end."""
    if member.flag_bits & _ENCRYPTED:
        raise ExportRefused("archive_encrypted")
    # The other methods ask for as much memory as the file says.
    if member.compress_type not in _METHODS:
        raise ExportRefused("broken_archive")
    try:
        with archive.open(member) as content:
            while block := content.read(BLOCK_BYTES):
                yield block
    except (*DAMAGED, OSError, RuntimeError):  # RuntimeError: flags of encryption in the member's own header
        raise ExportRefused("broken_archive") from None
