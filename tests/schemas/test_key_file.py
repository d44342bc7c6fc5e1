"""A site's own key: applied to the form that wants it, and every mistake in it named."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from schemas.errors import RegistryError
from schemas.instrument_parts import KeySource
from schemas.key_file import wanted, with_key
from schemas.registry import load

REGISTRY = load()
FORMS = {id_: REGISTRY[id_] for id_ in REGISTRY}
SCALES = REGISTRY["vpps"].scale_ids

VPPS: dict[str, Any] = {
    "instrument": "vpps",
    "source": "a made-up manual, page 1",
    "recorded": date(2026, 11, 23),
    "reverse": [2, 80],
    "items": {str(n): SCALES[(n - 1) % 8] for n in range(1, 81)},
}
OQ_45: dict[str, Any] = {
    "instrument": "oq_45",
    "source": "a made-up manual",
    "recorded": date(2026, 11, 23),
    "items": {str(n): ("sd", "ir", "sr")[n % 3] for n in range(1, 46)},
}


def key(raw: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(raw), **changes}


def refusal(raw: dict[str, Any], file: str = "instruments/vpps.key.toml") -> str:
    with pytest.raises(RegistryError) as caught:
        with_key(raw, file, FORMS)
    return str(caught.value)


def test_a_key_gives_the_scales_their_items():
    form = with_key(VPPS, "instruments/vpps.key.toml", FORMS)
    assert form.scale("patient_participation").items == tuple(range(1, 81, 8))
    assert form.scale("patient_participation").range == (1, 5)
    assert form.reverse == {2, 80}
    assert form.site_key == KeySource("a made-up manual, page 1", date(2026, 11, 23))
    assert form.gives_scores(confirmed=False)
    assert form.evidence == "site_key"


def test_sums_get_the_range_that_their_items_make():
    form = with_key(OQ_45, "oq_45.key.toml", FORMS)
    assert form.scale("sd").range == (0, 60)
    assert form.scale("total").range == (0, 180)
    assert form.reverse == frozenset()


def test_items_in_two_subscales_or_in_none():
    items = {**VPPS["items"], "1": ["patient_participation", "patient_hostility"], "9": ""}
    form = with_key(key(VPPS, items=items), "vpps.key.toml", FORMS)
    assert form.scale("patient_hostility").items[:2] == (1, 2)
    assert 9 not in form.scale("patient_participation").items


def test_a_declared_partition_holds_under_a_key_too():
    """The OQ-45 says that every item is in exactly one of its subscales."""
    message = refusal(key(OQ_45, items={**OQ_45["items"], "3": ""}), "oq_45.key.toml")
    assert message == "oq_45.key.toml, structure, partition: item 3 is in no scale of it"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instrument": "vps"}, "instrument: 'vps' is not known; the nearest is 'vpps'"),
        ({"instrument": "oq_45"}, "instrument: a key file of oq_45 is called oq_45.key.toml"),
        ({"instrument": "phq_9"}, "instrument: the key of phq_9 is in its own TOML, so it takes no key file"),
        ({"source": ""}, "source: must be a text that is not blank"),
        ({"recorded": "2026"}, "recorded: must be a date, written 2026-11-23"),
        ({"reverse": [81]}, "reverse: items must be 1 to 80"),
        ({"reverse": [2, 2]}, "reverse: names an item twice"),
        ({"items": {}}, "[items]: is missing: it gives each item's subscale"),
        ({"item": {}}, "item: unknown key; the nearest right key is 'items'"),
        (
            {"items": {**VPPS["items"], "1": "patient_hostilty"}},
            "[items], 1: 'patient_hostilty' is not known; the nearest is 'patient_hostility'",
        ),
        (
            {"items": {**VPPS["items"], "81": "patient_hostility"}},
            "[items], 81: items are 1 to 80",
        ),
        (
            {"items": {n: scale for n, scale in VPPS["items"].items() if n != "7"}},
            '[items], 7: is missing: name its subscale, or "" for none',
        ),
        (
            {"items": VPPS["items"] | dict.fromkeys(map(str, range(1, 81, 8)), "")},
            "[items]: no item is in patient_participation",
        ),
    ],
)
def test_mistakes_name_file_key_and_the_nearest_right_word(changes, message):
    assert f"instruments/vpps.key.toml, {message}" in refusal(key(VPPS, **changes)).splitlines()


def test_a_key_file_without_an_instrument():
    raw = key(VPPS)
    del raw["instrument"]
    assert refusal(raw) == "instruments/vpps.key.toml, instrument: is missing"


def test_what_a_form_wants():
    assert wanted(REGISTRY["oq_45"]) == (
        "supply instruments/oq_45.key.toml with its source, for each of its 45 items the subscale "
        "(sd, ir, sr) and the reversed items"
    )
