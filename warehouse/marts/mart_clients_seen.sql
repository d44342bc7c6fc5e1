-- Grain: a unit and a period: clients with an attended contact
-- From: mart_session, core_clinic, mart_period
-- Read by: mart_figure
-- Clients do not add up over months or clinics, so each unit counts a client in the month of a
-- visit that is the first one of its quarter or year, and takes him out of the rolling twelve
-- months when the window has passed his last visit.

WITH seen AS (
    SELECT DISTINCT service, clinic, client_key, month_number(starts_on) AS month
    FROM mart_session
    JOIN core_clinic USING (clinic)
),
of_unit AS (
    SELECT DISTINCT 'all' AS service, 'all' AS clinic, client_key, month FROM seen
    UNION ALL
    SELECT DISTINCT service, 'all', client_key, month FROM seen
    UNION ALL
    SELECT service, clinic, client_key, month FROM seen
),
visit AS (
    SELECT
        service,
        clinic,
        month,
        coalesce(lag(month) OVER client, -1) AS earlier,
        coalesce(lead(month) OVER client, month + 12) AS later
    FROM of_unit
    WINDOW client AS (PARTITION BY service, clinic, client_key ORDER BY month)
),
calendar AS (
    SELECT service, clinic, 'month' AS grain, month AS first_slot, count(*) AS clients
    FROM visit
    GROUP BY service, clinic, month
    UNION ALL
    SELECT service, clinic, 'quarter', month - month % 3, count(*)
    FROM visit
    WHERE earlier // 3 < month // 3
    GROUP BY service, clinic, month - month % 3
    UNION ALL
    SELECT service, clinic, 'year', month - month % 12, count(*)
    FROM visit
    WHERE earlier // 12 < month // 12
    GROUP BY service, clinic, month - month % 12
),
change AS (
    SELECT service, clinic, month, count(*) AS clients
    FROM visit
    GROUP BY service, clinic, month
    UNION ALL
    SELECT service, clinic, least(later, month + 12), -count(*)
    FROM visit
    GROUP BY service, clinic, least(later, month + 12)
),
total AS (
    SELECT service, clinic, count(*) AS clients FROM visit WHERE earlier = -1 GROUP BY service, clinic
)
SELECT service, clinic, grain, period, clients
FROM calendar
JOIN mart_period USING (grain, first_slot)
UNION ALL
SELECT service, clinic, period.grain, period.period, sum(change.clients)::BIGINT
FROM change
JOIN mart_period AS period ON period.grain = 'rolling_12_months' AND change.month <= period.last_slot
GROUP BY service, clinic, period.grain, period.period
UNION ALL
SELECT service, clinic, 'all', 'all', clients
FROM total
