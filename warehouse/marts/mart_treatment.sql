-- Grain: an attended treatment contact of a referral, within its course
-- From: mart_session, mart_episode
-- Read by: mart_course, mart_treatment_month, mart_open_month
-- Treatment contacts in the order of their start; follow-ups and assessments are none.

SELECT
    clinic,
    client_key,
    episode_no,
    session.contact,
    session.starts_on,
    row_number() OVER course AS treatment_no,
    lag(session.starts_on) OVER course AS previous_on,
    lead(session.starts_on) OVER course AS next_on,
    episode.received_on,
    episode.ended_on
FROM mart_session AS session
JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
WHERE
    session.treatment
    AND episode.origin = 'referral'
    AND within_course(session.starts_on, episode.received_on, episode.ended_on)
WINDOW course AS (PARTITION BY clinic, client_key, episode_no ORDER BY session.contact)
