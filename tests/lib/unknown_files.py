"""Files of made-up people in the ways that systems and people write them, for `accord inspect` to tell apart."""

from __future__ import annotations

import csv
import io
import random
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from flows.inspect_file import Inspection, Where, inspect_file
from schemas.registry import load
from schemas.site import Feed
from schemas.site_parse import parse_site
from tests.lib.exports import SITE, Part, process

REGISTRY = load()
NORTH = Where("north", True)

FREQUENCY = ("Not at all", "Several days", "More than half the days", "Nearly every day")
"""Answers of the PHQ-9 and the GAD-7."""

CANARIES = ("Zephyrine", "zephyrine@mail.example", "2026-03-17", "P-00042", "CANARY")
"""What must be told by no message: a name, an address, a date, an id, a remark."""


def answers(rows: int, items: int, low: int, high: int, seed: int = 1) -> list[list[int]]:
    """Answers that use the whole range, rows by items."""
    draw = random.Random(seed)
    return [[draw.randint(low, high) for _ in range(items)] for _ in range(rows)]


def column(name: str, write: Callable[[int], str], rows: int) -> tuple[str, list[str]]:
    return name, [write(row) for row in range(rows)]


def items(pattern: str, given: Sequence[Sequence[int]], write: Callable[[int], str] = str):
    """Columns of items by a pattern with {n}."""
    return [(pattern.format(n=n + 1), [write(row[n]) for row in given]) for n in range(len(given[0]))]


def client(rows: int, name: str = "PID"):
    """Four sessions of each client."""
    return column(name, lambda row: f"P-{row // 4:05}", rows)


def session(rows: int, name: str = "Session"):
    return column(name, lambda row: str(row % 4 + 1), rows)


def day(rows: int, name: str = "Completed", pattern: str = "{y}-{m:02}-{d:02}"):
    """Days of which some are after the twelfth of their month."""
    return column(name, lambda row: pattern.format(y=2026, m=row % 9 + 1, d=row % 28 + 1), rows)


def table(
    columns: Iterable[tuple[str, list[str]]],
    delimiter: str = ",",
    end: str = "\n",
    above: Sequence[Sequence[str]] = (),
) -> str:
    """The columns as delimited text. above: further header rows, behind the first."""
    named = list(columns)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(name for name, _ in named)
    writer.writerows(above)
    writer.writerows(zip(*(cells for _, cells in named), strict=True))
    return out.getvalue()


def inspected(content: str | bytes, name: str = "export.csv", sheet: str | None = None) -> Inspection:
    """What is found in a file of these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return inspect_file(path, REGISTRY, NORTH, sheet)


def feed_of(found: Inspection) -> Feed:
    """The proposed feed, as a site reads it without an edit."""
    forms = {id_: REGISTRY[id_] for id_ in REGISTRY.ids}
    return parse_site(tomllib.loads(SITE + found.toml), "site.toml", forms).feeds[0]


def read_as_proposed(folder: Path, content: str | bytes, found: Inspection) -> Part:
    """The file processed by the proposed feed, without an edit."""
    feed = feed_of(found)
    variants = {one.id: one.variant for one in feed.instruments if one.variant}
    return process(folder, feed, content, REGISTRY.as_variants(variants))


def totals(part: Part, instrument: str, scale: str = "total") -> list[float]:
    """Scores in the order of the rows."""
    rows = part.rows(instrument).sort("source_row")
    return [float(one) for one in rows[f"score_{scale}"].to_list() if one is not None]
