-- Grain: an episode: a referral; for a client without one, everything in the clinic
-- From: core_referral, core_administration, core_appointment
-- Read by: mart_session, mart_response, mart_treatment, mart_course, mart_due, mart_pair, mart_covered,
--          mart_received_month, mart_open_month
-- An event belongs to the client's latest referral on or before its day, else to the first:
-- from_day <= day < to_day. An end after as_of has not happened yet.

WITH referred AS (
    SELECT
        clinic,
        client_key,
        row_number() OVER client AS episode_no,
        received_on,
        CASE WHEN ended_on <= as_of THEN ended_on END AS ended_on,
        CASE WHEN ended_on <= as_of THEN ending END AS ending,
        problem,
        lead(received_on) OVER client AS next_received_on
    FROM core_referral
    CROSS JOIN mart_parameter
    WHERE received_on <= as_of
    WINDOW client AS (PARTITION BY clinic, client_key ORDER BY received_on, entry_no, source_row)
),
known AS (
    SELECT DISTINCT clinic, client_key
    FROM (
        SELECT clinic, client_key FROM core_administration
        UNION ALL
        SELECT clinic, client_key FROM core_appointment
    )
)
SELECT
    clinic,
    client_key,
    episode_no::INTEGER AS episode_no,
    'referral' AS origin,
    received_on,
    ended_on,
    ending,
    CASE WHEN episode_no = 1 THEN DATE '0001-01-01' ELSE received_on END AS from_day,
    coalesce(next_received_on, DATE '9999-12-31') AS to_day,
    problem
FROM referred
UNION ALL
SELECT clinic, client_key, 1, 'client', NULL, NULL, NULL, DATE '0001-01-01', DATE '9999-12-31', NULL
FROM known
ANTI JOIN referred USING (clinic, client_key)
