-- Grain: an observer's score of a scale for a segment of a session
-- From: core_score, mart_response, mart_session
-- Read by: mart_segment, models
-- An observer who rates a segment again corrects himself: the last rating counts. Ratings that name no
-- observer are of one. What names neither session nor segment cannot be told from other ratings of the episode.

WITH rated AS (
    SELECT
        score.clinic,
        score.client_key,
        coalesce(placed.episode_no, 1)::INTEGER AS episode_no,
        coalesce(score.session, visit.session_no)::INTEGER AS session_no,
        coalesce(score.segment, '') AS segment,
        score.instrument,
        score.scale,
        coalesce(score.rater_id, '') AS rater_id,
        score.score,
        form_order(score.completed_at, score.entry_no, score.source_row, score.form_no) AS event
    FROM core_score AS score
    CROSS JOIN mart_parameter AS run
    LEFT JOIN mart_response AS placed USING (entry_no, source_row, form_no)
    LEFT JOIN mart_session AS visit USING (contact)
    WHERE score.rater = 'observer' AND score.score IS NOT NULL AND score.completed_on <= run.as_of
)
SELECT
    clinic, client_key, episode_no, session_no, segment, instrument, scale, rater_id,
    arg_max(score, event) AS score
FROM rated
WHERE session_no IS NOT NULL OR segment <> ''
GROUP BY clinic, client_key, episode_no, session_no, segment, instrument, scale, rater_id
