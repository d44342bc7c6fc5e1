"""The view over the wide tables from which the answers to single items of outcome scales are read."""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from schemas.instrument import item_column

COLUMNS = "clinic, client_key, completed_at, completed_on, entry_no, source_row, form_no"
NO_ITEM_ANSWERS = """
    SELECT
        NULL::VARCHAR AS clinic, NULL::UBIGINT AS client_key, NULL::TIMESTAMP AS completed_at,
        NULL::DATE AS completed_on, NULL::INTEGER AS entry_no, NULL::INTEGER AS source_row,
        NULL::SMALLINT AS form_no, NULL::VARCHAR AS instrument, NULL::DECIMAL(9, 4) AS score,
        NULL::SMALLINT[] AS answers
    WHERE FALSE
"""


def item_answers_view(con: DuckDBPyConnection) -> str:
    """CREATE VIEW mart_item_answers: complete forms of clients, with answers to the outcome scale's items.

    grain: an administration of an outcome instrument by a client with status `scored`
    answers: as captured, in smallest steps, in the order of the items' numbers
    Generated, because each instrument has its own items; read from core_item, so that it says what is loaded.
    """
    scales = con.execute("""
        SELECT instrument, outcome_scale, list(item ORDER BY item)
        FROM core_instrument
        JOIN core_item AS item USING (instrument)
        WHERE construct = 'outcome' AND item.scale = outcome_scale
        GROUP BY instrument, outcome_scale
        ORDER BY instrument
    """).fetchall()
    selects = [_complete_forms(*scale) for scale in scales]
    return f"CREATE VIEW mart_item_answers AS {' UNION ALL '.join(selects or [NO_ITEM_ANSWERS])}"


def _complete_forms(instrument: str, scale: str, items: Sequence[int]) -> str:
    answers = ", ".join(item_column(item) for item in items)
    return f"""
        SELECT
            {COLUMNS}, '{instrument}' AS instrument, score_{scale} AS score,
            [{answers}]::SMALLINT[] AS answers
        FROM administration_{instrument}
        WHERE rater = 'client' AND status_{scale} = 'scored'
    """
