-- Grain: a clinic, an alliance instrument its clients answer and a month of ended referrals with three contacts
-- From: mart_course, mart_covered, mart_source, core_instrument
-- Read by: mart_fact_engagement

WITH answered AS (
    SELECT clinic, instrument, outcome_scale AS scale
    FROM mart_source
    JOIN core_instrument USING (instrument)
    WHERE need = 'answers' AND rater = 'client' AND construct = 'alliance'
)
SELECT
    clinic,
    instrument,
    answered.scale,
    month_number(course.ended_on) AS month,
    count(*) AS courses,
    count(covered.instrument) AS covered
FROM mart_course AS course
JOIN answered USING (clinic)
LEFT JOIN mart_covered AS covered USING (clinic, client_key, episode_no, instrument)
WHERE course.ended_on IS NOT NULL AND course.contacts >= 3
GROUP BY clinic, instrument, answered.scale, month
