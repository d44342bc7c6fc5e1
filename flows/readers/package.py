"""The package of a workbook: a ZIP of XML parts, checked and written anew before any library reads it.

What the library gets is exactly what was checked: two readers may see two packages in the same bytes.
"""

from __future__ import annotations

import errno
import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from flows.readers.sheet_area import MOST_CELLS, OpenDocumentArea, SharedText, SheetArea, number_of
from flows.unpack import FREE_BYTES, MOST_RATIO
from schemas.errors import ExportRefused

OLE = b"\xd0\xcf\x11\xe0"
"""First bytes of what Office wrote before 2007, and of every workbook with a password."""

MOST_PARTS = 5_000
MOST_BYTES = 1024 * 1024 * 1024
"""Of all parts, unpacked: a sheet of a million rows has about so much."""

_BLOCK = 4 * 1024 * 1024
_LONGEST_TEXT = 8 * 1024 * 1024
"""Bytes of XML without a tag: a cell has thirty thousand signs at most."""
_ENCRYPTED_ENTRY = 0x1
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST_MARK = len(b"<!DOCTYPE")
_XML = (".xml", ".rels")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def checked_package(stream: BinaryIO) -> Iterator[IO[bytes]]:
    """The XML parts of a workbook as a package of their own, stored and within limits: a file without a name.

    raises ExportRefused: encrypted_workbook, old_workbook, damaged_workbook, xml_doctype, too_large_workbook
    """
    _refuse_ole(stream)
    with tempfile.TemporaryFile() as out:
        with _damage(), zipfile.ZipFile(stream) as package, zipfile.ZipFile(out, "w") as written:
            _copy(package, written)
        out.flush()
        out.seek(0)
        yield out


@contextmanager
def _damage() -> Iterator[None]:
    """What reading a broken ZIP raises, as a refusal."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,  # an unknown way of packing
        RuntimeError,  # a password
        ValueError,
        OverflowError,
    ):
        raise ExportRefused("damaged_workbook") from None
    except OSError as error:  # a part that lies before the beginning of the file; a full disk is no damage
        if error.errno != errno.EINVAL:
            raise
        raise ExportRefused("damaged_workbook") from None


def _refuse_ole(stream: BinaryIO) -> None:
    stream.seek(0)
    if stream.read(len(OLE)) != OLE:
        return
    stream.seek(0)
    before = b""
    while block := stream.read(_BLOCK):
        if _ENCRYPTED_PACKAGE in before + block:
            raise ExportRefused("encrypted_workbook")
        before = block[-len(_ENCRYPTED_PACKAGE) :]
    raise ExportRefused("old_workbook")


def _copy(package: zipfile.ZipFile, written: zipfile.ZipFile) -> None:
    parts = package.infolist()
    _refuse_listing(parts)
    left, shared = _most_bytes(package), SharedText()
    for part in parts:
        left -= _copy_part(package, part, written, left, shared)
    for part in parts if shared.doubtful else ():
        with package.open(part) as source:
            for block in _blocks(source, part.filename.casefold().endswith(_XML)):
                shared.count(block)


def _most_bytes(package: zipfile.ZipFile) -> int:
    """Bytes of all parts that a package of this size may unpack to."""
    assert package.fp is not None
    return min(MOST_BYTES, max(FREE_BYTES, package.fp.seek(0, io.SEEK_END) * MOST_RATIO))


def _refuse_listing(parts: list[zipfile.ZipInfo]) -> None:
    """Refuse by what the list of parts says alone."""
    names = [part.filename.casefold() for part in parts]
    if any(part.flag_bits & _ENCRYPTED_ENTRY for part in parts):
        raise ExportRefused("encrypted_workbook")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        raise ExportRefused("too_large_workbook")
    if any(name.endswith("workbook.bin") for name in names):
        raise ExportRefused("old_workbook")
    if len(set(names)) < len(names) or any(part.compress_type not in _METHODS for part in parts):
        raise ExportRefused("damaged_workbook")
    if not {"xl/workbook.xml", "content.xml"} & set(names):
        raise ExportRefused("not_this_dialect")


def _copy_part(
    package: zipfile.ZipFile, part: zipfile.ZipInfo, written: zipfile.ZipFile, most: int, shared: SharedText
) -> int:
    """Bytes of a part; it is copied where it is XML or says what the package is."""
    name = part.filename.casefold()
    kept = name.endswith(_XML) or name == "mimetype"
    area = OpenDocumentArea() if name == "content.xml" else SheetArea()
    tell = shared.add_strings if name.endswith("sharedstrings.xml") else shared.add_cells
    size, before = 0, b""
    with package.open(part) as source, _sink(written, part.filename, kept) as sink:
        for block in _blocks(source, kept):
            size += len(block)
            if size > most:
                raise ExportRefused("too_large_workbook")
            # As long as a mark may be in UTF-32: one that two blocks share is seen too.
            _refuse_declarations(before + block[: 4 * _LONGEST_MARK])
            _refuse_declarations(block)
            before = block[-4 * _LONGEST_MARK :]
            if sink is not None:
                area.add(block)
                if name != "content.xml":  # its texts stand in the cells themselves
                    tell(block)
                sink.write(_safe(block, is_open_document=name == "content.xml"))
        area.close()
    return size


@contextmanager
def _sink(written: zipfile.ZipFile, name: str, kept: bool) -> Iterator[IO[bytes] | None]:
    if not kept:
        yield None
        return
    with written.open(zipfile.ZipInfo(name), "w", force_zip64=True) as sink:
        yield sink


def _blocks(source: IO[bytes], is_xml: bool = True) -> Iterator[bytes]:
    """Blocks that end with a tag, so that none is cut in two. raises ExportRefused: too_large_workbook"""
    rest = b""
    while block := source.read(_BLOCK):
        whole = rest + block
        end = whole.rfind(b">", len(rest)) + 1
        rest = whole[end:]
        if end:
            yield whole[:end]
        elif len(rest) > _LONGEST_TEXT:
            if is_xml:
                raise ExportRefused("too_large_workbook")
            yield rest
            rest = b""
    if rest:
        yield rest


def _refuse_declarations(block: bytes) -> None:
    """Text of people cannot look like a declaration: `<` is never written as itself in it."""
    if b"\0" not in block and b"<!" not in block:
        return
    if _DECLARED.search(block.replace(b"\0", b"") if b"\0" in block else block):
        raise ExportRefused("xml_doctype")


_COUNT = re.compile(rb"""ount\s*=\s*["']\s*\+?(\d+)""")
_HIDDEN_NUMBER = re.compile(rb"""(?:ount|repeated|\sr)\s*=\s*(?:"[^"<]*&#|'[^'<]*&#)""")


def _safe(block: bytes, is_open_document: bool) -> bytes:
    """The block as the library may have it. No program writes digits of numbers as character references."""
    if b"&#" in block and _HIDDEN_NUMBER.search(block):
        raise ExportRefused("damaged_workbook")
    if is_open_document:
        return block
    _refuse_counts(block)
    return _errors_as_text(block)


def _refuse_counts(block: bytes) -> None:
    """Lists may say how long they are, and a library makes room for as much."""
    if b"ount" not in block:
        return
    if any(number_of(count) > MOST_CELLS for count in _COUNT.findall(block)):
        raise ExportRefused("too_large_workbook")


_ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\b[^<>]*\bt\s*=\s*["'])e(["'])""")


def _errors_as_text(block: bytes) -> bytes:
    """Cells of errors as cells of text: the library leaves them blank, whatever the error."""
    if b'"e"' not in block and b"'e'" not in block:
        return block
    return _ERROR_CELL.sub(rb"\1str\2", block)
