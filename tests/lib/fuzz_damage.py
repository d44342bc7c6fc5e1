"""Ways to damage an export: bytes, text, JSON, XML and packages, each a change drawn by a seeded generator."""

from __future__ import annotations

import gzip
import io
import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Damage = Callable[[bytes, Random], bytes]

SIGNS = (
    b'"', b"'", b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xe9", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xed\xa0\x80", "\u2028".encode(), "\u0085".encode(), "\u202e".encode(), b'""', b'"\n', b"\\", b"{", b"}", b"[",
    b"<", b">", b"&", b"\x1a", b"%00", b"=cmd|' /C calc'!A0", b"'; DROP TABLE core_export; --",
)  # fmt: skip
NUMBERS = (
    b"1e400", b"-1e400", b"NaN", b"inf", b"-0", b"+1", b"7.0", b"7.9", b"1e3", b"0x10", b"1_000", b"99999999999999999999",
    b"9" * 5000, b"-" * 40, "٣".encode(), "１".encode(), "²".encode(), b"1 ", b"1,5", b"00001", b"32768", b"-32769",
    b"2147483648", b"9223372036854775808", b"1" + b"0" * 400,
)  # fmt: skip
DATES = (
    b"0000-00-00", b"9999-12-31 23:59:59", b"0001-01-01 00:00:00", b"2026-03-29 01:30:00", b"2026-10-25 01:30:00",
    b"10000-01-01 00:00:00", b"2026-05-01T10:00:00+99:99", b"1969-12-31 23:59:59", b"-2026-05-01 10:00:00", b"",
    b"2026-05-01 10:00:00-12:00", b"29/02/2023",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, "", 0, -1, 3.0, 1e308, float("nan"), float("inf"), 10**400, "9" * 300, [], {}, [[]], [None],
    {"": ""}, "\ud800", "\0", "Q1", ["Q1"], {"reference": 3}, [0] * 50,
)  # fmt: skip
_NUMBER = re.compile(rb"\d+(?:\.\d+)?")
_DATE = re.compile(rb"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?")
_TAG = re.compile(rb"<[^>]{1,2000}>")
_ATTRIBUTE = re.compile(rb'\s[\w:.-]+="([^"]*)"')


def flip(content: bytes, draw: Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        if damaged:
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged)


def truncate(content: bytes, draw: Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def drop(content: bytes, draw: Random) -> bytes:
    at, end = _span(content, draw)
    return content[:at] + content[end:]


def double(content: bytes, draw: Random) -> bytes:
    at, end = _span(content, draw)
    return content[:end] + content[at:end] * draw.choice((1, 1, 3, 40)) + content[end:]


def move(content: bytes, draw: Random) -> bytes:
    at, end = _span(content, draw)
    rest = content[:at] + content[end:]
    to = draw.randrange(len(rest) + 1)
    return rest[:to] + content[at:end] + rest[to:]


def insert(content: bytes, draw: Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return content[:at] + draw.choice(SIGNS) * draw.choice((1, 1, 2, 500)) + content[at:]


def number(content: bytes, draw: Random) -> bytes:
    return _replaced(content, _NUMBER, NUMBERS, draw)


def moment(content: bytes, draw: Random) -> bytes:
    return _replaced(content, _DATE, DATES, draw)


def encoding(content: bytes, draw: Random) -> bytes:
    """The same text in another encoding, or two encodings in one file."""
    text = content.decode("utf-8", errors="replace")
    other = draw.choice(("utf-16", "utf-16-le", "cp1252", "latin-1", "utf-8-sig", "utf-32", "cp037", "utf-7"))
    encoded = text.encode(other, errors="replace")
    if draw.random() < 0.5:
        return encoded
    at = draw.randrange(len(content) + 1)
    return content[:at] + text[at // 2 :].encode(other, errors="replace")


def line(content: bytes, draw: Random) -> bytes:
    """Lines doubled, dropped, swapped or ended otherwise."""
    lines = content.split(b"\n")
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(5):
        case 0:
            lines[at], lines[to] = lines[to], lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            del lines[at]
        case 3:
            return draw.choice((b"\r\n", b"\r", b"\n\n", b"\0\n", b" \n")).join(lines)
        case _:
            lines[at] = b'"' + lines[at]
    return b"\n".join(lines)


def header(content: bytes, draw: Random) -> bytes:
    """Names of columns exchanged, doubled, emptied, made long or hostile."""
    first, end, rest = content.partition(b"\n")
    delimiter = max((b",", b";", b"\t"), key=first.count)
    names = first.split(delimiter)
    at, to = draw.randrange(len(names)), draw.randrange(len(names))
    match draw.randrange(6):
        case 0:
            names[at], names[to] = names[to], names[at]
        case 1:
            names[at] = names[to]
        case 2:
            names[at] = draw.choice(
                (b"", b" ", "\u00a0".encode(), b"source_row", b"x" * 70_000, b"Email", *SIGNS)
            )
        case 3:
            del names[at]
        case 4:
            names.insert(at, b"more")
        case _:
            names += [b"n%d" % n for n in range(draw.choice((1, 3000)))]
    return delimiter.join(names) + end + rest


def _span(content: bytes, draw: Random) -> tuple[int, int]:
    at = draw.randrange(len(content) + 1)
    return at, min(len(content), at + draw.choice((1, 3, 30, 300)))


def _replaced(content: bytes, what: re.Pattern[bytes], by: Sequence[bytes], draw: Random) -> bytes:
    places = list(what.finditer(content))
    if not places:
        return insert(content, draw)
    place = draw.choice(places)
    return content[: place.start()] + draw.choice(by) + content[place.end() :]


def tree(content: bytes, draw: Random) -> bytes:
    """JSON with subtrees replaced, dropped, doubled, moved or made deep; bytes that are none are damaged as such."""
    try:
        root = json.loads(content)
    except (ValueError, RecursionError):
        return flip(content, draw)
    for _ in range(draw.choice((1, 1, 3))):
        root = _changed(root, draw)
    if draw.random() < 0.03:
        root = {"resourceType": "Bundle", "entry": root, "responses": root}
    text = json.dumps(root, ensure_ascii=draw.random() < 0.5)
    if draw.random() < 0.1:
        depth = draw.choice((50, 2_000, 100_000))
        text = text.replace("{}", "[" * depth + "]" * depth, 1) if "{}" in text else "[" * depth + text
    return text.encode("utf-8", errors="surrogatepass")


def _changed(node: Any, draw: Random) -> Any:
    """A change somewhere beneath a node."""
    if not isinstance(node, dict | list) or not node or draw.random() < 0.15:
        return draw.choice((draw.choice(VALUES), [node], {"item": node}, [node, node]))
    if isinstance(node, list):
        at = draw.randrange(len(node))
        if draw.random() < 0.15:
            return [*node[:at], *node[at + 1 :]] if draw.random() < 0.5 else [*node, node[at]]
        return [*node[:at], _changed(node[at], draw), *node[at + 1 :]]
    key = draw.choice(sorted(node))
    if draw.random() < 0.1:
        rest = {name: value for name, value in node.items() if name != key}
        return rest if draw.random() < 0.5 else {**rest, draw.choice(("", "x", key * 2, "item")): node[key]}
    return {**node, key: _changed(node[key], draw)}


def markup(content: bytes, draw: Random) -> bytes:
    """XML with tags and attributes dropped, doubled, moved or given other values; and with entities."""
    tags = list(_TAG.finditer(content))
    if not tags:
        return flip(content, draw)
    tag = draw.choice(tags)
    match draw.randrange(6):
        case 0:
            return content[: tag.start()] + content[tag.end() :]
        case 1:
            return content[: tag.end()] + tag[0] * draw.choice((1, 3000)) + content[tag.end() :]
        case 2:
            other = draw.choice(tags)
            return content[: tag.start()] + other[0] + content[tag.end() :]
        case 3:
            entity = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname"><!ENTITY c "&b;&b;">]>'
            return re.sub(rb"\A(<\?xml.*?\?>)?", lambda found: found[0] + entity, content, count=1)
        case 4:
            return _replaced(
                content,
                _ATTRIBUTE,
                (b"", b' Value="&c;"', b' x="1" x="2"', b' v="' + b"a" * 70_000 + b'"'),
                draw,
            )
        case _:
            values = list(_ATTRIBUTE.finditer(content))
            if not values:
                return flip(content, draw)
            at = draw.choice(values)
            return (
                content[: at.start(1)]
                + draw.choice((*NUMBERS, *DATES, b"A1048576", b"XFD1", b"16384"))
                + content[at.end(1) :]
            )


def package(content: bytes, draw: Random) -> bytes:
    """A ZIP archive whose members are damaged and packed anew, with right sizes and checksums."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error):
        return flip(content, draw)
    at = draw.randrange(len(members)) if members else 0
    match draw.randrange(8) if members else 0:
        case 0:
            members.append((draw.choice(("../x", "xl/extra.xml", "content.xml", "a\\b")), b"<x/>"))
        case 1:
            del members[at]
        case 2:
            members.append(members[at])
        case 3:
            members[at] = (draw.choice((members[0][0].upper(), "x", members[at][0] + "/")), members[at][1])
        case _:
            members[at] = (
                members[at][0],
                draw.choice((markup, markup, number, flip, truncate, insert))(members[at][1], draw),
            )
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice is meant
        for name, body in members:
            archive.writestr(
                zipfile.ZipInfo(name), body, draw.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
            )
    return out.getvalue()


def wrapped(content: bytes, draw: Random) -> bytes:
    """In a gzip file or a ZIP archive, sound or damaged."""
    out = io.BytesIO()
    if draw.random() < 0.5:
        out.write(gzip.compress(content, mtime=0))
    else:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("export.csv"), content)
    packed = out.getvalue()
    return draw.choice((flip, truncate, double, insert))(packed, draw) if draw.random() < 0.5 else packed


BYTES: tuple[Damage, ...] = (flip, truncate, drop, double, move, insert, number, moment)
TEXT: tuple[Damage, ...] = (*BYTES, encoding, line, header, header)
JSON: tuple[Damage, ...] = (*BYTES, encoding, tree, tree, tree, tree, tree, tree)
XML: tuple[Damage, ...] = (*BYTES, encoding, markup, markup, markup, markup, markup)
PACKAGE: tuple[Damage, ...] = (flip, truncate, double, package, package, package, package, package, package)
BY_CONTAINER: dict[str, tuple[Damage, ...]] = {
    "text": TEXT,
    "workbook": PACKAGE,
    "odm": XML,
    "qualtrics_json": JSON,
    "fhir": JSON,
}


def damaged(content: bytes, container: str, others: Sequence[bytes], draw: Random) -> bytes:
    """One to three changes; now and then a piece of another dialect's file, or an archive around it all."""
    ways = BY_CONTAINER.get(container, BYTES)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(ways)(content, draw)
    if draw.random() < 0.06:
        other = draw.choice(others)
        at = draw.randrange(len(content) + 1)
        content = content[:at] + other[draw.randrange(len(other)) :]
    return wrapped(content, draw) if draw.random() < 0.06 else content
