"""Forms as feeds ask for them, and how their items go together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.detect_form import Finding, Relations, forms_of
from schemas.instrument import Instrument
from tests.lib.answered import answers, counted, form_of, forms, turned
from tests.lib.exports import SMALL, feed

FORMS = forms()
CORE_10 = FORMS["core_10"]


def test_already_keyed_items_are_not_turned_again():
    assert form_of(CORE_10).turned == {2, 3}
    assert form_of(CORE_10, already_keyed=True).turned == frozenset()


def card(construct="outcome"):
    scale = {"method": "sum", "unit": "points", "direction": "higher_worse", "missing": {"rule": "complete"}}
    raw = {
        "id": "two", "title": "t", "version": "1", "construct": construct, "raters": ["client"], "n_items": 8,
        "response": {"min": 0, "max": 2}, "reverse": [], "outcome_scale": "total", "risk_items": [],
        "given": "g", "licence": "l", "evidence": "verified", "sources": ["s"],
        "scales": [
            {"id": "part", "items": [1, 2], "range": [0, 4], **scale},
            {"id": "total", "items": [1, 2, 3, 4, 5], "range": [0, 10], **scale},
            {"id": "kind", "items": [6, 7, 8], "range": [0, 6], **scale},
        ],
        "structure": {"overlap": ["part"]}, "bands": [], "thresholds": [], "vectors": [],
    }  # fmt: skip
    return Instrument.build(raw, "two.toml")


def test_items_go_together_within_their_largest_scale():
    assert form_of(card()).blocks == ((1, 2, 3, 4, 5), (6, 7, 8))


def test_the_items_of_a_checklist_need_not_go_together():
    assert form_of(card("process")).blocks == ()


@pytest.mark.parametrize(
    ("items", "columns"), [((3,), "Q3"), ((10, 2), "Q2, Q10"), (range(1, 11), "Q1 to Q10")]
)
def test_items_are_named_as_the_file_names_them(items, columns):
    found = form_of(CORE_10).finding("suspect_reversed_items", items)
    assert found == Finding("suspect_reversed_items", "core_10", 1, tuple(sorted(items)), columns)
    assert Finding.from_json({**vars(found), "items": list(found.items)}) == found


def test_forms_of_a_feed_are_numbered():
    of = feed(
        'dialect = "csv"\n[feeds.columns]\nclient = "P"\ncompleted_at = "W"\n'
        '[[feeds.instruments]]\nid = "mini"\nrater = "client"\nitems = "Q{n}"\n'
        '[[feeds.instruments]]\nid = "duo"\nrater = "client"\nitems = ["a", "b"]\n'
    )
    assert [(one.form_no, one.instrument.id) for one in forms_of(of, SMALL)] == [(1, "mini"), (2, "duo")]
    assert forms_of(of, SMALL)[1].finding("suspect_flipped", [2]).columns == "b"


def test_relations_are_those_of_numpy():
    given = answers(np.random.default_rng(4), CORE_10, 90)
    relations, signs = (
        Relations(counted(CORE_10, given)),
        {item: 1 - 2 * (item in (2, 3)) for item in range(1, 11)},
    )
    keyed = turned(CORE_10, given, [2, 3]).astype(float)
    for item, z in relations.with_rest(tuple(range(1, 11)), signs).items():
        rest = keyed.sum(axis=1) - keyed[:, item - 1]
        assert math.isclose(math.tanh(z), np.corrcoef(keyed[:, item - 1], rest)[0, 1])
    both = relations.sets([2, 3], [1, 4, 5, 6, 7, 8, 9, 10], signs)
    rest = keyed.sum(axis=1) - keyed[:, 1:3].sum(axis=1)
    assert math.isclose(math.tanh(both), np.corrcoef(keyed[:, 1:3].sum(axis=1), rest)[0, 1])
    assert math.isclose(relations.error(), 1 / math.sqrt(87))


def test_sessions_of_one_client_count_once():
    once = answers(np.random.default_rng(4), CORE_10, 20)
    often = counted(CORE_10, np.repeat(once, 5, axis=0), np.repeat(np.arange(20), 5))
    assert Relations(often).error() == Relations(counted(CORE_10, once)).error()


@pytest.mark.parametrize("people", [0, 1, 14])
def test_of_few_people_nothing_is_said(people):
    relations = Relations(counted(CORE_10, answers(np.random.default_rng(5), CORE_10, people)))
    assert set(relations.with_rest((1, 2, 3), {1: 1, 2: -1, 3: -1}).values()) == {0.0}


def test_items_that_never_vary_go_with_nothing():
    relations = Relations(counted(CORE_10, np.full((40, 10), 2, dtype=np.int16)))
    assert relations.sets([1], [2], {1: 1, 2: 1}) == 0.0
