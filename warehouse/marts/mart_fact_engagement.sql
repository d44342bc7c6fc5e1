-- Grain: what a figure of engagement adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_contact_month, mart_received_month, mart_outcome_month, mart_treatment_month, mart_open_month,
--       mart_due_month, mart_due_session, mart_coverage_month
-- Read by: mart_fact

WITH contact(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'appointments_held', 'standard', clinic, month, held, NULL FROM mart_contact_month
    UNION ALL
    SELECT 'attendance_rate', 'standard', clinic, month, held, held + missed FROM mart_contact_month
    UNION ALL
    SELECT 'attendance_rate', 'of_booked', clinic, month, held, contacts FROM mart_contact_month
    UNION ALL
    SELECT 'dna_rate', 'nhs_pdt', clinic, month, not_attended, contacts FROM mart_contact_month
    UNION ALL
    SELECT 'dna_rate', 'of_expected', clinic, month, not_attended, held + missed FROM mart_contact_month
    UNION ALL
    SELECT 'cancelled_by_client_rate', 'standard', clinic, month, cancelled_by_client, contacts
    FROM mart_contact_month
    UNION ALL
    SELECT 'cancelled_by_provider_rate', 'standard', clinic, month, cancelled_by_provider, contacts
    FROM mart_contact_month
),
referral(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'referrals_received', 'standard', clinic, month, referrals, NULL FROM mart_received_month
    UNION ALL
    SELECT 'open_referrals', 'standard', clinic, month, open, NULL FROM mart_open_month
    UNION ALL
    SELECT 'open_without_activity_rate', 'standard', clinic, month, inactive, in_treatment FROM mart_open_month
),
ended(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'referrals_ended', 'standard', clinic, month, ended, NULL FROM mart_outcome_month
    UNION ALL
    SELECT 'ended_before_treatment_rate', 'standard', clinic, month, untreated, ended FROM mart_outcome_month
    UNION ALL
    SELECT 'one_session_rate', 'standard', clinic, month, one_session, ended FROM mart_outcome_month
    UNION ALL
    SELECT 'one_session_rate', 'of_treated', clinic, month, one_session, treated FROM mart_outcome_month
    UNION ALL
    SELECT 'finished_course_rate', 'standard', clinic, month, finished, ended FROM mart_outcome_month
    UNION ALL
    SELECT 'finished_course_rate', 'of_treated', clinic, month, finished, treated FROM mart_outcome_month
    UNION ALL
    SELECT 'treatment_contacts_mean', 'standard', clinic, month, treatment_contacts, finished
    FROM mart_outcome_month
    UNION ALL
    SELECT 'five_contacts_rate', 'standard', clinic, month, five_contacts, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'dropout_rate', 'standard', clinic, month, dropped_out, treated FROM mart_outcome_month
    UNION ALL
    SELECT 'dropout_rate', 'of_finished', clinic, month, finished_dropped_out, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'planned_ending_rate', 'standard', clinic, month, completed, treated FROM mart_outcome_month
    UNION ALL
    SELECT 'wait_6_weeks_rate', 'standard', clinic, month, within_6_weeks, finished FROM mart_outcome_month
    UNION ALL
    SELECT 'wait_18_weeks_rate', 'standard', clinic, month, within_18_weeks, finished FROM mart_outcome_month
),
treatment(figure, definition, clinic, slot, numerator, denominator) AS (
    SELECT 'entered_treatment', 'standard', clinic, month, entered, NULL FROM mart_treatment_month
    UNION ALL
    SELECT 'wait_6_weeks_rate', 'at_first_treatment', clinic, month, within_6_weeks, entered
    FROM mart_treatment_month
    UNION ALL
    SELECT 'wait_18_weeks_rate', 'at_first_treatment', clinic, month, within_18_weeks, entered
    FROM mart_treatment_month
    UNION ALL
    SELECT 'wait_days_mean', 'standard', clinic, month, wait_days, entered FROM mart_treatment_month
    UNION ALL
    SELECT 'second_wait_over_28_rate', 'standard', clinic, month, second_over_28, second_contacts
    FROM mart_treatment_month
    UNION ALL
    SELECT 'second_wait_over_90_rate', 'standard', clinic, month, second_over_90, second_contacts
    FROM mart_treatment_month
    UNION ALL
    SELECT 'contact_gap_days_mean', 'standard', clinic, month, gap_days, gaps FROM mart_treatment_month
    UNION ALL
    SELECT 'contact_gap_over_28_rate', 'standard', clinic, month, gaps_over_28, gaps FROM mart_treatment_month
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
    UNION ALL
    SELECT 'questionnaires_missed_in_a_row_rate', definition_of(rater), clinic, month, instrument, in_a_run, due
    FROM mart_due_month
    UNION ALL
    SELECT 'questionnaire_completion_by_session', definition_of(rater), clinic, session_no, instrument,
        completed, due
    FROM mart_due_session
),
plain AS (
    FROM contact
    UNION ALL
    FROM referral
    UNION ALL
    FROM ended
    UNION ALL
    FROM treatment
)
SELECT figure, definition, clinic, slot, '' AS instrument, '' AS scale, numerator, denominator FROM plain
UNION ALL
SELECT figure, definition, clinic, slot, instrument, '', numerator, denominator FROM questionnaire
UNION ALL
SELECT 'alliance_coverage_rate', 'standard', clinic, month, instrument, scale, covered, courses
FROM mart_coverage_month
