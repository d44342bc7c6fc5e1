"""What publishing costs where each figure is judged by itself: the baseline of `disclosure.py`.

The rules of one figure as they were before one figure could hide another; kept as it is, so that ratios of
different days can be compared.
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

KEY = "figure, definition, service, clinic, grain, period, instrument, scale"

MACROS = (
    "CREATE TEMP MACRO protected(cases) AS (cases BETWEEN 1 AND 4)",
    "CREATE TEMP MACRO rounded(cases) AS ((2 * cases + 5)::BIGINT // 10 * 5)::BIGINT",
    "CREATE TEMP MACRO rounded_up(cases) AS "
    "(CASE WHEN cases > 0 THEN (greatest(cases, 5) + 4) // 5 * 5 ELSE cases END)::BIGINT",
    "CREATE TEMP MACRO tenths(a, b, factor) AS (sign(a) * ("
    "(20 * factor * abs((a * 10000)::HUGEINT) + 10000 * b) "
    "// nullif(20000 * b::HUGEINT, 0)))::DECIMAL(17, 0) * 0.1",
)

FIGURES = """
WITH decided AS (
    SELECT
        figure.* REPLACE (
            CASE
                WHEN state = 'not_applicable' THEN state
                WHEN NOT period.closed THEN 'update_withheld'
                WHEN state = 'no_data' THEN state
                WHEN kind = 'count' AND protected(numerator) THEN 'suppressed'
                WHEN
                    kind = 'rate' AND (
                        rounded(denominator) < 20
                        OR protected(numerator)
                        OR protected(denominator - numerator)
                    )
                    THEN 'suppressed'
                WHEN kind = 'mean' AND (n < 10 OR protected(n)) THEN 'suppressed'
                ELSE state
            END AS state
        ),
        kind
    FROM mart_figure AS figure
    JOIN mart_metric AS metric USING (figure, definition)
    JOIN mart_period AS period USING (grain, period)
    WHERE metric.kind IN ('count', 'rate', 'mean')
),
shown AS (
    SELECT *, state IN ('value', 'zero', 'no_data') AS visible
    FROM decided
    LEFT JOIN mart_bound USING (figure, definition, service, clinic, grain, period, instrument, scale)
)
SELECT
    figure, definition, service, clinic, grain, period, instrument, scale,
    CASE WHEN visible AND kind <> 'mean' THEN rounded(numerator) END AS numerator,
    CASE WHEN visible THEN rounded(denominator) END AS denominator,
    CASE
        WHEN NOT visible THEN NULL
        WHEN kind = 'count' THEN rounded(numerator)
        WHEN kind = 'rate' THEN tenths(rounded(numerator), rounded(denominator), 100)
        WHEN kind = 'mean' THEN tenths(numerator, denominator, 1)
    END AS value,
    unit,
    CASE WHEN visible THEN rounded(n) END AS n,
    state,
    CASE WHEN visible AND kind = 'rate' THEN rounded_up(held) END AS held
FROM shown
"""


def publish_plainly(con: DuckDBPyConnection, out: Path) -> None:
    """Write the figures, each judged by itself and in key order, to the new DuckDB file `out`."""
    for macro in MACROS:
        con.execute(macro)
    path = str(out).replace("'", "''")
    con.execute(f"ATTACH '{path}' AS published")
    con.execute(f"CREATE TABLE published.pub_figure AS {FIGURES} ORDER BY {KEY}")
    con.execute("DETACH published")
