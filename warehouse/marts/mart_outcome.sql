-- Grain: a referral that has ended
-- From: mart_course, mart_anxiety, mart_pair
-- Read by: mart_outcome_month, mart_change, auditors
-- NHS Talking Therapies, two measures together decide: PHQ-9, and the anxiety measure of the problem, else
-- GAD-7. Thresholds: core_threshold. Without a pair on both nothing is claimed, and the course stays in the
-- denominators. A finished course has ended after two or more attended treatment contacts.

WITH ended AS (
    SELECT course.*, coalesce(anxiety.instrument, 'gad_7') AS anxiety_measure
    FROM mart_course AS course
    LEFT JOIN mart_anxiety AS anxiety USING (clinic, client_key, episode_no)
    WHERE course.ended_on IS NOT NULL
),
measured AS (
    SELECT
        ended.clinic,
        ended.client_key,
        ended.episode_no,
        ended.ended_on,
        ended.ending,
        ended.treatment_contacts,
        ended.first_treatment_on - ended.received_on AS wait_days,
        ended.anxiety_measure,
        coalesce(depression.paired AND anxiety.paired, FALSE) AS paired,
        depression.case_at_first OR anxiety.case_at_first AS case_at_first,
        depression.case_at_last OR anxiety.case_at_last AS case_at_last,
        depression.reliably_improved OR anxiety.reliably_improved AS one_improved,
        depression.reliably_deteriorated OR anxiety.reliably_deteriorated AS one_deteriorated
    FROM ended
    LEFT JOIN mart_pair AS depression
        ON depression.clinic = ended.clinic
        AND depression.client_key = ended.client_key
        AND depression.episode_no = ended.episode_no
        AND depression.instrument = 'phq_9'
    LEFT JOIN mart_pair AS anxiety
        ON anxiety.clinic = ended.clinic
        AND anxiety.client_key = ended.client_key
        AND anxiety.episode_no = ended.episode_no
        AND anxiety.instrument = ended.anxiety_measure
)
SELECT
    clinic,
    client_key,
    episode_no,
    ended_on,
    ending,
    treatment_contacts,
    wait_days,
    anxiety_measure,
    treatment_contacts >= 1 AS treated,
    treatment_contacts >= 2 AS finished,
    paired,
    coalesce(NOT case_at_first, FALSE) AS not_at_caseness,
    paired AND case_at_first AND NOT case_at_last AS recovered,
    -- One measure reliably better and the other reliably worse is no reliable change.
    paired AND one_improved AND NOT one_deteriorated AS reliably_improved,
    paired AND one_deteriorated AND NOT one_improved AS reliably_deteriorated,
    recovered AND reliably_improved AS reliably_recovered
FROM measured
