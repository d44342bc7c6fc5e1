"""Shipped forms as raw TOML, frames of answers, and the golden vectors run."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any

import polars as pl

from flows.score import score
from schemas.frames import PART_COLUMNS, POLARS_TYPES
from schemas.instrument import Instrument, Scale, item_column

FORMS = tuple(
    sorted(entry.name.removesuffix(".toml") for entry in (files("schemas") / "instruments").iterdir())
)
"""Ids of the shipped forms, by their files: whoever adds one has it tested."""


def raw_form(id_: str) -> dict[str, Any]:
    """The TOML of a shipped form, read here and not by the registry."""
    text = (files("schemas") / "instruments" / f"{id_}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def changed(raw: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A deep copy of raw TOML with top-level keys replaced."""
    return {**copy.deepcopy(raw), **changes}


def answers_frame(rows: Iterable[Sequence[int | None]], n_items: int, dtype: Any = pl.Int8) -> pl.DataFrame:
    """Item columns alone, from item codes."""
    schema = {item_column(number): dtype for number in range(1, n_items + 1)}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def administrations(instrument: Instrument, rows: Iterable[Sequence[int | None]]) -> pl.DataFrame:
    """Administrations as they come to validation, from item codes."""
    answers = answers_frame(rows, instrument.n_items)
    given = {
        "source_row": pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
        "form_no": pl.lit(1, dtype=pl.Int16),
        "client_key": pl.lit(7, dtype=pl.UInt64),
        "instrument": pl.lit(instrument.id),
        "rater": pl.lit(instrument.raters[0]),
    }
    shared = [
        given.get(column.name, pl.lit(None, dtype=POLARS_TYPES[column.type])).alias(column.name)
        for column in PART_COLUMNS
    ]
    return answers.select(*shared, *answers.columns)


def weaknesses(instrument: Instrument) -> Iterator[str]:
    """Golden vectors whose scores differ; ends of scales, table entries and decimals that none reaches."""
    for variant in ("", *instrument.variant_ids):
        form = instrument.as_variant(variant)
        answers = [form.codes(vector) for vector in form.vectors]
        scored = score(answers_frame(answers, form.n_items), form, confirmed=True)
        if not answers:
            yield f"{form.id} {variant}: no vector"
        if form.response.decimals and all((code or 0) % 10 == 0 for row in answers for code in row):
            yield f"{form.id} {variant}: no vector has an answer with {form.response.decimals} decimals"
        for scale in form.scales:
            found = list(zip(scored[f"score_{scale.id}"], scored[f"status_{scale.id}"], strict=True))
            yield from _differences(form, scale.id, found)
            if not form.needs_key:
                yield from _out_of_reach(form, scale, {value for value, _ in found})


def _differences(form: Instrument, scale: str, found: Sequence[tuple[Decimal | None, str]]) -> Iterator[str]:
    for number, (vector, (value, status)) in enumerate(zip(form.vectors, found, strict=True), start=1):
        right = "key_not_confirmed" if vector.refusal else dict(vector.statuses).get(scale, status)
        if (dict(vector.scores).get(scale), right) != (value, status):
            yield f"{form.id} {form.variant}, vector {number}, {scale}"


def _out_of_reach(form: Instrument, scale: Scale, found: Collection[Decimal | None]) -> Iterator[str]:
    for end in (*scale.range, *(points for _, points in scale.table)):
        if end not in found:
            yield f"{form.id} {form.variant}, {scale.id}: no vector reaches {end}"
