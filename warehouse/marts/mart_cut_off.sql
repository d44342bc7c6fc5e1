-- Grain: an outcome instrument whose card has a cut-off in use on its outcome scale
-- From: core_threshold, core_instrument
-- Read by: mart_source, mart_criterion, mart_change

SELECT instrument, scale, value AS cut_off, comparison AS cut_off_comparison
FROM core_threshold
JOIN core_instrument USING (instrument)
WHERE construct = 'outcome' AND scale = outcome_scale AND kind = 'caseness' AND is_on
QUALIFY row_number() OVER (PARTITION BY instrument ORDER BY name) = 1
