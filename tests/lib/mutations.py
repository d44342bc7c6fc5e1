"""Every single change of a form worth fearing, as raw TOML, and whether the tests of the form notice it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from importlib import import_module
from itertools import compress
from operator import not_
from typing import Any

from schemas.errors import RegistryError
from schemas.instrument import Instrument
from schemas.instrument_rules import COMPARISONS, THRESHOLD_KINDS
from tests.lib.forms import weaknesses
from tests.lib.spec import REGISTRY

Raw = dict[str, Any]
Mutations = Iterator[tuple[str, Raw]]
Statement = Callable[[], None]

PAGES_OF_ALL = ("tests.spec.test_forms",)
"""Pages of the manual that speak of every form."""

DISAGREEMENT = (AssertionError, RegistryError, LookupError, ValueError)


def noticed(id_: str, mutant: Raw) -> bool:
    """Whether reading the form, its golden vectors or its pages of the manual object to a change."""
    try:
        instrument = Instrument.build(mutant, "mutant.toml")
    except RegistryError:
        return True
    # What reads the card costs little beside what scores.
    reading, scoring = _statements(id_)
    return (
        _contradicted(instrument, reading)
        or next(weaknesses(instrument), None) is not None
        or _contradicted(instrument, scoring)
    )


def _contradicted(instrument: Instrument, statements: Sequence[Statement]) -> bool:
    """Run statements of the manual on another form than the shipped one."""
    with _in_its_place(instrument):
        for statement in statements:
            try:
                statement()
            except DISAGREEMENT:
                return True
    return False


@cache
def _statements(id_: str) -> tuple[list[Statement], list[Statement]]:
    """Tests of the form's pages that stand for themselves, without parameters: those that score come second."""
    pages = (import_module(page) for page in (f"tests.spec.test_{id_}", *PAGES_OF_ALL))
    tests = [test for page in pages for name, test in vars(page).items() if name.startswith("test_")]
    alone = [test for test in tests if not inspect.signature(test).parameters]
    scoring = ["assert_scores" in test.__code__.co_names for test in alone]
    return list(compress(alone, map(not_, scoring))), list(compress(alone, scoring))


@contextmanager
def _in_its_place(instrument: Instrument) -> Iterator[None]:
    """The registry of the manual with one form exchanged; it is frozen for everybody else."""
    shipped = REGISTRY.instruments
    others = tuple(instrument if one.id == instrument.id else one for one in shipped)
    object.__setattr__(REGISTRY, "instruments", others)
    try:
        yield
    finally:
        object.__setattr__(REGISTRY, "instruments", shipped)


def changed(raw: Raw, **changes: Any) -> Raw:
    """The form with top-level keys replaced; nothing of it is ever changed in place."""
    return {**raw, **changes}


def mutations(raw: Raw) -> Mutations:
    """Every single change, with what it is."""
    yield from _reverse_flags(raw)
    yield from _ends(raw)
    yield from _form(raw)
    for at, scale in enumerate(raw["scales"]):
        for what, scales in (*_memberships(scale, raw), *_rules(scale)):
            yield f"{scale['id']}: {what}", _with_part(raw, "scales", at, scales)
    yield from _bands(raw)
    yield from _thresholds(raw)
    yield from _variants(raw)


def _reverse_flags(raw: Raw) -> Mutations:
    for number in range(1, raw["n_items"] + 1):
        yield f"reverse flag of item {number}", changed(raw, reverse=sorted({number} ^ set(raw["reverse"])))


def _ends(raw: Raw) -> Mutations:
    """Ends of the responses, alone and with every scale's range moved along, and the smallest step."""
    for key in ("min", "max"):
        for step in (-1, 1):
            bare = {name: value for name, value in raw["response"].items() if name != "labels"}
            mutant = changed(raw, response={**bare, key: bare[key] + step})
            yield f"response {key} {step:+}", mutant
            yield f"response {key} {step:+}, ranges moved along", _moved_along(mutant)
    decimals = raw["response"].get("decimals", 0)
    yield "other decimals", changed(raw, response={**raw["response"], "decimals": 1 - decimals})
    labels = raw["response"].get("labels", [])
    for at in range(len(labels) - 1):
        swapped = [*labels[:at], labels[at + 1], labels[at], *labels[at + 2 :]]
        yield (
            f"labels {at} and {at + 1} swapped",
            changed(raw, response={**raw["response"], "labels": swapped}),
        )


def _moved_along(mutant: Raw) -> Raw:
    scales = [
        {**scale, "range": _range_of(scale, mutant)}
        if "range" in scale and scale["method"] != "table"
        else scale
        for scale in mutant["scales"]
    ]
    return changed(mutant, scales=scales)


def _items_of(scale: Raw, raw: Raw) -> list[int]:
    if scale["method"] == "sum_of_scales":
        parts = [one for one in raw["scales"] if one["id"] in scale["scales"]]
        return [number for part in parts for number in _items_of(part, raw)]
    whole = list(range(1, raw["n_items"] + 1))
    return {"all": whole, "site_key": []}.get(str(scale["items"]), scale["items"])


def _range_of(scale: Raw, raw: Raw) -> list[int]:
    weight = {"mean": 1, "mean_x10": 10}.get(scale["method"], len(_items_of(scale, raw)))
    return [raw["response"]["min"] * weight, raw["response"]["max"] * weight]


def _form(raw: Raw) -> Mutations:
    """What is said of the form as a whole."""
    yield "one item more", changed(raw, n_items=raw["n_items"] + 1)
    yield "one item less", changed(raw, n_items=raw["n_items"] - 1)
    for evidence in {"verified", "derived", "unconfirmed", "licensed", "site_key"} - {raw["evidence"]}:
        yield f"evidence {evidence}", changed(raw, evidence=evidence)
    for scale in raw["scales"]:
        if scale["id"] != raw["outcome_scale"]:
            yield f"outcome scale {scale['id']}", changed(raw, outcome_scale=scale["id"])
    for number in range(1, raw["n_items"] + 1):
        yield (
            f"risk flag of item {number}",
            changed(raw, risk_items=sorted({number} ^ set(raw["risk_items"]))),
        )
    yield from _lists(raw, "measure_for", ["ocd"])
    yield from _lists(raw, "item_names", [])
    yield from _lists(raw, "raters", ["caregiver", "observer"])
    for name, given in raw.get("components", {}).items():
        others = [*raw["components"].values(), [raw["n_items"]]]
        for other in (one for one in others if one != given):
            yield f"component {name} {other}", changed(raw, components={**raw["components"], name: other})
        rest = {key: value for key, value in raw["components"].items() if key != name}
        yield f"no component {name}", changed(raw, components=rest)
    for kind, ids in raw.get("structure", {}).items():
        for id_ in ids:
            rest = [one for one in ids if one != id_]
            yield f"{kind} without {id_}", changed(raw, structure={**raw["structure"], kind: rest})


def _lists(raw: Raw, key: str, more: list[str]) -> Mutations:
    """A word left out, and one put in, of a list of words."""
    words = raw.get(key, [])
    for word in words:
        yield f"{key} without {word}", changed(raw, **{key: [one for one in words if one != word]})
    for word in more:
        if word not in words:
            yield f"{key} with {word}", changed(raw, **{key: [*words, word]})


def _memberships(scale: Raw, raw: Raw) -> Mutations:
    """An item taken out, one put in, one exchanged for another; the same of a sum of scales."""
    if scale["method"] == "sum_of_scales":
        yield from _summed(scale, raw)
        return
    inside = _items_of(scale, raw)
    outside = [number for number in range(1, raw["n_items"] + 1) if number not in inside]
    if scale["items"] == "site_key":
        yield (
            "a key of its own",
            {**scale, "items": "all", "range": _range_of({**scale, "items": "all"}, raw)},
        )
        return
    for number in inside:
        rest = [other for other in inside if other != number]
        yield from _with_items(f"without item {number}", rest, scale, raw)
        for other in outside:
            yield f"item {other} for item {number}", {**scale, "items": [*rest, other]}
    for number in outside:
        yield from _with_items(f"with item {number}", [*inside, number], scale, raw)


def _with_items(what: str, items: list[int], scale: Raw, raw: Raw) -> Mutations:
    mutant = {**scale, "items": items}
    yield what, mutant
    if scale["method"] in ("sum", "table"):
        yield f"{what}, range moved along", {**mutant, "range": _range_of({**mutant, "method": "sum"}, raw)}


def _summed(scale: Raw, raw: Raw) -> Mutations:
    ids = scale["scales"]
    others = [one["id"] for one in raw["scales"] if one["method"] != "sum_of_scales" and one["id"] not in ids]
    changes = [(f"without {id_}", [one for one in ids if one != id_]) for id_ in ids]
    changes += [(f"with {other}", [*ids, other]) for other in others]
    changes += [
        (f"{other} for {id_}", [*(one for one in ids if one != id_), other])
        for id_ in ids
        for other in others
    ]
    for what, scales in changes:
        yield what, {**scale, "scales": scales}
        yield (
            f"{what}, range moved along",
            {**scale, "scales": scales, "range": _range_of({**scale, "scales": scales}, raw)},
        )


def _rules(scale: Raw) -> Mutations:
    if "range" in scale:
        low, high = scale["range"]
        for moved in ([low - 1, high], [low + 1, high], [low, high - 1], [low, high + 1]):
            yield f"range {moved}", {**scale, "range": moved}
    for method in {"sum", "mean", "mean_x10"} - {scale["method"]}:
        yield (
            f"method {method}",
            {key: value for key, value in {**scale, "method": method}.items() if key != "table"},
        )
    for direction in {"higher_better", "higher_worse", "neither"} - {scale["direction"]}:
        yield f"direction {direction}", {**scale, "direction": direction}
    for total, points in scale.get("table", {}).items():
        for step in (Decimal("-0.01"), Decimal("0.01")):
            table = {**scale["table"], total: str(Decimal(points) + step)}
            yield f"table of {total} {step:+}", {**scale, "table": table}
    if "round_to" in scale:
        yield "another rounding", {**scale, "round_to": scale["round_to"] + 1}
        yield "no rounding", {key: value for key, value in scale.items() if key != "round_to"}
    for number in scale.get("not_applicable", []):
        yield (
            f"item {number} need not be not applicable",
            {key: value for key, value in scale.items() if key != "not_applicable"},
        )
    yield from _missing(scale)


def _missing(scale: Raw) -> Mutations:
    if "missing" not in scale:
        return
    rule = scale["missing"]
    for allowed in {0, 1, 2, 3, 4} - {rule.get("max_missing", 0)}:
        said = {"evidence": "unconfirmed", "source": "mutant", "recorded": rule.get("recorded")}
        prorate = {"rule": "prorate", "max_missing": allowed, **{k: v for k, v in said.items() if v}}
        yield f"{allowed} missing", {**scale, "missing": prorate if allowed else {"rule": "complete"}}


def _bands(raw: Raw) -> Mutations:
    for at, band in enumerate(raw.get("bands", [])):
        for step in (-1, 1):
            yield (
                f"band {band['label']} {step:+}",
                _with_part(raw, "bands", at, {**band, "from": band["from"] + step}),
            )
        yield f"band {band['label']} renamed", _with_part(raw, "bands", at, {**band, "label": "another"})
        flipped = {**band, "on": not band.get("on", True)}
        yield f"band {band['label']} flipped on or off", _with_part(raw, "bands", at, flipped)
        yield f"no band {band['label']}", changed(raw, bands=[*raw["bands"][:at], *raw["bands"][at + 1 :]])


def _thresholds(raw: Raw) -> Mutations:
    for at, threshold in enumerate(raw.get("thresholds", [])):
        for what, mutant in _one_threshold(threshold, raw):
            yield (
                f"{threshold['kind']} {threshold['name']}: {what}",
                _with_part(raw, "thresholds", at, mutant),
            )
        rest = [*raw["thresholds"][:at], *raw["thresholds"][at + 1 :]]
        yield f"no {threshold['kind']} {threshold['name']}", changed(raw, thresholds=rest)


def _one_threshold(threshold: Raw, raw: Raw) -> Mutations:
    for step in (-1, Decimal("-0.1"), Decimal("0.1"), 1):
        yield f"value {step:+}", {**threshold, "value": threshold["value"] + step}
    for key, words in (
        ("comparison", COMPARISONS),
        ("kind", THRESHOLD_KINDS),
        ("scale", [scale["id"] for scale in raw["scales"]]),
        ("evidence", ("verified", "unconfirmed")),
        ("level", ("90 %", "95 %")),
    ):
        for word in words:
            if word != threshold.get(key):
                yield f"{key} {word}", {**threshold, key: word}
    yield "flipped on or off", {**threshold, "on": not threshold["on"]}
    for key in ("sd", "reliability"):
        if key in threshold:
            yield f"another {key}", {**threshold, key: Decimal(threshold[key]) - Decimal("0.01")}
    for key in ("level", "per", "sd", "reliability"):
        if key in threshold:
            yield f"no {key}", {other: value for other, value in threshold.items() if other != key}


def _variants(raw: Raw) -> Mutations:
    """Other response scales: their ends, what they skip, and that they are there."""
    for at, variant in enumerate(raw.get("variants", [])):
        response = variant["response"]
        changes = [
            (f"{key} {step:+}", {**response, key: response[key] + step})
            for key in ("min", "max")
            for step in (-1, 1)
        ]
        if "skip" in response:
            changes.append(
                ("nothing skipped", {key: value for key, value in response.items() if key != "skip"})
            )
        for what, other in changes:
            yield (
                f"variant {variant['id']}, {what}",
                _with_part(raw, "variants", at, {**variant, "response": other}),
            )
        rest = [*raw["variants"][:at], *raw["variants"][at + 1 :]]
        yield f"no variant {variant['id']}", changed(raw, variants=rest)


def _with_part(raw: Raw, key: str, at: int, part: Raw) -> Raw:
    return changed(raw, **{key: [*raw[key][:at], part, *raw[key][at + 1 :]]})
