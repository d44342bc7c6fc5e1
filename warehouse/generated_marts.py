"""Views that marts read in place of core_score, written from the cards.

Generated, because one pass over a wide table is five times faster than one over core_score per scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

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

NO_FORM = """
    SELECT
        NULL::VARCHAR AS clinic, NULL::VARCHAR AS instrument, NULL::VARCHAR AS rater, NULL::INTEGER AS month,
        NULL::BIGINT AS scores, NULL::BIGINT AS at_maximum, NULL::BIGINT AS complete,
        NULL::BIGINT AS straight, NULL::BIGINT AS timed, NULL::HUGEINT AS seconds, NULL::BIGINT AS under_20
    WHERE FALSE
"""

LAST_CODE_OF_NO_ANSWER = -100
"""Codes of no answer lie below it (see core_administration.answers), answers above."""

FEWEST_ITEMS_OF_A_LINE = 3
"""The same answer to one or two items is no pattern."""

SECONDS = "((epoch_us(completed_at) - epoch_us(started_at)) // 1000000)"
TIMED = f"completed_at >= started_at AND {SECONDS} <= 3600"
"""A form left open for longer than an hour says nothing of how long its answering took."""


@dataclass(frozen=True)
class _Card:
    """What the views need of an alliance instrument; scale, scale_items, maximum: of its outcome scale."""

    instrument: str
    scale: str
    scale_items: int
    maximum: Decimal
    form_items: int


def create_views(con: DuckDBPyConnection) -> None:
    """The generated views of a warehouse that has its core tables, core views and mart_parameter."""
    for name, selects in (
        ("mart_alliance_sum", list(_sums(con)) or [NO_SUM]),
        ("mart_alliance_total", list(_totals(con)) or [NO_TOTAL]),
        ("mart_alliance_form", list(_forms(con)) or [NO_FORM]),
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
    for card in _alliance(con):
        yield f"""
            SELECT
                entry_no, source_row, form_no, clinic, client_key, clinician_key,
                '{card.instrument}' AS instrument, rater, session, completed_at, completed_on,
                score_{card.scale} AS score, {card.scale_items}::SMALLINT AS n_items
            FROM administration_{card.instrument}
            CROSS JOIN mart_parameter
            WHERE completed_on <= as_of AND score_{card.scale} IS NOT NULL
        """


def _forms(con: DuckDBPyConnection) -> Iterator[str]:
    """mart_alliance_form: how forms were answered, by clinic, rater and month."""
    for card in _alliance(con):
        items = [f"item_{n:02}" for n in range(1, card.form_items + 1)]
        complete = " AND ".join(f"{item} > {LAST_CODE_OF_NO_ANSWER}" for item in items)
        straight = " AND ".join(f"{items[0]} = {item}" for item in items[1:])
        counted = "TRUE" if card.form_items >= FEWEST_ITEMS_OF_A_LINE else "FALSE"
        yield f"""
            SELECT
                clinic, '{card.instrument}' AS instrument, rater, month_number(completed_on) AS month,
                count(score_{card.scale}) AS scores,
                count(*) FILTER (score_{card.scale} = {card.maximum}) AS at_maximum,
                count(*) FILTER ({counted} AND {complete}) AS complete,
                count(*) FILTER ({counted} AND {complete} AND {straight or "TRUE"}) AS straight,
                count(*) FILTER ({TIMED}) AS timed,
                coalesce(sum({SECONDS}) FILTER ({TIMED}), 0) AS seconds,
                count(*) FILTER ({TIMED} AND {SECONDS} < 20) AS under_20
            FROM administration_{card.instrument}
            CROSS JOIN mart_parameter
            WHERE completed_on <= as_of
            GROUP BY clinic, rater, month
        """


def _alliance(con: DuckDBPyConnection) -> list[_Card]:
    """Alliance instruments, by id."""
    rows = con.execute("""
        SELECT instrument, scale, scale.n_items, scale.maximum, card.n_items
        FROM core_instrument AS card
        JOIN core_scale AS scale USING (instrument)
        WHERE construct = 'alliance' AND scale = outcome_scale
        ORDER BY instrument
    """).fetchall()
    return [_Card(*row) for row in rows]
