"""Exports for the data team: one CSV each, with the clinic's own client ids read back from the archive."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from duckdb import DuckDBPyConnection

from flows.build import Setup
from flows.originals import Originals
from schemas.errors import ConfigError
from schemas.rules import rules
from warehouse import exports

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet run a text as a formula."""


@dataclass(frozen=True)
class Source:
    """What an export reads: a warehouse, the site behind it, and the run it is of."""

    con: DuckDBPyConnection
    setup: Setup
    run: str


def export(what: str, source: Source, out: Path) -> int:
    """Write one export; the number of rows. Raises ConfigError for an export there is not."""
    if what not in EXPORTS:
        raise ConfigError(f"there is no export {what!r}; there are {', '.join(EXPORTS)}")
    return write_csv(EXPORTS[what](source), out)


def write_csv(batches: Iterable[pl.DataFrame], out: Path) -> int:
    """Write frames with one header. Texts that a spreadsheet would run are given a leading quote mark."""
    rows = 0
    with out.open("w", encoding="utf-8", newline="") as stream:
        for batch in batches:
            writer = csv.writer(stream)
            if not rows and stream.tell() == 0:
                writer.writerow(batch.columns)
            writer.writerows([[_cell(value) for value in row] for row in batch.iter_rows()])
            rows += batch.height
    out.chmod(0o600)
    return rows


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _with_client(source: Source, batches: Iterator[pl.DataFrame], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Put the clinic's own ids in place, by delivery and source row."""
    originals = Originals(source.setup)
    for batch in batches:
        yield originals.add(batch).select(columns)


def _scores(source: Source) -> Iterator[pl.DataFrame]:
    return _with_client(source, exports.scores(source.con, source.run, source.setup.site.timezone), exports.SCORES)


def _administrations(source: Source) -> Iterator[pl.DataFrame]:
    found = exports.administrations(source.con, source.run, source.setup.site.timezone)
    return _with_client(source, found, exports.ADMINISTRATIONS)


def _appointments(source: Source) -> Iterator[pl.DataFrame]:
    return _with_client(source, exports.appointments(source.con, source.setup.site.timezone), exports.APPOINTMENTS)


def _rows(source: Source) -> Iterator[pl.DataFrame]:
    return exports.rows(source.con)


def _quarantine(source: Source) -> Iterator[pl.DataFrame]:
    remedies = {rule.id: rule.remedy for rule in rules().values()}
    for batch in exports.quarantine(source.con):
        yield batch.with_columns(remedy=pl.col("rule").replace_strict(remedies, return_dtype=pl.String))


def _figures(source: Source) -> Iterator[pl.DataFrame]:
    return exports.figures(source.con, "mart_figure")


EXPORTS: Mapping[str, Callable[[Source], Iterator[pl.DataFrame]]] = {
    "administrations": _administrations,
    "appointments": _appointments,
    "scores": _scores,
    "rows": _rows,
    "quarantine": _quarantine,
    "figures": _figures,
}
"""Exports by name; `figures --published` reads the published file instead."""
