"""Golden vectors

Every form carries answers and the scores they must give. They run here, and they are strong enough that
no single change of a key goes unseen: each change is tried, and must be refused or give another score.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RegistryError
from schemas.instrument import Instrument
from tests.lib.forms import FORMS, changed, raw_form, weaknesses

Raw = dict[str, Any]


@pytest.mark.parametrize("id_", FORMS)
def test_vectors_hold_and_reach_both_ends_of_every_scale(id_):
    """As many scores as the form has vectors and scales."""
    assert list(weaknesses(Instrument.build(raw_form(id_), id_))) == []


@pytest.mark.parametrize("id_", FORMS)
def test_every_form_has_a_page_of_this_manual(id_):
    """The worked examples of its own manual, as a spec test."""
    assert Path(__file__).with_name(f"test_{id_}.py").exists()


@pytest.mark.parametrize("id_", FORMS)
def test_no_single_change_of_the_key_goes_unseen(id_):
    """Reverse flags, subscale membership, ends of ranges, method, missing rule, number of items."""
    raw = raw_form(id_)
    changes = list(mutations(raw))
    survivors = [what for what, mutant in changes if not noticed(mutant)]
    print(f"{id_}: {len(changes)} changes tried, {len(survivors)} survived")
    assert survivors == []


def noticed(mutant: Raw) -> bool:
    try:
        instrument = Instrument.build(mutant, "mutant.toml")
    except RegistryError:
        return True
    return next(weaknesses(instrument), None) is not None


def mutations(raw: Raw) -> Iterator[tuple[str, Raw]]:
    """Every single change worth fearing, with what it is."""
    yield from reverse_flags(raw)
    yield from ends(raw)
    yield "one item more", changed(raw, n_items=raw["n_items"] + 1)
    yield "one item less", changed(raw, n_items=raw["n_items"] - 1)
    for at, scale in enumerate(raw["scales"]):
        for what, scales in (*memberships(scale, raw), *rules(scale)):
            yield f"{scale['id']}: {what}", with_scale(raw, at, scales)


def reverse_flags(raw: Raw) -> Iterator[tuple[str, Raw]]:
    for number in range(1, raw["n_items"] + 1):
        yield f"reverse flag of item {number}", changed(raw, reverse=sorted({number} ^ set(raw["reverse"])))


def ends(raw: Raw) -> Iterator[tuple[str, Raw]]:
    """Ends of the responses, alone and with every scale's range moved along, and the smallest step."""
    for key in ("min", "max"):
        for step in (-1, 1):
            mutant = changed(raw, response={**raw["response"], key: raw["response"][key] + step})
            yield f"response {key} {step:+}", mutant
            yield f"response {key} {step:+}, ranges moved along", moved_along(mutant)
    decimals = raw["response"].get("decimals", 0)
    yield "other decimals", changed(raw, response={**raw["response"], "decimals": 1 - decimals})


def moved_along(mutant: Raw) -> Raw:
    moved = copy.deepcopy(mutant)
    for scale in moved["scales"]:
        n_items = moved["n_items"] if scale["items"] == "all" else len(scale["items"])
        scale["range"] = [moved["response"]["min"] * n_items, moved["response"]["max"] * n_items]
    return moved


def memberships(scale: Raw, raw: Raw) -> Iterator[tuple[str, Raw]]:
    """An item taken out, one put in, one exchanged for another."""
    numbers = list(range(1, raw["n_items"] + 1))
    inside = numbers if scale["items"] == "all" else scale["items"]
    outside = [number for number in numbers if number not in inside]
    for number in inside:
        rest = [other for other in inside if other != number]
        yield f"without item {number}", {**scale, "items": rest}
        yield (
            f"without item {number}, range moved along",
            {**scale, "items": rest, "range": range_of(rest, raw)},
        )
        for other in outside:
            yield f"item {other} for item {number}", {**scale, "items": [*rest, other]}
    for number in outside:
        more = [*inside, number]
        yield f"with item {number}", {**scale, "items": more}
        yield f"with item {number}, range moved along", {**scale, "items": more, "range": range_of(more, raw)}


def range_of(items: list[int], raw: Raw) -> list[int]:
    return [raw["response"]["min"] * len(items), raw["response"]["max"] * len(items)]


def rules(scale: Raw) -> Iterator[tuple[str, Raw]]:
    low, high = scale["range"]
    for moved in ([low - 1, high], [low + 1, high], [low, high - 1], [low, high + 1]):
        yield f"range {moved}", {**scale, "range": moved}
    yield "mean for sum", {**scale, "method": "mean"}
    for allowed in {0, 1, 2} - {scale["missing"].get("max_missing", 0)}:
        yield f"{allowed} missing", {**scale, "missing": missing(allowed)}


def missing(allowed: int) -> Raw:
    if allowed:
        return {"rule": "prorate", "max_missing": allowed, "evidence": "unconfirmed", "source": "mutant"}
    return {"rule": "complete"}


def with_scale(raw: Raw, at: int, scale: Raw) -> Raw:
    mutant = copy.deepcopy(raw)
    mutant["scales"][at] = copy.deepcopy(scale)
    return mutant
