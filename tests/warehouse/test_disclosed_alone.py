"""A release is safe by itself, also where earlier ones left nothing to be settled."""

from __future__ import annotations

import duckdb
import pytest

from schemas import quantities
from tests.lib.attacker import Publication, attack
from tests.lib.released import POLICY, exactly
from tests.lib.service_warehouse import warehouse_of
from tests.lib.small_services import Service, given
from tests.lib.statements import rows_of
from warehouse.disclosed import disclose_figures
from warehouse.disclosed_alone import settle_alone

Decided = dict[tuple[str, str, str], tuple[str, str]]


def undecided(con: duckdb.DuckDBPyConnection) -> None:
    """Only what is small is hidden."""
    disclose_figures(con, POLICY, quantities.load())
    con.execute("""
        UPDATE mart_disclosed SET cause = '', state = figure.state FROM mart_figure AS figure
        WHERE cause = 'secondary' AND mart_disclosed.figure = figure.figure
            AND mart_disclosed.clinic = figure.clinic AND mart_disclosed.service = figure.service
            AND mart_disclosed.grain = figure.grain AND mart_disclosed.period = figure.period
    """)


def decided(con: duckdb.DuckDBPyConnection) -> Decided:
    rows = con.execute("SELECT clinic, grain, period, state, cause FROM mart_disclosed ORDER BY ALL")
    return {row[:3]: row[3:] for row in rows.fetchall()}


def told(con: duckdb.DuckDBPyConnection, service: Service) -> Publication:
    """What would be published: the exact figures, rounded, where they may be told."""
    rows = rows_of(
        con,
        "(FROM mart_figure SEMI JOIN mart_disclosed USING (figure, service, clinic, grain, period, state))",
    )
    shown = [{**row, "numerator": 5 * round(int(row["numerator"]) / 5)} for row in rows]
    return Publication(shown, service.known)


@pytest.fixture
def service() -> Service:
    """One in January, none in February, five to seven in March and in all three."""
    return given({"received": [[1, 0, 6]]}, [("referrals_received", "standard")])


def test_no_cell_is_narrowed_by_what_is_told_now(service: Service):
    with warehouse_of(service) as con:
        undecided(con)
        assert attack([told(con, service)], exactly(service), POLICY)
        settle_alone(con, POLICY, quantities.load())
        assert not attack([told(con, service)], exactly(service), POLICY)


def test_what_was_hidden_stays_so_and_only_what_is_told_is_hidden(service: Service):
    with warehouse_of(service) as con:
        undecided(con)
        before = decided(con)
        settle_alone(con, POLICY, quantities.load())
        after = decided(con)
    assert after.keys() == before.keys()
    changed = {key for key in before if before[key] != after[key]}
    assert changed
    for key in changed:
        assert before[key] == ("value", "")
        assert after[key] == ("suppressed", "secondary")


def test_where_all_is_safe_nothing_more_is_hidden(service: Service):
    with warehouse_of(service) as con:
        disclose_figures(con, POLICY, quantities.load())
        before = decided(con)
        settle_alone(con, POLICY, quantities.load())
        assert decided(con) == before
