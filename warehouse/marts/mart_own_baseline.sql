-- Grain: an outcome instrument that at least 30 clients filled in within the site's declared baseline window
-- From: mart_item_answers (view over the wide tables), core_instrument, core_scale, core_item, mart_parameter
-- Read by: mart_criterion
-- Of each client the first complete form of all, where it was filled in within the window: a baseline is taken
-- before treatment has worked. Nothing until the window has been over for a day: no class moves from night to
-- night. SD and Cronbach's alpha come from whole-number sums, spread = n * sum of squares
-- less the square of the sum; the n * (n - 1) beneath each variance cancels out in alpha.

WITH form AS (
    SELECT instrument, outcome_scale AS scale, steps_per_point, bool_or(item.reverse) AS reversed
    FROM core_instrument
    JOIN core_scale AS scale USING (instrument)
    JOIN core_item AS item USING (instrument, scale)
    WHERE construct = 'outcome' AND scale.scale = outcome_scale
    GROUP BY instrument, outcome_scale, steps_per_point
),
first_form AS (
    SELECT
        clinic,
        client_key,
        instrument,
        min(completed_on) AS completed_on,
        arg_min(score, form_order(completed_at, entry_no, source_row, form_no)) AS score,
        arg_min(answers, form_order(completed_at, entry_no, source_row, form_no)) AS answers
    FROM mart_item_answers
    GROUP BY clinic, client_key, instrument
),
client AS (
    SELECT
        instrument,
        scale,
        answers,
        (score * 10000)::BIGINT AS score,
        -- The score says how the answers were keyed, whichever way the feed captured reversed items.
        CASE
            WHEN steps_per_point IS NOT NULL THEN round(score * steps_per_point)::BIGINT
            WHEN NOT reversed THEN list_sum(answers)::BIGINT
        END AS keyed_sum
    FROM first_form
    JOIN form USING (instrument)
    CROSS JOIN mart_parameter
    WHERE completed_on BETWEEN baseline_from AND baseline_to AND baseline_to < as_of
),
item_spread AS (
    SELECT instrument, place, count(*) * sum(answer * answer) - sum(answer) * sum(answer) AS spread
    FROM (
        SELECT instrument, unnest(answers)::BIGINT AS answer, unnest(range(len(answers))) AS place
        FROM client
    )
    GROUP BY instrument, place
),
items AS (
    SELECT instrument, count(*) AS items, sum(spread) AS spread FROM item_spread GROUP BY instrument
),
total AS (
    SELECT
        instrument,
        scale,
        count(*) AS clients,
        count(*) * sum(score * score) - sum(score) * sum(score) AS score_spread,
        count(*) * sum(keyed_sum * keyed_sum) - sum(keyed_sum) * sum(keyed_sum) AS keyed_spread
    FROM client
    GROUP BY instrument, scale
    HAVING count(*) >= 30
)
SELECT
    instrument,
    scale,
    clients,
    (
        nearest_root(score_spread, clients::HUGEINT * (clients - 1))::DECIMAL(18, 0) * 0.0001
    )::DECIMAL(9, 4) AS sd,
    exact_ratio(items * (keyed_spread - items.spread), (items - 1) * keyed_spread, 1)::DECIMAL(9, 4) AS alpha
FROM total
JOIN items USING (instrument)
