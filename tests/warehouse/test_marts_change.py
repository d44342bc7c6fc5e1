"""Change by instrument: arithmetic of the criteria, what a row of mart_change says, and where figures apply."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pytest

from tests.lib.figure_spec import AS_OF, assert_figures, clinic
from warehouse.marts import MACROS, build_marts, mart_sql

COURSE = {
    "referrals": "client | received_on | ended_on | ending\n 1 | 2026-01-05 | 2026-03-20 | completed",
    "appointments": "client | starts_at\n 1 | 2026-01-12 10:00\n 1 | 2026-03-16 10:00",
}


def with_macros() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(mart_sql(MACROS))
    return con


def test_nearest_root_is_the_rounded_square_root():
    chance, con = random.Random(1), with_macros()
    for _ in range(300):
        root, denominator = chance.randrange(10**9), chance.randrange(1, 10**7)
        # Around whole and half roots, where a float goes wrong first.
        numerator = (2 * root + chance.randrange(2)) ** 2 * denominator // 4 + chance.randrange(-1, 2)
        with localcontext(prec=80):
            exact = (Decimal(max(numerator, 0)) / denominator).sqrt().to_integral_value(ROUND_HALF_UP)
        query = f"SELECT nearest_root({max(numerator, 0)}::HUGEINT, {denominator}::HUGEINT)"
        assert con.execute(query).fetchone() == (int(exact),), (numerator, denominator)


@pytest.mark.parametrize(
    ("sd", "reliability", "criterion"),
    [("7.7", "0.9", "6.7493"), ("7.5", "0.8", "9.2971"), ("5.66", "0.89", "5.2034"), ("4.5", "0.92", "3.5280"),
     ("3", "1", "0.0000")],
)  # fmt: skip
def test_the_criterion_of_jacobson_and_truax(sd: str, reliability: str, criterion: str):
    """Published ones among them: 6.75 of CORE-10, 5.20 of PHQ-9, 3.53 of GAD-7."""
    query = f"SELECT reliable_change_of({sd}::DECIMAL(9, 4), {reliability}::DECIMAL(9, 4))::VARCHAR"
    assert with_macros().execute(query).fetchone() == (criterion,)


def test_a_change_has_its_scores_and_days():
    con = clinic(
        **COURSE,
        scores="""
            client | instrument | completed_at     | total
            1      | phq_9      | 2026-01-12 09:00 | 18
            1      | phq_9      | 2026-02-12 09:00 |
            1      | phq_9      | 2026-02-16 09:00 | 14
            1      | phq_9      | 2026-03-16 09:00 | 20
            1      | gad_7      | 2026-01-12 09:00 | 9
            1      | gad_7      | 2026-01-12 10:00 | 3
        """,
    )
    assert con.execute("""
        SELECT instrument, finished, paired, first_score::INTEGER, last_score::INTEGER, days_apart, scores,
            n_between, change::INTEGER, improvement::INTEGER, percent_change::VARCHAR, class_standard
        FROM mart_change ORDER BY instrument
    """).fetchall() == [
        ("gad_7", True, False, 9, 3, None, 2, 0, None, None, None, "none"),
        ("phq_9", True, True, 18, 20, 63, 3, 1, 2, -2, "-11.1111", "unchanged"),
    ]


def test_more_is_better_where_the_scale_says_so():
    con = clinic(
        **COURSE,
        scores="""
            client | instrument | completed_at     | total
            1      | phq_9      | 2026-01-12 09:00 | 4
            1      | phq_9      | 2026-03-16 09:00 | 12
        """,
    )
    con.execute("UPDATE core_scale SET direction = 'higher_better' WHERE instrument = 'phq_9'")
    con.execute("UPDATE core_threshold SET comparison = '<' WHERE instrument = 'phq_9' AND kind = 'caseness'")
    rebuild(con)
    assert con.execute("SELECT change, improvement, class_standard FROM mart_change").fetchall() == [
        (8, 8, "recovered")
    ]
    assert_figures(con, "figure | instrument | share\n percent_change_mean | phq_9 | 200 / 1")


def rebuild(con: duckdb.DuckDBPyConnection):
    found = con.execute(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_name LIKE 'mart%'"
    ).fetchall()
    for name, kind in found:
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")
    build_marts(con, AS_OF)


def test_figures_of_a_criterion_apply_where_there_is_one():
    """No cut-off in use: nobody can cross it. No criterion in use: nobody is reliably improved."""
    con = clinic(
        **COURSE,
        scores="""
            client | instrument | completed_at     | total
            1      | phq_9      | 2026-01-12 09:00 | 18
            1      | phq_9      | 2026-03-16 09:00 | 4
        """,
    )
    con.execute("UPDATE core_threshold SET is_on = FALSE WHERE instrument = 'phq_9' AND kind = 'caseness'")
    rebuild(con)
    assert_figures(
        con,
        """
        figure                    | instrument | share
        instrument_improved_rate  | phq_9      | 1 / 1
        cutoff_crossed_rate       | phq_9      | not_applicable
        instrument_recovered_rate | phq_9      | not_applicable
        """,
    )
    con.execute("UPDATE core_threshold SET is_on = FALSE WHERE instrument = 'phq_9'")
    rebuild(con)
    assert_figures(
        con,
        """
        figure                    | instrument | share
        instrument_improved_rate  | phq_9      | not_applicable
        outcome_mean_change       | phq_9      | -14 / 1
        """,
    )
