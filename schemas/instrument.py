"""A questionnaire as data: its items, key, scales, and who says so. One TOML file is one form version.

Nothing in here scores: `flows.score` does, from these declarations alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import RegistryError
from schemas.instrument_checks import disagreements
from schemas.instrument_form import (
    CONSTRUCTS,
    MISSING_CODES,
    NOT_APPLICABLE,
    NOT_SHOWN,
    REFUSED,
    Form,
    item_column,
)
from schemas.instrument_parts import (
    COMPONENTS,
    Component,
    ItemResponse,
    Response,
    Structure,
    Variant,
    component,
)
from schemas.instrument_reading import EVIDENCE, distinct_items, pairs, whole
from schemas.instrument_rules import Band, Threshold, Vector
from schemas.instrument_scales import Missing, Scale
from schemas.raw_table import RawTable
from schemas.site import RATERS, VOCABULARY

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
    "Variant",
    "Vector",
    "item_column",
]


@dataclass(frozen=True)
class Instrument(Form):
    """A form whose parts agree with each other."""

    @classmethod
    def build(cls, raw: Mapping[str, Any], file: str) -> Instrument:
        """The instrument a parsed TOML file declares.

        raises RegistryError: every unknown key with the nearest right one, every wrong value and
        every disagreement between parts, each with file, table and key
        """
        problems: list[str] = []
        instrument = _read(RawTable(raw, file, problems))
        if not problems:
            problems.extend(f"{file}, {problem}" for problem in disagreements(instrument))
        if problems:
            raise RegistryError("\n".join(problems))
        return instrument


def _read(table: RawTable) -> Instrument:
    n_items = whole(table, "n_items")
    response = Response.build(table.table("response", "response"))
    instrument = Instrument(
        id=table.text("id"),
        title=table.text("title"),
        version=table.text("version"),
        construct=table.choice("construct", CONSTRUCTS),
        raters=_known(table, "raters", RATERS),
        n_items=n_items,
        response=response,
        item_responses=tuple(map(ItemResponse.build, table.tables("item_responses", "item_responses", ""))),
        item_names=table.texts("item_names"),
        reverse=frozenset(distinct_items(table, "reverse")),
        outcome_scale=table.text("outcome_scale"),
        components=_components(table),
        structure=Structure.build(table.table("structure", "structure")),
        risk_items=distinct_items(table, "risk_items"),
        measure_for=_known(table, "measure_for", VOCABULARY["problem"]),
        given=table.text("given"),
        licence=table.text("licence"),
        evidence=table.choice("evidence", EVIDENCE),
        sources=table.texts("sources"),
        notes=table.texts("notes"),
        variants=tuple(map(Variant.build, table.tables("variants", "[[variants]]", "id"))),
        scales=_scales(table, n_items, response),
        bands=tuple(map(Band.build, table.tables("bands", "[[bands]]", "label"))),
        thresholds=tuple(map(Threshold.build, table.tables("thresholds", "[[thresholds]]", "name"))),
        vectors=tuple(map(Vector.build, table.tables("vectors", "[[vectors]]", ""))),
    )
    table.close()
    return instrument


def _known(table: RawTable, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
    return tuple(table.known(key, word, allowed) for word in table.texts(key))


def _components(table: RawTable) -> tuple[Component, ...]:
    found = pairs(table, "components", component)
    for name, _ in found:
        table.known("components", name, COMPONENTS)
    return found


def _scales(table: RawTable, n_items: int, response: Response) -> tuple[Scale, ...]:
    """In the order of the file: a sum of scales knows those above it."""
    found: list[Scale] = []

    def items_of(ids: Sequence[str]) -> tuple[int, ...]:
        return tuple(sorted({number for scale in found if scale.id in ids for number in scale.items}))

    for part in table.tables("scales", "[[scales]]", "id"):
        found.append(Scale.build(part, n_items, items_of, response))
    return tuple(found)
