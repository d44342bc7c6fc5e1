"""Whatever stands in a JSON export, each record has one fate, and no error but a refusal is raised."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lib.exports import feed, process
from tests.lib.fhir import fhir_feed, item, response

QUALTRICS = feed("""
dialect = "qualtrics_json"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "QID{n}"
""")
FEEDS = {"fhir": fhir_feed("mini", ("q1", "q2")), "qualtrics_json": QUALTRICS}
WHOLE = {
    "fhir": response(
        "r1",
        [item("q1", {"valueInteger": 1}), item("g", item=[item("q2", {"valueCoding": {"code": "2"}})])],
        meta={"lastUpdated": "2026-10-01"},
        questionnaire="x|1",
    ),
    "qualtrics_json": {
        "responseId": "R_1",
        "values": {
            "endDate": "2026-10-01T10:00:00Z",
            "status": 0,
            "finished": 1,
            "PID": "p",
            "QID1": 1,
            "QID2": [2],
        },
        "labels": {"QID1": "x"},
        "displayedFields": ["QID1", "QID2"],
    },
}
ODD = st.sampled_from(
    [None, True, 7, -1.5, 1e999, "", "x", "\ud800", "\0", [], [[]], {}, [{}], {"a": {}}, 10**30]
)


def places(value, at=()):
    """Where the parts of a value stand."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*at, key))


def changed(value, at, odd):
    if not at:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], odd)
    return copy


@pytest.mark.parametrize("dialect", FEEDS)
@given(data=st.data())
@settings(max_examples=40)
def test_a_part_of_another_shape(dialect, data):
    whole = WHOLE[dialect]
    at = data.draw(st.sampled_from(list(places(whole))))
    lines = [json.dumps(one) for one in (whole, changed(whole, at, data.draw(ODD)), whole)]
    content = "\n".join(lines) if data.draw(st.booleans()) else f"[{','.join(lines)}]"
    with tempfile.TemporaryDirectory() as folder:
        counts = process(Path(folder), FEEDS[dialect], content).counts
    assert counts.refused is None
    assert 2 <= counts.received <= 3
    assert counts.accepted >= 2


@pytest.mark.parametrize("dialect", FEEDS)
@given(cut=st.integers(0, 400), noise=st.binary(max_size=3))
@settings(max_examples=30)
def test_bytes_that_were_cut_or_changed(dialect, cut, noise):
    content = json.dumps(WHOLE[dialect]).encode()
    with tempfile.TemporaryDirectory() as folder:
        counts = process(Path(folder), FEEDS[dialect], content[:cut] + noise + content[cut + 1 :]).counts
    assert counts.refused in (None, "not_json", "not_this_dialect", "missing_column", "empty_file")
