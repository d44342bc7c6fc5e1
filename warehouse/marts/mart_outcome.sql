-- Grain: a referral that has ended
-- From: mart_episode, mart_session, mart_pair
-- Read by: mart_outcome_month, auditors
-- NHS Talking Therapies, two measures: PHQ-9 and GAD-7 together decide. Thresholds: core_threshold.
-- A finished course has ended after two or more attended treatment contacts.
-- Without a pair on both measures nothing is claimed, and the course stays in the denominators.

WITH dose AS (
    SELECT clinic, client_key, episode_no, count(*) FILTER (treatment) AS treatment_contacts
    FROM mart_session
    GROUP BY clinic, client_key, episode_no
),
measured AS (
    SELECT
        ended.clinic,
        ended.client_key,
        ended.episode_no,
        ended.ended_on,
        ended.ending,
        coalesce(dose.treatment_contacts, 0) AS treatment_contacts,
        coalesce(phq.paired AND gad.paired, FALSE) AS paired,
        phq.case_at_first OR gad.case_at_first AS case_at_first,
        phq.case_at_last OR gad.case_at_last AS case_at_last,
        phq.reliably_improved AS phq_improved,
        phq.reliably_deteriorated AS phq_deteriorated,
        gad.reliably_improved AS gad_improved,
        gad.reliably_deteriorated AS gad_deteriorated
    FROM mart_episode AS ended
    LEFT JOIN dose USING (clinic, client_key, episode_no)
    LEFT JOIN mart_pair AS phq
        ON phq.clinic = ended.clinic
        AND phq.client_key = ended.client_key
        AND phq.episode_no = ended.episode_no
        AND phq.instrument = 'phq_9'
    LEFT JOIN mart_pair AS gad
        ON gad.clinic = ended.clinic
        AND gad.client_key = ended.client_key
        AND gad.episode_no = ended.episode_no
        AND gad.instrument = 'gad_7'
    WHERE ended.origin = 'referral' AND ended.ended_on IS NOT NULL
)
SELECT
    clinic,
    client_key,
    episode_no,
    ended_on,
    ending,
    treatment_contacts,
    treatment_contacts >= 2 AS finished,
    finished AND paired AS paired_outcome,
    finished AND coalesce(NOT case_at_first, FALSE) AS not_at_caseness,
    paired_outcome AND case_at_first AND NOT case_at_last AS recovered,
    -- One measure reliably better and the other reliably worse is no reliable change.
    paired_outcome
    AND (phq_improved OR gad_improved)
    AND NOT (phq_deteriorated OR gad_deteriorated) AS reliably_improved,
    paired_outcome
    AND (phq_deteriorated OR gad_deteriorated)
    AND NOT (phq_improved OR gad_improved) AS reliably_deteriorated,
    recovered AND reliably_improved AS reliably_recovered
FROM measured
