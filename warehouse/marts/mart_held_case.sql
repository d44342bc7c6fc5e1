-- Grain: a reach, a clinic with held records in it and a period: cases that they could touch
-- From: mart_held_reach, mart_held_client, mart_held_most, mart_case_period
-- Read by: mart_bound
-- of_clients: what clients with held records have that could be a case. of_strangers: the same for held records of
-- unknown clients, wherever they do most. A client's cases come in blocks of as many as one record can change
-- (by_record; 0: one block of all), and a record takes one block: so u records change least(u, blocks) first
-- cases of a block, as many second ones, and so on. of_records: what the held records may become themselves.

WITH own AS (
    SELECT
        cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period,
        CASE
            WHEN alone
                THEN sum(records) FILTER (
                    client_key IS NULL
                    OR client.cases_n > 0
                    OR whole
                    OR coalesce(held.month BETWEEN first_slot AND last_slot, TRUE)
                )
            ELSE sum(records) FILTER (
                seed AND (whole OR coalesce(seed_month BETWEEN first_slot AND last_slot, TRUE))
            )
        END AS of_records,
        bool_or(countless) AS countless
    FROM mart_held_reach AS held
    JOIN mart_case_period AS span USING (cases)
    LEFT JOIN mart_held_client AS client
        USING (cases, responses, alone, by_form, by_contact, instrument, rater, clinic, client_key, grain, period)
    GROUP BY cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period
),
of_client AS (
    SELECT
        cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period,
        sum(cases_n) AS of_clients
    FROM mart_held_client
    WHERE NOT alone
    GROUP BY cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period
),
stranger AS (
    SELECT
        cases, responses, alone, by_form, by_contact,
        CASE cases WHEN 'form' THEN instrument ELSE '' END AS of_form,
        CASE cases WHEN 'form' THEN rater ELSE '' END AS of_rater,
        instrument, rater, clinic, by_record,
        sum(strangers) AS strangers
    FROM mart_held_reach
    WHERE strangers > 0 AND NOT alone
    GROUP BY ALL
),
block AS (
    SELECT
        stranger.*,
        grain,
        period,
        CASE WHEN by_record = 0 THEN step ELSE (step - 1) % by_record + 1 END AS place,
        any_value(width) AS width,
        sum(clients) AS blocks
    FROM stranger
    JOIN mart_held_most AS most
        ON most.cases = stranger.cases
        AND most.clinic = stranger.clinic
        AND most.instrument = of_form
        AND most.rater = of_rater
        AND (by_record = 0 OR step <= by_record OR clients IS NOT NULL)
    GROUP BY ALL
),
of_stranger AS (
    SELECT
        cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period,
        sum(width * least(strangers, coalesce(blocks, strangers))) AS of_strangers
    FROM block
    GROUP BY cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period
)
SELECT
    own.* REPLACE (coalesce(of_records, 0)::BIGINT AS of_records),
    coalesce(of_clients, 0)::BIGINT AS of_clients,
    coalesce(of_strangers, 0)::BIGINT AS of_strangers,
    (coalesce(of_records, 0) + coalesce(of_clients, 0) + coalesce(of_strangers, 0))::BIGINT AS touched
FROM own
LEFT JOIN of_client
    USING (cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period)
LEFT JOIN of_stranger
    USING (cases, responses, alone, by_form, by_contact, instrument, rater, clinic, grain, period)
