-- Grain: a session that client and therapist rated on the same scale of the same alliance instrument
-- From: mart_scale_score, mart_source
-- Read by: mart_fact_alliance
-- The last valid score of each. difference: therapist less client. completed_on: the client's.

WITH rated AS (
    SELECT *
    FROM mart_scale_score AS score
    SEMI JOIN (SELECT clinic, instrument FROM mart_source WHERE need = 'dyads') AS dyads
        USING (clinic, instrument)
    WHERE rater IN ('client', 'therapist') AND session_no IS NOT NULL
)
SELECT
    clinic,
    client_key,
    episode_no,
    instrument,
    scale,
    session_no,
    arg_max(completed_on, event) FILTER (rater = 'client') AS completed_on,
    arg_max(score, event) FILTER (rater = 'client') AS client_score,
    arg_max(score, event) FILTER (rater = 'therapist') AS therapist_score,
    therapist_score - client_score AS difference
FROM rated
GROUP BY clinic, client_key, episode_no, instrument, scale, session_no
HAVING client_score IS NOT NULL AND therapist_score IS NOT NULL
