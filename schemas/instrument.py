"""A questionnaire as data: its items, key, scales, and who says so. One TOML file is one form version.

Nothing in here scores: `flows.score` does, from these declarations alone.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from schemas.errors import RegistryError
from schemas.instrument_parts import (
    EVIDENCE,
    Band,
    Missing,
    Response,
    Scale,
    Threshold,
    Vector,
    item_numbers,
    whole,
)
from schemas.raw_table import RawTable, nearest
from schemas.site import RATERS

__all__ = [
    "CONSTRUCTS",
    "EVIDENCE",
    "MISSING_CODES",
    "NOT_APPLICABLE",
    "NOT_SHOWN",
    "REFUSED",
    "Band",
    "Instrument",
    "Missing",
    "Response",
    "Scale",
    "Threshold",
    "Vector",
    "item_column",
]

CONSTRUCTS = ("alliance", "outcome", "process")

REFUSED, NOT_SHOWN, NOT_APPLICABLE = -102, -103, -104
MISSING_CODES = (REFUSED, NOT_SHOWN, NOT_APPLICABLE)
"""Item codes that are no answer; like null, they count as unanswered."""

LOWEST_STEP, HIGHEST_STEP = -99, 127
"""Steps an Int8 item column can hold beside the missing codes."""

MOST_ITEMS = 99
"""Item columns are numbered with two digits."""

_ID = re.compile(r"[a-z][a-z0-9_]*")


def item_column(number: int) -> str:
    """Name of an item's column in every frame and table; items count from 1."""
    return f"item_{number:02}"


@dataclass(frozen=True)
class Instrument:
    """One version of one form.

    raters:        who may fill it in; the key is the same for all of them
    reverse:       items keyed as min + max - answer
    outcome_scale: the scale that stands for the instrument
    risk_items:    items whose answers the data team may be asked to list
    given:         when it is filled in
    evidence:      of the key; bands, thresholds and missing rules carry their own
    """

    id: str
    title: str
    version: str
    construct: str
    raters: tuple[str, ...]
    n_items: int
    response: Response
    reverse: frozenset[int]
    outcome_scale: str
    risk_items: tuple[int, ...]
    given: str
    licence: str
    evidence: str
    sources: tuple[str, ...]
    scales: tuple[Scale, ...]
    bands: tuple[Band, ...]
    thresholds: tuple[Threshold, ...]
    vectors: tuple[Vector, ...]

    @classmethod
    def build(cls, raw: Mapping[str, Any], file: str) -> Instrument:
        """The instrument a parsed TOML file declares.

        raises RegistryError: every unknown key with the nearest right one, every wrong value and
        every disagreement between parts, each with file, table and key
        """
        problems: list[str] = []
        instrument = _read(RawTable(raw, file, problems))
        if not problems:
            problems.extend(f"{file}, {problem}" for problem in _disagreements(instrument))
        if problems:
            raise RegistryError("\n".join(problems))
        return instrument

    @property
    def items(self) -> range:
        return range(1, self.n_items + 1)

    @property
    def item_columns(self) -> tuple[str, ...]:
        return tuple(item_column(number) for number in self.items)

    @property
    def scale_ids(self) -> tuple[str, ...]:
        return tuple(scale.id for scale in self.scales)

    @property
    def step_min(self) -> int:
        return self.response.step_min

    @property
    def step_max(self) -> int:
        return self.response.step_max

    @property
    def needs_confirmation(self) -> bool:
        """Whether a site must have checked the key against the printed form before it is used."""
        return self.evidence not in ("verified", "derived")

    def scale(self, id_: str) -> Scale:
        """A scale by its id; raises RegistryError naming the nearest."""
        for scale in self.scales:
            if scale.id == id_:
                return scale
        near = nearest(id_, self.scale_ids)
        raise RegistryError(f"{self.id} has no scale {id_!r}; the nearest is {near!r}")

    def canonical(self) -> dict[str, Any]:
        """All of it as JSON-able data, the same however the TOML was laid out."""
        canonical: dict[str, Any] = _plain(dataclasses.asdict(self))
        return canonical


def _read(table: RawTable) -> Instrument:
    n_items = whole(table, "n_items")
    instrument = Instrument(
        id=table.text("id"),
        title=table.text("title"),
        version=table.text("version"),
        construct=table.choice("construct", CONSTRUCTS),
        raters=tuple(table.known("raters", rater, RATERS) for rater in table.texts("raters")),
        n_items=n_items,
        response=Response.build(table.table("response", "response")),
        reverse=frozenset(_once(table, "reverse")),
        outcome_scale=table.text("outcome_scale"),
        risk_items=_once(table, "risk_items"),
        given=table.text("given"),
        licence=table.text("licence"),
        evidence=table.choice("evidence", EVIDENCE),
        sources=table.texts("sources"),
        scales=tuple(Scale.build(part, n_items) for part in table.tables("scales", "[[scales]]", "id")),
        bands=tuple(map(Band.build, table.tables("bands", "[[bands]]", "label"))),
        thresholds=tuple(map(Threshold.build, table.tables("thresholds", "[[thresholds]]", "name"))),
        vectors=tuple(map(Vector.build, table.tables("vectors", "[[vectors]]", ""))),
    )
    table.close()
    return instrument


def _once(table: RawTable, key: str) -> tuple[int, ...]:
    numbers = item_numbers(table, key)
    if len(set(numbers)) < len(numbers):
        table.problem(key, "names an item twice")
    return numbers


def _disagreements(instrument: Instrument) -> Iterator[str]:
    yield from _form_problems(instrument)
    for scale in instrument.scales:
        for problem in _scale_problems(scale, instrument):
            yield f"[[scales]] {scale.id}, {problem}"
    yield from _band_problems(instrument)
    yield from _threshold_problems(instrument)
    for number, vector in enumerate(instrument.vectors, start=1):
        for problem in _vector_problems(vector, instrument):
            yield f"[[vectors]] no. {number}, {problem}"


def _form_problems(instrument: Instrument) -> Iterator[str]:
    response, numbers = instrument.response, set(instrument.items)
    if not _ID.fullmatch(instrument.id):
        yield "id: must be lower-case letters, digits and _, and begin with a letter"
    if not 1 <= instrument.n_items <= MOST_ITEMS:
        yield f"n_items: must be 1 to {MOST_ITEMS}"
    if not response.min < response.max:
        yield "response, max: must be greater than min"
    if response.step_min < LOWEST_STEP or response.step_max > HIGHEST_STEP:
        yield f"response: smallest steps must lie between {LOWEST_STEP} and {HIGHEST_STEP}"
    for key, items in (("reverse", instrument.reverse), ("risk_items", instrument.risk_items)):
        if not set(items) <= numbers:
            yield f"{key}: items must be 1 to {instrument.n_items}"
    for key in ("raters", "sources", "scales"):
        if not getattr(instrument, key):
            yield f"{key}: at least one is needed"
    if instrument.scales and instrument.outcome_scale not in instrument.scale_ids:
        yield _no_scale("outcome_scale", instrument.outcome_scale, instrument)


def _scale_problems(scale: Scale, instrument: Instrument) -> Iterator[str]:
    if not _ID.fullmatch(scale.id):
        yield "id: must be lower-case letters, digits and _, and begin with a letter"
    if instrument.scale_ids.count(scale.id) > 1:
        yield "id: another scale has the same"
    if not scale.items or not set(scale.items) <= set(instrument.items):
        yield f"items: must be some of 1 to {instrument.n_items}"
    if len(set(scale.items)) < len(scale.items):
        yield "items: names an item twice"
    low, high = scale.implied_range(instrument.response)
    if scale.range != (low, high):
        yield f"range: items, method and response make it [{low}, {high}]"
    if scale.missing.rule == "prorate" and not 1 <= scale.missing.max_missing < scale.n_items:
        yield f"missing, max_missing: must be 1 to {scale.n_items - 1}"


def _band_problems(instrument: Instrument) -> Iterator[str]:
    for band in instrument.bands:
        if band.scale not in instrument.scale_ids:
            yield _no_scale(f"[[bands]] {band.label}, scale", band.scale, instrument)
    for scale in instrument.scales:
        starts = [band.start for band in instrument.bands if band.scale == scale.id]
        if starts and starts[0] != scale.minimum:
            yield f"[[bands]] of {scale.id}, from: the first must be the lowest score, {scale.minimum}"
        if any(low >= high for low, high in pairwise(starts)):
            yield f"[[bands]] of {scale.id}, from: must rise from band to band"
        if starts and starts[-1] > scale.maximum:
            yield f"[[bands]] of {scale.id}, from: must not pass the highest score, {scale.maximum}"


def _threshold_problems(instrument: Instrument) -> Iterator[str]:
    names = Counter((threshold.scale, threshold.kind, threshold.name) for threshold in instrument.thresholds)
    for threshold in instrument.thresholds:
        place = f"[[thresholds]] {threshold.name}"
        if threshold.scale not in instrument.scale_ids:
            yield _no_scale(f"{place}, scale", threshold.scale, instrument)
            continue
        low, high = instrument.scale(threshold.scale).range
        if threshold.kind == "reliable_change":
            low, high = Decimal(0), high - low
        if not low <= threshold.value <= high:
            yield f"{place}, value: must be {low} to {high}"
        if names[(threshold.scale, threshold.kind, threshold.name)] > 1:
            yield f"{place}, name: another {threshold.kind} threshold of {threshold.scale} has the same"


def _vector_problems(vector: Vector, instrument: Instrument) -> Iterator[str]:
    if len(vector.answers) != instrument.n_items:
        yield f"answers: must be {instrument.n_items}, one for each item"
    if any(answer is not None and instrument.response.step(answer) is None for answer in vector.answers):
        yield 'answers: each must be an allowed response or "x"'
    scores = dict(vector.scores)
    if set(scores) != set(instrument.scale_ids):
        yield f"scores: must name exactly the scales {', '.join(instrument.scale_ids)}"
        return
    for scale in instrument.scales:
        score = scores[scale.id]
        if score is not None and not scale.minimum <= score <= scale.maximum:
            yield f'scores, {scale.id}: must be {scale.minimum} to {scale.maximum}, or "x"'


def _no_scale(place: str, word: str, instrument: Instrument) -> str:
    return f"{place}: there is no scale {word!r}; the nearest is {nearest(word, instrument.scale_ids)!r}"


def _plain(value: Any) -> Any:  # noqa: ANN401 - dataclass fields of every kind
    """Sets in order, decimals without trailing zeros, all else as JSON has it."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
