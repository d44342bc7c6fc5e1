-- Grain: an alliance instrument and a criterion of rupture markers that its scores can be judged by
-- From: core_instrument, core_scale, core_threshold, mart_alliance_score
-- Read by: mart_rupture_marker, mart_rupture_judged
-- kind: deviation, control_chart, concern (a low score by itself) or drop. judged_from: first session, as a
-- place in the series, that has enough sessions before it. least_drop: one step of every item; alliance
-- scores lie near the top of the scale, where a small deviation would else make a marker.
-- between_numerator / between_denominator: variance between clients of their mean score in the closed baseline
-- window, in squares of ten-thousandths of a point, kept as a fraction so that it is compared exactly. Without
-- a window that is over, or with fewer than 30 clients in it, there is no criterion of deviation.

WITH person AS (
    SELECT
        instrument,
        clinic,
        client_key,
        (exact_ratio(sum(score), count(*), 1) * 10000)::BIGINT AS level
    FROM mart_alliance_score
    CROSS JOIN mart_parameter
    WHERE rater = 'client' AND completed_on BETWEEN baseline_from AND baseline_to AND baseline_to < as_of
    GROUP BY instrument, clinic, client_key
),
baseline AS (
    SELECT
        instrument,
        count(*) AS clients,
        count(*) * sum(square(level)) - sum(level) * sum(level) AS numerator,
        count(*)::HUGEINT * (count(*) - 1) AS denominator
    FROM person
    GROUP BY instrument
    HAVING count(*) >= 30
),
alliance AS (
    SELECT
        instrument,
        scale,
        -- One step of every item, in units of the scale.
        CASE method WHEN 'mean' THEN 1 WHEN 'mean_x10' THEN 10 ELSE scale.n_items END AS item_step
    FROM core_instrument AS card
    JOIN core_scale AS scale USING (instrument)
    WHERE card.construct = 'alliance' AND scale.scale = card.outcome_scale
)
SELECT
    instrument, 'sd_' || factor AS criterion, 'deviation' AS kind, 4 AS judged_from,
    item_step::DECIMAL(9, 4) AS least_drop, factor, NULL AS comparison, NULL::DECIMAL(9, 4) AS threshold,
    clients, numerator AS between_numerator, denominator AS between_denominator
FROM alliance
JOIN baseline USING (instrument)
CROSS JOIN (VALUES (1), (2)) AS factors(factor)
UNION ALL
SELECT instrument, 'control_chart', 'control_chart', 6, item_step, NULL, NULL, NULL, NULL, NULL, NULL
FROM alliance
UNION ALL
SELECT instrument, name, 'concern', 1, NULL, NULL, comparison, value, NULL, NULL, NULL
FROM core_threshold
JOIN alliance USING (instrument, scale)
WHERE kind = 'alliance_concern' AND is_on
UNION ALL
SELECT instrument, name, 'drop', 2, NULL, NULL, comparison, value, NULL, NULL, NULL
FROM core_threshold
JOIN alliance USING (instrument, scale)
WHERE kind = 'alliance_drop' AND is_on
