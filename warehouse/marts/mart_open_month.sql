-- Grain: a clinic and a month with referrals open at its last day; as_of in the running month
-- From: mart_episode, mart_treatment, mart_parameter
-- Read by: mart_fact_engagement
-- Open: received by that day and not ended by it. A treatment contact is the last one by that day from its
-- own day to the day before the next; more than 90 days of it are no activity.

WITH month_end AS (
    SELECT
        number::INTEGER AS month,
        least(last_day(make_date(number // 12, number % 12 + 1, 1)), as_of) AS day
    FROM (
        SELECT as_of, unnest(generate_series(first_month, month_number(as_of))) AS number
        FROM mart_parameter
        CROSS JOIN (SELECT month_number(min(received_on)) AS first_month FROM mart_episode)
    )
),
open_referral AS (
    SELECT clinic, month, count(*) AS open
    FROM mart_episode
    JOIN month_end ON day >= received_on AND day < coalesce(ended_on, DATE '9999-12-31')
    GROUP BY clinic, month
),
last_treatment AS (
    SELECT clinic, month, count(*) AS in_treatment, count(*) FILTER (day - starts_on > 90) AS inactive
    FROM mart_treatment
    JOIN month_end
        ON day >= greatest(starts_on, received_on)
        AND day < least(coalesce(next_on, DATE '9999-12-31'), coalesce(ended_on, DATE '9999-12-31'))
    GROUP BY clinic, month
)
SELECT clinic, month, open, coalesce(in_treatment, 0) AS in_treatment, coalesce(inactive, 0) AS inactive
FROM open_referral
LEFT JOIN last_treatment USING (clinic, month)
