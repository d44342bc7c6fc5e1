"""How far client and therapist differ about the same session: therapist less client, scale by scale."""

from __future__ import annotations

from tests.lib.courses import AS_OF, CLINICS, shares
from tests.lib.small_warehouse import Site, warehouse
from tests.lib.tables import rows

SCORES = rows("""
    clinic | client | instrument | session | completed_at     | rater     | total | task | bond | goal
    north  | 1      | wai_sr     | 1       | 2026-01-05 10:00 | client    | 50    | 18   | 17   | 15
    north  | 1      | wai_sr     | 1       | 2026-02-01 18:00 | therapist | 44    | 18   | 13   | 13
    north  | 1      | wai_sr     | 2       | 2026-01-12 10:00 | client    | 40    | 10   | 15   | 15
    north  | 1      | wai_sr     | 2       | 2026-01-12 11:00 | client    | 42    |      | 15   | 15
    north  | 1      | wai_sr     | 2       | 2026-01-12 18:00 | therapist | 45    | 20   | 15   | 10
    north  | 1      | wai_sr     | 3       | 2026-01-19 10:00 | client    | 60    | 20   | 20   | 20
    north  | 1      | wai_sr     | 4       | 2026-01-26 18:00 | therapist | 12    | 4    | 4    | 4
    north  | 1      | wai_sr     |         | 2026-01-26 19:00 | client    | 12    | 4    | 4    | 4
    north  | 2      | wai_sr     | 1       | 2026-02-02 10:00 | client    | 30    | 10   | 10   | 10
    north  | 2      | wai_sr     | 1       | 2026-02-02 10:00 | therapist |       | 12   |      | 11
    north  | 2      | srs        | 2       | 2026-02-02 10:00 | client    | 30    |      |      |
    north  | 3      | srs        | 2       | 2026-02-02 10:00 | therapist | 30    |      |      |
""")


def test_differences_of_dyads():
    """Session 2: the last valid score of each counts, scale by scale. Sessions that one rated are no dyad."""
    con = warehouse(Site(CLINICS, scores=SCORES), AS_OF)
    found = con.execute(
        "SELECT client_key, session_no, scale, client_score::INTEGER, therapist_score::INTEGER,"
        " difference::INTEGER, completed_on::VARCHAR FROM mart_dyad ORDER BY ALL"
    ).fetchall()
    assert found == [
        (1, 1, "bond", 17, 13, -4, "2026-01-05"),
        (1, 1, "goal", 15, 13, -2, "2026-01-05"),
        (1, 1, "task", 18, 18, 0, "2026-01-05"),
        (1, 1, "total", 50, 44, -6, "2026-01-05"),
        (1, 2, "bond", 15, 15, 0, "2026-01-12"),
        (1, 2, "goal", 15, 10, -5, "2026-01-12"),
        (1, 2, "task", 10, 20, 10, "2026-01-12"),
        (1, 2, "total", 42, 45, 3, "2026-01-12"),
        (2, 1, "goal", 10, 11, 1, "2026-02-02"),
        (2, 1, "task", 10, 12, 2, "2026-02-02"),
    ]


def test_means_of_differences_are_dated_by_the_client_and_cancel_out_unless_absolute():
    con = warehouse(Site(CLINICS, scores=SCORES), AS_OF)
    wai = {"instrument": "wai_sr"}
    assert shares(con, "alliance_discrepancy_mean", scale="total", **wai) == "-3/2"
    assert shares(con, "alliance_discrepancy_absolute_mean", scale="total", **wai) == "9/2"
    assert shares(con, "alliance_discrepancy_mean", scale="goal", **wai) == "-6/3"
    january = {"grain": "month", "period": "2026-01"}
    assert shares(con, "alliance_discrepancy_mean", scale="goal", **wai, **january) == "-7/2"


def test_where_one_of_them_never_answers_there_is_nothing_to_compare():
    clients = [score for score in SCORES if score["rater"] == "client"]
    con = warehouse(Site(CLINICS, scores=clients), AS_OF)
    state = shares(con, "alliance_discrepancy_mean", instrument="wai_sr", scale="total")
    assert state == "not_applicable"
    # South has no therapists' forms: it is in no sum of the site either.
    south = [score | {"clinic": "south"} for score in clients]
    con = warehouse(Site({"north": "adult", "south": "adult"}, scores=[*SCORES, *south]), AS_OF)
    assert shares(con, "alliance_discrepancy_mean", instrument="wai_sr", scale="total") == "-3/2"
