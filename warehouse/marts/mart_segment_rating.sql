-- Grain: an observer's score of a scale for a segment of a session
-- From: mart_scale_score
-- Read by: mart_segment, models
-- An observer who rates a segment again corrects himself: the last rating counts. Ratings that name no
-- observer are of one. What names neither session nor segment cannot be told from other ratings of the episode.

SELECT
    clinic,
    client_key,
    episode_no,
    session_no,
    coalesce(segment, '') AS segment,
    instrument,
    scale,
    coalesce(rater_id, '') AS rater_id,
    arg_max(score, event) AS score
FROM mart_scale_score
WHERE rater = 'observer' AND (session_no IS NOT NULL OR segment IS NOT NULL)
GROUP BY clinic, client_key, episode_no, session_no, coalesce(segment, ''), instrument, scale, coalesce(rater_id, '')
