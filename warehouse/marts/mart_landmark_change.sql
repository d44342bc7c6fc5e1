-- Grain: a referral with a landmark and an outcome instrument the client answered before and after it
-- From: mart_landmark, mart_episode, mart_response, mart_session, core_instrument, core_scale
-- Read by: models (landmark analysis)
-- first: the first valid score; at landmark: the last one up to its day, on a later day than the first;
-- last: the last valid score after it. Scores of follow-up contacts are left out, as in mart_pair.
-- Changes are signed so that more is better.

WITH scored AS (
    SELECT
        landmark.clinic, landmark.client_key, landmark.episode_no, response.instrument,
        response.completed_on, response.score,
        response.completed_on <= landmark.landmark_on AS before,
        form_order(response.completed_at, response.entry_no, response.source_row, response.form_no) AS event
    FROM mart_landmark AS landmark
    JOIN mart_response AS response USING (clinic, client_key, episode_no)
    JOIN core_instrument AS card USING (instrument)
    JOIN mart_episode AS episode
        ON episode.clinic = landmark.clinic
        AND episode.client_key = landmark.client_key
        AND episode.episode_no = landmark.episode_no
    LEFT JOIN mart_session AS session USING (contact)
    WHERE
        response.score IS NOT NULL
        AND response.rater = 'client'
        AND card.construct = 'outcome'
        AND session.kind IS DISTINCT FROM 'follow_up'
        AND within_course(
            coalesce(session.starts_on, response.completed_on), episode.received_on, episode.ended_on
        )
),
span AS (
    SELECT
        clinic, client_key, episode_no, instrument,
        arg_min(score, event) FILTER (before) AS first_score,
        arg_max(score, event) FILTER (before) AS landmark_score,
        arg_max(score, event) FILTER (NOT before) AS last_score
    FROM scored
    GROUP BY clinic, client_key, episode_no, instrument
    HAVING
        min(completed_on) FILTER (before) < max(completed_on) FILTER (before)
        AND count(*) FILTER (NOT before) > 0
)
SELECT
    span.clinic, span.client_key, span.episode_no, span.instrument,
    first_score,
    CASE direction WHEN 'higher_worse' THEN -1 ELSE 1 END * (landmark_score - first_score) AS change_before,
    CASE direction WHEN 'higher_worse' THEN -1 ELSE 1 END * (last_score - landmark_score) AS change_after
FROM span
JOIN core_instrument AS card USING (instrument)
JOIN core_scale AS scale ON scale.instrument = span.instrument AND scale.scale = card.outcome_scale
