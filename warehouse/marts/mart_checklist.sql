-- Grain: an episode, a scale of a checklist of the session and an alliance instrument: change after sessions
-- From: mart_scale_score, mart_alliance_series, core_instrument, core_scale
-- Read by: mart_fact_alliance
-- The client's checklist and the client's alliance. An item is reported when its scale is above the lowest
-- possible score. change: from the session's score to the next one in the series; difference: mean change after
-- sessions where it was reported, less that after sessions where it was not, each rounded to four decimals.
-- Only episodes that have both kinds of session. latest_on: day of the latest of them.

WITH noted AS (
    SELECT
        score.clinic,
        score.client_key,
        score.episode_no,
        score.session_no,
        score.instrument AS checklist,
        score.scale,
        arg_max(score.score > scale.minimum, score.event) AS reported
    FROM mart_scale_score AS score
    JOIN core_scale AS scale USING (instrument, scale)
    SEMI JOIN (SELECT instrument FROM core_instrument WHERE construct = 'process') AS card USING (instrument)
    WHERE score.rater = 'client' AND score.session_no IS NOT NULL
    GROUP BY score.clinic, score.client_key, score.episode_no, score.session_no, score.instrument, score.scale
),
changed AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        instrument,
        session_no,
        completed_on,
        lead(score) OVER (PARTITION BY clinic, client_key, episode_no, instrument ORDER BY t) - score AS change
    FROM mart_alliance_series
    SEMI JOIN noted USING (clinic, client_key, episode_no)
),
compared AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        checklist,
        scale,
        instrument AS alliance,
        exact_ratio(sum(change) FILTER (reported), count(*) FILTER (reported), 1) AS change_reported,
        exact_ratio(sum(change) FILTER (NOT reported), count(*) FILTER (NOT reported), 1) AS change_other,
        max(completed_on) AS latest_on
    FROM noted
    JOIN changed USING (clinic, client_key, episode_no, session_no)
    WHERE change IS NOT NULL
    GROUP BY clinic, client_key, episode_no, checklist, scale, instrument
)
SELECT *, change_reported - change_other AS difference
FROM compared
WHERE difference IS NOT NULL
