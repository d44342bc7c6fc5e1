-- Grain: what a figure of engagement adds up: a figure, a clinic, an instrument and a slot
-- From: mart_contact_month, mart_received_month, mart_outcome_month, mart_due_month
-- Read by: mart_fact

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
),
questionnaire(figure, definition, clinic, slot, instrument, numerator, denominator) AS (
    SELECT 'questionnaires_due', definition_of(rater), clinic, month, instrument, due, NULL
    FROM mart_due_month
    UNION ALL
    SELECT 'questionnaires_completed', definition_of(rater), clinic, month, instrument, completed, NULL
    FROM mart_due_month
    UNION ALL
    SELECT 'questionnaire_completion_rate', definition_of(rater), clinic, month, instrument, completed, due
    FROM mart_due_month
)
SELECT figure, definition, clinic, slot, '' AS instrument, '' AS scale, numerator, denominator FROM plain
UNION ALL
SELECT figure, definition, clinic, slot, instrument, '', numerator, denominator FROM questionnaire
