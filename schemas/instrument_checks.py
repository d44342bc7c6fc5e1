"""What must hold between the parts of an instrument: items, ranges, bands, thresholds, vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

from schemas.instrument_form import Form
from schemas.instrument_parts import Response
from schemas.instrument_reading import ID, ID_RULE
from schemas.instrument_rules import SINGLE_KINDS, Threshold, Vector
from schemas.instrument_scales import SITE_KEY, Scale
from schemas.instrument_structure import structure_problems
from schemas.raw_table import nearest

LOWEST_STEP, HIGHEST_STEP = -99, 127
"""Steps an Int8 item column can hold beside the missing codes."""

MOST_ITEMS = 99
"""Item columns are numbered with two digits."""


def disagreements(instrument: Form) -> Iterator[str]:
    """One line for each disagreement, beginning with table and key."""
    yield from _form_problems(instrument)
    yield from _response_problems(instrument)
    yield from _variant_problems(instrument)
    yield from scale_problems(instrument)
    yield from structure_problems(instrument)
    yield from _band_problems(instrument)
    yield from _threshold_problems(instrument)
    for number, vector in enumerate(instrument.vectors, start=1):
        for problem in _vector_problems(vector, instrument):
            yield f"[[vectors]] no. {number}, {problem}"


def _form_problems(instrument: Form) -> Iterator[str]:
    numbers = set(instrument.items)
    if not ID.fullmatch(instrument.id):
        yield f"id: {ID_RULE}"
    if not 1 <= instrument.n_items <= MOST_ITEMS:
        yield f"n_items: must be 1 to {MOST_ITEMS}"
    for key, items in (("reverse", instrument.reverse), ("risk_items", instrument.risk_items)):
        if not set(items) <= numbers:
            yield f"{key}: items must be 1 to {instrument.n_items}"
    for key in ("raters", "sources", "scales"):
        if not getattr(instrument, key):
            yield f"{key}: at least one is needed"
    if instrument.scales and instrument.outcome_scale not in instrument.scale_ids:
        yield no_scale("outcome_scale", instrument.outcome_scale, instrument)
    elif instrument.scales and instrument.scale(instrument.outcome_scale).direction == "neither":
        yield "outcome_scale: must have a direction"
    names = instrument.item_names
    if names and (len(names) != instrument.n_items or not all(map(ID.fullmatch, names))):
        yield f"item_names: must be {instrument.n_items} ids, one for each item"
    if instrument.evidence == SITE_KEY and instrument.reverse and instrument.site_key is None:
        yield "reverse: comes from the site's key file"


def _response_problems(instrument: Form) -> Iterator[str]:
    yield from _one_response("response", instrument.response)
    listed = [number for part in instrument.item_responses for number in part.items]
    for part in instrument.item_responses:
        if not part.items or not set(part.items) <= set(instrument.items):
            yield f"item_responses, items: must be some of 1 to {instrument.n_items}"
        else:
            yield from _one_response("item_responses", instrument.response_of(part.items[0]))
    if len(set(listed)) < len(listed):
        yield "item_responses, items: names an item twice"


def _one_response(place: str, response: Response) -> Iterator[str]:
    if not response.min < response.max:
        yield f"{place}, max: must be greater than min"
    if response.step_min < LOWEST_STEP or response.step_max > HIGHEST_STEP:
        yield f"{place}: smallest steps must lie between {LOWEST_STEP} and {HIGHEST_STEP}"
    if not all(response.min < value < response.max for value in response.skip):
        yield f"{place}, skip: must lie between min and max"
    n = len(response.steps)
    if response.labels and len(response.labels) != n:
        yield f"{place}, labels: must be {n}, one for each answer from lowest to highest"


def _variant_problems(instrument: Form) -> Iterator[str]:
    ids = [variant.id for variant in instrument.variants]
    for variant in instrument.variants:
        place = f"[[variants]] {variant.id}"
        if not ID.fullmatch(variant.id):
            yield f"{place}, id: {ID_RULE}"
        if ids.count(variant.id) > 1:
            yield f"{place}, id: another variant has the same"
        yield from (f"{place}, {problem}" for problem in _one_response("response", variant.response))
    if ids and (instrument.item_responses or any(scale.method == "table" for scale in instrument.scales)):
        yield "[[variants]]: a form with item_responses or a table of scores has one response scale only"


def scale_problems(instrument: Form) -> Iterator[str]:
    for scale in instrument.scales:
        for problem in (
            *_item_problems(scale, instrument),
            *_range_problems(scale, instrument),
            *_sum_problems(scale, instrument),
            *_missing_problems(scale),
        ):
            yield f"[[scales]] {scale.id}, {problem}"


def _waits(scale: Scale, instrument: Form) -> bool:
    """Whether the scale has no items yet, and so no range, because the site's key file is not there."""
    return scale.from_key and instrument.site_key is None


def _item_problems(scale: Scale, instrument: Form) -> Iterator[str]:
    numbers = set(instrument.items)
    if not ID.fullmatch(scale.id):
        yield f"id: {ID_RULE}"
    if instrument.scale_ids.count(scale.id) > 1:
        yield "id: another scale has the same"
    if (
        not _waits(scale, instrument)
        and not scale.scales
        and (not scale.items or not set(scale.items) <= numbers)
    ):
        yield f"items: must be some of 1 to {instrument.n_items}"
    if len(set(scale.items)) < len(scale.items):
        yield "items: names an item twice"
    if not set(scale.not_applicable) <= numbers - set(scale.items):
        yield "not_applicable: must be items of the form that are not in the scale"
    if scale.from_key and instrument.evidence != SITE_KEY:
        yield f'items: "{SITE_KEY}" is for a form with evidence = "{SITE_KEY}"'


def _range_problems(scale: Scale, instrument: Form) -> Iterator[str]:
    if not scale.items or not set(scale.items) <= set(instrument.items):
        return
    low, high = scale.implied_range([instrument.response_of(number) for number in scale.items])
    if scale.range != (low, high):
        yield f"range: items, method and response make it [{low}, {high}]"
    if scale.method == "table":
        yield from _table_problems(scale, instrument)
    if scale.round_to is not None and (
        scale.method != "sum" or scale.round_to < instrument.response.decimals
    ):
        yield "round_to: is for a sum, with at least the decimals of the responses"


def _table_problems(scale: Scale, instrument: Form) -> Iterator[str]:
    responses = [instrument.response_of(number) for number in scale.items]
    low, high = sum(one.min for one in responses), sum(one.max for one in responses)
    if [total for total, _ in scale.table] != list(range(low, high + 1)):
        yield f"table: must give a score for every sum from {low} to {high}, in order"
    if any(below >= above for (_, below), (_, above) in pairwise(scale.table)):
        yield "table: must rise from sum to sum"
    if instrument.response.decimals:
        yield "table: is for answers in whole numbers"
    if any(rule.rule != "complete" for rule in scale.missing_rules):
        yield "missing: a table has scores of complete answers only"


def _sum_problems(scale: Scale, instrument: Form) -> Iterator[str]:
    if scale.method != "sum_of_scales":
        return
    before = instrument.scale_ids[: instrument.scale_ids.index(scale.id)]
    plain = {one.id for one in instrument.scales if one.method != "sum_of_scales" and not one.from_key}
    if not scale.scales:
        yield "scales: at least one is needed"
    for id_ in scale.scales:
        if id_ not in before or id_ not in plain:
            yield f"scales: {id_!r} must stand above and be no sum of scales itself"
    if any(rule.rule != "complete" for rule in scale.missing_rules):
        yield "missing: a sum of scales has a score where each of them has one"
    if len(scale.items) < sum(one.n_items for one in instrument.scales if one.id in scale.scales):
        yield "scales: share items, which would count twice"


def _missing_problems(scale: Scale) -> Iterator[str]:
    for rule in scale.missing_rules:
        prorated = rule.rule == "prorate" and not scale.from_key
        if prorated and not 1 <= rule.max_missing < max(scale.n_items, 1):
            yield f"missing, max_missing: must be 1 to {scale.n_items - 1}"
    first, *later = scale.missing_rules
    if first.start is not None or any(rule.start is None for rule in later):
        yield "missing, from: every version but the first needs the day it begins"
    starts = [rule.start for rule in later if rule.start is not None]
    if any(low >= high for low, high in pairwise(starts)):
        yield "missing, from: must be in order, oldest first"


def _band_problems(instrument: Form) -> Iterator[str]:
    for band in instrument.bands:
        if band.scale not in instrument.scale_ids:
            yield no_scale(f"[[bands]] {band.label}, scale", band.scale, instrument)
    for scale in (one for one in instrument.scales if not _waits(one, instrument)):
        starts = [band.start for band in instrument.bands if band.scale == scale.id]
        if starts and starts[0] != scale.minimum:
            yield f"[[bands]] of {scale.id}, from: the first must be the lowest score, {scale.minimum}"
        if any(low >= high for low, high in pairwise(starts)):
            yield f"[[bands]] of {scale.id}, from: must rise from band to band"
        if starts and starts[-1] > scale.maximum:
            yield f"[[bands]] of {scale.id}, from: must not pass the highest score, {scale.maximum}"


def _threshold_problems(instrument: Form) -> Iterator[str]:
    names = Counter(_key(threshold) for threshold in instrument.thresholds)
    on = Counter(_key(threshold)[:2] for threshold in instrument.thresholds if threshold.on)
    for threshold in instrument.thresholds:
        place = f"[[thresholds]] {threshold.name}"
        if threshold.scale not in instrument.scale_ids:
            yield no_scale(f"{place}, scale", threshold.scale, instrument)
            continue
        low, high = _bounds(threshold, instrument)
        if _waits(instrument.scale(threshold.scale), instrument):
            low, high = min(low, threshold.value), max(high, threshold.value)
        if not low <= threshold.value <= high:
            yield f"{place}, value: must be {low} to {high}"
        if names[_key(threshold)] > 1:
            yield f"{place}, name: another {threshold.kind} threshold of {threshold.scale} has the same"
        if threshold.on and threshold.kind in SINGLE_KINDS and on[_key(threshold)[:2]] > 1:
            yield f"{place}, on: another {threshold.kind} of {threshold.scale} is on; only one may be"
        yield from (f"{place}, {problem}" for problem in _change_problems(threshold))


def _key(threshold: Threshold) -> tuple[str, str, str]:
    return threshold.scale, threshold.kind, threshold.name


def _bounds(threshold: Threshold, instrument: Form) -> tuple[Decimal, Decimal]:
    low, high = instrument.scale(threshold.scale).range
    if threshold.per == "item":
        ends = [instrument.response_of(number) for number in instrument.scale(threshold.scale).items]
        low, high = Decimal(min(one.min for one in ends)), Decimal(max(one.max for one in ends))
    if threshold.kind in ("reliable_change", "alliance_drop"):
        return Decimal(0), high - low
    return low, high


def _change_problems(threshold: Threshold) -> Iterator[str]:
    given = [threshold.sd is not None, threshold.reliability is not None, bool(threshold.reliability_kind)]
    if threshold.per and threshold.on:
        yield "on: no figure compares single items, so it must be off"
    if (any(given) or threshold.level) and threshold.kind != "reliable_change":
        yield "level, sd, reliability: belong to a reliable_change"
    if given[1] != given[2]:
        yield "reliability, reliability_kind: give both or neither"
    if threshold.sd is not None and threshold.sd <= 0:
        yield "sd: must be above 0"
    elif threshold.reliability is not None and not 0 < threshold.reliability < 1:
        yield "reliability: must lie between 0 and 1"
    elif not threshold.follows():
        exact = threshold.reliable_change()
        yield f"value: sd, reliability and level make it {exact:.2f}, or the next whole number"


def _vector_problems(vector: Vector, instrument: Form) -> Iterator[str]:
    if vector.variant and vector.variant not in instrument.variant_ids:
        near = (
            f"; the nearest is {nearest(vector.variant, instrument.variant_ids)!r}"
            if instrument.variants
            else ""
        )
        yield f"variant: there is no variant {vector.variant!r}{near}"
        return
    if vector.refusal == instrument.needs_key:
        form = instrument.as_variant(vector.variant) if vector.variant else instrument
        yield from _answer_problems(vector, form)
        yield from () if vector.refusal else _score_problems(vector, form)
    elif vector.refusal:
        yield "refusal: the form has a public key, so give scores"
    else:
        yield "refusal: must be true, for the form has no public key"


def _answer_problems(vector: Vector, form: Form) -> Iterator[str]:
    if len(vector.answers) != form.n_items:
        yield f"answers: must be {form.n_items}, one for each item"
        return
    wrong = [
        number
        for number, answer in zip(form.items, vector.answers, strict=True)
        if answer is not None and form.response_of(number).step(answer) is None
    ]
    if wrong:
        yield f'answers: each must be an allowed response, "x" or "na"; item {wrong[0]} is none'


def _score_problems(vector: Vector, form: Form) -> Iterator[str]:
    scores = dict(vector.scores)
    if set(scores) != set(form.scale_ids):
        yield f"scores: must name exactly the scales {', '.join(form.scale_ids)}"
        return
    for scale in form.scales:
        score = scores[scale.id]
        if score is not None and not scale.minimum <= score <= scale.maximum:
            yield f'scores, {scale.id}: must be {scale.minimum} to {scale.maximum}, or "x"'
    yield from _unknown("statuses", (id_ for id_, _ in vector.statuses), form)


def _unknown(place: str, ids: Iterable[str], form: Form) -> Iterator[str]:
    yield from (no_scale(place, id_, form) for id_ in ids if id_ not in form.scale_ids)


def no_scale(place: str, word: str, instrument: Form) -> str:
    return f"{place}: there is no scale {word!r}; the nearest is {nearest(word, instrument.scale_ids)!r}"
