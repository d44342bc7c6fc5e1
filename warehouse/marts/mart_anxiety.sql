-- Grain: a referral whose problem has an anxiety measure of its own that gave a pair in it
-- From: mart_course, core_instrument, mart_pair
-- Read by: mart_outcome
-- The measure that NHS Talking Therapies names for the problem, where its cut-off and reliable change are in
-- use. All other referrals have GAD-7. Several such measures: the first by name.

SELECT course.clinic, course.client_key, course.episode_no, min(card.instrument) AS instrument
FROM mart_course AS course
JOIN core_instrument AS card ON list_contains(regexp_split_to_array(card.measure_for, '[ ,]+'), course.problem)
JOIN mart_pair AS pair USING (clinic, client_key, episode_no, instrument)
WHERE pair.paired AND pair.case_at_first IS NOT NULL AND pair.reliably_improved IS NOT NULL
GROUP BY course.clinic, course.client_key, course.episode_no
