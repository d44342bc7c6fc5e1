-- Grain: a dated questionnaire with its outcome scale, placed in its episode and contact
-- From: core_score, core_instrument, mart_source, mart_episode, mart_session
-- Read by: mart_due, mart_covered, mart_pair, mart_alliance, mart_alliance_score, mart_scale_score,
--       mart_landmark_change
-- A response belongs to the contact of the same session number, else of the same day.
-- Only where a clinic has referrals or appointments: elsewhere there is nothing to place it in.

WITH first_of_session AS (
    SELECT clinic, client_key, episode_no, session, min(contact) AS contact
    FROM mart_session
    WHERE session IS NOT NULL
    GROUP BY clinic, client_key, episode_no, session
),
first_of_day AS (
    SELECT
        clinic,
        client_key,
        starts_on AS completed_on,
        coalesce(min(contact) FILTER (kind <> 'follow_up'), min(contact)) AS contact
    FROM mart_session
    GROUP BY clinic, client_key, starts_on
),
followed AS (
    SELECT DISTINCT clinic FROM mart_source WHERE need IN ('referrals', 'appointments')
),
response AS (
    SELECT score.*
    FROM core_score AS score
    SEMI JOIN followed USING (clinic)
    JOIN core_instrument AS instrument
        ON instrument.instrument = score.instrument AND instrument.outcome_scale = score.scale
    CROSS JOIN mart_parameter AS run
    WHERE score.completed_on <= run.as_of
)
SELECT
    response.entry_no,
    response.source_row,
    response.form_no,
    response.clinic,
    response.client_key,
    episode.episode_no,
    response.instrument,
    response.rater,
    response.session,
    response.completed_at,
    response.completed_on,
    response.score,
    -- An unconfirmed key gives no score, yet the form may have been answered in full.
    response.status IN ('scored', 'prorated')
    OR (response.status = 'key_not_confirmed' AND response.n_answered = response.n_items) AS complete,
    coalesce(first_of_session.contact, first_of_day.contact) AS contact
FROM response
JOIN mart_episode AS episode
    ON episode.clinic = response.clinic
    AND episode.client_key = response.client_key
    AND response.completed_on >= episode.from_day
    AND response.completed_on < episode.to_day
LEFT JOIN first_of_session
    ON first_of_session.clinic = response.clinic
    AND first_of_session.client_key = response.client_key
    AND first_of_session.episode_no = episode.episode_no
    AND first_of_session.session = response.session
LEFT JOIN first_of_day
    ON first_of_day.clinic = response.clinic
    AND first_of_day.client_key = response.client_key
    AND first_of_day.completed_on = response.completed_on
