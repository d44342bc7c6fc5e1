-- Grain: a clinic, a number of attended treatment contacts and a cause: referrals that got so far
-- From: mart_episode, mart_session
-- Read by: models (cumulative incidence)
-- Referrals with a treatment contact. cause: 1 dropped out, 2 completed, 3 any other ending or none recorded;
-- 0 still open at as_of, and nothing else is.

WITH course AS (
    SELECT clinic, client_key, episode_no, ended_on, ending, count(*) AS contacts
    FROM mart_session
    JOIN mart_episode USING (clinic, client_key, episode_no)
    WHERE treatment AND origin = 'referral'
    GROUP BY clinic, client_key, episode_no, ended_on, ending
)
SELECT
    clinic,
    contacts,
    CASE
        WHEN ended_on IS NULL THEN 0
        WHEN ending = 'dropped_out' THEN 1
        WHEN ending = 'completed' THEN 2
        ELSE 3
    END AS cause,
    count(*) AS episodes
FROM course
GROUP BY clinic, contacts, cause
