"""Candidates for the gate: a good one, and what the gate says after any statements on it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence

import duckdb
import pytest

from tests.warehouse.candidate import FACTS, INSTRUMENTS, RUN, good_publication, good_warehouse
from tests.warehouse.gated import Gated, everything_said
from warehouse.gate import run_gate


@pytest.fixture(scope="session")
def gated(tmp_path_factory) -> Callable[[Sequence[str], Sequence[str]], Gated]:
    """Gate a good candidate after some statements on its warehouse and on its published file."""

    def of(on_warehouse: Sequence[str] = (), on_publication: Sequence[str] = (), **facts: object) -> Gated:
        folder = tmp_path_factory.mktemp("candidate")
        warehouse = good_warehouse(folder / "warehouse.duckdb")
        published = good_publication(folder / "published.duckdb")
        for path, statements in ((warehouse, on_warehouse), (published, on_publication)):
            with duckdb.connect(str(path)) as con:
                for statement in statements:
                    con.execute(statement)
        known = dataclasses.replace(FACTS, **facts)
        said = io.StringIO()
        with everything_said(said):
            result = run_gate(warehouse, published, INSTRUMENTS, known, folder / "quality", RUN)
        return Gated(result, folder / "quality", said.getvalue())

    return of


@pytest.fixture(scope="session")
def good(gated) -> Gated:
    return gated()
