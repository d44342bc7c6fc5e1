-- Grain: a dated, valid score of a scale, placed in its episode and session
-- From: core_score, mart_response, mart_session
-- Read by: mart_dyad, mart_checklist, mart_segment_rating
-- session_no: the form's own, else that of the contact it belongs to. event: orders the scores.
-- A clinic without referrals and appointments has one episode for each client.

SELECT
    score.clinic,
    score.client_key,
    coalesce(placed.episode_no, 1)::INTEGER AS episode_no,
    coalesce(score.session, visit.session_no)::INTEGER AS session_no,
    score.instrument,
    score.scale,
    score.rater,
    score.rater_id,
    score.segment,
    score.completed_on,
    score.score,
    form_order(score.completed_at, score.entry_no, score.source_row, score.form_no) AS event
FROM core_score AS score
CROSS JOIN mart_parameter AS run
LEFT JOIN mart_response AS placed USING (entry_no, source_row, form_no)
LEFT JOIN mart_session AS visit USING (contact)
WHERE score.score IS NOT NULL AND score.completed_on <= run.as_of
