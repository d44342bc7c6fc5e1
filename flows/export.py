"""Exports for the data team: one CSV each, with the clinics' own ids read back from the archive.

RFC 4180 with line feeds, UTF-8, readable by the owner alone, rows in a fixed order.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import polars as pl

from flows.build import Setup, asked_instruments
from flows.originals import Originals
from schemas import metrics
from schemas.errors import ConfigError
from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN, REFUSED
from schemas.rules import rules
from warehouse import exports
from warehouse.connect import Connection
from warehouse.files import FILE_MODE

FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"
"""Texts that a spreadsheet would run, and those that only a quote mark in front keeps from it: each is
given one mark more, so that taking one away gives the text as it was."""

NUMBERS = frozenset({"score", "stored_total", "numerator", "value"})
"""Columns of numbers that are text already, by their number of places: never taken for formulas."""

RECORD = ("clinic", "feed", "file", "source_row")
OCCASION = ("instrument", "rater", "session", "completed_at")
FIGURE = (
    "figure", "definition", "service", "clinic", "grain", "period", "instrument", "scale",
    "numerator", "denominator", "value", "unit", "n", "state",
)  # fmt: skip

NO_ANSWER = {None: "null", REFUSED: '"refused"', NOT_SHOWN: '"not_shown"', NOT_APPLICABLE: '"not_applicable"'}
CODES = range(-100, 128)
"""Item codes that are answers, in smallest steps."""


@dataclass(frozen=True)
class Source:
    """What an export reads: a warehouse open for reading, the site it was made from, and its run.

    run: a run id, or `build` for a file that `accord build` wrote
    since: first day of what an export of answers to risk items holds
    """

    con: Connection
    setup: Setup
    run: str
    since: date = date.min


def export(what: str, source: Source, out: Path) -> int:
    """Write one export of EXPORTS; the number of rows.

    raises: ConfigError for an export there is not, another key, or a file that cannot be written;
        ArchiveError, ConfigError where the own ids cannot be read back; WarehouseError for no warehouse
    """
    if what not in EXPORTS:
        raise ConfigError(f"there is no export {what!r}; there are {', '.join(EXPORTS)}")
    columns, read = EXPORTS[what]
    exports.check(source.con, "the file")
    return write_csv(read(source), columns, out)


def export_published(setup: Setup | None, path: Path, out: Path) -> int:
    """Write the figures as published; the number of rows.

    path: the published file; with a setup, a warehouse that is disclosed for this export alone
    raises: WarehouseError for another kind of file; ConfigError for one that cannot be written
    """
    if setup is None:
        return write_csv(exports.published_figures(path), FIGURE, out)
    with tempfile.TemporaryDirectory(prefix="accord-") as folder:
        published = Path(folder) / "published.duckdb"
        exports.disclose(path, published, setup.site.disclosure, metrics.load(), asked_instruments(setup))
        return write_csv(exports.published_figures(published), FIGURE, out)


def write_csv(batches: Iterable[pl.DataFrame], columns: tuple[str, ...], out: Path) -> int:
    """Write these columns of all batches under one header; the number of rows.

    The file appears whole or not at all. raises: ConfigError where it cannot be written
    """
    written = 0
    with _whole_file(out) as stream:
        stream.write(f"{','.join(columns)}\n".encode())
        for batch in batches:
            texts = [name for name in columns if batch[name].dtype == pl.String]
            rows = batch.select(columns).with_columns(_safe(name) for name in texts)
            rows.write_csv(stream, include_header=False)
            written += rows.height
    return written


def _safe(name: str) -> pl.Expr:
    """Text as written: nothing for no text, a quote mark before a formula."""
    text = pl.col(name)
    filled = pl.when(text != "").then(text)
    if name in NUMBERS:
        return filled.alias(name)
    marked = pl.concat_str(pl.lit("'"), text)
    return pl.when(text.str.contains(FORMULA)).then(marked).otherwise(filled).alias(name)


@contextmanager
def _whole_file(out: Path) -> Iterator[BinaryIO]:
    """A new file that takes its name when all is written. A link is followed, a device is refused."""
    target = Path(os.path.realpath(out))
    if target.exists() and not target.is_file():
        raise ConfigError(f"{out}: is there and is no file")
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as stream:
            yield stream
        beside.replace(target)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def _administrations(source: Source) -> Iterator[pl.DataFrame]:
    registry = source.setup.registry
    for batch in _with_people(source, exports.administrations(source.con)):
        parts = [
            rows.with_columns(answers=_answers(registry[rows["instrument"][0]].response.decimals))
            for rows in batch.with_row_index("place").partition_by("instrument")
        ]
        if parts:
            yield pl.concat(parts).sort("place")


def _answers(decimals: int) -> pl.Expr:
    """Item codes as a JSON list: numbers as captured, null where missing, else why there is none."""
    texts = NO_ANSWER | {code: str(Decimal(code).scaleb(-decimals)) for code in CODES}
    each = pl.element().replace_strict(texts, return_dtype=pl.String)
    return pl.format("[{}]", pl.col("answers").list.eval(each).list.join(","))


def _scores(source: Source) -> Iterator[pl.DataFrame]:
    return _with_people(source, exports.scores(source.con))


def _risk(source: Source) -> Iterator[pl.DataFrame]:
    """Answers above zero to items on risk, the oldest first, those without a date last."""
    items = [(card.id, item) for card in asked_instruments(source.setup) for item in card.risk_items]
    batches = list(_with_people(source, exports.risks(source.con, items, source.since)))
    if batches:
        moment = pl.col("completed_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_zone="UTC")
        yield pl.concat(batches).sort(moment, nulls_last=True, maintain_order=True)


def _appointments(source: Source) -> Iterator[pl.DataFrame]:
    return _with_people(source, exports.appointments(source.con))


def _rows(source: Source) -> Iterator[pl.DataFrame]:
    return exports.rows(source.con)


def _quarantine(source: Source) -> Iterator[pl.DataFrame]:
    remedies = {id_: rule.remedy for id_, rule in rules().items()}
    for batch in exports.quarantine(source.con):
        yield batch.with_columns(remedy=pl.col("rule").replace_strict(remedies, return_dtype=pl.String))


def _figures(source: Source) -> Iterator[pl.DataFrame]:
    return exports.figures(source.con)


def _with_people(source: Source, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The run, the own ids and local times put in place."""
    _check_key(source)
    zone = source.setup.site.timezone
    for batch in Originals(source.setup).added(batches):
        moments = [name for name, dtype in batch.schema.items() if dtype == pl.Datetime]
        yield batch.with_columns(*(_local(name, zone) for name in moments), run=pl.lit(source.run))


def _check_key(source: Source) -> None:
    """Another key makes other pseudonyms: said at once, not as a damaged archive."""
    made_with = exports.run_facts(source.con).get("key_id")
    if made_with != source.setup.key.id:
        raise ConfigError(
            f"this warehouse was made with key {made_with}, and the site's key is {source.setup.key.id}: "
            "client ids can be read back with the key it was made with alone"
        )


def _local(name: str, zone: str) -> pl.Expr:
    """A UTC time as ISO 8601 in the time zone, with its offset; fractions of a second where there are."""
    moment = pl.col(name).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").alias(name)


Read = Callable[[Source], Iterator[pl.DataFrame]]

EXPORTS: Mapping[str, tuple[tuple[str, ...], Read]] = {
    "administrations": (("run", *RECORD, "client", "clinician", *OCCASION, "answers"), _administrations),
    "appointments": ((*RECORD, "client", "clinician", "starts_at", "kind", "status"), _appointments),
    "scores": (
        (
            "run", *RECORD, "client", *OCCASION, "scale", "score",
            "n_answered", "n_items", "status", "evidence", "stored_total",
        ),
        _scores,
    ),
    "risk": (
        ("run", *RECORD, "client", "clinician", *OCCASION, "item", "answer"),
        _risk,
    ),
    "rows": (("feed", "file", "source_row", "fate", "reason"), _rows),
    "quarantine": (("feed", "file", "source_row", "column", "rule", "remedy"), _quarantine),
    "figures": (FIGURE, _figures),
}  # fmt: skip
"""Columns and rows of each export, by name; `export_published` writes the figures as published."""
