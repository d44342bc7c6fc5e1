"""Answers to single items of outcome scales: of whom, of which forms, of which items."""

from __future__ import annotations

import duckdb

from tests.lib.figure_spec import clinic
from tests.lib.small_warehouse import create_tables
from warehouse.item_answers import item_answers_view

FORMS = """
    client | instrument | completed_at     | rater     | total | status           | answers
    1      | gad_7      | 2026-01-12 09:00 | client    | 9     | scored           | 0 1 2 3 1 1 1
    2      | gad_7      | 2026-01-12 09:00 | therapist | 9     | scored           | 0 1 2 3 1 1 1
    3      | gad_7      | 2026-01-12 09:00 | client    | 9     | prorated         | 0 1 2 3 1 1
    4      | gad_7      | 2026-01-12 09:00 | client    |       | too_many_missing | 0 1 2
    5      | core_10    | 2026-01-12 09:00 | client    | 8     | scored           | 0 0 0 0 0 0 0 0 0 0
    6      | srs        | 2026-01-12 09:00 | client    | 40    | scored           | 100 100 100 100
"""


def test_complete_forms_of_clients_with_an_outcome_instrument():
    con = clinic(scores=FORMS)
    assert con.execute(
        "SELECT client_key, instrument, score::INTEGER, answers FROM mart_item_answers ORDER BY client_key"
    ).fetchall() == [(1, "gad_7", 9, [0, 1, 2, 3, 1, 1, 1]), (5, "core_10", 8, [0] * 10)]


def test_only_items_of_the_outcome_scale():
    con = clinic(scores=FORMS)
    con.execute("DELETE FROM core_item WHERE instrument = 'gad_7' AND item > 3")
    con.execute("DROP VIEW mart_item_answers")
    con.execute(item_answers_view(con))
    query = "SELECT answers FROM mart_item_answers WHERE instrument = 'gad_7'"
    assert con.execute(query).fetchall() == [([0, 1, 2],)]


def test_a_site_without_outcome_instruments_has_no_rows():
    con = duckdb.connect()
    create_tables(con)
    con.execute(item_answers_view(con))
    assert con.execute("SELECT * FROM mart_item_answers").fetchall() == []
