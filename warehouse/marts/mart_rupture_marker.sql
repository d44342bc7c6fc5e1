-- Grain: a session of a client's series and a criterion by which it carries a rupture marker
-- From: mart_alliance_series, mart_rupture_criterion
-- Read by: mart_rupture
-- Only sessions before it decide, so that a later session never rewrites a marker.
-- deviation: the score dropped by the factor times s; s is the larger of the client's own standard deviation
-- over the sessions before and that between clients (spread_numerator / spread_denominator: its square).
-- control_chart: the score is below the mean of the sessions before less 2.66 times their mean moving range
-- (limit_numerator / limit_denominator).
-- Whole numbers of ten-thousandths of a point, and fractions of them: exact on every machine.

WITH fallen AS (
    -- Only series with a drop that is large enough need the sums below.
    SELECT DISTINCT clinic, client_key, episode_no, instrument
    FROM mart_alliance_series
    JOIN mart_rupture_criterion USING (instrument)
    WHERE kind IN ('deviation', 'control_chart') AND t >= judged_from AND reference - score >= least_drop
),
levelled AS (
    SELECT
        *,
        (score * 10000)::BIGINT AS level,
        ((reference - score) * 10000)::BIGINT AS fall
    FROM mart_alliance_series
    SEMI JOIN fallen USING (clinic, client_key, episode_no, instrument)
),
earlier AS (
    SELECT
        *,
        (t - 1)::HUGEINT AS n,
        sum(level) OVER before AS total,
        sum(square(level)) OVER before AS squares,
        sum(abs(fall)) OVER before AS moves
    FROM levelled
    WINDOW before AS (
        PARTITION BY clinic, client_key, episode_no, instrument ORDER BY t
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
judged AS (
    SELECT
        *,
        n * squares - total * total AS own_numerator,
        n * (n - 1) AS own_denominator,
        coalesce(own_numerator * between_denominator >= between_numerator * own_denominator, FALSE) AS own_larger
    FROM earlier
    JOIN mart_rupture_criterion USING (instrument)
    WHERE kind IN ('deviation', 'control_chart') AND t >= judged_from AND reference - score >= least_drop
),
measured AS (
    SELECT
        *,
        CASE
            WHEN kind = 'deviation' THEN if(own_larger, own_numerator, between_numerator)
        END AS spread_numerator,
        CASE
            WHEN kind = 'deviation' THEN if(own_larger, own_denominator, between_denominator)
        END AS spread_denominator,
        CASE WHEN kind = 'control_chart' THEN 100 * (n - 1) * total - 266 * n * moves END AS limit_numerator,
        CASE WHEN kind = 'control_chart' THEN 100 * n * (n - 1) END AS limit_denominator
    FROM judged
)
SELECT
    clinic, client_key, episode_no, instrument, criterion, kind, t, session_no, completed_on, score, reference,
    comparison, threshold, spread_numerator, spread_denominator, limit_numerator, limit_denominator
FROM measured
WHERE
    (
        kind = 'deviation'
        AND square(fall) * spread_denominator >= square(factor) * spread_numerator
    )
    OR (kind = 'control_chart' AND level * limit_denominator < limit_numerator)
UNION ALL
SELECT
    clinic, client_key, episode_no, instrument, criterion, kind, t, session_no, completed_on, score, reference,
    comparison, threshold, NULL, NULL, NULL, NULL
FROM mart_alliance_series
JOIN mart_rupture_criterion USING (instrument)
WHERE
    (kind = 'concern' AND meets(score, comparison, threshold))
    OR (kind = 'drop' AND t >= judged_from AND meets(reference - score, comparison, threshold))
