-- Grain: a reach with held records of unknown clients, a clinic and a period: most cases that one client has
-- From: mart_held_reach, mart_standing_case, mart_case_period
-- Read by: mart_held_case
-- Not more than the busiest client of each month has together, and not more than any client has in all.

WITH wanted AS (
    SELECT DISTINCT cases, responses, alone, one_each, instrument, rater, clinic
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
by_slot AS (
    SELECT cases, instrument, rater, clinic, slot, max(n) AS n
    FROM client
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
)
SELECT
    cases, wanted.responses, wanted.alone, wanted.one_each, wanted.instrument, wanted.rater, clinic, grain, period,
    least(sum(by_slot.n), any_value(in_all.n))::BIGINT AS most
FROM wanted
JOIN by_slot USING (cases, clinic)
JOIN in_all USING (cases, clinic)
JOIN mart_case_period AS span USING (cases)
WHERE
    in_all.instrument = by_slot.instrument
    AND in_all.rater = by_slot.rater
    AND (cases <> 'form' OR (by_slot.instrument = wanted.instrument AND by_slot.rater = wanted.rater))
    AND (slot BETWEEN first_slot AND last_slot OR whole)
GROUP BY
    cases, wanted.responses, wanted.alone, wanted.one_each, wanted.instrument, wanted.rater, clinic, grain, period
