-- Grain: a questionnaire due at an attended contact
-- From: core_due, core_clinic, mart_session, mart_episode, mart_response
-- Read by: mart_due_month, mart_due_session
-- The last contact is known once the referral has ended; follow-ups are neither first nor last.
-- missed_in_a_row: how many due at the client's contacts of the episode, up to this one, were not completed one
-- after another; 0 where this one was.

WITH span AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        min(contact) AS first_contact,
        max(contact) AS last_contact
    FROM mart_session
    WHERE kind <> 'follow_up'
    GROUP BY clinic, client_key, episode_no
),
rule AS (
    SELECT
        service,
        instrument,
        rater,
        bool_or(due_when = 'all') AS always,
        bool_or(due_when = 'first_last') AS first_last,
        list(session) FILTER (due_when = 'listed') AS listed
    FROM core_due
    GROUP BY service, instrument, rater
),
due AS (
    SELECT
        session.contact,
        clinic,
        client_key,
        episode_no,
        session.session_no,
        session.starts_on,
        rule.instrument,
        rule.rater
    FROM mart_session AS session
    JOIN core_clinic USING (clinic)
    JOIN rule USING (service)
    JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
    LEFT JOIN span USING (clinic, client_key, episode_no)
    WHERE
        rule.always
        OR list_contains(rule.listed, session.session_no)
        OR (rule.first_last AND session.contact = span.first_contact)
        OR (rule.first_last AND session.contact = span.last_contact AND episode.ended_on IS NOT NULL)
),
returned AS (
    SELECT DISTINCT contact, instrument, rater
    FROM mart_response
    WHERE complete AND contact IS NOT NULL
),
answered AS (
    SELECT
        due.*,
        returned.contact IS NOT NULL AS completed,
        row_number() OVER line AS place
    FROM due
    LEFT JOIN returned USING (contact, instrument, rater)
    WINDOW line AS (PARTITION BY clinic, client_key, episode_no, due.instrument, due.rater ORDER BY due.contact)
)
SELECT
    * EXCLUDE (place),
    place - coalesce(max(place) FILTER (completed) OVER line, 0) AS missed_in_a_row
FROM answered
WINDOW line AS (PARTITION BY clinic, client_key, episode_no, instrument, rater ORDER BY contact)
