-- Grain: what a figure of the alliance adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_alliance
-- Read by: mart_fact

SELECT 'alliance_mean' AS figure, definition_of(rater) AS definition, clinic, month AS slot, instrument, scale,
    sum(total) AS numerator, sum(scores) AS denominator
FROM mart_alliance
WHERE month IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT 'alliance_by_session', definition_of(rater), clinic, session, instrument, scale, sum(total), sum(scores)
FROM mart_alliance
WHERE session IS NOT NULL
GROUP BY ALL
