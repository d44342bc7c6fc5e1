-- Grain: an attended contact with the stage of the relationship it belongs to
-- From: mart_session, mart_episode
-- Read by: mart_alliance_stage, mart_fact_alliance
-- By session number: commitment, process from process_from_session on, change from change_from_session on.
-- The last termination_sessions contacts of an episode that has ended are termination, follow-ups left out.
-- stage_no: the stage's slot in mart_period.

WITH placed AS (
    SELECT
        session.clinic,
        session.client_key,
        session.episode_no,
        session.contact,
        session.session_no,
        session.kind = 'follow_up' AS follow_up,
        episode.ended_on IS NOT NULL AS ended,
        row_number() OVER (
            PARTITION BY session.clinic, session.client_key, session.episode_no, session.kind = 'follow_up'
            ORDER BY session.contact DESC
        ) AS from_last
    FROM mart_session AS session
    JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
)
SELECT
    clinic,
    client_key,
    episode_no,
    contact,
    session_no,
    CASE
        WHEN ended AND NOT follow_up AND from_last <= termination_sessions THEN 4
        ELSE stage_of(session_no, process_from_session, change_from_session)
    END AS stage_no
FROM placed
CROSS JOIN mart_parameter
