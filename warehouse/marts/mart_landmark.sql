-- Grain: a referral with five attended contacts or more
-- From: mart_session, mart_episode
-- Read by: mart_landmark_change, mart_alliance_course, models
-- landmark_on: the day of the fifth attended contact, follow-ups left out. What came before it may be set
-- against what came after, and nobody is in the comparison who had left by then.
-- dropped_out: whether the referral ended so, after that day; empty while it is open, and where it ended on
-- that very day.

SELECT
    clinic,
    client_key,
    episode_no,
    session.starts_on AS landmark_on,
    CASE WHEN ended_on > landmark_on THEN coalesce(ending = 'dropped_out', FALSE) END AS dropped_out
FROM mart_session AS session
JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
WHERE
    episode.origin = 'referral'
    AND session.kind <> 'follow_up'
    AND within_course(session.starts_on, episode.received_on, episode.ended_on)
QUALIFY row_number() OVER (PARTITION BY clinic, client_key, episode_no ORDER BY session.contact) = 5
