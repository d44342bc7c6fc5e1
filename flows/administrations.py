"""Administrations of one questionnaire in a batch, as parts hold them, before validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.cells import blanked, joined, mapped, whole_numbers
from flows.moments import local_dates, read_moments
from flows.plan import Asked, Plan
from flows.pseudonyms import Pseudonymiser
from schemas.site import RATERS


@dataclass(frozen=True)
class Common:
    """What all questionnaires of a row share; blank is null."""

    rows: pl.DataFrame
    client: pl.Series
    response: pl.Series | None
    session: pl.Series | None


def ids(rows: pl.DataFrame, plan: Plan, ours: str) -> pl.Series | None:
    """Texts of one of our columns of ids, as they are keyed; None where the feed has no such column."""
    if ours not in plan.columns:
        return None
    whole = ours in ("client", "clinician")
    return joined(rows, plan.columns[ours], plan.feed.missing, whole, short=ours == "response")


def keyed(rows: pl.DataFrame, plan: Plan, ours: str, people: Pseudonymiser) -> pl.Series | None:
    """Pseudonyms of one of our columns; None where the feed has no such column."""
    texts = ids(rows, plan, ours)
    return None if texts is None else people.keys(texts, ours)


def administrations(
    common: Common, asked: Asked, plan: Plan, people: Pseudonymiser, items: Sequence[pl.Series]
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Administrations of all rows as parts hold them, and the texts that dates were read from."""
    rows, feed, height = common.rows, plan.feed, common.rows.height
    texts: dict[str, pl.Series] = {}

    def moment(ours: str, names: tuple[str, ...], last_touch: str | None = None) -> pl.Series:
        if not names:
            return pl.Series([None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, height)
        blank = (*feed.missing, *plan.dialect.no_date)
        texts[ours] = joined(rows, names, blank)
        if last_touch:
            touched = joined(rows, (last_touch,), blank)
            texts[ours] = pl.select(pl.coalesce(texts[ours], touched)).to_series()
        return read_moments(texts[ours], plan.date_formats, plan.zone or people.zone)

    completed = moment("completed_at", asked.completed, asked.last_touch)
    started = moment("started_at", () if feed.undated else plan.columns.get("started_at", ()))
    frame = pl.DataFrame(
        {
            "source_row": rows["source_row"],
            "form_no": pl.Series([asked.form_no], dtype=pl.Int16).new_from_index(0, height),
            "client_key": common.client,
            "clinician_key": _or_null(keyed(rows, plan, "clinician", people), pl.UInt64(), height),
            "instrument": pl.Series([asked.instrument.id]).new_from_index(0, height),
            "rater": _rater(rows, asked, plan, texts),
            "rater_id": _or_null(_code(rows, plan, "rater_id", people), pl.String(), height),
            "session": _session(common, asked, plan, texts),
            "segment": _or_null(_text(rows, plan, "segment"), pl.String(), height),
            "episode": _or_null(_code(rows, plan, "episode", people), pl.String(), height),
            "started_at": started.dt.replace_time_zone(None),
            "completed_at": completed.dt.replace_time_zone(None),
            "completed_on": local_dates(completed, people.zone),
            **{item.name: item for item in items},
            **_stored(rows, asked, plan),
            "response_key": _or_null(common.response, pl.UInt64(), height),
            "each_row": pl.Series([plan.each_row]).new_from_index(0, height),
        }
    )
    return frame, texts


def _or_null(series: pl.Series | None, dtype: pl.DataType, height: int) -> pl.Series:
    return series if series is not None else pl.Series([None], dtype=dtype).new_from_index(0, height)


def _text(rows: pl.DataFrame, plan: Plan, ours: str) -> pl.Series | None:
    return joined(rows, plan.columns[ours], plan.feed.missing) if ours in plan.columns else None


def _code(rows: pl.DataFrame, plan: Plan, ours: str, people: Pseudonymiser) -> pl.Series | None:
    keys = keyed(rows, plan, ours, people)
    return None if keys is None else keys.cast(pl.String)


def _session(common: Common, asked: Asked, plan: Plan, texts: dict[str, pl.Series]) -> pl.Series:
    height = common.rows.height
    if asked.fixed_session is not None:
        return pl.Series([asked.fixed_session], dtype=pl.Int16).new_from_index(0, height)
    text = blanked(common.rows[asked.session], plan.feed.missing) if asked.session else common.session
    if text is None:
        return pl.Series([None], dtype=pl.Int16).new_from_index(0, height)
    texts["session"] = text
    return whole_numbers(text, 0, 9999)


def _rater(rows: pl.DataFrame, asked: Asked, plan: Plan, texts: dict[str, pl.Series]) -> pl.Series:
    one = asked.feed_instrument
    if one.rater_column is None:
        return pl.Series([one.rater]).new_from_index(0, rows.height)
    texts["rater"] = blanked(rows[one.rater_column], plan.feed.missing)
    table = {**{rater: rater for rater in RATERS}, **plan.feed.values.get("rater", {})}
    raters = mapped(texts["rater"], table)
    return raters.set(~raters.is_in(list(asked.instrument.raters)).fill_null(True), None)


def _stored(rows: pl.DataFrame, asked: Asked, plan: Plan) -> dict[str, pl.Series]:
    """Totals the export carries, as decimals; null where it has none or none that can be read."""
    stored = {}
    for scale in asked.instrument.scale_ids:
        name = asked.stored.get(scale)
        stored[f"stored_{scale}"] = _or_null(
            _decimals(rows[name], plan.feed.decimal or plan.dialect.decimal) if name else None,
            pl.Decimal(9, 4),
            rows.height,
        )
    return stored


def _decimals(cells: pl.Series, mark: str) -> pl.Series:
    plain = cells.str.strip_chars().str.replace(mark, ".", literal=True)
    return plain.cast(pl.Decimal(9, 4), strict=False)
