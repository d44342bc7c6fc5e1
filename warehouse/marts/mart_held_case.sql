-- Grain: a reach, a clinic with held records in it and a period: cases that they could touch
-- From: mart_held_reach, mart_held_client, mart_held_most, mart_case_period
-- Read by: mart_bound
-- of_clients: what clients with held records have that could be a case. of_strangers: as much as any client has,
-- for each held record of an unknown one; a form that changes no more than two contacts counts two.
-- of_records: what the held records may become themselves.

WITH reached AS (
    SELECT
        held.*,
        grain,
        period,
        whole OR coalesce(held.month BETWEEN first_slot AND last_slot, TRUE) AS in_period,
        whole OR coalesce(seed_month BETWEEN first_slot AND last_slot, TRUE) AS seeds_period
    FROM mart_held_reach AS held
    JOIN mart_case_period AS span USING (cases)
),
own AS (
    SELECT
        cases, responses, alone, one_each, instrument, rater, clinic, grain, period,
        coalesce(
            CASE
                WHEN alone
                    THEN sum(records) FILTER (client_key IS NULL OR in_period OR client.cases_n > 0)
                ELSE sum(records) FILTER (seed AND seeds_period)
            END,
            0
        ) AS of_records,
        CASE
            WHEN alone THEN 0
            ELSE coalesce(
                sum(
                    CASE
                        WHEN one_each AND kind = 'responses' THEN least(most, 2) * strangers
                        ELSE most * strangers
                    END
                ),
                0
            )
        END AS of_strangers,
        bool_or(countless) AS countless
    FROM reached
    LEFT JOIN mart_held_client AS client
        USING (cases, responses, alone, one_each, instrument, rater, clinic, client_key, grain, period)
    LEFT JOIN mart_held_most AS busiest
        USING (cases, responses, alone, one_each, instrument, rater, clinic, grain, period)
    GROUP BY cases, responses, alone, one_each, instrument, rater, clinic, grain, period
),
of_client AS (
    SELECT
        cases, responses, alone, one_each, instrument, rater, clinic, grain, period,
        sum(cases_n) AS of_clients
    FROM mart_held_client
    WHERE NOT alone
    GROUP BY cases, responses, alone, one_each, instrument, rater, clinic, grain, period
)
SELECT
    own.*,
    coalesce(of_clients, 0) AS of_clients,
    (of_records + of_strangers + coalesce(of_clients, 0))::BIGINT AS touched
FROM own
LEFT JOIN of_client
    USING (cases, responses, alone, one_each, instrument, rater, clinic, grain, period)
