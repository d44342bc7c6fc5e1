"""Shipped forms as raw TOML, frames of answers, and the golden vectors run."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any

import polars as pl

from flows.score import score
from schemas.frames import PART_COLUMNS, POLARS_TYPES
from schemas.instrument import Instrument, Vector, item_column

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


def codes(vector: Vector, instrument: Instrument) -> list[int | None]:
    """A golden vector's answers as item codes."""
    return [None if answer is None else instrument.response.step(answer) for answer in vector.answers]


def weaknesses(instrument: Instrument) -> Iterator[str]:
    """Golden vectors whose scores differ; ends of scales and decimals that no vector reaches."""
    vectors = instrument.vectors
    answers = [codes(vector, instrument) for vector in vectors]
    scored = score(answers_frame(answers, instrument.n_items), instrument, confirmed=True)
    if instrument.response.decimals and all((code or 0) % 10 == 0 for row in answers for code in row):
        yield f"{instrument.id}: no vector has an answer with {instrument.response.decimals} decimals"
    for scale in instrument.scales:
        found = scored[f"score_{scale.id}"].to_list()
        for number, (vector, value) in enumerate(zip(vectors, found, strict=True), start=1):
            if dict(vector.scores)[scale.id] != value:
                yield f"{instrument.id}, vector {number}, {scale.id}"
        for end in scale.range:
            if end not in found:
                yield f"{instrument.id}, {scale.id}: no vector reaches {end}"
