-- Grain: a clinic, a kind of record, an instrument, a rater, a client and a month of what is held
-- From: core_held, core_export
-- Read by: mart_held_reach
-- Held: in quarantine, and the records of refused files that wait. instrument is empty for no form;
-- rater, client_key and month are empty where they cannot be read; month also where a mended record may take the
-- place of one of another day. records: how many cases they can be. strangers: clients beside client_key that
-- they may be about. countless: nobody can say how many cases may change.

WITH told AS (
    SELECT
        held.clinic,
        held.kind,
        held.instrument,
        forms,
        held.rater,
        held.client_key,
        -- A file whose records are all held may be released as it is: its forms come before later ones.
        CASE
            WHEN NOT coalesce(elsewhere, TRUE) AND accepted > 0 THEN month_number(happened_on)
        END AS month,
        1 AS records,
        (client_key IS NULL)::INTEGER + coalesce(elsewhere, TRUE)::INTEGER AS strangers,
        snapshot AND accepted = 0 AS countless
    FROM core_held AS held
    JOIN core_export AS export USING (entry_no)
    UNION ALL
    SELECT clinic, kind, '', forms, NULL, NULL, NULL, unread, unread, snapshot OR coalesce(unread, 0) = 0
    FROM core_export
    WHERE
        refused IS NOT NULL AND NOT coalesce(closed, FALSE)
),
one AS (
    -- A row that nothing could be read of may hold every form of its feed.
    SELECT
        * EXCLUDE (forms)
        REPLACE (
            unnest(
                CASE
                    WHEN kind = 'responses' AND instrument = '' THEN string_split(coalesce(forms, ''), ',')
                    ELSE [instrument]
                END
            ) AS instrument
        )
    FROM told
)
SELECT
    clinic,
    kind,
    instrument,
    rater,
    client_key,
    month,
    sum(records)::BIGINT AS records,
    sum(strangers)::BIGINT AS strangers,
    coalesce(bool_or(countless), FALSE) AS countless
FROM one
GROUP BY clinic, kind, instrument, rater, client_key, month
