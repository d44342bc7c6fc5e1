-- Grain: a clinic and a month of attended treatment contacts of referrals
-- From: mart_treatment
-- Read by: mart_fact_engagement
-- Waits are counted in the month of the contact that ends them: the first, the second, the later of a gap.

SELECT
    clinic,
    month_number(starts_on) AS month,
    count(*) FILTER (treatment_no = 1) AS entered,
    count(*) FILTER (treatment_no = 1 AND starts_on - received_on <= 42) AS within_6_weeks,
    count(*) FILTER (treatment_no = 1 AND starts_on - received_on <= 126) AS within_18_weeks,
    coalesce(sum(starts_on - received_on) FILTER (treatment_no = 1), 0) AS wait_days,
    count(*) FILTER (treatment_no = 2) AS second_contacts,
    count(*) FILTER (treatment_no = 2 AND starts_on - previous_on > 28) AS second_over_28,
    count(*) FILTER (treatment_no = 2 AND starts_on - previous_on > 90) AS second_over_90,
    count(*) FILTER (treatment_no > 1) AS gaps,
    coalesce(sum(starts_on - previous_on), 0) AS gap_days,
    count(*) FILTER (starts_on - previous_on > 28) AS gaps_over_28
FROM mart_treatment
GROUP BY clinic, month
