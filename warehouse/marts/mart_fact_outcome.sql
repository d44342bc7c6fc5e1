-- Grain: what a figure of outcome adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_outcome_month, mart_change_month
-- Read by: mart_fact

WITH plain(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'finished_course', 'standard', clinic, month, finished, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'paired_outcomes', 'standard', clinic, month, paired, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'paired_outcome_rate', 'standard', clinic, month, paired, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_improvement_rate', 'standard', clinic, month, improved, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_deterioration_rate', 'standard', clinic, month, deteriorated, finished
    FROM mart_outcome_month
    UNION ALL
    SELECT 'recovery_rate', 'standard', clinic, month, recovered, eligible FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_recovery_rate', 'standard', clinic, month, reliably_recovered, eligible
    FROM mart_outcome_month
),
measured(figure, definition, clinic, slot, instrument, scale, numerator, denominator) AS (
    SELECT 'outcome_mean_first', 'standard', clinic, month, instrument, scale, first_total, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'outcome_mean_last', 'standard', clinic, month, instrument, scale, last_total, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'outcome_mean_change', 'standard', clinic, month, instrument, scale,
        last_total - first_total, pairs
    FROM mart_change_month
)
SELECT figure, definition, clinic, slot, '' AS instrument, '' AS scale, numerator, denominator FROM plain
UNION ALL
SELECT figure, definition, clinic, slot, instrument, scale, numerator, denominator FROM measured
