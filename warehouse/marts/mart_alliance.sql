-- Grain: a clinic, an alliance scale, a rater, a month and a session number: sum and number of scores
-- From: mart_alliance_sum (view over the wide tables), core_score, mart_response, mart_session
-- Read by: mart_fact
-- session: of the export, else of the contact the response belongs to. month is empty for undated
-- scores: they count by session, not by period.

WITH of_contact AS (
    SELECT
        response.entry_no, response.source_row, response.instrument, response.rater,
        response.completed_on, session.session_no
    FROM mart_response AS response
    JOIN mart_session AS session USING (contact)
    WHERE response.session IS NULL
),
summed AS (
    SELECT clinic, instrument, rater, scale, session, month, total, scores
    FROM mart_alliance_sum
    WHERE session IS NOT NULL
    UNION ALL
    SELECT
        clinic, instrument, rater, scale, of_contact.session_no, month_number(completed_on),
        score, (score IS NOT NULL)::INTEGER
    FROM core_score
    JOIN core_instrument USING (instrument)
    CROSS JOIN mart_parameter
    LEFT JOIN of_contact USING (entry_no, source_row, instrument, rater, completed_on)
    WHERE
        session IS NULL
        AND construct = 'alliance'
        AND (completed_on <= as_of OR completed_on IS NULL)
)
SELECT
    clinic, instrument, rater, scale, month,
    session::INTEGER AS session,
    sum(total)::DECIMAL(18, 4) AS total,
    sum(scores)::BIGINT AS scores
FROM summed
GROUP BY clinic, instrument, rater, scale, month, session
