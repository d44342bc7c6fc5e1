-- Grain: a referral with its dose: attended contacts, and treatment contacts among them
-- From: mart_episode, mart_session, mart_treatment
-- Read by: mart_outcome, mart_covered, mart_coverage_month

WITH dose AS (
    SELECT clinic, client_key, episode_no, count(*) AS contacts
    FROM mart_session
    GROUP BY clinic, client_key, episode_no
),
treatment AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        count(*) AS treatment_contacts,
        min(starts_on) FILTER (treatment_no = 1) AS first_treatment_on,
        min(starts_on) FILTER (treatment_no = 2) AS second_treatment_on
    FROM mart_treatment
    GROUP BY clinic, client_key, episode_no
)
SELECT
    clinic,
    client_key,
    episode_no,
    episode.problem,
    episode.received_on,
    episode.ended_on,
    episode.ending,
    coalesce(dose.contacts, 0) AS contacts,
    coalesce(treatment.treatment_contacts, 0) AS treatment_contacts,
    treatment.first_treatment_on,
    treatment.second_treatment_on
FROM mart_episode AS episode
LEFT JOIN dose USING (clinic, client_key, episode_no)
LEFT JOIN treatment USING (clinic, client_key, episode_no)
WHERE episode.origin = 'referral'
