"""What a form may not say of its responses, scales, thresholds, response scales and vectors."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import RegistryError
from schemas.instrument import Instrument
from tests.lib.forms import changed, raw_form

Raw = dict[str, Any]
DAY = date(2026, 11, 23)


def refusal(raw: Raw) -> list[str]:
    with pytest.raises(RegistryError) as caught:
        Instrument.build(raw, "form.toml")
    return str(caught.value).splitlines()


def with_part(id_: str, part: str, number: int, without: str = "", **changes: Any) -> Raw:
    raw = copy.deepcopy(raw_form(id_))
    raw[part][number] = {key: value for key, value in raw[part][number].items() if key != without} | changes
    return raw


def prorate(max_missing: int = 1, **more: Any) -> Raw:
    return {
        "rule": "prorate",
        "max_missing": max_missing,
        "evidence": "derived",
        "source": "S0",
        "recorded": DAY,
        **more,
    }


def phq(**changes: Any) -> Raw:
    return changed(raw_form("phq_9"), **changes)


RESPONSES = [
    (phq(response={"min": 0, "max": 3, "labels": ["no", "yes"]}), "response, labels: must be 4, one for each answer from lowest to highest"),
    (phq(response={"min": 0, "max": 3, "skip": [3]}), "response, skip: must lie between min and max"),
    (phq(response={"min": 0, "max": 3, "skip": ["x"]}), "response, skip: must be a list of item numbers"),
    (phq(item_responses=[{"items": [10], "min": 0, "max": 1}]), "item_responses, items: must be some of 1 to 9"),
    (phq(item_responses=[{"items": [1], "min": 1, "max": 1}]), "item_responses, max: must be greater than min"),
    (phq(item_responses=[{"items": [1], "min": 0, "max": 1}] * 2), "item_responses, items: names an item twice"),
    (phq(item_responses=[{"items": [1], "min": 0, "max": 1}]), "[[scales]] total, range: items, method and response make it [0, 25]"),
    (phq(item_names=["a", "b"]), "item_names: must be 9 ids, one for each item"),
    (phq(measure_for=["anger"]), "measure_for: 'anger' is not known; the nearest is 'panic'"),
]  # fmt: skip

SCALES = [
    (with_part("swemwbs", "scales", 1, without="table"), "[[scales]] metric, table: must be a table of keyed sum = score"),
    (with_part("swemwbs", "scales", 1, table={"7": 7, "8": 9}), "[[scales]] metric, table: must give a score for every sum from 7 to 35, in order"),
    (with_part("swemwbs", "scales", 1, table={"seven": 7}), "[[scales]] metric, table, seven: must be a keyed sum: a whole number"),
    (with_part("swemwbs", "scales", 1, missing=prorate()), "[[scales]] metric, missing: a table has scores of complete answers only"),
    (with_part("sdq", "scales", 5, scales=["emo", "com"]), "[[scales]] total, scales: 'com' must stand above and be no sum of scales itself"),
    (with_part("sdq", "scales", 6, scales=["total", "con"]), "[[scales]] externalising, scales: 'total' must stand above and be no sum of scales itself"),
    (with_part("sdq", "scales", 5, scales=[]), "[[scales]] total, scales: at least one is needed"),
    (with_part("sdq", "scales", 5, missing=prorate()), "[[scales]] total, missing: a sum of scales has a score where each of them has one"),
    (with_part("sdq", "scales", 0, method="mean", range=[0, 2]), "[[scales]] emo, round_to: is for a sum, with at least the decimals of the responses"),
    (with_part("wsas", "scales", 1, not_applicable=[2]), "[[scales]] total_4, not_applicable: must be items of the form that are not in the scale"),
    (with_part("wsas", "scales", 1, not_applicable=[9]), "[[scales]] total_4, not_applicable: must be items of the form that are not in the scale"),
    (with_part("phq_9", "scales", 0, without="range", items="site_key"), '[[scales]] total, items: "site_key" is for a form with evidence = "site_key"'),
    (with_part("vpps", "scales", 0, direction="neither"), "outcome_scale: must have a direction"),
    (changed(raw_form("vpps"), reverse=[1]), "reverse: comes from the site's key file"),
]  # fmt: skip

MISSING = [
    (prorate(recorded=None), "missing, recorded: is missing"),
    ({"rule": "complete", "evidence": "derived"}, "missing, source: is missing"),
    ([prorate(**{"from": DAY})], "missing, from: every version but the first needs the day it begins"),
    ([prorate(), prorate(2)], "missing, from: every version but the first needs the day it begins"),
    ([prorate(), prorate(2, **{"from": DAY}), prorate(3, **{"from": DAY})], "missing, from: must be in order, oldest first"),
    ([prorate(), prorate(9, **{"from": DAY})], "missing, max_missing: must be 1 to 8"),
    ([prorate(), prorate(2, **{"from": "2026-11-23"})], "missing prorate, from: must be a date, written 2026-11-23"),
    ([], "missing, rule: is missing"),
]  # fmt: skip

THRESHOLDS = [
    (with_part("core_10", "thresholds", 2, sd=9), "[[thresholds]] rci_90, value: sd, reliability and level make it 6.62, or the next whole number"),
    (with_part("core_10", "thresholds", 2, level="80 %"), "[[thresholds]] rci_90, level: '80 %' is not known; the nearest is '90 %'"),
    (with_part("core_10", "thresholds", 2, without="reliability_kind"), "[[thresholds]] rci_90, reliability_kind: is missing"),
    (with_part("core_10", "thresholds", 2, without="reliability"), "[[thresholds]] rci_90, reliability, reliability_kind: give both or neither"),
    (with_part("core_10", "thresholds", 2, reliability=Decimal("1.0")), "[[thresholds]] rci_90, reliability: must lie between 0 and 1"),
    (with_part("core_10", "thresholds", 2, sd=0), "[[thresholds]] rci_90, sd: must be above 0"),
    (with_part("core_10", "thresholds", 0, level="90 %"), "[[thresholds]] general_distress, level, sd, reliability: belong to a reliable_change"),
    (with_part("core_10", "thresholds", 1, on=True), "[[thresholds]] general_distress, on: another caseness of total is on; only one may be"),
    (with_part("core_10", "thresholds", 3, on=True), "[[thresholds]] rci_95, on: another reliable_change of total is on; only one may be"),
    (with_part("core_10", "thresholds", 0, without="recorded"), "[[thresholds]] general_distress, recorded: is missing"),
    (with_part("core_10", "bands", 0, without="recorded"), "[[bands]] healthy, recorded: is missing"),
    (with_part("core_10", "bands", 0, on="no"), "[[bands]] healthy, on: must be true or false"),
    (with_part("srs", "thresholds", 2, on=True), "[[thresholds]] item_below_9, on: no figure compares single items, so it must be off"),
    (with_part("srs", "thresholds", 2, value=11), "[[thresholds]] item_below_9, value: must be 0 to 10"),
    (with_part("srs", "thresholds", 3, value=41), "[[thresholds]] drop_1_point, value: must be 0 to 40"),
]  # fmt: skip

VARIANTS = [
    (with_part("k10", "variants", 0, id="0_4"), "[[variants]] 0_4, id: must be lower-case letters, digits and _, and begin with a letter"),
    (with_part("k10", "variants", 0, response={"min": 4, "max": 0}), "[[variants]] coded_0_4, response, max: must be greater than min"),
    (with_part("k10", "variants", 0, without="recorded"), "[[variants]] coded_0_4, recorded: is missing"),
    (changed(raw_form("k10"), variants=raw_form("k10")["variants"] * 2), "[[variants]] coded_0_4, id: another variant has the same"),
    (changed(raw_form("swemwbs"), variants=raw_form("k10")["variants"]), "[[variants]]: a form with item_responses or a table of scores has one response scale only"),
]  # fmt: skip

VECTORS = [
    (with_part("phq_9", "vectors", 0, variant="other"), "[[vectors]] no. 1, variant: there is no variant 'other'"),
    (with_part("k10", "vectors", 0, variant="coded"), "[[vectors]] no. 1, variant: there is no variant 'coded'; the nearest is 'coded_0_4'"),
    (with_part("phq_9", "vectors", 0, without="scores", refusal=True), "[[vectors]] no. 1, refusal: the form has a public key, so give scores"),
    (with_part("vpps", "vectors", 0, without="refusal", scores={}), "[[vectors]] no. 1, refusal: must be true, for the form has no public key"),
    (with_part("phq_9", "vectors", 0, statuses={"totl": "scored"}), "[[vectors]] no. 1, statuses: there is no scale 'totl'; the nearest is 'total'"),
    (with_part("phq_9", "vectors", 0, statuses={"total": "skored"}), "[[vectors]] no. 1, statuses, total: 'skored' is not known; the nearest is 'scored'"),
    (with_part("phq_9", "vectors", 0, answers=[4] * 9), '[[vectors]] no. 1, answers: each must be an allowed response, "x" or "na"; item 1 is none'),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "message"), [*RESPONSES, *SCALES, *THRESHOLDS, *VARIANTS, *VECTORS])
def test_what_a_form_may_not_say(raw, message):
    assert f"form.toml, {message}" in refusal(raw)


@pytest.mark.parametrize(("rule", "message"), MISSING)
def test_what_a_missing_rule_may_not_say(rule, message):
    if isinstance(rule, dict):
        rule = {key: value for key, value in rule.items() if value is not None}
    assert f"form.toml, [[scales]] total, {message}" in refusal(with_part("phq_9", "scales", 0, missing=rule))


def test_a_value_skipped_is_no_answer():
    raw = with_part("haq_1", "vectors", 0, variant="minus_3_to_3", answers=[0] * 11)
    assert any("item 1 is none" in line for line in refusal(raw))


def test_several_alliance_markers_run_side_by_side():
    on = [one.name for one in Instrument.build(raw_form("srs"), "srs.toml").thresholds if one.on]
    assert on == ["below_36", "36_or_below", "drop_1_point"]


@pytest.mark.parametrize(("level", "value"), [("90 %", "5.66"), ("90 %", 6), ("95 %", "6.75"), ("95 %", 7)])
def test_a_criterion_that_follows_from_its_parts(level, value):
    """SD 7.7 and alpha .90, to two places or the next whole number."""
    raw = with_part("core_10", "thresholds", 2, level=level, value=value)
    assert str(Instrument.build(raw, "form.toml").thresholds[2].value) == str(value)
