"""The quality gate: Great Expectations on a candidate warehouse and its published file.

Great Expectations runs inside DuckDB (nothing is copied) on a read-only connection. It is asked for
verdicts and counts only; neither result, log nor report ever holds a value of the data.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from schemas.errors import WarehouseError
from schemas.instrument import Instrument
from warehouse.checks import (
    COLUMNS_OF_DATABASE,
    CRITICAL,
    PUBLISHED_FILE,
    WAREHOUSE,
    Catalogue,
    Expectation,
    great_expectations_of,
)
from warehouse.connect import connect, settings
from warehouse.expectations import SiteFacts, warehouse_expectations
from warehouse.gate_report import FAILED, NOT_RUN, PASSED, Failure, Outcome, write_report
from warehouse.publication_expectations import publication_expectations

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.datasource.fluent.sql_datasource import QueryAsset, SQLDatasource, TableAsset

VERDICT_ONLY = {"result_format": "BOOLEAN_ONLY"}
COUNT_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
"""Limit 0: the query for examples of failing values is never given a row."""

PRIVATE_LIST = "_PERSISTED_CONNECTION_DIALECTS"


@dataclass(frozen=True)
class GateResult:
    """What the gate says of one candidate.

    verdict:  passed, or failed when at least one critical expectation failed
    checked:  expectations that were run, or had to be and could not
    failed:   of these, critical and warnings together
    report:   index.html; gate.json lies beside it
    """

    verdict: str
    checked: int
    failed: int
    critical_failed: int
    report: Path
    failures: tuple[Failure, ...]


def run_gate(
    warehouse: Path, published: Path, instruments: Sequence[Instrument], facts: SiteFacts, out: Path, run: str
) -> GateResult:
    """Check a candidate and write its report to `out`/`run`/index.html and gate.json.

    warehouse, published: DuckDB files that no connection has open for writing
    raises: WarehouseError when a file cannot be opened, or Great Expectations is not as we know it
    """
    rows = {WAREHOUSE: rows_by_table(warehouse), PUBLISHED_FILE: rows_by_table(published)}
    suites = (
        (warehouse, list(warehouse_expectations(instruments, facts, rows[WAREHOUSE]))),
        (published, list(publication_expectations(facts, run))),
    )
    with _quiet():
        found = [outcome for path, suite in suites for outcome in outcomes(path, suite)]
    failures = tuple(Failure.of(outcome) for outcome in found if outcome.state == FAILED)
    critical = sum(failure.severity == CRITICAL for failure in failures)
    return GateResult(
        verdict=FAILED if critical else PASSED,
        checked=sum(outcome.state != NOT_RUN for outcome in found),
        failed=len(failures),
        critical_failed=critical,
        report=write_report(out / run, run, facts.as_of, found, rows),
        failures=failures,
    )


def rows_by_table(path: Path) -> dict[str, int]:
    """Rows of each table of the main schema of a file; views are not counted."""
    con = connect(path, read_only=True)
    try:
        names = con.execute(
            "SELECT table_name FROM duckdb_tables()"
            " WHERE NOT internal AND schema_name = 'main' ORDER BY table_name"
        ).fetchall()
        return {name: con.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0] for (name,) in names}
    finally:
        con.close()


def outcomes(path: Path, expectations: Sequence[Expectation]) -> list[Outcome]:
    """The outcome of each expectation, in order of table."""
    catalogue = [one for one in expectations if isinstance(one.check, Catalogue)]
    others = sorted(
        (one for one in expectations if not isinstance(one.check, Catalogue)), key=lambda one: one.table
    )
    with _source(path) as source:
        found = _validate(source.add_query_asset("catalogue", query=COLUMNS_OF_DATABASE), catalogue)
        # A table that is not as declared fails once, by its name, not again with each of its columns.
        askew = {one.expectation.table for one in found if one.state != PASSED}
        for table, group in groupby(others, key=lambda one: one.table):
            its = list(group)
            runnable = [one for one in its if not askew & {table, *one.needs}]
            found += [Outcome(one, NOT_RUN, 0) for one in its if one not in runnable]
            if runnable:
                found += _validate(source.add_table_asset(table, table_name=table), runnable)
    return found


def _validate(asset: TableAsset | QueryAsset, expectations: Sequence[Expectation]) -> list[Outcome]:
    """Verdicts of all; then counts of those that failed, which most nights are none."""
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    verdicts = _results(batch, expectations, VERDICT_ONLY)
    failing = [one for one, result in zip(expectations, verdicts, strict=True) if not result.success]
    counts = dict(zip(failing, map(_count, _results(batch, failing, COUNT_ONLY)), strict=True))
    return [Outcome(one, FAILED if one in counts else PASSED, counts.get(one, 0)) for one in expectations]


def _results(
    batch: Batch, expectations: Sequence[Expectation], result_format: Mapping[str, object]
) -> list[ExpectationValidationResult]:
    if not expectations:
        return []
    gx = import_module("great_expectations")
    suite = gx.ExpectationSuite(name="gate", expectations=great_expectations_of(expectations))
    results = batch.validate(suite, result_format=dict(result_format)).results
    return sorted(results, key=lambda result: result.expectation_config.meta["place"])


def _count(result: ExpectationValidationResult) -> int | None:
    """How often an expectation is broken; None where it could not be run, 1 for an empty table."""
    found = result.result or {}
    if "unexpected_count" in found:
        return int(found["unexpected_count"])
    return max(int(found["observed_value"]), 1) if "observed_value" in found else None


@contextmanager
def _source(path: Path) -> Iterator[SQLDatasource]:
    """A data source of Great Expectations on a file, read-only; closed in the end."""
    context = great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    connection = {
        # By argument, not in the URL: a path may hold characters that mean something there.
        "database": str(path),
        "read_only": True,
        "config": settings(path),
    }
    source = context.data_sources.add_sql(
        "candidate", connection_string="duckdb:///candidate", kwargs={"connect_args": connection}
    )
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def great_expectations() -> ModuleType:
    """The library, imported here because that takes seconds, told to keep to itself."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    gx = import_module("great_expectations")
    keep_connection_open(import_module("great_expectations.execution_engine.sqlalchemy_execution_engine"))
    return gx


class _Dialect(str):
    """A dialect's name in the form that Great Expectations keeps them in."""

    @property
    def value(self) -> str:
        return str(self)


def keep_connection_open(engine: ModuleType) -> None:
    """Let Great Expectations fetch rows from DuckDB before it gives the connection back.

    It returns the connection first, and duckdb-engine closes the result with it; for the dialects of
    this private list the connection stays.
    """
    known = getattr(engine, PRIVATE_LIST, None)
    if not isinstance(known, tuple):
        raise WarehouseError(
            f"Great Expectations no longer has {PRIVATE_LIST}: install the locked version, "
            "or see whether keep_connection_open in warehouse/gate.py is still needed"
        )
    if "duckdb" not in known:
        setattr(engine, PRIVATE_LIST, (*known, _Dialect("duckdb")))


@contextmanager
def _quiet() -> Iterator[None]:
    """The libraries log the error of a query with the value it met: none of it is let out."""
    loggers = [logging.getLogger(name) for name in ("great_expectations", "sqlalchemy")]
    before = [logger.propagate for logger in loggers]
    silence = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(silence)
        logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(silence)
            logger.propagate = propagate
