-- Grain: a clinic and a month of referrals, by the day they were received, up to as_of
-- From: mart_episode
-- Read by: mart_fact_engagement

SELECT clinic, month_number(received_on) AS month, count(*) AS referrals
FROM mart_episode
WHERE origin = 'referral'
GROUP BY clinic, month
