-- Grain: a period that figures are given for, from the first event to as_of; or a session number; or a stage
-- From: core_referral, core_appointment, core_administration
-- Read by: mart_clients_seen, mart_figure, published as pub_period (without session numbers and stages)
-- first_slot to last_slot: the months it holds, as month numbers; the own number of a session or stage.

WITH event AS (
    SELECT min(received_on) AS day FROM core_referral
    UNION ALL
    SELECT min(ended_on) FROM core_referral
    UNION ALL
    SELECT min(starts_on) FROM core_appointment
    UNION ALL
    SELECT min(completed_on) FROM core_administration
),
span AS (
    SELECT
        month_number(least(coalesce(min(event.day), run.as_of), run.as_of)) AS first_month,
        month_number(run.as_of) AS last_month
    FROM mart_parameter AS run
    CROSS JOIN event
    GROUP BY run.as_of
),
month AS (
    SELECT unnest(generate_series(first_month, last_month))::INTEGER AS number, first_month FROM span
),
period AS (
    SELECT 'month' AS grain, number AS first_slot, number AS last_slot FROM month
    UNION ALL
    SELECT DISTINCT 'quarter', number - number % 3, number - number % 3 + 2 FROM month
    UNION ALL
    SELECT DISTINCT 'year', number - number % 12, number - number % 12 + 11 FROM month
    UNION ALL
    SELECT 'rolling_12_months', number - 11, number FROM month
    UNION ALL
    SELECT 'all', first_month, last_month FROM span
),
dated AS (
    SELECT
        *,
        make_date(first_slot // 12, first_slot % 12 + 1, 1) AS first_day,
        last_day(make_date(last_slot // 12, last_slot % 12 + 1, 1)) AS end_day
    FROM period
)
SELECT
    'period' AS scaffold,
    grain,
    CASE grain
        WHEN 'quarter' THEN year(first_day) || '-Q' || quarter(first_day)
        WHEN 'year' THEN year(first_day)::VARCHAR
        WHEN 'all' THEN 'all'
        ELSE strftime(end_day, '%Y-%m')
    END AS period,
    CASE grain
        WHEN 'month' THEN strftime(first_day, '%B %Y')
        WHEN 'quarter' THEN strftime(first_day, '%B') || ' to ' || strftime(end_day, '%B %Y')
        WHEN 'year' THEN year(first_day)::VARCHAR
        WHEN 'all' THEN 'All time'
        ELSE 'Twelve months to ' || strftime(end_day, '%B %Y')
    END AS title,
    first_day,
    CASE grain WHEN 'all' THEN as_of ELSE end_day END AS last_day,
    -- The day of as_of is not over: its records may come tomorrow. All time is told up to any day.
    grain = 'all' OR end_day < as_of AS closed,
    first_slot,
    last_slot
FROM dated
CROSS JOIN mart_parameter
UNION ALL
SELECT 'session', 'session', number::VARCHAR, 'Session ' || number, NULL, NULL, TRUE, number, number
FROM (SELECT unnest(generate_series(1, 12))::INTEGER AS number)
UNION ALL
SELECT 'stage', 'stage', stage, upper(stage[1]) || stage[2:], NULL, NULL, TRUE, number, number
FROM (VALUES (1, 'commitment'), (2, 'process'), (3, 'change'), (4, 'termination')) AS stages(number, stage)
ORDER BY scaffold, grain, first_slot
