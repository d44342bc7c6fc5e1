"""A form read item by item, its golden vectors as codes, and its other response scales."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from schemas.errors import RegistryError
from schemas.instrument import NOT_APPLICABLE, Instrument
from schemas.registry import load
from tests.lib.forms import FORMS, changed, raw_form

REGISTRY = load()


def mixed() -> Instrument:
    """Items 3 and 4 are answered 1 to 2."""
    raw = changed(raw_form("phq_9"), vectors=[], bands=[], thresholds=[], reverse=[3])
    raw["item_responses"] = [{"items": [3, 4], "min": 1, "max": 2}]
    raw["scales"] = [{**raw["scales"][0], "range": [2, 25]}]
    return Instrument.build(raw, "form.toml")


def test_items_may_have_responses_of_their_own():
    form = mixed()
    assert [(form.response_of(n).min, form.response_of(n).max) for n in (2, 3, 4, 5)] == [
        (0, 3), (1, 2), (1, 2), (0, 3),
    ]  # fmt: skip
    assert (form.step_min, form.step_max) == (0, 3)


def test_codes_of_a_golden_vector():
    vector = next(one for one in REGISTRY["wsas"].vectors if one.not_applicable)
    assert REGISTRY["wsas"].codes(vector)[0] == NOT_APPLICABLE
    tenths = REGISTRY["srs"].vectors[0]
    assert REGISTRY["srs"].codes(tenths) == [int(answer * 10) for answer in tenths.answers]


def test_another_response_scale():
    form = REGISTRY["haq_1"].as_variant("minus_3_to_3")
    assert form.response.steps == (-3, -2, -1, 1, 2, 3)
    assert form.scale("total").range == (-33, 33)
    assert (form.bands, form.thresholds, form.variant) == ((), (), "minus_3_to_3")
    assert form.vectors
    assert all(len(form.codes(vector)) == 11 for vector in form.vectors)


def test_bands_and_thresholds_belong_to_the_form_s_own_response_scale():
    assert REGISTRY["k10"].bands
    assert REGISTRY["k10"].as_variant("coded_0_4").bands == ()
    assert REGISTRY["k10"].as_variant("").bands == REGISTRY["k10"].bands


@pytest.mark.parametrize(
    ("of_form", "of_variant", "together"),
    [
        ("verified", "derived", "derived"),
        ("verified", "unconfirmed", "unconfirmed"),
        ("unconfirmed", "verified", "unconfirmed"),
    ],
)
def test_the_weaker_evidence_holds(of_form, of_variant, together):
    raw = copy.deepcopy(changed(raw_form("k10"), evidence=of_form))
    raw["variants"][0]["evidence"] = of_variant
    assert Instrument.build(raw, "form.toml").as_variant("coded_0_4").evidence == together


def test_an_unknown_response_scale_is_refused_with_the_nearest():
    with pytest.raises(RegistryError, match="k10 has no variant 'coded'; the nearest is 'coded_0_4'"):
        REGISTRY["k10"].as_variant("coded")
    with pytest.raises(RegistryError, match=r"^phq_9 has no variant 'coded'$"):
        REGISTRY["phq_9"].as_variant("coded")


@pytest.mark.parametrize("id_", FORMS)
def test_a_form_as_data(id_):
    """JSON can hold it, and every part counts."""
    form = REGISTRY[id_]
    text = json.dumps(form.canonical())
    for part in ({"variant": "x"}, {"components": (("task", (1,)),)}, {"measure_for": ("ptsd", "ocd")}):
        assert json.dumps(replace(form, **part).canonical()) != text


@pytest.mark.parametrize(
    ("evidence", "confirmed", "scores"),
    [
        ("verified", False, True),
        ("derived", False, True),
        ("unconfirmed", False, False),
        ("unconfirmed", True, True),
        ("licensed", True, True),
        ("site_key", True, False),
    ],
)
def test_what_gives_scores(evidence, confirmed, scores):
    assert replace(REGISTRY["phq_9"], evidence=evidence).gives_scores(confirmed) is scores
