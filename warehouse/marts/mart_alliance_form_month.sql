-- Grain: a clinic, an alliance instrument, a rater and a month: how the forms were answered
-- From: mart_alliance_form (view over the wide tables)
-- Read by: mart_fact_alliance
-- at_maximum: scores that could not be higher. complete: forms of three items or more answered in full;
-- straight: of these, with one and the same answer to every item, before any is reversed.
-- timed: begun and finished within an hour; seconds: from begin to end; under_20: timed ones of less.

SELECT clinic, instrument, rater, month, scores, at_maximum, complete, straight, timed, seconds, under_20
FROM mart_alliance_form
