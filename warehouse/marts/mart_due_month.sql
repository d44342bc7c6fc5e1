-- Grain: a clinic, an instrument, a rater and a month of questionnaires due, by the day of the contact
-- From: mart_due, mart_parameter
-- Read by: mart_fact_engagement
-- in_a_run: not completed, like as many due before it as the site declares to be a run.

SELECT
    clinic,
    instrument,
    rater,
    month_number(starts_on) AS month,
    count(*) AS due,
    count(*) FILTER (completed) AS completed,
    count(*) FILTER (due.missed_in_a_row >= run.missed_in_a_row) AS in_a_run
FROM mart_due AS due
CROSS JOIN mart_parameter AS run
GROUP BY clinic, instrument, rater, month
