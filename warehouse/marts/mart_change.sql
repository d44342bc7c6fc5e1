-- Grain: a referral and an outcome instrument the client answered in it
-- From: mart_pair, mart_outcome, mart_criterion, mart_cut_off
-- Read by: mart_change_month, mart_class_month, auditors
-- Change from the first to the last valid score; empty without a pair, which is two days. improvement has the
-- sign turned so that more is better.
-- Classes by each definition of mart_criterion: recovered (improved, and crossed the cut-off), improved,
-- unchanged, deteriorated; none without a pair or without a criterion.

WITH pair AS (
    SELECT * REPLACE (CASE WHEN paired THEN improvement END AS improvement) FROM mart_pair
)
SELECT
    pair.clinic,
    pair.client_key,
    pair.episode_no,
    pair.instrument,
    pair.scale,
    outcome.ended_on,
    coalesce(outcome.finished, FALSE) AS finished,
    pair.paired,
    pair.first_on,
    pair.first_score,
    pair.last_on,
    pair.last_score,
    CASE WHEN pair.paired THEN pair.last_on - pair.first_on END AS days_apart,
    pair.scores,
    greatest(pair.scores - 2, 0) AS n_between,
    CASE WHEN pair.paired THEN pair.last_score - pair.first_score END AS change,
    pair.improvement,
    CASE
        WHEN pair.first_score > 0
            THEN exact_ratio((pair.improvement * 10000)::BIGINT, (pair.first_score * 10000)::BIGINT, 100)
    END AS percent_change,
    meets(pair.first_score, boundary.cut_off_comparison, boundary.cut_off) AS clinical_at_first,
    meets(pair.last_score, boundary.cut_off_comparison, boundary.cut_off) AS clinical_at_last,
    clinical_at_first AND NOT clinical_at_last AS crossed,
    change_class(improvement, standard.comparison, standard.criterion, crossed) AS class_standard,
    change_class(improvement, jacobson_truax.comparison, jacobson_truax.criterion, crossed) AS class_jacobson_truax,
    change_class(improvement, own_baseline.comparison, own_baseline.criterion, crossed) AS class_own_baseline
FROM pair
LEFT JOIN mart_outcome AS outcome USING (clinic, client_key, episode_no)
LEFT JOIN mart_cut_off AS boundary USING (instrument)
LEFT JOIN mart_criterion AS standard
    ON standard.instrument = pair.instrument AND standard.definition = 'standard'
LEFT JOIN mart_criterion AS jacobson_truax
    ON jacobson_truax.instrument = pair.instrument AND jacobson_truax.definition = 'jacobson_truax'
LEFT JOIN mart_criterion AS own_baseline
    ON own_baseline.instrument = pair.instrument AND own_baseline.definition = 'own_baseline'
