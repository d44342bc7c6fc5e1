"""Marts of the alliance, one by one: where a score is placed, what counts once, how forms were answered."""

from __future__ import annotations

import duckdb

from tests.lib.courses import AS_OF, CLINICS, shares
from tests.lib.small_warehouse import Site, warehouse
from tests.lib.tables import rows
from warehouse.marts import MACROS, mart_sql

REFERRALS = rows("""
    clinic | client | received_on | ended_on   | ending
    north  | 1      | 2026-01-02  | 2026-02-20 | completed
    north  | 1      | 2026-03-01  |            |
""")
CONTACTS = rows("""
    clinic | client | starts_at        | status   | session
    north  | 1      | 2026-01-12 12:00 | attended | 3
    north  | 1      | 2026-01-19 12:00 | attended |
    north  | 1      | 2026-03-09 12:00 | attended | 5
""")
SCORES = rows("""
    clinic | client | instrument | session | completed_at     | total | clinician_key | rater
    north  | 1      | wai_sr     | 4       | 2026-01-12 13:00 | 40    | 7             |
    north  | 1      | wai_sr     |         | 2026-01-12 14:00 | 41    | 8             |
    north  | 1      | wai_sr     |         | 2026-01-15 14:00 | 42    | 9             |
    north  | 1      | wai_sr     | 3       | 2026-01-20 14:00 | 43    |               |
    north  | 1      | wai_sr     |         | 2026-03-09 14:00 | 44    | 9             |
    north  | 1      | wai_sr     | 5       | 2026-03-09 14:00 | 50    | 9             | therapist
    north  | 1      | wai_sr     | 1       |                  | 45    | 9             |
    north  | 1      | wai_sr     | 1       | 2026-07-01 14:00 | 46    | 9             |
    north  | 1      | wai_sr     | 1       | 2026-01-05 14:00 |       | 9             |
    south  | 1      | wai_sr     | 3       | 2026-01-05 14:00 | 47    | 9             |
    south  | 1      | wai_sr     |         | 2026-01-05 15:00 | 48    | 9             |
""")
LACKS = frozenset({("south", "referrals"), ("south", "appointments")})


def placed() -> duckdb.DuckDBPyConnection:
    clinics = {"north": "adult", "south": "adult"}
    return warehouse(Site(clinics, REFERRALS, CONTACTS, SCORES, lacks=LACKS), AS_OF)


def test_a_score_is_placed_in_its_episode_and_session():
    """The form's own number, else that of its contact; the second contact has none and is the episode's second.

    Undated and later scores, and forms without a score, are left out. South has neither referrals nor contacts.
    """
    query = """
        SELECT clinic, score::INTEGER, episode_no, session_no, contact IS NOT NULL, n_items, rater::VARCHAR
        FROM mart_alliance_score ORDER BY clinic, event
    """
    assert placed().execute(query).fetchall() == [
        ("north", 40, 1, 4, True, 12, "client"),
        ("north", 41, 1, 3, True, 12, "client"),
        ("north", 42, 1, None, False, 12, "client"),
        ("north", 43, 1, 3, True, 12, "client"),
        ("north", 44, 2, 5, True, 12, "client"),
        ("north", 50, 2, 5, True, 12, "therapist"),
        ("south", 47, 1, 3, False, 12, "client"),
        ("south", 48, 1, None, False, 12, "client"),
    ]


def test_a_series_has_a_session_once_and_goes_by_time():
    """Of session 3 the later score stands, at its own place; a score without a number is a session."""
    query = """
        SELECT clinic, episode_no, t, session_no, score::INTEGER, reference::INTEGER
        FROM mart_alliance_series ORDER BY clinic, episode_no, t
    """
    assert placed().execute(query).fetchall() == [
        ("north", 1, 1, 4, 40, None),
        ("north", 1, 2, None, 42, 40),
        ("north", 1, 3, 3, 43, 42),
        ("north", 2, 1, 5, 44, None),
        ("south", 1, 1, 3, 47, None),
        ("south", 1, 2, None, 48, 47),
    ]


def test_early_alliance_is_a_mean_of_each_episode_and_rater():
    """41.3333 is rounded before it is added up; the clinician is that of the latest score, even where unknown."""
    con = placed()
    query = """
        SELECT clinic, episode_no, rater::VARCHAR, score::VARCHAR, scores, latest_on::VARCHAR, clinician_key
        FROM mart_alliance_early ORDER BY clinic, episode_no, rater::VARCHAR
    """
    assert con.execute(query).fetchall() == [
        ("north", 1, "client", "41.3333", 3, "2026-01-20", None),
        ("north", 2, "client", "44.0000", 1, "2026-03-09", 9),
        ("north", 2, "therapist", "50.0000", 1, "2026-03-09", 9),
        ("south", 1, "client", "47.0000", 1, "2026-01-05", 9),
    ]
    assert shares(con, "alliance_early_mean", definition="standard") == "132.3333/3"
    january = {"grain": "month", "period": "2026-01"}
    assert shares(con, "alliance_early_mean", definition="standard", **january) == "88.3333/2"


def test_forms_are_in_order_of_time_then_delivery_row_and_form():
    """A wide file has all sessions of a client in one row, at one time: the order of its forms is theirs."""
    con = duckdb.connect()
    con.execute(mart_sql(MACROS))
    (order,) = con.execute("""
        SELECT [
            form_order(TIMESTAMP '2026-01-01 10:00:00', 2147483647, 2147483647, 8191),
            form_order(TIMESTAMP '2026-01-01 10:00:00.000001', 1, 1, 1),
            form_order(TIMESTAMP '2026-01-01 10:00:00.000001', 1, 1, 2),
            form_order(TIMESTAMP '2026-01-01 10:00:00.000001', 1, 2, 1),
            form_order(TIMESTAMP '2026-01-01 10:00:00.000001', 2, 1, 1),
            form_order(TIMESTAMP '2099-12-31 23:59:59.999999', 2147483647, 2147483647, 8191)
        ]
    """).fetchone()
    assert order == sorted(set(order))


FORMS = rows("""
    clinic | client | instrument | completed_at        | started_at          | answers                    | total
    north  | 1      | wai_sr     | 2026-01-12 13:00:30 | 2026-01-12 13:00:00 | 5 5 5 5 5 5 5 5 5 5 5 5    | 60
    north  | 2      | wai_sr     | 2026-01-12 13:00:19 | 2026-01-12 13:00:00 | 3 3 3 3 3 3 3 3 3 3 3 3    | 36
    north  | 3      | wai_sr     | 2026-01-12 13:00:20 | 2026-01-12 13:00:00 | 3 3 3 3 3 3 3 3 3 3 3 2    | 35
    north  | 4      | wai_sr     | 2026-01-12 14:00:00 | 2026-01-12 13:00:00 | 3 3 3 3 3 3 3 3 3 3 3      |
    north  | 5      | wai_sr     | 2026-01-12 14:00:01 | 2026-01-12 13:00:00 | 3 3 3 3 3 3 3 3 3 3 3 -102 |
    north  | 6      | wai_sr     | 2026-01-12 13:00:00 | 2026-01-12 13:00:01 |                            | 60
    north  | 7      | wai_sr     | 2026-01-12 13:00:00 |                     |                            | 12
    north  | 8      | srs        | 2026-01-12 13:00:00 | 2026-01-12 13:00:00 | 75 75 75 75                | 30
""")


def test_how_forms_were_answered():
    """Straight lines are sought in full forms; times of more than an hour, or backwards, are none."""
    con = warehouse(Site(CLINICS, scores=FORMS), AS_OF)
    wai = {"definition": "standard", "instrument": "wai_sr"}
    assert shares(con, "alliance_ceiling_rate", **wai) == "2/5"
    assert shares(con, "straight_lining_rate", **wai) == "2/3"
    assert shares(con, "completion_seconds_mean", **wai) == "3669/4"
    assert shares(con, "completed_under_20_seconds_rate", **wai) == "1/4"
    srs = wai | {"instrument": "srs"}
    assert shares(con, "straight_lining_rate", **srs) == "1/1"
    assert shares(con, "completion_seconds_mean", **srs) == "0/1"


RATINGS = rows("""
    clinic | client | instrument | session | segment | rater_id | completed_at     | pc | rater
    north  | 1      | calpas_p   | 2       | a       | anna     | 2026-01-12 13:00 | 4  | observer
    north  | 1      | calpas_p   | 2       | a       | anna     | 2026-01-13 13:00 | 5  | observer
    north  | 1      | calpas_p   | 2       | a       | ben      | 2026-01-12 13:00 | 6  | observer
    north  | 1      | calpas_p   | 2       | a       |          | 2026-01-12 13:00 | 5  | observer
    north  | 1      | calpas_p   | 2       | b       | ben      | 2026-01-12 13:00 | 3  | observer
    north  | 1      | calpas_p   | 2       |         | ben      | 2026-01-12 13:00 | 2  | observer
    north  | 1      | calpas_p   |         | c       | ben      | 2026-01-12 13:00 | 1  | observer
    north  | 1      | calpas_p   |         |         | ben      | 2026-01-12 13:00 | 7  | observer
    north  | 1      | calpas_p   | 2       | a       | cleo     | 2026-01-12 13:00 |    | observer
    north  | 1      | calpas_p   | 2       | a       | dora     | 2026-01-12 13:00 | 7  | client
""")


def test_segments_are_means_over_observers():
    """A second rating by the same observer is a correction; without session and segment there is no telling."""
    con = warehouse(Site(CLINICS, scores=RATINGS), AS_OF)
    query = "SELECT session_no, segment, scale, score::VARCHAR, n_raters FROM mart_segment ORDER BY ALL"
    assert con.execute(query).fetchall() == [
        (2, "", "pc", "2.0000", 1),
        (2, "a", "pc", "5.3333", 3),
        (2, "b", "pc", "3.0000", 1),
        (None, "c", "pc", "1.0000", 1),
    ]
    needs = con.execute(
        "SELECT clinic, instrument, rater FROM mart_source WHERE need = 'segments'"
    ).fetchall()
    assert needs == [("north", "calpas_p", "observer")]


CHECKLISTS = rows("""
    clinic | client | instrument        | session | completed_at     | rater     | total | pace_too_fast | hindering
    north  | 1      | wai_sr            | 1       | 2026-01-05 13:00 |           | 50    |               |
    north  | 1      | wai_sr            | 2       | 2026-01-12 13:00 |           | 44    |               |
    north  | 1      | wai_sr            | 3       | 2026-01-19 13:00 |           | 47    |               |
    north  | 1      | wai_sr            | 4       | 2026-01-26 13:00 |           | 48    |               |
    north  | 1      | wai_sr            | 5       | 2026-02-02 13:00 |           | 40    |               |
    north  | 1      | wai_sr            | 6       | 2026-02-09 13:00 |           | 44    |               |
    north  | 1      | session_checklist | 1       | 2026-01-05 13:05 |           |       | 1             | 2
    north  | 1      | session_checklist | 2       | 2026-01-12 13:05 |           |       | 0             | 1
    north  | 1      | session_checklist | 3       | 2026-01-19 13:05 |           |       | 1             | 3
    north  | 1      | session_checklist | 3       | 2026-01-19 13:10 |           |       | 0             | 1
    north  | 1      | session_checklist | 4       | 2026-01-26 13:05 |           |       | 1             | 1
    north  | 1      | session_checklist | 5       | 2026-02-02 13:05 | therapist |       | 1             | 1
    north  | 1      | session_checklist | 6       | 2026-02-09 13:05 |           |       | 0             | 0
    north  | 2      | wai_sr            | 1       | 2026-01-05 13:00 |           | 50    |               |
    north  | 2      | wai_sr            | 2       | 2026-01-12 13:00 |           | 10    |               |
    north  | 2      | session_checklist | 1       | 2026-01-05 13:05 |           |       | 1             | 1
""")


def test_change_after_sessions_where_an_item_was_reported():
    """Too fast in sessions 1 and 4: -6 and -8, mean -7; not in 2 and 3 (corrected): 3 and 1, mean 2; difference -9.

    Session 5 has the therapist's checklist only, session 6 no score after it; client 2 has one kind of session.
    """
    con = warehouse(Site(CLINICS, scores=CHECKLISTS), AS_OF)
    query = "SELECT client_key, scale, change_reported::INTEGER, change_other::INTEGER, difference::INTEGER FROM mart_checklist"
    assert con.execute(query).fetchall() == [(1, "pace_too_fast", -7, 2, -9)]
    item = {"definition": "wai_sr", "scale": "pace_too_fast"}
    assert shares(con, "alliance_change_after_item_mean", **item) == "-9/1"
    january = {"grain": "month", "period": "2026-01"}
    assert shares(con, "alliance_change_after_item_mean", **item, **january) == "-9/1"
    assert (
        shares(con, "alliance_change_after_item_mean", definition="srs", scale="pace_too_fast")
        == "not_applicable"
    )
