-- Grain: a referral and an outcome instrument the client answered in it
-- From: mart_response, mart_session, mart_episode, core_scale, core_instrument, core_threshold
-- Read by: mart_anxiety, mart_outcome, mart_change
-- First and last valid score within the course, by the day of the contact a score belongs to, else its own;
-- scores of follow-up contacts are left out, and so is what came before the referral or after its end.
-- A pair is two days.
-- Caseness and reliable change here are those of NHS Talking Therapies; see mart_change for others.

WITH scored AS (
    SELECT response.*
    FROM mart_response AS response
    JOIN core_instrument AS instrument USING (instrument)
    JOIN mart_episode AS episode
        ON episode.clinic = response.clinic
        AND episode.client_key = response.client_key
        AND episode.episode_no = response.episode_no
    LEFT JOIN mart_session AS session USING (contact)
    WHERE
        response.score IS NOT NULL
        AND response.rater = 'client'
        AND instrument.construct = 'outcome'
        AND session.kind IS DISTINCT FROM 'follow_up'
        AND within_course(
            coalesce(session.starts_on, response.completed_on), episode.received_on, episode.ended_on
        )
),
span AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        instrument,
        min(completed_on) AS first_on,
        arg_min(score, form_order(completed_at, entry_no, source_row, form_no)) AS first_score,
        max(completed_on) AS last_on,
        arg_max(score, form_order(completed_at, entry_no, source_row, form_no)) AS last_score,
        count(*) AS scores
    FROM scored
    GROUP BY clinic, client_key, episode_no, instrument
),
criterion AS (
    SELECT instrument, kind, any_value(value) AS threshold, any_value(comparison) AS comparison
    FROM core_threshold
    JOIN core_instrument USING (instrument)
    WHERE scale = outcome_scale AND name = 'nhs_talking_therapies' AND is_on
    GROUP BY instrument, kind
)
SELECT
    span.clinic,
    span.client_key,
    span.episode_no,
    span.instrument,
    scale.scale,
    span.first_on,
    span.first_score,
    span.last_on,
    span.last_score,
    span.scores,
    span.first_on < span.last_on AS paired,
    meets(span.first_score, caseness.comparison, caseness.threshold) AS case_at_first,
    meets(span.last_score, caseness.comparison, caseness.threshold) AS case_at_last,
    CASE scale.direction
        WHEN 'higher_worse' THEN span.first_score - span.last_score
        ELSE span.last_score - span.first_score
    END AS improvement,
    meets(improvement, change.comparison, change.threshold) AS reliably_improved,
    meets(-improvement, change.comparison, change.threshold) AS reliably_deteriorated
FROM span
JOIN core_instrument AS instrument USING (instrument)
JOIN core_scale AS scale ON scale.instrument = span.instrument AND scale.scale = instrument.outcome_scale
JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
LEFT JOIN criterion AS caseness
    ON caseness.instrument = span.instrument AND caseness.kind = 'caseness'
LEFT JOIN criterion AS change
    ON change.instrument = span.instrument AND change.kind = 'reliable_change'
WHERE episode.origin = 'referral'
