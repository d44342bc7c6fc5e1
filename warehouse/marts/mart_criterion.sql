-- Grain: an outcome instrument and a definition of reliable change that the site has a criterion for
-- From: core_threshold, core_instrument, mart_own_baseline, mart_cut_off
-- Read by: mart_source, mart_change, auditors
-- standard: the card's convention, met by a change of its size. jacobson_truax: from the SD and reliability
-- that the card has from a source, on or off. own_baseline: the same from the site's declared window. These two
-- must be exceeded: |RC| > 1.96.

WITH on_card AS (
    SELECT threshold.*
    FROM core_threshold AS threshold
    JOIN core_instrument AS card USING (instrument)
    WHERE card.construct = 'outcome' AND scale = outcome_scale AND kind = 'reliable_change'
),
convention AS (
    SELECT *
    FROM on_card
    WHERE is_on
    QUALIFY row_number() OVER (PARTITION BY instrument ORDER BY name) = 1
),
sourced AS (
    SELECT *
    FROM on_card
    WHERE sd > 0 AND reliability > 0 AND evidence IN ('verified', 'derived')
    QUALIFY row_number() OVER (PARTITION BY instrument ORDER BY name) = 1
),
criterion(instrument, scale, definition, criterion, comparison, sd, reliability, n, evidence) AS (
    SELECT instrument, scale, 'standard', value, comparison, sd, reliability, NULL, evidence FROM convention
    UNION ALL
    SELECT
        instrument, scale, 'jacobson_truax', reliable_change_of(sd, reliability), '>', sd, reliability, NULL,
        evidence
    FROM sourced
    UNION ALL
    SELECT
        instrument, scale, 'own_baseline', reliable_change_of(sd, alpha), '>', sd, alpha, clients, 'derived'
    FROM mart_own_baseline
    WHERE sd > 0 AND alpha > 0
)
SELECT criterion.*, cut_off, cut_off_comparison
FROM criterion
LEFT JOIN mart_cut_off USING (instrument, scale)
