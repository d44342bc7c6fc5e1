-- Grain: a referral and an alliance instrument with a valid score of the client at session 3, 4 or 5
-- From: core_score, core_instrument, mart_course, mart_episode, mart_response, mart_session
-- Read by: mart_coverage_month
-- The session a form says it belongs to, else the number of its contact. Only referrals that have ended after
-- three or more attended contacts: others are in no figure.

WITH course AS (
    SELECT clinic, client_key, episode_no, from_day, to_day
    FROM mart_course
    JOIN mart_episode USING (clinic, client_key, episode_no)
    WHERE mart_course.ended_on IS NOT NULL AND contacts >= 3
),
alliance AS (
    SELECT instrument, outcome_scale AS scale FROM core_instrument WHERE construct = 'alliance'
)
SELECT clinic, client_key, course.episode_no, instrument, scale
FROM core_score AS score
JOIN alliance USING (instrument, scale)
JOIN course USING (clinic, client_key)
CROSS JOIN mart_parameter
WHERE
    score.session BETWEEN 3 AND 5
    AND score.rater = 'client'
    AND score.score IS NOT NULL
    AND score.completed_on <= as_of
    AND score.completed_on >= course.from_day
    AND score.completed_on < course.to_day
UNION
SELECT clinic, client_key, episode_no, instrument, scale
FROM mart_response AS response
JOIN alliance USING (instrument)
JOIN course USING (clinic, client_key, episode_no)
JOIN mart_session AS session USING (clinic, client_key, episode_no, contact)
WHERE
    response.session IS NULL
    AND session.session_no BETWEEN 3 AND 5
    AND response.rater = 'client'
    AND response.score IS NOT NULL
