-- Grain: a source of cases and a period, with the slots it takes in
-- From: mart_period, mart_parameter
-- Read by: mart_held_client, mart_held_most, mart_held_case
-- whole: all time, which takes in whatever a mended record adds before the first event.

SELECT
    source.cases,
    grain,
    period,
    -- What is open does not add up over months: the last month that has begun stands for the period.
    CASE cases WHEN 'open_referral' THEN least(last_slot, month_number(as_of)) ELSE first_slot END AS first_slot,
    CASE cases WHEN 'open_referral' THEN least(last_slot, month_number(as_of)) ELSE last_slot END AS last_slot,
    grain = 'all' AND cases <> 'open_referral' AS whole
FROM (
    VALUES
    ('appointment', 'period'), ('contact', 'period'), ('contact_number', 'session'),
    ('ended_referral', 'period'), ('open_referral', 'period'), ('form', 'period')
) AS source(cases, scaffold)
JOIN mart_period USING (scaffold)
CROSS JOIN mart_parameter
