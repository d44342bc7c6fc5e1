-- Grain: a reach and what is held within it, as mart_held has it
-- From: mart_reach, mart_held, core_instrument
-- Read by: mart_held_client, mart_held_case, mart_bound
-- by_record: how many cases one of these records can change; 0 for all that its client has.
-- seed: whether the record can be a case itself, once mended; seed_month: in which month, empty where in any.
-- A referral is a case of the month it ended or was open in, which is not known here.

WITH pair AS (
    SELECT instrument
    FROM core_instrument
    WHERE instrument IN ('phq_9', 'gad_7') OR coalesce(measure_for, '') <> ''
)
SELECT
    reach.*,
    held.clinic,
    held.client_key,
    held.kind,
    held.month,
    held.records,
    held.strangers,
    held.countless,
    CASE held.kind WHEN 'responses' THEN by_form WHEN 'appointments' THEN by_contact ELSE 0 END AS by_record,
    held.kind = CASE cases
        WHEN 'form' THEN 'responses'
        WHEN 'ended_referral' THEN 'referrals'
        WHEN 'open_referral' THEN 'referrals'
        ELSE 'appointments'
    END AS seed,
    CASE WHEN cases IN ('appointment', 'contact', 'form') THEN held.month END AS seed_month
FROM mart_reach AS reach
JOIN mart_held AS held
    ON (held.kind = 'appointments' AND NOT (alone AND cases = 'form'))
    OR (held.kind = 'referrals' AND NOT alone)
    OR (
        held.kind = 'responses'
        AND responses <> 'none'
        AND coalesce(held.rater, reach.rater) = reach.rater
        AND (
            (responses = 'series' AND held.instrument = reach.instrument)
            OR (responses = 'pair' AND held.instrument IN (FROM pair))
        )
    )
