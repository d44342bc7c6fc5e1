"""Small readings of text cells that every kind of feed shares."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

import polars as pl

from flows.answers import normalise
from schemas.site import fold

PROBLEM = {
    "source_row": pl.Int32,
    "instrument": pl.String,
    "column_name": pl.String,
    "rule": pl.String,
    "response_key": pl.UInt64,
    "form_no": pl.Int16,
}
"""Schema of problems: one row per problem of a record or an administration.

response_key: the response concerned, by which a later delivery mends it; null where unknown.
form_no: the questionnaire concerned, by its place in the feed; 0 where it is the whole record.
"""
HELD = pl.Schema(
    {
        "source_row": pl.Int32(),
        "form_no": pl.Int16(),
        "instrument": pl.String(),
        "client_key": pl.UInt64(),
        "clinician_key": pl.UInt64(),
        "rater": pl.String(),
        "rater_id": pl.String(),
        "session": pl.Int16(),
        "segment": pl.String(),
        "episode": pl.String(),
        "completed_at": pl.Datetime("us"),
        "completed_on": pl.Date(),
        "response_key": pl.UInt64(),
        "has_key": pl.Boolean(),
    }
)
"""Schema of what is quarantined: one row per administration, or record where that is no questionnaire.

form_no, instrument: 0 and empty for appointments, referrals and records that cannot be read at all.
completed_at, completed_on: also when an appointment starts, or the day a referral was received.
has_key: whether it could be read who and when it is about, so that a later delivery can be seen to mend it.
Cells that cannot be read are null. Answers are not in it.
"""
RECORD = {"source_row": pl.Int32, "fate": pl.String, "reason": pl.String}
"""Schema of records that are not accepted: one row each."""


def blanked(cells: pl.Series, missing: Iterable[str] = ()) -> pl.Series:
    """Trimmed text; null where blank or a listed missing code."""
    trimmed = cells.str.strip_chars()
    codes = {normalise(code) for code in missing}
    absent = trimmed == ""
    if codes:
        absent = absent | _reading(trimmed).is_in(list(codes))
    return trimmed.set(absent.fill_null(False), None)


def _reading(cells: pl.Series, mark: str = ".") -> pl.Series:
    table = {text: normalise(text, mark) for text in cells.unique().to_list() if text is not None}
    return cells.replace_strict(table, default=None, return_dtype=pl.String)


def joined(
    rows: pl.DataFrame,
    names: Sequence[str],
    missing: Iterable[str] = (),
    whole: bool = False,
    short: bool = False,
) -> pl.Series:
    """The columns' texts joined with "/"; null where all are blank.

    whole: null where any is blank: half of a person's id would be the same for many people
    short: blank columns at the end are left out, so that a file without them gives the same text
    """
    parts = [blanked(rows[name], missing) for name in names]
    if len(parts) == 1:
        return parts[0]
    blank = [part.is_null() for part in parts]
    absent = reduce(operator.or_ if whole else operator.and_, blank)
    if short:
        return pl.select(pl.concat_str(_up_to_the_last(parts))).to_series().set(absent, None)
    text = pl.select(
        pl.concat_str([part.alias(str(at)).fill_null("") for at, part in enumerate(parts)], separator="/")
    )
    return text.to_series().set(absent, None)


def _up_to_the_last(parts: Sequence[pl.Series]) -> Iterator[pl.Series]:
    """Parts behind their separators; empty from where all are blank."""
    for at, part in enumerate(parts):
        more = reduce(operator.or_, (later.is_not_null() for later in parts[at:]))
        text = part.fill_null("") if at == 0 else "/" + part.fill_null("")
        yield text.set(~more, "").alias(str(at))


def listed(cells: pl.Series, values: Iterable[str]) -> pl.Series:
    """True where the trimmed text is one of the values, as written."""
    return cells.str.strip_chars().is_in(list(values)).fill_null(False)


def answered(cells: pl.Series, values: Iterable[str], mark: str) -> pl.Series:
    """True where the text is one of the values, both read as answers are: "3.0" is "3", "Often " is "often".

    mark: what stands before decimals, "." or ","
    """
    return _reading(cells, mark).is_in([normalise(value, mark) for value in values]).fill_null(False)


def mapped(cells: pl.Series, table: dict[str, str]) -> pl.Series:
    """Our word for each text by the feed's values (texts folded); null where not listed."""
    distinct = {text: table.get(fold(text)) for text in cells.unique().to_list() if text is not None}
    return cells.replace_strict(distinct, default=None, return_dtype=pl.String)


def whole_numbers(cells: pl.Series, low: int, high: int) -> pl.Series:
    """Int16 of texts that read as whole numbers from low to high; null for others."""
    known = {str(number): number for number in range(low, high + 1)}
    table = {text: known.get(normalise(text)) for text in cells.unique().to_list() if text is not None}
    return cells.replace_strict(table, default=None, return_dtype=pl.Int16)


def problems(
    rows: pl.Series,
    instrument: str,
    column: str,
    rule: str,
    responses: pl.Series | None = None,
    form_no: int = 0,
) -> pl.DataFrame:
    """One problem for each of the source rows given."""
    keys = (
        responses
        if responses is not None
        else pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(rows))
    )
    return pl.DataFrame(
        {
            "source_row": rows,
            "instrument": [instrument] * len(rows),
            "column_name": [column] * len(rows),
            "rule": [rule] * len(rows),
            "response_key": keys,
            "form_no": [form_no] * len(rows),
        },
        schema=PROBLEM,
    )


def held_rows(rows: pl.DataFrame, **columns: pl.Series) -> pl.DataFrame:
    """HELD rows with these columns in place of the frame's own; what neither has is null, 0 or empty."""
    have = rows.with_columns(**columns)
    blank = {"form_no": pl.lit(0), "instrument": pl.lit(""), "has_key": pl.lit(False)}
    return have.select(
        (pl.col(name) if name in have.columns else blank.get(name, pl.lit(None))).cast(dtype).alias(name)
        for name, dtype in HELD.items()
    )


def not_accepted(rows: pl.Series, fate: str, reasons: pl.Series) -> pl.DataFrame:
    """Records that are not accepted, with the fate's reason."""
    return pl.DataFrame({"source_row": rows, "fate": [fate] * len(rows), "reason": reasons}, schema=RECORD)
