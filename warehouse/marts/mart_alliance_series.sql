-- Grain: a session of a client's series of scores of an alliance instrument, as the client rated it
-- From: mart_alliance_score
-- Read by: mart_rupture_marker, mart_rupture_judged, mart_rupture, mart_checklist
-- t: place of the session in the series, from 1. reference: the score before.
-- Of two scores of the same session number the last counts; a score without one is a session of its own.

WITH again AS (
    -- hash() only narrows the search: scores of one session always meet here, others seldom
    SELECT hash(clinic, client_key, episode_no, instrument, session_no) AS key_hash
    FROM mart_alliance_score
    WHERE rater = 'client' AND session_no IS NOT NULL
    GROUP BY key_hash
    HAVING count(*) > 1
),
scored AS NOT MATERIALIZED (
    SELECT
        clinic, client_key, episode_no, instrument, session_no, completed_on, score, event,
        CASE
            WHEN session_no IS NOT NULL
                THEN hash(clinic, client_key, episode_no, instrument, session_no)
        END AS key_hash
    FROM mart_alliance_score
    WHERE rater = 'client'
),
last_of_session AS (
    SELECT clinic, client_key, episode_no, instrument, session_no, completed_on, score, event
    FROM scored
    ANTI JOIN again USING (key_hash)
    UNION ALL
    SELECT clinic, client_key, episode_no, instrument, session_no, completed_on, score, event
    FROM scored
    SEMI JOIN again USING (key_hash)
    QUALIFY row_number() OVER (
        PARTITION BY clinic, client_key, episode_no, instrument, session_no ORDER BY event DESC
    ) = 1
)
SELECT
    clinic,
    client_key,
    episode_no,
    instrument,
    (row_number() OVER series)::INTEGER AS t,
    session_no,
    completed_on,
    score,
    lag(score) OVER series AS reference
FROM last_of_session
WINDOW series AS (PARTITION BY clinic, client_key, episode_no, instrument ORDER BY event)
