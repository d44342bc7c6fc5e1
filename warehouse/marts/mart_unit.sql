-- Grain: a unit that figures are given for: the whole site, a service, a clinic
-- From: core_clinic
-- Read by: mart_figure, published as pub_unit

SELECT 'all' AS service, 'all' AS clinic, 'All services' AS title
UNION ALL
SELECT DISTINCT service, 'all', upper(service[1]) || replace(service[2:], '_', ' ')
FROM core_clinic
UNION ALL
SELECT service, clinic, clinic_name
FROM core_clinic
ORDER BY service, clinic
