"""Words searched for in files of every kind: as bytes, and in what is packed in them, cell by cell."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from html import escape
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl

SQLITE = b"SQLite format 3\0"
DUCKDB = b"DUCK"


def readings(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, as it is and unpacked, by its path within."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[f"{name}, link"] = str(path.readlink()).encode()
        elif path.is_file():
            found |= {f"{name}{how}": data for how, data in readings_of(path)}
    return found


def readings_of(path: Path) -> Iterator[tuple[str, bytes]]:
    data = path.read_bytes()
    yield "", data
    if data.startswith(SQLITE):
        yield ", cells", cells_of_sqlite(path)
    elif data[8:12] == DUCKDB:
        yield ", cells", cells_of_duckdb(path)
    elif data.startswith(b"\x1f\x8b"):
        yield ", unpacked", gzip.decompress(data)
    elif data.startswith(b"PAR1"):
        yield ", cells", cells_of(pl.read_parquet(io.BytesIO(data)).rows())
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as packed:
            yield ", unpacked", b"\n".join(packed.read(name) for name in packed.namelist())


def cells_of_duckdb(path: Path) -> bytes:
    """Names, comments and SQL of tables and views, and every cell of every table: on the disk they are packed."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()
        said = [con.execute(f"FROM duckdb_{what}()").fetchall() for what in ("tables", "columns", "views")]
        rows = [con.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
    return b"\n".join(cells_of(part) for part in (*said, *rows))


def cells_of_sqlite(path: Path) -> bytes:
    """Read where it lies, with its write-ahead log."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        rows = [con.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
        said = con.execute("SELECT * FROM sqlite_master").fetchall()
    return b"\n".join(cells_of(part) for part in (said, *rows))


def cells_of(rows: Iterable[Iterable[object]]) -> bytes:
    return b"\n".join(
        cell if isinstance(cell, bytes) else str(cell).encode()
        for row in rows
        for cell in row
        if cell is not None
    )


def spellings(word: str) -> frozenset[bytes]:
    """As text, in JSON, HTML and a URL; small letters. Of ASCII: UTF-16 is searched with its zeros taken out."""
    ways = (word, json.dumps(word)[1:-1], escape(word), quote(word))
    return frozenset(way.lower().encode() for way in ways)


def found(words: Iterable[str], kept: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Where each word stands, in UTF-8 or UTF-16, large or small."""
    sought = [(word, spellings(word)) for word in words]
    return [
        (name, word)
        for name, data in kept.items()
        for plain in (data.lower(), data.lower().replace(b"\0", b""))
        for word, ways in sought
        if any(way in plain for way in ways)
    ]


def keys_found(keys: Iterable[int], kept: Mapping[str, bytes]) -> list[tuple[str, int]]:
    """Where a key of 64 bits stands: in digits, in hexadecimal, or as the eight bytes themselves."""
    sought = {str(key).encode(): key for key in keys}
    raw = [(key, way) for key in sought.values() for way in bytes_of(key)]
    hits = []
    for name, data in kept.items():
        plain = data.lower().replace(b"\0", b"")
        digits = set(re.findall(rb"\d{6,}", data)) | set(re.findall(rb"\d{6,}", plain))
        hits += [(name, sought[one]) for one in digits & sought.keys()]
        hits += [(name, key) for key, way in raw if way in data or way in plain]
    return hits


def bytes_of(key: int) -> tuple[bytes, ...]:
    both = key.to_bytes(8, "little"), key.to_bytes(8, "big")
    return *both, *(one.hex().encode() for one in both)
