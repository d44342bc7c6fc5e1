-- Grain: a clinic, an alliance instrument, a criterion and a month of sessions that could be judged by it
-- From: mart_alliance_series, mart_rupture_criterion
-- Read by: mart_fact_alliance

WITH session AS (
    SELECT clinic, instrument, month_number(completed_on) AS month, t, count(*) AS sessions
    FROM mart_alliance_series
    GROUP BY clinic, instrument, month, t
)
SELECT clinic, instrument, criterion, month, sum(sessions)::BIGINT AS sessions
FROM session
JOIN mart_rupture_criterion USING (instrument)
WHERE t >= judged_from
GROUP BY clinic, instrument, criterion, month
