-- Grain: what a figure adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_fact_engagement, mart_fact_outcome, mart_fact_alliance
-- Read by: mart_figure
-- Every figure but those of models is a sum, a share of two sums or a mean of sums, so any unit and period
-- adds up from here. slot: a month number, a session number or the number of a stage, as the metric's
-- scaffold has it; a stock stands in the month at whose end it was counted.

SELECT figure, definition, clinic, slot::INTEGER AS slot, instrument, scale,
    numerator::DECIMAL(18, 4) AS numerator, denominator::BIGINT AS denominator
FROM mart_fact_engagement
UNION ALL
SELECT figure, definition, clinic, slot::INTEGER, instrument, scale,
    numerator::DECIMAL(18, 4), denominator::BIGINT
FROM mart_fact_outcome
UNION ALL
SELECT figure, definition, clinic, slot::INTEGER, instrument, scale,
    numerator::DECIMAL(18, 4), denominator::BIGINT
FROM mart_fact_alliance
