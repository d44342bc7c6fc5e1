-- Grain: a session of a client's series and a criterion by which it carries a rupture marker, with its repair
-- From: mart_rupture_marker, mart_alliance_series, mart_episode
-- Read by: mart_fact_alliance, auditors
-- There is no agreed criterion of a rupture, so each marker names its own.
-- reference, dropped: the score before and the drop from it. spread: s of a deviation; limit_score: what the
-- score fell below, where the criterion has a limit; both rounded, for reading only.
-- magnitude: the drop in units of s. repaired_at: the session, as a place in the series, at which the score was
-- back, within repair_within_sessions: to a quarter of s below the reference (deviation), to the limit
-- (control_chart), out of the range of concern (concern), to the reference (drop). length: sessions until then.
-- outcome: repaired; unresolved, when it was not and no session can change that; open.

WITH step AS (
    SELECT unnest(generate_series(1, repair_within_sessions))::INTEGER AS step FROM mart_parameter
),
later AS (
    SELECT
        marker.clinic,
        marker.client_key,
        marker.episode_no,
        marker.instrument,
        marker.criterion,
        marker.t,
        series.t AS later_t,
        CASE marker.kind
            WHEN 'deviation' THEN
                series.score >= marker.reference
                OR 16 * square((marker.reference - series.score) * 10000) * spread_denominator
                <= spread_numerator
            WHEN 'control_chart' THEN (series.score * 10000)::HUGEINT * limit_denominator >= limit_numerator
            WHEN 'concern' THEN NOT meets(series.score, comparison, threshold)
            WHEN 'drop' THEN series.score >= marker.reference
        END AS back
    FROM mart_rupture_marker AS marker
    CROSS JOIN step
    JOIN mart_alliance_series AS series
        ON series.clinic = marker.clinic
        AND series.client_key = marker.client_key
        AND series.episode_no = marker.episode_no
        AND series.instrument = marker.instrument
        AND series.t = marker.t + step.step
),
followed AS (
    SELECT
        clinic, client_key, episode_no, instrument, criterion, t,
        min(later_t) FILTER (back) AS repaired_at,
        count(*) AS later_sessions
    FROM later
    GROUP BY clinic, client_key, episode_no, instrument, criterion, t
)
SELECT
    clinic,
    client_key,
    episode_no,
    instrument,
    criterion,
    t,
    session_no,
    completed_on,
    score,
    reference,
    reference - score AS dropped,
    deviation_of(spread_numerator, spread_denominator) AS spread,
    CASE kind
        WHEN 'control_chart' THEN exact_ratio(limit_numerator, limit_denominator * 10000, 1)
        WHEN 'concern' THEN threshold
        WHEN 'drop' THEN reference - threshold
    END AS limit_score,
    repaired_at - t AS length,
    in_deviations(dropped, spread_numerator, spread_denominator) AS magnitude,
    repaired_at,
    CASE
        WHEN repaired_at IS NOT NULL THEN 'repaired'
        WHEN later_sessions >= repair_within_sessions OR episode.ended_on IS NOT NULL THEN 'unresolved'
        ELSE 'open'
    END AS outcome
FROM mart_rupture_marker
CROSS JOIN mart_parameter
JOIN mart_episode AS episode USING (clinic, client_key, episode_no)
LEFT JOIN followed USING (clinic, client_key, episode_no, instrument, criterion, t)
