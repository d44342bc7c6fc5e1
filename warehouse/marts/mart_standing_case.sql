-- Grain: a source of cases, a clinic, a client and a slot: records that stand and could be a case
-- From: core_appointment, mart_session, core_referral, core_administration
-- Read by: mart_held_client, mart_held_most
-- At least as many as there are cases in any figure, whatever else is mended. slot: a month; for contact_number a
-- session number, every one of them where the contact has none of its own. instrument and rater only of forms.

SELECT
    'appointment' AS cases, '' AS instrument, '' AS rater, clinic, client_key,
    month_number(starts_on) AS slot, count(*) AS n
FROM core_appointment
CROSS JOIN mart_parameter
WHERE starts_on <= as_of
GROUP BY ALL
UNION ALL
SELECT 'contact', '', '', clinic, client_key, month_number(starts_on) AS slot, count(*)
FROM mart_session
GROUP BY ALL
UNION ALL
SELECT 'contact_number', '', '', clinic, client_key, slot, count(*)
FROM (
    SELECT
        clinic, client_key,
        unnest(if(session IS NULL, generate_series(1, 12), [session::BIGINT]))::INTEGER AS slot
    FROM mart_session
)
GROUP BY ALL
UNION ALL
SELECT 'ended_referral', '', '', clinic, client_key, month_number(ended_on) AS slot, count(*)
FROM core_referral
CROSS JOIN mart_parameter
WHERE ended_on <= as_of
GROUP BY ALL
UNION ALL
SELECT 'open_referral', '', '', clinic, client_key, slot, count(*)
FROM (
    SELECT
        clinic, client_key,
        unnest(
            generate_series(month_number(received_on), month_number(least(coalesce(ended_on, as_of), as_of)))
        )::INTEGER AS slot
    FROM core_referral
    CROSS JOIN mart_parameter
)
GROUP BY ALL
UNION ALL
SELECT 'form', instrument, rater::VARCHAR, clinic, client_key, month_number(completed_on) AS slot, count(*)
FROM core_administration
CROSS JOIN mart_parameter
WHERE completed_on <= as_of
GROUP BY ALL
