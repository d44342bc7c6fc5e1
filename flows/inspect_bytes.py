"""What the bytes of an unknown file say: its container; of text the encoding, delimiter and first rows."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from flows.signature import SIGNATURES
from flows.split import OTHER_DELIMITERS

HEAD_BYTES = 1024 * 1024
"""What is looked at of a file to tell what it is; its encoding is checked on all of it."""
HEAD_RECORDS = 200
FEW_BYTES = 64 * 1024

_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_OLE = b"\xd0\xcf\x11\xe0"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "it begins with a UTF-8 byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "it begins with a UTF-16 byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "it begins with a UTF-16 byte order mark"),
)
_UNUSED_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


@dataclass(frozen=True)
class Guess:
    """A value, why it is taken to be that, and whether the bytes prove it."""

    value: str
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Look:
    """What the bytes say.

    container: of schemas.dialect.CONTAINERS, or "" for one that Accord does not know; says: the evidence
    features:  marks of schemas.recognition that are about bytes
    encoding, delimiter: of text alone; rows: its first records, the header rows among them
    """

    container: str
    says: str
    features: frozenset[str]
    encoding: Guess | None = None
    delimiter: Guess | None = None
    rows: tuple[tuple[str, ...], ...] = ()


def look(stream: BinaryIO) -> Look:
    """Look at a file from its beginning."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    if not head.strip():
        return Look("text", "the file is empty", frozenset())
    return _signed(head) or _structured(head) or _text(stream, head)


def _signed(head: bytes) -> Look | None:
    """By first bytes, for containers that are no text."""
    if head.startswith(_OLE):
        return Look("", "an old or encrypted Office file: save it as XLSX without a password", frozenset())
    for signature, container in SIGNATURES:
        if head.startswith(signature):
            feature = container if container != "workbook" else _workbook(head)
            return Look(container, f"its first bytes are those of {_TITLES[feature]}", frozenset({feature}))
    return None


_TITLES = {
    "xlsx": "an Excel workbook",
    "ods": "an OpenDocument spreadsheet",
    "parquet": "a Parquet file",
    "spss": "an SPSS file",
}


def _workbook(head: bytes) -> str:
    return "ods" if _ODS in head[:200] else "xlsx"


def _structured(head: bytes) -> Look | None:
    """JSON and XML, by what their first stretch names."""
    text = head[:FEW_BYTES].decode("utf-8-sig", errors="replace").lstrip()
    if text.startswith("<"):
        if not re.search(r"<(\w+:)?ODM[\s>]", text):
            return Look("", "XML of no system that Accord knows", frozenset())
        own = {"redcap_names"} if "redcap" in text.casefold() else set()
        return Look("odm", "XML whose root is ODM", frozenset({"odm", *own}))
    if not re.match(r"[{\[]\s*[\"{\[\]}]", text):
        return None
    if re.search(r'"resourceType"\s*:\s*"(QuestionnaireResponse|Bundle)"', text):
        return Look("fhir", "JSON with FHIR's resourceType", frozenset({"fhir"}))
    if re.search(r'"resourceType"\s*:\s*"Questionnaire"', text):
        return Look(
            "", "a FHIR Questionnaire: name it as `questionnaire` in the feed of its responses", frozenset()
        )
    if '"responseId"' in text and '"values"' in text:
        return Look("qualtrics_json", "JSON with responseId and values", frozenset({"qualtrics_json"}))
    return Look("", "JSON of no system that Accord knows", frozenset())


def _text(stream: BinaryIO, head: bytes) -> Look:
    encoding = _encoding(stream, head)
    text = head.decode(encoding.value, errors="replace").removeprefix("\ufeff")
    delimiter = _delimiter(text)
    features = {"text", *({"bom"} if encoding.value == "utf-8-sig" else ())}
    rows = tuple(tuple(row) for row, _ in zip(_records(text, delimiter.value), range(3), strict=False))
    if len(rows) > 2 and _are_import_ids(rows[2]):
        features.add("import_ids")
    if delimiter.value == "\t":
        features.add("tab")
    return Look("text", "text in rows", frozenset(features), encoding, delimiter, rows)


def _are_import_ids(cells: tuple[str, ...]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all("ImportId" in cell and cell.strip().startswith("{") for cell in filled)


def _encoding(stream: BinaryIO, head: bytes) -> Guess:
    for mark, name, why in _MARKS:
        if head.startswith(mark):
            return Guess(name, why)
    half = len(head[:FEW_BYTES]) // 2
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half and head[:FEW_BYTES][at::2].count(0) > 0.4 * half:
            return Guess(name, "every second byte is zero, and there is no byte order mark")
    other = _first_not_utf8(stream)
    if other is None:
        return Guess("utf-8", "all of it is valid UTF-8")
    return _eight_bits(other)


def _first_not_utf8(stream: BinaryIO) -> bytes | None:
    """The block of the file in which it stops to be UTF-8; None where it never does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    while block := stream.read(HEAD_BYTES):
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return block
    return None


def _eight_bits(block: bytes) -> Guess:
    """cp1252 or mac_roman: in which of them the high bytes between letters are letters themselves."""
    found = Counter(re.findall(rb"([A-Za-z]?)([\x80-\xff])(?=([A-Za-z]?))", block))
    letters = {
        name: sum(n for (before, byte, after), n in found.items() if _in_word(before, byte, after, name))
        for name in ("cp1252", "mac_roman")
    }
    if any(bytes([byte]) in block for byte in _UNUSED_IN_CP1252):
        return Guess("mac_roman", "it is no UTF-8 and has bytes that cp1252 does not use", sure=False)
    if letters["mac_roman"] > letters["cp1252"]:
        return Guess(
            "mac_roman", "it is no UTF-8; in words, its high bytes are letters of Mac Roman", sure=False
        )
    told = "in words, its high bytes are letters of cp1252" if letters["cp1252"] else "it may be cp1252"
    return Guess("cp1252", f"it is no UTF-8; {told}", sure=False)


def _in_word(before: bytes, byte: bytes, after: bytes, encoding: str) -> bool:
    """Whether a byte beside a letter is a letter too; after a small letter, a small one."""
    try:
        sign = byte.decode(encoding)
    except UnicodeDecodeError:
        return False
    if before:
        return sign.islower() if before.islower() else sign.isalpha()
    return bool(after) and sign.isalpha()


def _delimiter(text: str) -> Guess:
    """The mark that gives most records the same number of cells; of several, the one with more cells."""
    found = {mark: _consistency(text, mark) for mark in OTHER_DELIMITERS}
    best = max(OTHER_DELIMITERS, key=lambda mark: found[mark])
    (share, width), others = found[best], sum(1 for mark in OTHER_DELIMITERS if found[mark] == found[best])
    if width < 2:
        return Guess(",", "there is one column only", sure=False)
    why = f"{round(100 * share)} % of the first records have {width} cells with it"
    return Guess(best, why, sure=others == 1)


def _consistency(text: str, mark: str) -> tuple[float, int]:
    """Share of the first records that have the commonest width, and that width; (0, 1) for one column."""
    widths = Counter(len(row) for row in _records(text, mark))
    if not widths:
        return 0.0, 1
    width, n = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
    return (0.0, 1) if width < 2 else (round(n / widths.total(), 1), width)


def _records(text: str, mark: str) -> Iterator[list[str]]:
    """The first records that are not blank, as far as they can be read."""
    lines = [line + "\n" for line in text.split("\n")]
    reader = csv.reader(lines if len(text) < HEAD_BYTES else lines[:-1], delimiter=mark)
    for _ in range(HEAD_RECORDS):
        try:
            row = next(reader)
        except (csv.Error, StopIteration):
            return
        if any(cell.strip() for cell in row):
            yield row
