-- Grain: an episode, an alliance instrument and a rater with a score at sessions 3 to 5
-- From: mart_alliance_score
-- Read by: mart_fact_alliance, models
-- score: mean of those scores. latest_on, clinician_key: of the latest of them.

SELECT
    clinic,
    client_key,
    episode_no,
    instrument,
    rater,
    exact_ratio(sum(score), count(*), 1) AS score,
    count(*) AS scores,
    max(completed_on) AS latest_on,
    arg_max_null(clinician_key, event) AS clinician_key
FROM mart_alliance_score
WHERE session_no BETWEEN 3 AND 5
GROUP BY clinic, client_key, episode_no, instrument, rater
