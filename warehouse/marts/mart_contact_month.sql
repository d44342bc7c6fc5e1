-- Grain: a clinic and a month of contacts, by the day they were to start, up to as_of
-- From: core_appointment
-- Read by: mart_fact_engagement

SELECT
    clinic,
    month_number(starts_on) AS month,
    count(*) AS contacts,
    count(*) FILTER (status IN ('attended', 'late')) AS held,
    count(*) FILTER (status IN ('dna', 'late_not_seen')) AS missed,
    count(*) FILTER (status = 'dna') AS not_attended,
    count(*) FILTER (status = 'cancelled_by_client') AS cancelled_by_client,
    count(*) FILTER (status = 'cancelled_by_provider') AS cancelled_by_provider
FROM core_appointment
CROSS JOIN mart_parameter
WHERE starts_on <= as_of
GROUP BY clinic, month
