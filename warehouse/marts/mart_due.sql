-- Grain: a questionnaire due at an attended contact
-- From: core_due, core_clinic, mart_session, mart_episode, mart_response
-- Read by: mart_fact
-- The last contact is known once the referral has ended; follow-ups are neither first nor last.

WITH span AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        arg_min(contact_id, (starts_at, contact_id)) AS first_contact,
        arg_max(contact_id, (starts_at, contact_id)) AS last_contact
    FROM mart_session
    WHERE kind <> 'follow_up'
    GROUP BY clinic, client_key, episode_no
),
due AS (
    SELECT DISTINCT contact.contact_id, clinic, contact.starts_on, rule.instrument, rule.rater
    FROM mart_session AS contact
    JOIN core_clinic USING (clinic)
    JOIN core_due AS rule USING (service)
    JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
    LEFT JOIN span USING (clinic, client_key, episode_no)
    WHERE
        rule.due_when = 'all'
        OR (rule.due_when = 'listed' AND rule.session = contact.session_no)
        OR (rule.due_when = 'first_last' AND contact.contact_id = span.first_contact)
        OR (
            rule.due_when = 'first_last'
            AND contact.contact_id = span.last_contact
            AND episode.ended_on IS NOT NULL
        )
),
returned AS (
    SELECT DISTINCT contact_id, instrument, rater
    FROM mart_response
    WHERE complete AND contact_id IS NOT NULL
)
SELECT due.*, returned.contact_id IS NOT NULL AS completed
FROM due
LEFT JOIN returned USING (contact_id, instrument, rater)
