-- Grain: a clinic, an outcome instrument and a month of finished courses with a pair of it
-- From: mart_change
-- Read by: mart_fact_outcome

SELECT
    clinic,
    instrument,
    scale,
    month_number(ended_on) AS month,
    count(*) AS pairs,
    sum(first_score) AS first_total,
    sum(last_score) AS last_total,
    sum(days_apart) AS days,
    sum(scores) AS scores,
    count(percent_change) AS percents,
    coalesce(sum(percent_change), 0) AS percent_total,
    count(*) FILTER (clinical_at_first) AS clinical,
    count(*) FILTER (crossed) AS crossed
FROM mart_change
WHERE finished AND paired
GROUP BY clinic, instrument, scale, month
