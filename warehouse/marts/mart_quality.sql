-- Grain: a feed
-- From: core_export
-- Read by: conservation line, published rounded as pub_quality; whole-site sums in pub_run
-- The records of a refused file are no part of the equation.

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
    timezone(any_value(site.timezone), timezone('UTC', max(arrived_at)))::DATE AS newest_arrival
FROM core_export
CROSS JOIN mart_parameter AS site
GROUP BY clinic, feed, kind
ORDER BY clinic, feed
