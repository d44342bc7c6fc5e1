-- Grain: a feed
-- From: core_export, core_score, core_total_check
-- Read by: conservation line, published rounded as pub_quality; whole-site sums in pub_run
-- The records of a refused file are no part of the equation.

WITH compared AS (
    SELECT entry_no, count(*) AS compared
    FROM core_score
    WHERE stored_total IS NOT NULL AND status <> 'key_not_confirmed'
    GROUP BY entry_no
),
differing AS (
    SELECT entry_no, count(*) AS differing FROM core_total_check GROUP BY entry_no
)
SELECT
    clinic,
    feed,
    kind,
    count(*)::INTEGER AS files,
    (count(*) FILTER (refused IS NOT NULL))::INTEGER AS files_refused,
    coalesce(sum(received) FILTER (refused IS NULL), 0)::BIGINT AS received,
    coalesce(sum(accepted) FILTER (refused IS NULL), 0)::BIGINT AS accepted,
    coalesce(sum(quarantined) FILTER (refused IS NULL), 0)::BIGINT AS quarantined,
    coalesce(sum(excluded) FILTER (refused IS NULL), 0)::BIGINT AS excluded,
    coalesce(sum(superseded) FILTER (refused IS NULL), 0)::BIGINT AS superseded,
    coalesce(sum(compared), 0)::BIGINT AS totals_compared,
    coalesce(sum(differing), 0)::BIGINT AS totals_differing,
    timezone(any_value(site.timezone), timezone('UTC', max(arrived_at)))::DATE AS newest_arrival
FROM core_export
LEFT JOIN compared USING (entry_no)
LEFT JOIN differing USING (entry_no)
CROSS JOIN mart_parameter AS site
GROUP BY clinic, feed, kind
ORDER BY clinic, feed
