-- Grain: an attended contact (attended or late) up to as_of
-- From: core_appointment, mart_episode
-- Read by: mart_treatment, mart_course, mart_response, mart_due, mart_covered, mart_pair, mart_clients_seen,
--          mart_alliance
-- contact: orders the contacts and tells them apart.
-- session: as recorded; session_no: as recorded, else the contact's place in its episode.
-- treatment: NHS contact types 02, 03 and 05; follow-ups and assessments are no dose.

SELECT
    event_order(appointment.starts_at, appointment.entry_no, appointment.source_row) AS contact,
    clinic,
    client_key,
    appointment.clinician_key,
    episode.episode_no,
    appointment.starts_at,
    appointment.starts_on,
    appointment.kind,
    appointment.kind IN ('treatment', 'both', 'review') AS treatment,
    appointment.session,
    coalesce(
        appointment.session,
        row_number() OVER (
            PARTITION BY clinic, client_key, episode.episode_no
            ORDER BY contact
        )
    )::INTEGER AS session_no
FROM core_appointment AS appointment
CROSS JOIN mart_parameter AS run
JOIN mart_episode AS episode USING (clinic, client_key)
WHERE
    appointment.status IN ('attended', 'late')
    AND appointment.starts_on <= run.as_of
    AND appointment.starts_on >= episode.from_day
    AND appointment.starts_on < episode.to_day
