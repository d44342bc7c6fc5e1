-- Grain: a clinic and a month of referrals that ended, by the day they ended
-- From: mart_outcome
-- Read by: mart_fact_engagement, mart_fact_outcome
-- Referrals by how far they came: ended, treated (one or more treatment contacts), finished (two or more),
-- paired (finished, with a pair on both measures), at_caseness (paired, a case at the first). eligible and
-- treated_eligible leave out those known to be below both cut-offs at the first.

SELECT
    clinic,
    month_number(ended_on) AS month,
    count(*) AS ended,
    count(*) FILTER (NOT treated) AS untreated,
    count(*) FILTER (treated) AS treated,
    count(*) FILTER (treated AND NOT finished) AS one_session,
    count(*) FILTER (treated AND ending = 'dropped_out') AS dropped_out,
    count(*) FILTER (treated AND ending = 'completed') AS completed,
    count(*) FILTER (finished) AS finished,
    count(*) FILTER (finished AND ending = 'dropped_out') AS finished_dropped_out,
    coalesce(sum(treatment_contacts) FILTER (finished), 0) AS treatment_contacts,
    count(*) FILTER (treatment_contacts >= 5) AS five_contacts,
    count(*) FILTER (finished AND wait_days <= 42) AS within_6_weeks,
    count(*) FILTER (finished AND wait_days <= 126) AS within_18_weeks,
    count(*) FILTER (finished AND paired) AS paired,
    count(*) FILTER (finished AND paired AND NOT not_at_caseness) AS at_caseness,
    count(*) FILTER (finished AND NOT not_at_caseness) AS eligible,
    count(*) FILTER (finished AND reliably_improved) AS improved,
    count(*) FILTER (finished AND reliably_deteriorated) AS deteriorated,
    count(*) FILTER (finished AND recovered) AS recovered,
    count(*) FILTER (finished AND reliably_recovered) AS reliably_recovered,
    count(*) FILTER (treated AND NOT not_at_caseness) AS treated_eligible,
    count(*) FILTER (treated AND reliably_improved) AS treated_improved,
    count(*) FILTER (treated AND reliably_deteriorated) AS treated_deteriorated,
    count(*) FILTER (treated AND recovered) AS treated_recovered,
    count(*) FILTER (treated AND reliably_recovered) AS treated_reliably_recovered
FROM mart_outcome
GROUP BY clinic, month
