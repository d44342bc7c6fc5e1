-- Arithmetic shared by the marts: whole numbers and decimals only, so that every machine agrees.

-- Months as consecutive whole numbers: quarters are // 3 of it, years // 12.
CREATE OR REPLACE MACRO month_number(day) AS (year(day) * 12 + month(day) - 1)::INTEGER;

-- A whole number that puts events in order of time, then of delivery and row: one number sorts and joins
-- in a fraction of the memory that three columns take.
CREATE OR REPLACE MACRO event_order(moment, entry_no, source_row) AS
    epoch_us(moment)::HUGEINT * 18446744073709551616 + entry_no::HUGEINT * 4294967296 + source_row;

-- The same for questionnaires, of which a row may hold several (up to 8192).
CREATE OR REPLACE MACRO form_order(moment, entry_no, source_row, form_no) AS
    ((epoch_us(moment)::HUGEINT * 2147483648 + entry_no) * 2147483648 + source_row) * 8192 + form_no;

-- factor * numerator / denominator with four decimals, half away from zero; empty for a denominator of 0.
CREATE OR REPLACE MACRO exact_ratio(numerator, denominator, factor) AS (
    (
        sign(numerator)
        * (
            (2 * factor * abs((numerator * 10000)::HUGEINT) + denominator)
            // nullif(2 * denominator::HUGEINT, 0)
        )
    )::DECIMAL(18, 0) * 0.0001
)::DECIMAL(18, 4);

-- The square of a whole number.
CREATE OR REPLACE MACRO square(number) AS number::HUGEINT * number::HUGEINT;

-- Whether a score meets a threshold, by the comparison the instrument's card gives.
CREATE OR REPLACE MACRO meets(score, comparison, threshold) AS
    CASE comparison
        WHEN '>=' THEN score >= threshold
        WHEN '>' THEN score > threshold
        WHEN '<=' THEN score <= threshold
        WHEN '<' THEN score < threshold
    END;

-- Forms of the client are the standard; other raters are never mixed with them.
CREATE OR REPLACE MACRO definition_of(rater) AS
    CASE rater WHEN 'client' THEN 'standard' ELSE rater || '_rated' END;

-- Stage of the relationship by session number: 1 commitment, 2 process, 3 change; empty without a number.
CREATE OR REPLACE MACRO stage_of(session_no, process_from, change_from) AS
    CASE
        WHEN session_no < process_from THEN 1
        WHEN session_no < change_from THEN 2
        WHEN session_no >= change_from THEN 3
    END;

-- Standard deviation, in points, of a variance that is a fraction in squares of ten-thousandths; and a number of
-- points in units of it. For reading only: what is decided is decided on the fraction.
CREATE OR REPLACE MACRO root_of(numerator, denominator) AS
    round(sqrt(numerator::DOUBLE / denominator::DOUBLE) / 10000, 4)::DECIMAL(18, 4);

CREATE OR REPLACE MACRO magnitude_of(points, numerator, denominator) AS
    round(points::DOUBLE * 10000 / nullif(sqrt(numerator::DOUBLE / denominator::DOUBLE), 0), 4)::DECIMAL(18, 4);
