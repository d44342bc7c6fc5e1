-- Grain: a figure and what it is given for: an instrument and scale, or the clinic's work as a whole
-- From: mart_metric, mart_source, core_instrument, core_scale
-- Read by: mart_applicable, mart_figure
-- A figure by instrument of which the site has none keeps one series, so that it can say not applicable.

WITH due AS (
    SELECT DISTINCT instrument, rater FROM mart_source WHERE need = 'due'
),
answered AS (
    SELECT DISTINCT
        instrument,
        source.rater,
        construct,
        scale,
        scale = outcome_scale AS outcome,
        core_scale.n_items = 1 AS of_one_item
    FROM mart_source AS source
    JOIN core_instrument USING (instrument)
    JOIN core_scale USING (instrument)
    WHERE need = 'answers'
),
series AS (
    SELECT figure, definition, '' AS instrument, '' AS scale FROM mart_metric WHERE series = 'whole'
    UNION ALL
    SELECT figure, definition, instrument, ''
    FROM mart_metric
    JOIN due USING (rater)
    WHERE series = 'due'
    UNION ALL
    SELECT figure, definition, instrument, scale
    FROM mart_metric
    JOIN answered USING (rater)
    WHERE
        (series = 'alliance' AND construct = 'alliance')
        OR (series = 'process' AND construct = 'process' AND of_one_item)
        OR (series = 'scale' AND construct IN ('alliance', 'outcome'))
        OR (series = 'outcome' AND construct = 'outcome' AND outcome)
        OR (series = 'alliance_total' AND construct = 'alliance' AND outcome)
)
FROM series
UNION ALL
SELECT figure, definition, '', ''
FROM mart_metric
ANTI JOIN series USING (figure, definition)
WHERE rater = 'client'
