"""Scales share items as declared, or the form is refused."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import RegistryError
from schemas.instrument import Instrument
from tests.lib.forms import changed, raw_form

Raw = dict[str, Any]


def scale(id_: str, items: Any, n: int, **more: Any) -> Raw:
    """A sum of answers of 1 to 5."""
    common = {"unit": "points", "direction": "higher_better", "missing": {"rule": "complete"}}
    return {"id": id_, "items": items, "method": "sum", "range": [n, 5 * n], **common, **more}


def form(*parts: Raw, structure: Raw | None = None, **more: Any) -> Raw:
    """Twelve items, a total, and parts of it."""
    raw = changed(raw_form("wai_sr"), scales=[scale("total", "all", 12), *parts], vectors=[], **more)
    raw["structure"] = structure or {}
    return {**raw, "components": more.get("components", {})}


LOW, HIGH, EVEN = (
    scale("low", [1, 2, 3, 4, 5, 6], 6),
    scale("high", [7, 8, 9, 10, 11, 12], 6),
    scale("even", [2, 4, 8], 3),
)
MEAN = scale("low_mean", [1, 2, 3, 4, 5, 6], 6, method="mean", range=[1, 5])


@pytest.mark.parametrize(
    "raw",
    [
        form(LOW),
        form(LOW, HIGH),
        form(LOW, HIGH, structure={"partition": ["low", "high"]}),
        form(LOW, MEAN, HIGH, structure={"partition": ["low", "high"]}),
        form(LOW, MEAN, HIGH, EVEN, structure={"partition": ["low", "high"], "overlap": ["even"]}),
        form(LOW, EVEN, structure={"overlap": ["low"]}),
    ],
    ids=["one part", "two apart", "a partition", "a mean beside its sum", "an overlap", "either overlaps"],
)
def test_forms_that_do_as_they_declare(raw):
    assert Instrument.build(raw, "form.toml").scales


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (form(LOW, EVEN), "structure: low and even share items; declare one of them in overlap"),
        (
            form(LOW, scale("again", [1, 2, 3, 4, 5, 6], 6)),
            "structure: low and again share items; declare one of them in overlap",
        ),
        (form(LOW, structure={"partition": ["low"]}), "structure, partition: item 7 is in no scale of it"),
        (
            form(LOW, HIGH, EVEN, structure={"partition": ["low", "high", "even"]}),
            "structure, partition: item 2 is in low and even",
        ),
        (
            form(LOW, HIGH, structure={"partition": ["low", "high"], "overlap": ["total"]}),
            "structure, overlap: total shares no item with another part of the form",
        ),
        (
            form(LOW, MEAN, structure={"overlap": ["low"]}),
            "structure, overlap: low shares no item with another part of the form",
        ),
        (
            form(LOW, structure={"overlap": ["lov"]}),
            "structure: there is no scale 'lov'; the nearest is 'low'",
        ),
        (
            form(LOW, EVEN, structure={"partition": ["low"], "overlap": ["low"]}),
            "structure: 'low' stands in partition and in overlap",
        ),
        (
            form(LOW, structure={"parts": []}),
            "structure, parts: unknown key; the nearest right key is 'partition'",
        ),
        (
            form(LOW, components={"task": "lov"}),
            "components, task: there is no scale 'lov'; the nearest is 'low'",
        ),
        (form(LOW, components={"task": [13]}), "components, task: items must be 1 to 12"),
        (form(LOW, components={"task": "low", "goal": [6]}), "components: task and goal share items"),
        (form(LOW, components={"tsk": "low"}), "components: 'tsk' is not known; the nearest is 'task'"),
        (
            form(LOW, components={"task": 3}),
            "components, task: must be the id of a scale or a list of item numbers",
        ),
    ],
)
def test_forms_that_do_not(raw, message):
    with pytest.raises(RegistryError) as caught:
        Instrument.build(raw, "form.toml")
    assert f"form.toml, {message}" in str(caught.value).splitlines()


def test_a_sum_shares_the_items_of_its_scales_without_a_word():
    added = scale("both", None, 12, method="sum_of_scales", scales=["low", "high"])
    del added["items"], added["missing"]
    assert Instrument.build(form(LOW, HIGH, added), "form.toml").scale("both").items == tuple(range(1, 13))
