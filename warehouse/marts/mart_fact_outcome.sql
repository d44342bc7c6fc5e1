-- Grain: what a figure of outcome adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_outcome_month, mart_change_month, mart_class_month, mart_source, core_instrument
-- Read by: mart_fact
-- Two measures by three sets of people: standard (NHS Talking Therapies: all finished courses), completers
-- (finished with a pair on both measures), intention_to_treat (all who ended after a treatment contact).

WITH plain(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'finished_course', 'standard', clinic, month, finished, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'paired_outcomes', 'standard', clinic, month, paired, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'paired_outcome_rate', 'standard', clinic, month, paired, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_improvement_rate', 'standard', clinic, month, improved, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_improvement_rate', 'completers', clinic, month, improved, paired FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_improvement_rate', 'intention_to_treat', clinic, month, treated_improved, treated
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_deterioration_rate', 'standard', clinic, month, deteriorated, finished
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_deterioration_rate', 'completers', clinic, month, deteriorated, paired
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_deterioration_rate', 'intention_to_treat', clinic, month, treated_deteriorated, treated
    FROM mart_outcome_month
    UNION ALL
    SELECT 'recovery_rate', 'standard', clinic, month, recovered, eligible FROM mart_outcome_month
    UNION ALL
    SELECT 'recovery_rate', 'completers', clinic, month, recovered, at_caseness FROM mart_outcome_month
    UNION ALL
    SELECT 'recovery_rate', 'intention_to_treat', clinic, month, treated_recovered, treated_eligible
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_recovery_rate', 'standard', clinic, month, reliably_recovered, eligible
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_recovery_rate', 'completers', clinic, month, reliably_recovered, at_caseness
    FROM mart_outcome_month
    UNION ALL
    SELECT 'reliable_recovery_rate', 'intention_to_treat', clinic, month, treated_reliably_recovered,
        treated_eligible
    FROM mart_outcome_month
),
answered AS (
    SELECT clinic, instrument, outcome_scale AS scale
    FROM mart_source
    JOIN core_instrument USING (instrument)
    WHERE need = 'answers' AND rater = 'client' AND construct = 'outcome'
),
measured(figure, definition, clinic, slot, instrument, scale, numerator, denominator) AS (
    SELECT 'instrument_paired_rate', 'standard', clinic, month, instrument, answered.scale,
        coalesce(pairs, 0), finished
    FROM mart_outcome_month
    JOIN answered USING (clinic)
    LEFT JOIN mart_change_month USING (clinic, instrument, month)
    UNION ALL
    SELECT 'outcome_mean_first', 'standard', clinic, month, instrument, scale, first_total, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'outcome_mean_last', 'standard', clinic, month, instrument, scale, last_total, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'outcome_mean_change', 'standard', clinic, month, instrument, scale,
        last_total - first_total, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'days_between_scores_mean', 'standard', clinic, month, instrument, scale, days, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'scores_per_course_mean', 'standard', clinic, month, instrument, scale, scores, pairs
    FROM mart_change_month
    UNION ALL
    SELECT 'percent_change_mean', 'standard', clinic, month, instrument, scale, percent_total, percents
    FROM mart_change_month
    UNION ALL
    SELECT 'cutoff_crossed_rate', 'standard', clinic, month, instrument, scale, crossed, clinical
    FROM mart_change_month
),
classed(figure, definition, clinic, slot, instrument, scale, numerator, denominator) AS (
    SELECT 'instrument_improved_rate', definition, clinic, month, instrument, scale, improved, pairs
    FROM mart_class_month
    UNION ALL
    SELECT 'instrument_deteriorated_rate', definition, clinic, month, instrument, scale, deteriorated, pairs
    FROM mart_class_month
    UNION ALL
    SELECT 'instrument_unchanged_rate', definition, clinic, month, instrument, scale, unchanged, pairs
    FROM mart_class_month
    UNION ALL
    SELECT 'instrument_recovered_rate', definition, clinic, month, instrument, scale, recovered, clinical
    FROM mart_class_month
)
SELECT figure, definition, clinic, slot, '' AS instrument, '' AS scale, numerator, denominator FROM plain
UNION ALL
SELECT figure, definition, clinic, slot, instrument, scale, numerator, denominator FROM measured
UNION ALL
SELECT figure, definition, clinic, slot, instrument, scale, numerator, denominator FROM classed
