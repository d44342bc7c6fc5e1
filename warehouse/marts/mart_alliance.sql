-- Grain: a clinic, an alliance scale, a rater, a month and a session number: sum and number of scores
-- From: mart_alliance_sum (view over the wide tables), core_score, core_instrument, mart_response,
--       mart_session
-- Read by: mart_fact
-- month is empty for what counts by session only: undated scores, and scores that have their session
-- from the contact they belong to, which count by month in the row without a session.

WITH of_contact AS (
    SELECT response.entry_no, response.source_row, response.form_no, session.session_no
    FROM mart_response AS response
    JOIN core_instrument USING (instrument)
    JOIN mart_session AS session USING (contact)
    WHERE response.session IS NULL AND construct = 'alliance'
),
by_session AS (
    SELECT
        clinic, instrument, rater, scale, session_no AS session,
        sum(score) AS total,
        count(score) AS scores
    FROM core_score
    JOIN of_contact USING (entry_no, source_row, form_no)
    GROUP BY clinic, instrument, rater, scale, session_no
)
SELECT
    clinic, instrument, rater, scale, month,
    session::INTEGER AS session,
    total::DECIMAL(18, 4) AS total,
    scores::BIGINT AS scores
FROM mart_alliance_sum
UNION ALL
SELECT clinic, instrument, rater, scale, NULL, session, total::DECIMAL(18, 4), scores
FROM by_session
