"""One version of one form as its card says: items, key, scales, and who says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from schemas.errors import RegistryError
from schemas.instrument_parts import Component, ItemResponse, KeySource, Response, Structure, Variant
from schemas.instrument_rules import Band, Threshold, Vector
from schemas.instrument_scales import SITE_KEY, Scale
from schemas.raw_table import nearest

CONSTRUCTS = ("alliance", "outcome", "process")

REFUSED, NOT_SHOWN, NOT_APPLICABLE = -102, -103, -104
MISSING_CODES = (REFUSED, NOT_SHOWN, NOT_APPLICABLE)
"""Item codes that are no answer; like null, they count as unanswered."""

SOURCED = ("verified", "derived")
"""Evidence that needs nothing of a site before a form gives scores."""


def item_column(number: int) -> str:
    """Name of an item's column in every frame and table; items count from 1."""
    return f"item_{number:02}"


@dataclass(frozen=True)
class Form:
    """One version of one form.

    raters:         who may fill it in; the key is the same for all of them
    item_responses: items whose responses end elsewhere than `response`
    item_names:     ids of the items, where the form's wording is free
    reverse:        items keyed as min + max - answer
    outcome_scale:  the scale that stands for the instrument
    components:     what stands for task, bond and goal
    risk_items:     items whose answers the data team may be asked to list
    measure_for:    presenting problems that this is the NHS anxiety measure for
    given:          when it is filled in
    notes:          what whoever uses the form should know of its key: doubts, mistaken identities
    evidence:       of the key; bands, thresholds, variants and missing rules carry their own
    variant:        the response scale in force; empty for the form's own
    site_key:       where the site's own key comes from, once it is applied
    """

    id: str
    title: str
    version: str
    construct: str
    raters: tuple[str, ...]
    n_items: int
    response: Response
    item_responses: tuple[ItemResponse, ...]
    item_names: tuple[str, ...]
    reverse: frozenset[int]
    outcome_scale: str
    components: tuple[Component, ...]
    structure: Structure
    risk_items: tuple[int, ...]
    measure_for: tuple[str, ...]
    given: str
    licence: str
    evidence: str
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    variants: tuple[Variant, ...]
    scales: tuple[Scale, ...]
    bands: tuple[Band, ...]
    thresholds: tuple[Threshold, ...]
    vectors: tuple[Vector, ...]
    variant: str = ""
    site_key: KeySource | None = None

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
    def variant_ids(self) -> tuple[str, ...]:
        return tuple(variant.id for variant in self.variants)

    @cached_property
    def _responses(self) -> Mapping[int, Response]:
        own = {number: part for part in self.item_responses for number in part.items}
        return {
            number: replace(self.response, min=part.min, max=part.max, labels=(), skip=())
            for number, part in own.items()
        }

    def response_of(self, number: int) -> Response:
        """What one item may be answered."""
        return self._responses.get(number, self.response)

    @property
    def step_min(self) -> int:
        """The lowest code of any item."""
        return min(self.response_of(number).step_min for number in self.items)

    @property
    def step_max(self) -> int:
        """The highest code of any item."""
        return max(self.response_of(number).step_max for number in self.items)

    @property
    def needs_key(self) -> bool:
        """Whether the key is not public and the site has supplied none: then nothing can be scored."""
        return self.evidence == SITE_KEY and self.site_key is None

    @property
    def needs_confirmation(self) -> bool:
        """Whether a site must have checked the key against the printed form before it is used."""
        return self.evidence not in (*SOURCED, SITE_KEY)

    def gives_scores(self, confirmed: bool) -> bool:
        """confirmed: whether the site has checked the key against the printed form."""
        return not self.needs_key and (confirmed or not self.needs_confirmation)

    def scale(self, id_: str) -> Scale:
        """A scale by its id; raises RegistryError naming the nearest."""
        for scale in self.scales:
            if scale.id == id_:
                return scale
        near = nearest(id_, self.scale_ids)
        raise RegistryError(f"{self.id} has no scale {id_!r}; the nearest is {near!r}")

    def codes(self, vector: Vector) -> list[int | None]:
        """A golden vector's answers as item codes; the vector must be of the response scale in force."""
        steps: list[int | None] = []
        for number, answer in zip(self.items, vector.answers, strict=True):
            none = NOT_APPLICABLE if number in vector.not_applicable else None
            steps.append(none if answer is None else self.response_of(number).step(answer))
        return steps

    def as_variant(self, id_: str) -> Self:
        """The form with another of its response scales; empty for its own.

        Ranges follow; bands and thresholds, which are of the form's own scale, are left out; the
        evidence is that of the weaker of form and variant. raises RegistryError: no such variant
        """
        if not id_:
            return replace(self, vectors=tuple(vector for vector in self.vectors if not vector.variant))
        found = next((variant for variant in self.variants if variant.id == id_), None)
        if found is None:
            near = f"; the nearest is {nearest(id_, self.variant_ids)!r}" if self.variants else ""
            raise RegistryError(f"{self.id} has no variant {id_!r}{near}")
        return replace(
            self,
            response=found.response,
            scales=_with_ranges(self.scales, found.response),
            bands=(),
            thresholds=(),
            vectors=tuple(replace(v, variant="") for v in self.vectors if v.variant == id_),
            evidence=found.evidence if self.evidence in SOURCED else self.evidence,
            variant=id_,
        )

    def canonical(self) -> dict[str, Any]:
        """All of it as JSON-able data, the same however the TOML was laid out."""
        canonical: dict[str, Any] = _plain(dataclasses.asdict(self))
        return canonical


def _with_ranges(scales: Sequence[Scale], response: Response) -> tuple[Scale, ...]:
    ends = Decimal(response.min), Decimal(response.max)
    return tuple(
        replace(scale, range=scale.implied_range([response] * scale.n_items) if scale.items else ends)
        for scale in scales
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - dataclass fields of every kind
    """Sets in order, decimals without trailing zeros, dates as text, all else as JSON has it."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
