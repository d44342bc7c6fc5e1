"""Views that marts read in place of core_score, written from the cards.

Generated, because one pass over a wide table is five times faster than one over core_score per scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from duckdb import DuckDBPyConnection

NO_SUM = """
    SELECT
        NULL::VARCHAR AS clinic, NULL::VARCHAR AS instrument, NULL::VARCHAR AS rater,
        NULL::SMALLINT AS session, NULL::INTEGER AS month, NULL::VARCHAR AS scale,
        NULL::DECIMAL(18, 4) AS total, NULL::BIGINT AS scores
    WHERE FALSE
"""

NO_TOTAL = """
    SELECT
        NULL::INTEGER AS entry_no, NULL::INTEGER AS source_row, NULL::SMALLINT AS form_no,
        NULL::VARCHAR AS clinic, NULL::UBIGINT AS client_key, NULL::UBIGINT AS clinician_key,
        NULL::VARCHAR AS instrument, NULL::VARCHAR AS rater, NULL::SMALLINT AS session,
        NULL::TIMESTAMP AS completed_at, NULL::DATE AS completed_on, NULL::DECIMAL(9, 4) AS score,
        NULL::SMALLINT AS n_items
    WHERE FALSE
"""


def create_views(con: DuckDBPyConnection) -> None:
    """The generated views of a warehouse that has its core tables, core views and mart_parameter."""
    for name, selects in (
        ("mart_alliance_sum", list(_sums(con)) or [NO_SUM]),
        ("mart_alliance_total", list(_totals(con)) or [NO_TOTAL]),
    ):
        con.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(selects)}")


def _sums(con: DuckDBPyConnection) -> Iterator[str]:
    """mart_alliance_sum: sums of alliance scores by clinic, rater, session, month and scale."""
    scales = con.execute("""
        SELECT instrument, list(scale ORDER BY scale_no)
        FROM core_scale
        JOIN core_instrument USING (instrument)
        WHERE construct = 'alliance'
        GROUP BY instrument
        ORDER BY instrument
    """).fetchall()
    for instrument, names in scales:
        yield _sums_of(instrument, names)


def _sums_of(instrument: str, scales: Sequence[str]) -> str:
    sums = ", ".join(
        f"{{scale: '{scale}', total: sum(score_{scale}), scores: count(score_{scale})}}" for scale in scales
    )
    return f"""
        SELECT clinic, '{instrument}' AS instrument, rater, session, month, unnest(sums, recursive := true)
        FROM (
            SELECT clinic, rater, session, month_number(completed_on) AS month, [{sums}] AS sums
            FROM administration_{instrument}
            CROSS JOIN mart_parameter
            WHERE completed_on <= as_of OR completed_on IS NULL
            GROUP BY clinic, rater, session, month
        )
    """


def _totals(con: DuckDBPyConnection) -> Iterator[str]:
    """mart_alliance_total: every dated, valid score of the outcome scale of an alliance instrument."""
    for instrument, scale, n_items in _alliance_totals(con):
        yield f"""
            SELECT
                entry_no, source_row, form_no, clinic, client_key, clinician_key,
                '{instrument}' AS instrument, rater, session, completed_at, completed_on,
                score_{scale} AS score, {n_items}::SMALLINT AS n_items
            FROM administration_{instrument}
            CROSS JOIN mart_parameter
            WHERE completed_on <= as_of AND score_{scale} IS NOT NULL
        """


def _alliance_totals(con: DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """Alliance instruments with their outcome scale and its number of items."""
    return con.execute("""
        SELECT instrument, scale, scale.n_items
        FROM core_instrument AS card
        JOIN core_scale AS scale USING (instrument)
        WHERE construct = 'alliance' AND scale = outcome_scale
        ORDER BY instrument
    """).fetchall()
