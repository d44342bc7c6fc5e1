"""What is hidden hangs on the figures alone: not on the order in which they lie, and not on threads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import metrics
from schemas.published import PUBLISHED
from schemas.site import Disclosure
from tests.lib.random_site import THREE_QUARTERS, random_site
from tests.lib.small_warehouse import instruments, warehouse
from warehouse.digest import TableDigest, digests
from warehouse.disclosure import publish_tables

RUN = {"run": "20260701T020000Z-1a2b3c4d", "as_of": "2026-06-30", "site_name": "North Vale"}
CLIENTS = 400
"""Enough that many figures are told, and among them small ones are hidden."""
OF_THE_SITE = ("core_clinic", "core_run")
DISCLOSED = "mart_disclosed"


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with the marts of a site, and what disclosure reads of its clinics."""
    kept = tmp_path_factory.mktemp("marts") / "marts.duckdb"
    published = [metric for metric in metrics.load() if metric.kind != "model"]
    con = warehouse(random_site(4, CLIENTS), THREE_QUARTERS, metrics=published)
    con.execute(f"ATTACH '{kept}' AS kept")
    for (name,) in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'"
    ).fetchall():
        if name.startswith("mart_") or name in OF_THE_SITE:
            con.execute(f"CREATE TABLE kept.{name} AS FROM {name}")
    con.close()
    return kept


def publication(marts: Path, out: Path, threads: int, seed: int) -> Mapping[str, TableDigest]:
    """Digests of the published tables, and of the causes, where every table lies in an order of the seed."""
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH '{marts}' AS kept (READ_ONLY)")
        for (name,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'kept'"
        ).fetchall():
            con.execute(f"CREATE TABLE {name} AS FROM kept.{name} ORDER BY hash(rowid + {seed}), rowid")
        con.execute("DETACH kept")
        publish_tables(con, out, Disclosure(threshold=5, round_to=5), RUN, metrics.load(), instruments())
        causes = _causes(con)
    with duckdb.connect(str(out), read_only=True) as told:
        found = digests(told, PUBLISHED)
    out.unlink()
    return {**found, **causes}


def _causes(con: duckdb.DuckDBPyConnection) -> Mapping[str, TableDigest]:
    """Causes stay in the warehouse; they are as certain as what is told."""
    from schemas import tables

    declared = getattr(tables, DISCLOSED.upper(), None)
    return digests(con, [declared]) if declared else {}


@pytest.fixture(scope="module")
def usual(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, TableDigest]:
    return publication(marts, tmp_path_factory.mktemp("usual") / "out.duckdb", 2, 0)


def test_some_is_told_and_some_is_hidden(marts: Path):
    """Else the tests below would say nothing."""
    with duckdb.connect(str(marts), read_only=True) as con:
        exact = dict(
            con.execute("""
                SELECT numerator BETWEEN 1 AND 4, count(*) FROM mart_figure
                JOIN mart_metric USING (figure, definition) WHERE kind = 'count' AND state = 'value' GROUP BY ALL
            """).fetchall()
        )
    assert min(exact[True], exact[False]) > 100


@pytest.mark.parametrize("threads", [1, 8])
def test_threads(marts: Path, usual: Mapping[str, TableDigest], tmp_path: Path, threads: int):
    assert publication(marts, tmp_path / "out.duckdb", threads, 0) == usual


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(1, 2**31))
def test_any_order_of_rows(
    marts: Path, usual: Mapping[str, TableDigest], tmp_path_factory: pytest.TempPathFactory, seed: int
):
    out = tmp_path_factory.mktemp("order") / "out.duckdb"
    assert publication(marts, out, 1 + seed % 3, seed) == usual
