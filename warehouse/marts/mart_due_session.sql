-- Grain: a clinic, an instrument, a rater and a session number, 1 to 12, of questionnaires due
-- From: mart_due
-- Read by: mart_fact_engagement

SELECT
    clinic,
    instrument,
    rater,
    session_no,
    count(*) AS due,
    count(*) FILTER (completed) AS completed
FROM mart_due
WHERE session_no BETWEEN 1 AND 12
GROUP BY clinic, instrument, rater, session_no
