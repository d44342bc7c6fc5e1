-- Grain: one exact figure of one unit and period
-- From: mart_fact, mart_clients_seen, mart_model, mart_series, mart_applicable, mart_metric, mart_unit, mart_period
-- Read by: disclosure (published as pub_figure), export figures, auditors
-- Every series has a row for every unit and period, so that nothing to show is said, not left out.

WITH at_unit AS (
    SELECT
        figure, definition, instrument, scale, slot,
        coalesce(service, 'all') AS service,
        coalesce(clinic, 'all') AS clinic,
        sum(numerator) AS numerator,
        sum(denominator) AS denominator
    FROM mart_fact
    JOIN core_clinic USING (clinic)
    SEMI JOIN mart_applicable USING (figure, definition, instrument, scale, clinic)
    GROUP BY GROUPING SETS (
        (figure, definition, instrument, scale, slot, service, clinic),
        (figure, definition, instrument, scale, slot, service),
        (figure, definition, instrument, scale, slot)
    )
),
period_slot AS (
    SELECT scaffold, grain, period, unnest(generate_series(first_slot, last_slot))::INTEGER AS slot
    FROM mart_period
    UNION ALL
    -- A stock does not add up over months: the last month that has begun stands for the period.
    SELECT 'period_end', grain, period, least(last_slot, month_number(as_of))
    FROM mart_period
    CROSS JOIN mart_parameter
    WHERE scaffold = 'period'
),
added AS (
    SELECT
        figure, definition, instrument, scale, service, clinic, grain, period,
        sum(numerator) AS numerator,
        sum(denominator) AS denominator
    FROM at_unit
    JOIN mart_metric USING (figure, definition)
    JOIN period_slot USING (scaffold, slot)
    GROUP BY figure, definition, instrument, scale, service, clinic, grain, period
    UNION ALL
    SELECT 'clients_seen', 'standard', '', '', service, clinic, grain, period, clients, NULL
    FROM mart_clients_seen
),
applicable AS (
    SELECT DISTINCT figure, definition, instrument, scale, unit.service, unit.clinic
    FROM mart_applicable AS series
    JOIN core_clinic AS clinic USING (clinic)
    JOIN mart_unit AS unit
        ON unit.service IN ('all', clinic.service) AND unit.clinic IN ('all', clinic.clinic)
),
scaffold AS (
    SELECT
        figure, definition, series.instrument, series.scale,
        unit.service, unit.clinic, period.grain, period.period,
        metric.kind, metric.unit,
        applicable.figure IS NOT NULL AS applicable
    FROM mart_series AS series
    JOIN mart_metric AS metric USING (figure, definition)
    JOIN mart_period AS period
        ON period.scaffold = CASE metric.scaffold WHEN 'period_end' THEN 'period' ELSE metric.scaffold END
    CROSS JOIN mart_unit AS unit
    LEFT JOIN applicable USING (figure, definition, instrument, scale, service, clinic)
),
counted AS (
    SELECT
        scaffold.*,
        CASE WHEN applicable AND kind <> 'model' THEN coalesce(numerator, 0)::DECIMAL(18, 4) END AS numerator,
        CASE
            WHEN applicable AND kind = 'model' THEN coalesce(model.n, 0)
            WHEN applicable AND kind <> 'count' THEN coalesce(denominator, 0)::BIGINT
        END AS denominator,
        CASE WHEN applicable THEN model.value END AS estimate
    FROM scaffold
    LEFT JOIN added USING (figure, definition, instrument, scale, service, clinic, grain, period)
    LEFT JOIN mart_model AS model
        USING (figure, definition, instrument, scale, service, clinic, grain, period)
)
SELECT
    figure,
    definition,
    service,
    clinic,
    grain,
    period,
    instrument,
    scale,
    numerator,
    denominator,
    CASE kind
        WHEN 'count' THEN numerator
        WHEN 'rate' THEN exact_ratio(numerator, denominator, 100)
        WHEN 'mean' THEN exact_ratio(numerator, denominator, 1)
        WHEN 'model' THEN estimate
    END AS value,
    unit,
    CASE kind WHEN 'count' THEN numerator::BIGINT ELSE denominator END AS n,
    CASE
        WHEN NOT applicable THEN 'not_applicable'
        WHEN denominator = 0 THEN 'no_data'
        WHEN kind = 'model' AND estimate IS NULL THEN 'no_data'
        WHEN kind IN ('count', 'rate') AND numerator = 0 THEN 'zero'
        ELSE 'value'
    END AS state
FROM counted
ORDER BY figure, definition, service, clinic, grain, period, instrument, scale
