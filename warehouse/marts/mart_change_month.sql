-- Grain: a clinic, an outcome instrument and a month of finished courses with a pair of it
-- From: mart_outcome, mart_pair
-- Read by: mart_fact

SELECT
    clinic,
    pair.instrument,
    pair.scale,
    month_number(outcome.ended_on) AS month,
    count(*) AS pairs,
    sum(pair.first_score) AS first_total,
    sum(pair.last_score) AS last_total
FROM mart_outcome AS outcome
JOIN mart_pair AS pair USING (clinic, client_key, episode_no)
WHERE outcome.finished AND pair.paired
GROUP BY clinic, pair.instrument, pair.scale, month
