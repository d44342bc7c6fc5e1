-- Grain: a session of a client's series of scores of an alliance instrument, as the client rated it
-- From: mart_alliance_score
-- Read by: mart_rupture_marker, mart_rupture_judged, mart_rupture, mart_checklist
-- t: place of the session in the series, from 1. reference: the score before.
-- Of two scores of the same session number the last counts; a score without one is a session of its own.
-- A list for each series: one pass, where a window would sort all scores of the site and look for repeats in another.

WITH collected AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        instrument,
        list_sort(list(struct_pack(event, session_no, completed_on, score))) AS sessions,
        -- Fewer different numbers than scores with one. Numbers 120 apart count as the same, which only
        -- makes a series be looked at in full.
        count(session_no) > bit_count(bit_or(1::HUGEINT << (abs(session_no) % 120))) AS repeats
    FROM mart_alliance_score
    WHERE rater = 'client'
    GROUP BY clinic, client_key, episode_no, instrument
),
series AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        instrument,
        CASE
            WHEN repeats
                THEN list_filter(
                    sessions,
                    lambda one, place:
                        one.session_no IS NULL
                        OR NOT list_contains(
                            list_transform(sessions[place + 1:], lambda later: later.session_no), one.session_no
                        )
                )
            ELSE sessions
        END AS sessions
    FROM collected
),
placed AS (
    SELECT
        clinic,
        client_key,
        episode_no,
        instrument,
        generate_subscripts(sessions, 1)::INTEGER AS t,
        unnest(sessions, recursive := true),
        -- The list of scores, one place later and without its last.
        unnest(list_prepend(NULL, list_transform(sessions, lambda one: one.score))[:-2]) AS reference
    FROM series
)
SELECT clinic, client_key, episode_no, instrument, t, session_no, completed_on, score, reference
FROM placed
