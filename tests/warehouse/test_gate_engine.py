"""What the gate rests on in Great Expectations, and a candidate that cannot be opened."""

from __future__ import annotations

import importlib
import os
import re
import types

import pytest

from schemas.errors import WarehouseError
from tests.warehouse.candidate import FACTS, INSTRUMENTS, RUN, good_publication
from warehouse import gate
from warehouse.gate import run_gate
from warehouse.publication_expectations import publication_expectations


def test_a_candidate_that_cannot_be_opened_is_an_error(tmp_path):
    published = good_publication(tmp_path / "published.duckdb")
    with pytest.raises(WarehouseError, match=r"absent\.duckdb"):
        run_gate(tmp_path / "absent.duckdb", published, INSTRUMENTS, FACTS, tmp_path / "quality", RUN)


@pytest.mark.parametrize(("patched", "broken"), [(True, 0), (False, None)])
def test_great_expectations_still_needs_the_connection_kept_open(tmp_path, monkeypatch, patched, broken):
    """Fails when Great Expectations changes: then mend or drop keep_connection_open in warehouse/gate.py."""
    gate.great_expectations()
    engine = importlib.import_module("great_expectations.execution_engine.sqlalchemy_execution_engine")
    if not patched:
        known = tuple(name for name in getattr(engine, gate.PRIVATE_LIST) if name != "duckdb")
        monkeypatch.setattr(engine, gate.PRIVATE_LIST, known)
        monkeypatch.setattr(gate, "keep_connection_open", lambda engine: None)
    path = good_publication(tmp_path / "published.duckdb")
    some = [one for one in publication_expectations(FACTS, RUN) if one.table == "pub_unit"]
    outcomes = gate.outcomes(path, some)
    assert {one.broken for one in outcomes if one.state != "not_run"} == {broken}


def test_a_changed_great_expectations_is_named():
    with pytest.raises(WarehouseError, match="_PERSISTED_CONNECTION_DIALECTS"):
        gate.keep_connection_open(types.ModuleType("changed"))


def test_great_expectations_is_told_to_send_nothing(good):
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert not re.search("https?://", good.text())
