-- Grain: what a figure of the alliance adds up: a figure, a clinic, an instrument scale and a slot
-- From: mart_alliance, mart_alliance_early, mart_alliance_form_month, mart_alliance_stage, mart_stage,
--       mart_rupture, mart_rupture_judged, mart_dyad, mart_checklist, core_instrument
-- Read by: mart_fact

WITH by_scale(figure, definition, clinic, slot, instrument, scale, numerator, denominator) AS (
    SELECT 'alliance_mean', definition_of(rater), clinic, month, instrument, scale, sum(total), sum(scores)
    FROM mart_alliance
    WHERE month IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_by_session', definition_of(rater), clinic, session, instrument, scale, sum(total), sum(scores)
    FROM mart_alliance
    WHERE session IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_discrepancy_mean', 'standard', clinic, month_number(completed_on), instrument, scale,
        sum(difference), count(*)
    FROM mart_dyad
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_discrepancy_absolute_mean', 'standard', clinic, month_number(completed_on), instrument,
        scale, sum(abs(difference)), count(*)
    FROM mart_dyad
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_change_after_item_mean', alliance, clinic, month_number(latest_on), checklist, scale,
        sum(difference), count(*)
    FROM mart_checklist
    GROUP BY ALL
),
marker AS (
    SELECT
        clinic,
        instrument,
        criterion,
        month_number(completed_on) AS month,
        count(*) AS markers,
        count(*) FILTER (outcome = 'repaired') AS repaired,
        count(*) FILTER (outcome <> 'open') AS known
    FROM mart_rupture
    GROUP BY clinic, instrument, criterion, month
),
of_total(figure, definition, clinic, slot, instrument, numerator, denominator) AS (
    SELECT 'alliance_early_mean', definition_of(rater), clinic, month_number(latest_on), instrument,
        sum(score), count(*)
    FROM mart_alliance_early
    GROUP BY ALL
    UNION ALL
    SELECT 'alliance_by_stage', definition_of(rater), clinic, stage_no, instrument, total, scores
    FROM mart_alliance_stage
    UNION ALL
    SELECT 'rupture_marker_rate', criterion, clinic, month, instrument, coalesce(markers, 0), sessions
    FROM mart_rupture_judged
    LEFT JOIN marker USING (clinic, instrument, criterion, month)
    UNION ALL
    SELECT 'rupture_repair_rate', criterion, clinic, month, instrument, repaired, known FROM marker
    UNION ALL
    SELECT 'alliance_ceiling_rate', definition_of(rater), clinic, month, instrument, at_maximum, scores
    FROM mart_alliance_form_month
    UNION ALL
    SELECT 'straight_lining_rate', definition_of(rater), clinic, month, instrument, straight, complete
    FROM mart_alliance_form_month
    UNION ALL
    SELECT 'completion_seconds_mean', definition_of(rater), clinic, month, instrument, seconds, timed
    FROM mart_alliance_form_month
    UNION ALL
    SELECT 'completed_under_20_seconds_rate', definition_of(rater), clinic, month, instrument, under_20, timed
    FROM mart_alliance_form_month
)
SELECT figure, definition, clinic, slot, instrument, scale, numerator, denominator FROM by_scale
UNION ALL
SELECT figure, definition, clinic, slot, instrument, outcome_scale, numerator, denominator
FROM of_total
JOIN core_instrument USING (instrument)
UNION ALL
SELECT 'contacts_by_stage', 'standard', clinic, stage_no, '', '', count(*), NULL
FROM mart_stage
GROUP BY clinic, stage_no
