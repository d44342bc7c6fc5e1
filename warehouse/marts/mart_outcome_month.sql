-- Grain: a clinic and a month of referrals that ended, by the day they ended
-- From: mart_outcome
-- Read by: mart_fact

SELECT
    clinic,
    month_number(ended_on) AS month,
    count(*) AS ended,
    count(*) FILTER (treatment_contacts >= 1) AS treated,
    count(*) FILTER (treatment_contacts >= 1 AND ending = 'dropped_out') AS dropped_out,
    count(*) FILTER (finished) AS finished,
    count(*) FILTER (paired_outcome) AS paired,
    count(*) FILTER (finished AND NOT not_at_caseness) AS eligible,
    count(*) FILTER (reliably_improved) AS improved,
    count(*) FILTER (reliably_deteriorated) AS deteriorated,
    count(*) FILTER (recovered) AS recovered,
    count(*) FILTER (reliably_recovered) AS reliably_recovered
FROM mart_outcome
GROUP BY clinic, month
