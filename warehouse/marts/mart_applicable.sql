-- Grain: a series and a clinic that has everything it needs
-- From: mart_series, mart_metric, mart_source
-- Read by: mart_figure

WITH need AS (
    SELECT figure, definition, rater, unnest(needs) AS need, len(needs) AS needs
    FROM mart_metric
)
SELECT figure, definition, series.instrument, series.scale, source.clinic
FROM mart_series AS series
JOIN need USING (figure, definition)
JOIN mart_source AS source USING (need)
WHERE source.instrument IN ('', series.instrument) AND source.rater IN ('', need.rater)
GROUP BY figure, definition, series.instrument, series.scale, source.clinic, need.needs
HAVING count(DISTINCT need) = need.needs
