-- Grain: a source of cases, a clinic with held records of unknown clients in it, a period and a step
-- From: mart_held_reach, mart_standing_case, mart_case_period
-- Read by: mart_held_case
-- clients: those who have at least as many cases as the step says. Referrals are few and counted; of contacts and
-- forms it is empty (any number), and steps go to the most that one client has: not more than the busiest of each
-- month together, nor than anyone in all. width: how many steps the row stands for.

WITH wanted AS (
    SELECT DISTINCT cases, instrument, rater, clinic
    FROM mart_held_reach
    WHERE strangers > 0 AND NOT alone
),
client AS (
    SELECT cases, instrument, rater, clinic, client_key, slot, n
    FROM mart_standing_case
    WHERE
        (cases <> 'form' AND (cases, clinic) IN (SELECT (cases, clinic) FROM wanted))
        OR (cases, clinic, instrument, rater) IN (SELECT (cases, clinic, instrument, rater) FROM wanted)
),
referral AS (
    SELECT cases, clinic, client_key, grain, period, sum(n) AS n
    FROM client
    JOIN mart_case_period USING (cases)
    WHERE cases IN ('ended_referral', 'open_referral') AND (slot BETWEEN first_slot AND last_slot OR whole)
    GROUP BY cases, clinic, client_key, grain, period
),
by_slot AS (
    SELECT cases, instrument, rater, clinic, slot, max(n) AS n
    FROM client
    WHERE cases NOT IN ('ended_referral', 'open_referral')
    GROUP BY cases, instrument, rater, clinic, slot
),
in_all AS (
    SELECT cases, instrument, rater, clinic, max(n) AS n
    FROM (
        SELECT cases, instrument, rater, clinic, client_key, sum(n) AS n
        FROM client
        GROUP BY cases, instrument, rater, clinic, client_key
    )
    GROUP BY cases, instrument, rater, clinic
),
busiest AS (
    SELECT
        cases, instrument, rater, clinic, grain, period,
        least(sum(by_slot.n), any_value(in_all.n))::BIGINT AS most
    FROM by_slot
    JOIN in_all USING (cases, instrument, rater, clinic)
    JOIN mart_case_period USING (cases)
    WHERE slot BETWEEN first_slot AND last_slot OR whole
    GROUP BY cases, instrument, rater, clinic, grain, period
)
SELECT
    cases, '' AS instrument, '' AS rater, clinic, grain, period, step::INTEGER AS step, 1::BIGINT AS width,
    count(*) AS clients
FROM (SELECT *, unnest(generate_series(1, n::BIGINT)) AS step FROM referral)
GROUP BY cases, clinic, grain, period, step
UNION ALL
-- No figure has a limit of more than four cases by record: beyond, one row stands for all.
SELECT
    cases, instrument, rater, clinic, grain, period, step, if(step = 5, most - 4, 1), NULL
FROM busiest
CROSS JOIN (SELECT unnest([1, 2, 3, 4, 5])::INTEGER AS step)
WHERE step <= most
