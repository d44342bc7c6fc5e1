"""What the models read from the marts, as SQL: rows by clinic, in the order of their keys.

A format of instrument, scale and definition, which are ids of the registry and the dictionary. No parameters:
a query with parameters comes back in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.instrument import item_column

COURSE_LENGTH = """
SELECT clinic, treatment_contacts AS contacts, cause::BIGINT AS cause, episodes
FROM mart_course_length
ORDER BY clinic, contacts, cause
"""

LANDMARK_OUTCOME = """
SELECT
    clinic,
    (early_known * 10000)::BIGINT AS early,
    (first_score * 10000)::BIGINT AS baseline,
    (change_before * 10000)::BIGINT AS before,
    (change_after * 10000)::BIGINT AS later
FROM mart_landmark_change AS change
JOIN mart_alliance_course AS course USING (clinic, client_key, episode_no)
WHERE
    change.instrument = '{definition}'
    AND course.instrument = '{instrument}'
    AND early_known IS NOT NULL
ORDER BY clinic, client_key, episode_no
"""

LANDMARK_DROPOUT = """
SELECT clinic, dropped_out::TINYINT AS dropped_out, (early_known * 10000)::BIGINT AS early
FROM mart_landmark
JOIN mart_alliance_course USING (clinic, client_key, episode_no)
WHERE instrument = '{instrument}' AND early_known IS NOT NULL AND dropped_out IS NOT NULL
ORDER BY clinic, client_key, episode_no
"""

BY_CLINICIAN = """
WITH course AS (
    SELECT clinic, clinician_key, (early * 10000)::BIGINT::HUGEINT AS y
    FROM mart_alliance_course
    WHERE instrument = '{instrument}' AND early IS NOT NULL AND clinician_key IS NOT NULL
)
SELECT
    clinic,
    count(*) AS n,
    sum(y)::DOUBLE AS total,
    (count(*) * sum(y * y) - sum(y) * sum(y))::DOUBLE / count(*) AS squares
FROM course
GROUP BY clinic, clinician_key
ORDER BY clinic, clinician_key
"""

TRAJECTORY = """
SELECT
    clinic,
    scores AS n,
    sum_x::DOUBLE AS sum_x,
    sum_y::DOUBLE AS sum_y,
    (scores * sum_xx - sum_x * sum_x)::DOUBLE AS xx,
    (scores * sum_xy - sum_x * sum_y)::DOUBLE AS xy,
    (scores * sum_yy - sum_y * sum_y)::DOUBLE AS yy
FROM mart_alliance_course
WHERE instrument = '{instrument}' AND scores >= 3
ORDER BY clinic, client_key, episode_no
"""

SEGMENTS = """
SELECT
    clinic,
    list(rater_id ORDER BY rater_id) AS raters,
    list((score * 10000)::BIGINT ORDER BY rater_id) AS scores
FROM mart_segment_rating
WHERE instrument = '{instrument}' AND scale = '{scale}' AND rater_id <> ''
GROUP BY clinic, client_key, episode_no, session_no, segment
HAVING count(*) > 1
ORDER BY clinic, client_key, episode_no, session_no, segment
"""


FIRST_FORM = "model_first_form"


def first_forms(instrument: str, clinics: Sequence[str], scales: Mapping[str, Sequence[int]]) -> str:
    """Creates FIRST_FORM: for each client the place of the first complete form of each scale.

    scales: their items. All scales in one pass over the forms, which may be millions.
    """
    inside = ", ".join(f"'{clinic}'" for clinic in clinics)
    places = ", ".join(
        f"arg_min(rowid, event) FILTER ({_complete(scale, items)}) AS {scale}"
        for scale, items in scales.items()
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE {FIRST_FORM} AS
        SELECT {places}
        FROM (
            SELECT form.*, form.rowid, form_order(completed_at, entry_no, source_row, form_no) AS event
            FROM administration_{instrument} AS form
            CROSS JOIN mart_parameter
            WHERE rater = 'client' AND completed_on <= as_of AND clinic IN ({inside})
        )
        GROUP BY clinic, client_key
    """


def _complete(scale: str, items: Sequence[int]) -> str:
    answered = " AND ".join(f"{item_column(item)} IS NOT NULL" for item in items)
    return f"status_{scale} = 'scored' AND {answered}"


def reliability(instrument: str, scale: str, items: Sequence[int]) -> str:
    """Of the forms of FIRST_FORM: n, and how the keyed sum and each item spread.

    A spread is n * sum of squares - square of the sum. The score says how the answers were
    keyed; turning an item round does not change how it spreads.
    """
    columns = ["keyed", *map(item_column, items)]
    spreads = [f"(count(*) * sum({c} * {c}) - sum({c}) * sum({c}))::BIGINT" for c in columns]
    wide = [f"{column}::HUGEINT AS {column}" for column in columns[1:]]
    return f"""
        WITH form AS (
            SELECT round(score_{scale} * steps_per_point)::HUGEINT AS keyed, {", ".join(wide)}
            FROM administration_{instrument} AS form
            JOIN {FIRST_FORM} AS first_form ON first_form.{scale} = form.rowid
            CROSS JOIN (
                SELECT steps_per_point
                FROM core_scale
                WHERE instrument = '{instrument}' AND scale = '{scale}'
            )
        )
        SELECT count(*), {", ".join(spreads)}
        FROM form
    """
