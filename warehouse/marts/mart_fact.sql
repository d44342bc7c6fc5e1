-- Grain: what a figure adds up: a figure, a clinic, an instrument scale and a month or session (slot)
-- From: mart_contact_month, mart_received_month, mart_outcome_month, mart_change_month,
--       mart_due_month, mart_alliance
-- Read by: mart_figure
-- Every figure is a sum, a share of two sums or a mean of sums, so any unit and period adds up from here.

WITH plain(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'referrals_received', 'standard', clinic, month, referrals, NULL FROM mart_received_month
    UNION ALL
    SELECT 'referrals_ended', 'standard', clinic, month, ended, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'appointments_held', 'standard', clinic, month, held, NULL FROM mart_contact_month
    UNION ALL
    SELECT 'attendance_rate', 'standard', clinic, month, held, held + missed FROM mart_contact_month
    UNION ALL
    SELECT 'dna_rate', 'nhs_pdt', clinic, month, not_attended, contacts FROM mart_contact_month
    UNION ALL
    SELECT 'dropout_rate', 'standard', clinic, month, dropped_out, treated FROM mart_outcome_month
    UNION ALL
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
questionnaire(figure, definition, clinic, slot, instrument, scale, numerator, denominator) AS (
    SELECT 'questionnaires_due', definition_of(rater), clinic, month, instrument, '', due, NULL
    FROM mart_due_month
    UNION ALL
    SELECT 'questionnaires_completed', definition_of(rater), clinic, month, instrument, '', completed, NULL
    FROM mart_due_month
    UNION ALL
    SELECT 'questionnaire_completion_rate', definition_of(rater), clinic, month, instrument, '',
        completed, due
    FROM mart_due_month
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
    SELECT 'alliance_mean', definition_of(rater), clinic, month, instrument, scale, sum(total), sum(scores)
    FROM mart_alliance
    WHERE month IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_by_session', definition_of(rater), clinic, session, instrument, scale, sum(total),
        sum(scores)
    FROM mart_alliance
    WHERE session IS NOT NULL
    GROUP BY ALL
)
SELECT figure, definition, clinic, slot::INTEGER AS slot, '' AS instrument, '' AS scale,
    numerator::DECIMAL(18, 4) AS numerator, denominator::BIGINT AS denominator
FROM plain
UNION ALL
SELECT figure, definition, clinic, slot::INTEGER, instrument, scale,
    numerator::DECIMAL(18, 4), denominator::BIGINT
FROM questionnaire
