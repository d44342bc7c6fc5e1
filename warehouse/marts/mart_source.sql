-- Grain: something a clinic has that figures may need: a kind of feed, an instrument, a rule of what is due, ...
-- From: core_export, core_administration, core_due, core_instrument, core_threshold, mart_criterion, mart_cut_off
-- Read by: mart_series, mart_applicable, mart_response, mart_covered, mart_fact_outcome, mart_alliance_score,
--       mart_dyad
-- A rule for an instrument that no feed brings is no rule: nobody could have met it.

WITH answered AS (
    SELECT DISTINCT clinic, instrument, rater FROM core_administration
)
SELECT DISTINCT clinic, kind AS need, '' AS instrument, '' AS rater
FROM core_export
UNION ALL
SELECT clinic, 'answers', instrument, rater
FROM answered
UNION ALL
SELECT clinic, instrument, '', ''
FROM answered
WHERE rater = 'client'
UNION ALL
SELECT DISTINCT clinic, 'due', instrument, rater
FROM core_due
JOIN core_clinic USING (service)
SEMI JOIN core_instrument USING (instrument)
UNION ALL
SELECT DISTINCT clinic, 'change_' || definition, instrument, ''
FROM answered
JOIN mart_criterion USING (instrument)
UNION ALL
SELECT DISTINCT clinic, 'cutoff', instrument, ''
FROM answered
SEMI JOIN mart_cut_off USING (instrument)
UNION ALL
-- Client and therapist both answer the form: their views of a session can be compared.
SELECT clinic, 'dyads', instrument, ''
FROM answered
WHERE rater IN ('client', 'therapist')
GROUP BY clinic, instrument
HAVING count(*) = 2
UNION ALL
-- The card says which scores, or which drop from one session to the next, are of concern.
SELECT clinic, 'concern_' || name, instrument, 'client'
FROM answered
JOIN core_threshold USING (instrument)
WHERE rater = 'client' AND is_on AND core_threshold.kind IN ('alliance_concern', 'alliance_drop')
UNION ALL
SELECT clinic, 'segments', instrument, 'observer'
FROM answered
WHERE rater = 'observer'
