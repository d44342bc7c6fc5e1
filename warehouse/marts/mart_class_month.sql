-- Grain: a clinic, an outcome instrument, a definition of reliable change and a month of finished courses with a pair
-- From: mart_change
-- Read by: mart_fact_outcome

WITH classed AS (
    SELECT
        clinic,
        instrument,
        scale,
        month_number(ended_on) AS month,
        clinical_at_first,
        unnest(['standard', 'jacobson_truax', 'own_baseline']) AS definition,
        unnest([class_standard, class_jacobson_truax, class_own_baseline]) AS class
    FROM mart_change
    WHERE finished AND paired
)
SELECT
    clinic,
    instrument,
    scale,
    definition,
    month,
    count(*) AS pairs,
    count(*) FILTER (class IN ('improved', 'recovered')) AS improved,
    count(*) FILTER (class = 'unchanged') AS unchanged,
    count(*) FILTER (class = 'deteriorated') AS deteriorated,
    count(*) FILTER (clinical_at_first) AS clinical,
    count(*) FILTER (class = 'recovered') AS recovered
FROM classed
WHERE class <> 'none'
GROUP BY clinic, instrument, scale, definition, month
