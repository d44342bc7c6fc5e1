-- Grain: a dated, valid score of an alliance instrument, by its outcome scale, placed in its episode and session
-- From: mart_alliance_total (view over the wide tables), mart_response, mart_session, mart_source
-- Read by: mart_alliance_series, mart_alliance_early, mart_alliance_stage, mart_rupture_criterion, models
-- session_no: the form's own, else that of the contact it belongs to. event: orders the scores.
-- A clinic without referrals and appointments has one episode for each client, and no contacts.

WITH followed AS (
    SELECT DISTINCT clinic FROM mart_source WHERE need IN ('referrals', 'appointments')
),
placed AS (
    SELECT entry_no, source_row, form_no, response.episode_no, contact, session.session_no
    FROM mart_response AS response
    JOIN core_instrument AS card USING (instrument)
    LEFT JOIN mart_session AS session USING (contact)
    WHERE card.construct = 'alliance' AND response.score IS NOT NULL
)
SELECT
    clinic,
    client_key,
    clinician_key,
    1::INTEGER AS episode_no,
    instrument,
    rater,
    session::INTEGER AS session_no,
    completed_at,
    completed_on,
    score,
    n_items,
    form_order(completed_at, entry_no, source_row, form_no) AS event,
    NULL::HUGEINT AS contact
FROM mart_alliance_total
ANTI JOIN followed USING (clinic)
UNION ALL
SELECT
    clinic,
    client_key,
    clinician_key,
    episode_no,
    instrument,
    rater,
    coalesce(session, session_no)::INTEGER,
    completed_at,
    completed_on,
    score,
    n_items,
    form_order(completed_at, entry_no, source_row, form_no),
    contact
FROM mart_alliance_total
JOIN placed USING (entry_no, source_row, form_no)
