"""Views written from the cards: they say what core_score says, and there is one where there is no card."""

from __future__ import annotations

from datetime import date

import duckdb

from schemas.tables import CORE
from tests.lib.random_alliance import random_alliance_site
from tests.lib.small_warehouse import warehouse
from warehouse.load import create_views
from warehouse.marts import build_marts

AS_OF = date(2026, 6, 17)
VIEWS = ("mart_alliance_sum", "mart_alliance_total", "mart_alliance_form")


def test_totals_and_sums_are_those_of_the_long_view():
    con = warehouse(random_alliance_site(1), AS_OF)
    long = """
        FROM core_score JOIN core_instrument AS card USING (instrument), mart_parameter
        WHERE construct = 'alliance' AND score IS NOT NULL
    """
    key = "entry_no, source_row, form_no, clinic, client_key, instrument, rater, session, completed_at, score"
    dated = "completed_on <= as_of AND scale = outcome_scale"
    expected = con.execute(f"SELECT {key} {long} AND {dated} ORDER BY ALL").fetchall()
    assert con.execute(f"SELECT {key} FROM mart_alliance_total ORDER BY ALL").fetchall() == expected
    assert len(expected) > 100
    undated = "(completed_on <= as_of OR completed_on IS NULL)"
    sums = "instrument, scale, rater, sum({}), sum({})"
    expected = con.execute(
        f"SELECT {sums.format('score', '1')} {long} AND {undated} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    query = f"SELECT {sums.format('total', 'scores')} FROM mart_alliance_sum WHERE scores > 0 GROUP BY ALL ORDER BY ALL"
    assert con.execute(query).fetchall() == expected


def test_a_site_without_alliance_forms_has_the_same_columns():
    with_forms = warehouse(random_alliance_site(1), AS_OF)
    con = duckdb.connect()
    for table in CORE:
        for statement in table.ddl():
            con.execute(statement)
    create_views(con, [])
    build_marts(con, AS_OF)
    for view in VIEWS:
        names = [column[0] for column in con.execute(f"SELECT * FROM {view}").description]
        assert names == [column[0] for column in with_forms.execute(f"SELECT * FROM {view}").description]
        assert con.execute(f"SELECT * FROM {view}").fetchall() == []
