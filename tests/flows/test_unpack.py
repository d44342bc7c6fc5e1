"""Gzip files and ZIP archives around an export: what is unpacked, and every way of being none."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import warnings
import zipfile
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from flows import unpack
from flows.unpack import unpacked
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from schemas.site import Feed

CSV = load_dialects()["csv"]
CONTENT = b"PID,When,Q1,Q2\ns1,2026-05-01 10:00:00,1,2\n"


def feed(sheet: str | None = None) -> Feed:
    return Feed("f", "c", "responses", "inbox/*", "csv", sheet=sheet)


def found(content: bytes, sheet: str | None = None, scratch: Path = Path("/")) -> bytes:
    with unpacked(io.BytesIO(content), feed(sheet), CSV, scratch) as plain:
        first = plain.read()
        plain.seek(0)
        assert plain.read() == first, "it can be read again"
        return first


def rule(content: bytes, sheet: str | None = None) -> str:
    with pytest.raises(ExportRefused) as refused:
        found(content, sheet)
    return refused.value.rule


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # names that occur twice are meant
        with zipfile.ZipFile(out, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
    return out.getvalue()


WORKBOOK = zipped(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))


def test_what_is_no_archive_is_the_very_stream_that_was_given(tmp_path: Path):
    for content in (CONTENT, b"", b"P", b"PAR1....", WORKBOOK):
        stream = io.BytesIO(content)
        with unpacked(stream, feed(), CSV, tmp_path) as plain:
            assert plain is stream
            assert plain.tell() == 0


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CONTENT),
        gzip.compress(CONTENT[:10]) + gzip.compress(CONTENT[10:]),
        gzip.compress(CONTENT) + bytes(700),
        zipped(("a.csv", CONTENT)),
        zipped(("a.csv", CONTENT), method=zipfile.ZIP_STORED),
        zipped(
            ("sub/", b""), ("sub/a.csv", CONTENT), ("__MACOSX/sub/._a.csv", b"x"), ("sub/.DS_Store", b"x")
        ),
    ],
)
def test_one_export_in_an_archive(content: bytes):
    assert found(content) == CONTENT


def test_an_export_larger_than_memory_lies_in_the_folder_given_without_a_name(tmp_path: Path):
    large = random.Random(1).randbytes(unpack.MEMORY_BYTES + 1)
    for content in (gzip.compress(large, 1), zipped(("a.csv", large))):
        assert found(content, scratch=tmp_path) == large
        with unpacked(io.BytesIO(content), feed(), CSV, tmp_path):
            assert list(tmp_path.iterdir()) == []


def test_the_feed_may_name_the_member():
    archive = zipped(("out/answers.csv", CONTENT), ("out/notes.txt", b"x"))
    assert rule(archive) == "archive_members"
    assert found(archive, "answers.csv") == found(archive, "out/answers.csv") == CONTENT
    assert rule(archive, "other.csv") == "archive_members"
    assert rule(zipped(("a/x.csv", CONTENT), ("b/x.csv", CONTENT)), "x.csv") == "archive_members"
    assert found(zipped(("a.csv", CONTENT)), "Sheet1") == CONTENT, "a sheet in the only member"


def test_a_workbook_may_be_packed_once_more():
    assert found(gzip.compress(WORKBOOK)) == found(zipped(("book.xlsx", WORKBOOK))) == WORKBOOK
    sheet = zipped(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<x/>"))
    assert found(sheet) == sheet


def test_what_may_be_a_damaged_workbook_is_left_to_its_reader(tmp_path: Path):
    stream, dialect = io.BytesIO(WORKBOOK[:-30]), replace(CSV, containers=("workbook",))
    with unpacked(stream, feed(), dialect, tmp_path) as plain:
        assert plain is stream


@pytest.mark.parametrize(
    "content",
    [
        zipped(),
        zipped(("only/", b"")),
        zipped(("a.csv", CONTENT), ("b.csv", CONTENT)),
        zipped(("a.csv", CONTENT), ("a.csv", CONTENT)),
        zipped(("__MACOSX/a.csv", CONTENT)),
    ],
)
def test_not_exactly_one_file(content: bytes):
    assert rule(content) == "archive_members"


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "C:a.csv", "a\\b.csv", "a\0.csv"]
)
def test_names_that_lead_out_of_the_archive(name: str):
    safe = name.replace("\0", "!")
    content = zipped((safe, CONTENT), (".DS_Store", b"x")).replace(safe.encode(), name.encode())
    assert rule(content) == "archive_path"


@pytest.mark.parametrize("content", [gzip.compress(CONTENT), zipped(("a.csv", CONTENT))])
def test_an_archive_that_is_cut_off(content: bytes):
    for length in range(4, len(content) - 1):
        assert rule(content[:length]) in ("broken_archive", "archive_members")


@pytest.mark.parametrize("content", [gzip.compress(CONTENT), zipped(("a.csv", CONTENT)), WORKBOOK])
def test_any_changed_byte_is_a_right_reading_or_a_refusal(content: bytes):
    sound = found(content)
    for at in range(len(content)):
        for bit in (1, 128):
            damaged = content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]
            with suppress(ExportRefused):
                assert found(damaged) in (sound, damaged)


def test_data_behind_a_gzip_file():
    assert rule(gzip.compress(CONTENT) + b"more") == "broken_archive"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_take_any_memory_are_not_unpacked(method: int):
    assert rule(zipped(("a.csv", CONTENT), method=method)) == "broken_archive"


def test_a_password():
    archive = zipped(("a.csv", CONTENT))
    locked = bytearray(archive)
    for at in (archive.index(b"PK\x03\x04") + 6, archive.index(b"PK\x01\x02") + 8):
        locked[at] |= 1
    assert rule(bytes(locked)) == "archive_encrypted"


@pytest.mark.parametrize(
    "inner", [gzip.compress(CONTENT), zipped(("a", CONTENT)), zipped(("a", b""), ("b", b""))]
)
def test_archives_in_archives(inner: bytes):
    assert rule(gzip.compress(inner)) == rule(zipped(("inner", inner))) == "archive_nested"


def bomb(size: int) -> bytes:
    """Zeros that pack to a thousandth."""
    return zlib.compress(bytes(size), 9)[2:-4]


def test_what_unpacks_to_far_more_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "FREE_BYTES", 1024**2)
    zeros = bytes(4 * 1024**2)
    assert rule(gzip.compress(zeros)) == "archive_too_large"
    assert rule(zipped(("a.csv", zeros))) == "archive_too_large"
    monkeypatch.setattr(unpack, "MOST_RATIO", 2000)
    assert found(gzip.compress(zeros)) == zeros
    monkeypatch.setattr(unpack, "MOST_BYTES", len(zeros) - 1)
    assert rule(gzip.compress(zeros)) == "archive_too_large"


def test_the_size_that_an_archive_declares_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "FREE_BYTES", 1024)
    archive = bytearray(zipped(("a.csv", bytes(1024**2))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", archive, archive.index(signature) + offset, 10)
    assert rule(bytes(archive)) in ("archive_too_large", "broken_archive")


def test_a_list_of_members_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "MOST_MEMBERS", 3)
    assert rule(zipped(*((f"{n}.csv", b"") for n in range(4)))) == "archive_members"
    monkeypatch.setattr(unpack, "DIRECTORY_BYTES", 2**17)
    monkeypatch.setattr(unpack, "MOST_MEMBERS", 10_000)
    many = zipped(*((f"{n}.csv", b"") for n in range(3_000)))
    assert rule(many) == "archive_members"


def test_gzip_files_one_behind_the_other_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "MOST_PIECES", 100)
    assert rule(gzip.compress(b"") * 101) == "archive_too_large"
    assert found(gzip.compress(CONTENT) * 100) == CONTENT * 100


def test_any_bytes_behind_a_signature():
    shuffled = random.Random(7)
    for signature in (unpack.GZIP, unpack.GZIP + b"\x08\x00", *unpack.ZIP):
        for _ in range(200):
            content = signature + shuffled.randbytes(shuffled.randrange(200))
            assert rule(content) == "broken_archive"


def test_nothing_is_left_open(tmp_path: Path):
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    with TemporaryFile(dir=tmp_path) as stream:
        stream.write(gzip.compress(bytes(unpack.MEMORY_BYTES + 1)))
        with unpacked(stream, feed(), CSV, tmp_path) as plain:
            assert plain.read(1) == b"\0"
        assert not stream.closed
    after = set(os.listdir("/proc/self/fd")) if before else set()
    assert after == before
