-- Grain: a scale of a segment of a session, as observers rated it
-- From: mart_segment_rating
-- Read by: models
-- score: the mean over the observers. A session that is not divided is one segment without a name.

SELECT
    clinic,
    client_key,
    episode_no,
    session_no,
    segment,
    instrument,
    scale,
    exact_ratio(sum(score), count(*), 1) AS score,
    count(*)::INTEGER AS n_raters
FROM mart_segment_rating
GROUP BY clinic, client_key, episode_no, session_no, segment, instrument, scale
