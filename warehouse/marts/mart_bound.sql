-- Grain: how far the held records could move a rate of one unit and period, once mended
-- From: mart_figure, mart_touched, mart_metric, mart_held_case, mart_held_reach, mart_held_baseline,
--       mart_applicable, mart_source, mart_unit, core_clinic
-- Read by: disclosure (published with pub_figure), auditors
-- held: cases that the held records could touch, at most; empty where that cannot be said. Why the bounds hold is
-- proved in warehouse/effect_bounds.py.

WITH rate AS (
    SELECT
        series.figure,
        series.definition,
        series.instrument,
        series.scale,
        series.clinic,
        touched.* EXCLUDE (figure, definition),
        CASE responses WHEN 'series' THEN series.instrument ELSE '' END AS reach_instrument,
        CASE responses WHEN 'none' THEN '' ELSE metric.rater END AS reach_rater,
        applicable.clinic IS NOT NULL AS applicable
    FROM (
        SELECT figure, definition, instrument, scale, clinic FROM mart_series CROSS JOIN core_clinic
    ) AS series
    JOIN mart_touched AS touched USING (figure, definition)
    JOIN mart_metric AS metric USING (figure, definition)
    LEFT JOIN mart_applicable AS applicable USING (figure, definition, instrument, scale, clinic)
),
feed AS (
    SELECT clinic, coalesce(list(need) FILTER (need IN ('referrals', 'appointments')), []) AS feeds
    FROM core_clinic
    LEFT JOIN mart_source USING (clinic)
    GROUP BY clinic
),
fed AS (
    -- Clinics with all feeds a figure needs, which forms alone would let it count.
    SELECT figure, definition, clinic
    FROM mart_metric
    CROSS JOIN feed
    WHERE
        NOT list_contains(needs, 'due')
        AND list_has_all(feeds, list_filter(needs, lambda one: one IN ('referrals', 'appointments')))
),
waiting AS (
    SELECT DISTINCT cases, responses, instrument, rater, clinic FROM mart_held_reach WHERE kind = 'responses'
),
unbounded AS (
    SELECT figure, definition, instrument, scale, clinic
    FROM rate
    WHERE
        cases IS NULL
        OR (baseline AND reach_instrument IN (SELECT instrument FROM mart_held_baseline))
    UNION
    SELECT rate.figure, rate.definition, rate.instrument, rate.scale, rate.clinic
    FROM rate
    SEMI JOIN fed USING (figure, definition, clinic)
    JOIN waiting
        ON waiting.cases = rate.cases
        AND waiting.responses = rate.responses
        AND waiting.instrument = rate.reach_instrument
        AND waiting.rater = rate.reach_rater
        AND waiting.clinic = rate.clinic
    WHERE NOT rate.applicable
),
of_clinic AS (
    SELECT
        rate.figure, rate.definition, rate.instrument, rate.scale, rate.clinic, held.grain, held.period,
        CASE WHEN applicable THEN held.touched ELSE 0 END AS touched,
        applicable AND held.countless AS countless
    FROM rate
    JOIN mart_held_case AS held
        ON held.cases = rate.cases
        AND held.responses = rate.responses
        AND held.alone = rate.alone
        AND held.by_form = rate.by_form
        AND held.by_contact = rate.by_contact
        AND held.instrument = rate.reach_instrument
        AND held.rater = rate.reach_rater
        AND held.clinic = rate.clinic
),
of_unit AS (
    SELECT
        figure, definition, instrument, scale, unit.service, unit.clinic, grain, period,
        sum(touched)::BIGINT AS touched,
        bool_or(countless) AS countless
    FROM of_clinic
    JOIN core_clinic AS site USING (clinic)
    JOIN mart_unit AS unit
        ON unit.service IN ('all', site.service) AND unit.clinic IN ('all', site.clinic)
    GROUP BY figure, definition, instrument, scale, unit.service, unit.clinic, grain, period
),
unbounded_unit AS (
    SELECT DISTINCT figure, definition, instrument, scale, unit.service, unit.clinic
    FROM unbounded
    JOIN core_clinic AS site USING (clinic)
    JOIN mart_unit AS unit
        ON unit.service IN ('all', site.service) AND unit.clinic IN ('all', site.clinic)
)
SELECT
    figure, definition, service, clinic, grain, period, instrument, scale,
    CASE
        WHEN unbounded_unit.figure IS NULL AND NOT coalesce(of_unit.countless, FALSE)
            THEN coalesce(of_unit.touched, 0)
    END AS held,
    bound_low(numerator::BIGINT, denominator, held) AS low_percent,
    bound_high(numerator::BIGINT, denominator, held) AS high_percent
FROM mart_figure AS figure
SEMI JOIN mart_touched USING (figure, definition)
LEFT JOIN of_unit USING (figure, definition, service, clinic, grain, period, instrument, scale)
LEFT JOIN unbounded_unit USING (figure, definition, service, clinic, instrument, scale)
WHERE state IN ('value', 'zero')
ORDER BY figure, definition, service, clinic, grain, period, instrument, scale
