-- Grain: a way in which held records may change rates: what the cases are, and whose forms matter
-- From: mart_touched, mart_metric, mart_series
-- Read by: mart_held_reach, mart_held_client, mart_held_case, mart_bound
-- cases, alone, by_form, by_contact: see warehouse/effect_bounds.py. instrument is empty where forms do not matter, and for
-- `pair`, where those of PHQ-9 and of every anxiety measure do.

SELECT DISTINCT
    cases,
    responses,
    alone,
    by_form, by_contact,
    CASE responses WHEN 'series' THEN series.instrument ELSE '' END AS instrument,
    CASE responses WHEN 'none' THEN '' ELSE metric.rater END AS rater
FROM mart_touched AS touched
JOIN mart_metric AS metric USING (figure, definition)
JOIN mart_series AS series USING (figure, definition)
WHERE touched.cases IS NOT NULL AND (responses <> 'series' OR series.instrument <> '')
