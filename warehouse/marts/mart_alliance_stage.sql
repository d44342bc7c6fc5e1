-- Grain: a clinic, an alliance instrument, a rater and a stage of the relationship: sum and number of scores
-- From: mart_alliance_score, mart_stage
-- Read by: mart_fact_alliance
-- The stage is that of the contact the score belongs to, else by its session number, else unknown: left out.

WITH staged AS (
    SELECT
        score.clinic,
        score.instrument,
        score.rater,
        score.score,
        coalesce(
            stage.stage_no, stage_of(score.session_no, process_from_session, change_from_session)
        ) AS stage_no
    FROM mart_alliance_score AS score
    CROSS JOIN mart_parameter
    LEFT JOIN mart_stage AS stage USING (contact)
)
SELECT clinic, instrument, rater, stage_no, sum(score) AS total, count(*) AS scores
FROM staged
WHERE stage_no IS NOT NULL
GROUP BY clinic, instrument, rater, stage_no
