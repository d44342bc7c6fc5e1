-- Grain: a clinic, a number of attended treatment contacts and a cause: referrals that got so far
-- From: mart_course
-- Read by: models (cumulative incidence)
-- Referrals with a treatment contact. cause: 1 dropped out, 2 completed, 3 any other ending or none recorded;
-- 0 still open at as_of, and nothing else is.

SELECT
    clinic,
    treatment_contacts,
    CASE
        WHEN ended_on IS NULL THEN 0
        WHEN ending = 'dropped_out' THEN 1
        WHEN ending = 'completed' THEN 2
        ELSE 3
    END AS cause,
    count(*) AS episodes
FROM mart_course
WHERE treatment_contacts >= 1
GROUP BY clinic, treatment_contacts, cause
