-- Grain: a reach, a clinic, a client with held records in it and a period in which he has records that stand
-- From: mart_held_reach, mart_standing_case, mart_case_period
-- Read by: mart_held_case
-- cases_n: records of the client that could be a case of the period, and no more than the held ones can change.

WITH client AS (
    SELECT
        cases, responses, alone, by_form, by_contact, instrument, rater, clinic, client_key,
        CASE WHEN bool_and(by_record > 0) THEN sum(by_record * records) END AS most
    FROM mart_held_reach
    WHERE client_key IS NOT NULL
    GROUP BY cases, responses, alone, by_form, by_contact, instrument, rater, clinic, client_key
),
standing AS (
    SELECT *
    FROM mart_standing_case
    SEMI JOIN client USING (clinic, client_key, cases)
)
SELECT
    cases, responses, alone, by_form, by_contact, client.instrument, client.rater, clinic, client_key, grain, period,
    least(sum(n), any_value(most))::BIGINT AS cases_n
FROM client
JOIN standing USING (cases, clinic, client_key)
JOIN mart_case_period AS span USING (cases)
WHERE
    (cases <> 'form' OR (standing.instrument = client.instrument AND standing.rater = client.rater))
    AND (slot BETWEEN first_slot AND last_slot OR whole)
GROUP BY
    cases, responses, alone, by_form, by_contact, client.instrument, client.rater, clinic, client_key, grain, period
