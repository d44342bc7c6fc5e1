-- Grain: an instrument whose baseline window held records may still reach
-- From: mart_held_reach, core_administration, mart_parameter
-- Read by: mart_bound
-- A client's first form, or any within the window, may yet change: a held form of that time or of none, or of a
-- client who had one then. Later forms of others do not.

WITH early AS (
    SELECT DISTINCT instrument, clinic, client_key
    FROM core_administration
    CROSS JOIN mart_parameter
    WHERE completed_on <= baseline_to
)
SELECT DISTINCT held.instrument
FROM mart_held_reach AS held
CROSS JOIN mart_parameter
LEFT JOIN early USING (instrument, clinic, client_key)
WHERE
    held.responses = 'series'
    AND held.kind = 'responses'
    AND (
        held.month IS NULL
        OR held.client_key IS NULL
        OR early.client_key IS NOT NULL
        OR held.month <= month_number(baseline_to)
    )
