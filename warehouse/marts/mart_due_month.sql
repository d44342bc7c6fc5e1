-- Grain: a clinic, an instrument, a rater and a month of questionnaires due, by the day of the contact
-- From: mart_due
-- Read by: mart_fact

SELECT
    clinic,
    instrument,
    rater,
    month_number(starts_on) AS month,
    count(*) AS due,
    count(*) FILTER (completed) AS completed
FROM mart_due
GROUP BY clinic, instrument, rater, month
