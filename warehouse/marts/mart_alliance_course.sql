-- Grain: an episode and an alliance instrument the client answered in it: sums of its scores
-- From: mart_alliance_score, mart_landmark, mart_session
-- Read by: models (landmark analysis, variance, trajectory)
-- early: sessions 3 to 5; known: of these, what was answered up to the day of the landmark.
-- scores to sum_yy: sums over sessions 1 to 12, x the session less 3, y the score in ten-thousandths;
-- whole numbers, so that every order of rows gives the same.
-- clinician_key: who treated at the latest early score that says so; where no form does, that has a contact.

WITH scored AS (
    SELECT
        clinic, client_key, episode_no, instrument, score.clinician_key, contact, event, score,
        session_no BETWEEN 3 AND 5 AS early,
        session_no BETWEEN 3 AND 5 AND completed_on <= landmark_on AS known,
        session_no BETWEEN 1 AND 12 AS within,
        (session_no - 3)::BIGINT AS x,
        (score * 10000)::BIGINT::HUGEINT AS y
    FROM mart_alliance_score AS score
    LEFT JOIN mart_landmark AS landmark USING (clinic, client_key, episode_no)
    WHERE rater = 'client' AND session_no IS NOT NULL
),
course AS (
    SELECT
        clinic, client_key, episode_no, instrument,
        exact_ratio(sum(score) FILTER (early), count(*) FILTER (early), 1) AS early,
        exact_ratio(sum(score) FILTER (known), count(*) FILTER (known), 1) AS early_known,
        arg_max(clinician_key, event) FILTER (early) AS clinician_key,
        arg_max(contact, event) FILTER (early) AS early_contact,
        count(*) FILTER (within) AS scores,
        sum(x) FILTER (within) AS sum_x,
        sum(x * x) FILTER (within) AS sum_xx,
        sum(y) FILTER (within) AS sum_y,
        sum(x * y) FILTER (within) AS sum_xy,
        sum(y * y) FILTER (within) AS sum_yy
    FROM scored
    GROUP BY clinic, client_key, episode_no, instrument
)
SELECT
    course.* EXCLUDE (clinician_key, early_contact),
    coalesce(course.clinician_key, visit.clinician_key) AS clinician_key
FROM course
LEFT JOIN mart_session AS visit ON visit.contact = course.early_contact
