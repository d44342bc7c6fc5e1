from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal

import pytest

from schemas.errors import RegistryError
from schemas.instrument import Instrument, item_column
from tests.lib.forms import FORMS, changed, raw_form


def build(raw):
    return Instrument.build(raw, "form.toml")


def refusal(raw) -> str:
    with pytest.raises(RegistryError) as caught:
        build(raw)
    return str(caught.value)


def with_part(id_, part, number, **changes):
    raw = copy.deepcopy(raw_form(id_))
    raw[part][number] = {**raw[part][number], **changes}
    return raw


def test_what_others_rely_on():
    form = build(raw_form("srs"))
    assert (form.id, form.n_items, form.raters, form.scale_ids) == ("srs", 4, ("client",), ("total",))
    assert list(form.items) == [1, 2, 3, 4]
    assert form.item_columns == ("item_01", "item_02", "item_03", "item_04")
    assert (form.step_min, form.step_max, form.response.decimals) == (0, 100, 1)
    assert form.scale("total").range == (0, 40)
    assert not form.needs_confirmation


def test_instruments_are_values():
    assert build(raw_form("wai_sr")) == build(raw_form("wai_sr"))
    assert hash(build(raw_form("wai_sr"))) == hash(build(raw_form("wai_sr")))
    assert build(raw_form("wai_sr")) != build(changed(raw_form("wai_sr"), title="Another"))


def test_item_columns_are_numbered_with_two_digits():
    assert (item_column(1), item_column(36)) == ("item_01", "item_36")


def test_a_scale_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(RegistryError, match="wai_36 has no scale 'gaol'; the nearest is 'goal'"):
        build(raw_form("wai_36")).scale("gaol")


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        (None, "constuct", "form.toml, constuct: unknown key; the nearest right key is 'construct'"),
        (
            "response",
            "decimal",
            "form.toml, response, decimal: unknown key; the nearest right key is 'decimals'",
        ),
        (
            "scales",
            "metod",
            "form.toml, [[scales]] total, metod: unknown key; the nearest right key is 'method'",
        ),
        ("bands", "form", "form.toml, [[bands]] minimal, form: unknown key; the nearest right key is 'from'"),
        (
            "thresholds",
            "comparision",
            "form.toml, [[thresholds]] nhs_talking_therapies, comparision: unknown key; "
            "the nearest right key is 'comparison'",
        ),
        (
            "vectors",
            "score",
            "form.toml, [[vectors]] no. 1, score: unknown key; the nearest right key is 'scores'",
        ),
    ],
)
def test_unknown_keys_are_refused_with_file_table_key_and_nearest(part, wrong, message):
    raw = copy.deepcopy(raw_form("phq_9"))
    table = raw if part is None else raw[part]
    (table[0] if isinstance(table, list) else table)[wrong] = 1
    assert refusal(raw) == message


def test_an_unknown_key_of_the_missing_rule_is_refused():
    raw = with_part("core_10", "scales", 0, missing={"rule": "complete", "max_mising": 1})
    assert "missing, max_mising: unknown key" in refusal(raw)


def test_all_problems_are_told_at_once():
    raw = changed(raw_form("phq_9"), construct="alience", reverse=[1, 1])
    del raw["title"]
    assert refusal(raw).splitlines() == [
        "form.toml, title: is missing",
        "form.toml, construct: 'alience' is not known; the nearest is 'alliance'",
        "form.toml, reverse: names an item twice",
    ]


SAID = {"evidence": "derived", "source": "S0", "recorded": date(2026, 11, 23)}

REFUSED = [
    (
        "an id a table cannot be named by",
        changed(raw_form("phq_9"), id="PHQ-9"),
        "id: must be lower-case letters",
    ),
    ("no rater", changed(raw_form("phq_9"), raters=[]), "raters: at least one is needed"),
    ("an unknown rater", changed(raw_form("phq_9"), raters=["clint"]), "raters: 'clint' is not known"),
    ("no source", changed(raw_form("phq_9"), sources=[]), "sources: at least one is needed"),
    ("no scale", changed(raw_form("phq_9"), scales=[], bands=[], thresholds=[]), "scales: at least one"),
    ("too many items", changed(raw_form("phq_9"), n_items=100), "n_items: must be 1 to 99"),
    ("items as text", changed(raw_form("phq_9"), n_items="9"), "n_items: must be a whole number"),
    (
        "a reversed item beyond the form",
        changed(raw_form("phq_9"), reverse=[10]),
        "reverse: items must be 1 to 9",
    ),
    ("a reversed item 0", changed(raw_form("phq_9"), reverse=[0]), "reverse: items must be 1 to 9"),
    ("a risk item beyond the form", changed(raw_form("phq_9"), risk_items=[10]), "risk_items: items must be"),
    ("no reverse list", changed(raw_form("phq_9"), reverse=None), "reverse: is missing"),
    ("responses upside down", changed(raw_form("phq_9"), response={"min": 3, "max": 0}), "must be greater"),
    ("no response minimum", changed(raw_form("phq_9"), response={"max": 3}), "response, min: is missing"),
    (
        "steps beyond a byte",
        changed(raw_form("srs"), response={"min": 0, "max": 10, "decimals": 2}),
        "smallest",
    ),
    ("unknown evidence", changed(raw_form("phq_9"), evidence="hearsay"), "evidence: 'hearsay' is not known"),
    (
        "an outcome scale that is not there",
        changed(raw_form("wai_sr"), outcome_scale="totl"),
        "outcome_scale: there is no scale 'totl'; the nearest is 'total'",
    ),
    ("an unknown method", with_part("phq_9", "scales", 0, method="median"), "method: 'median' is not known"),
    ("an unknown direction", with_part("phq_9", "scales", 0, direction="up"), "direction: 'up' is not known"),
    (
        "a range the key does not make",
        with_part("phq_9", "scales", 0, range=[0, 36]),
        "range: items, method and response make it [0, 27]",
    ),
    (
        "a mean with a sum's range",
        with_part("phq_9", "scales", 0, method="mean"),
        "range: items, method and response make it [0, 3]",
    ),
    ("half a range", with_part("phq_9", "scales", 0, range=[0]), "range: must be a list of the lowest"),
    ("a range in words", with_part("phq_9", "scales", 0, range=["low", "high"]), "range: must be a number"),
    (
        "an item beyond the form",
        with_part("wai_sr", "scales", 1, items=[1, 2, 10, 13]),
        "items: must be some",
    ),
    ("an item twice", with_part("wai_sr", "scales", 1, items=[1, 2, 10, 10]), "items: names an item twice"),
    ("no items", with_part("wai_sr", "scales", 1, items=[]), "items: must be some of 1 to 12"),
    (
        "items in words",
        with_part("wai_sr", "scales", 1, items=["a"]),
        "items: must be a list of item numbers",
    ),
    ("a scale twice", with_part("wai_sr", "scales", 1, id="bond"), "id: another scale has the same"),
    ("a scale without a name", with_part("wai_sr", "scales", 1, id="1"), "id: must be lower-case letters"),
    ("no missing rule", with_part("phq_9", "scales", 0, missing={}), "missing, rule: is missing"),
    (
        "prorating without a source",
        with_part("phq_9", "scales", 0, missing={"rule": "prorate", "max_missing": 1}),
        "missing, source: is missing",
    ),
    (
        "prorating nothing at all",
        with_part(
            "phq_9",
            "scales",
            0,
            missing={"rule": "prorate", "max_missing": 9, **SAID},
        ),
        "missing, max_missing: must be 1 to 8",
    ),
    ("a band of no scale", with_part("phq_9", "bands", 0, scale="toal"), "scale: there is no scale 'toal'"),
    ("a gap below the bands", with_part("phq_9", "bands", 0, **{"from": 1}), "the first must be the lowest"),
    ("bands out of order", with_part("phq_9", "bands", 1, **{"from": 10}), "must rise from band to band"),
    (
        "a band past the end",
        with_part("phq_9", "bands", 4, **{"from": 28}),
        "must not pass the highest score",
    ),
    ("a band without a source", with_part("phq_9", "bands", 1, source=" "), "source: must be a text"),
    ("a threshold of no scale", with_part("phq_9", "thresholds", 0, scale="x"), "there is no scale 'x'"),
    ("an unknown kind", with_part("phq_9", "thresholds", 0, kind="case"), "kind: 'case' is not known"),
    ("an unknown comparison", with_part("phq_9", "thresholds", 0, comparison="="), "comparison: '=' is not"),
    ("a cut-off beyond the scale", with_part("phq_9", "thresholds", 0, value=28), "value: must be 0 to 27"),
    ("a change below nothing", with_part("phq_9", "thresholds", 1, value=-6), "value: must be 0 to 27"),
    (
        "a threshold that is not a number",
        with_part("phq_9", "thresholds", 0, value="ten"),
        "must be a number",
    ),
    ("a threshold on a whim", with_part("phq_9", "thresholds", 0, on="yes"), "on: must be true or false"),
    ("a name twice", with_part("gad_7", "thresholds", 2, name="nhs_talking_therapies"), "has the same"),
    ("a short vector", with_part("phq_9", "vectors", 0, answers=[1, 2]), "answers: must be 9, one for each"),
    ("a vector of words", with_part("phq_9", "vectors", 0, answers="123"), "answers: must be a list"),
    ("an answer beyond the scale", with_part("phq_9", "vectors", 0, answers=[4] * 9), "an allowed response"),
    (
        "an answer between two steps",
        with_part("srs", "vectors", 0, answers=[Decimal("9.55"), 9, 9, 9]),
        "an allowed response",
    ),
    (
        "a vector without a scale",
        with_part("wai_sr", "vectors", 0, scores={"total": 36}),
        "must name exactly",
    ),
    ("a vector with no scores", with_part("wai_sr", "vectors", 0, scores=36), "scores: must be a table"),
    (
        "a score beyond the scale",
        with_part("phq_9", "vectors", 0, scores={"total": 28}),
        "total: must be 0 to",
    ),
    (
        "a binary fraction",
        with_part("phq_9", "vectors", 0, scores={"total": 1.5}),
        "must be a number with at",
    ),
    ("five decimals", with_part("phq_9", "vectors", 0, scores={"total": "1.00001"}), "at most 4 decimals"),
]


@pytest.mark.parametrize(
    ("raw", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_form_that_disagrees_with_itself_is_refused(raw, message):
    raw = {key: value for key, value in raw.items() if value is not None}
    assert message in refusal(raw)


@pytest.mark.parametrize("id_", FORMS)
def test_shipped_forms_name_their_sources(id_):
    """Every S-number that a part gives is in the list of sources."""
    form = build(raw_form(id_))
    listed = {source.split()[0] for source in form.sources}
    given = [part.source for part in (*form.bands, *form.thresholds, *form.variants)]
    given += [rule.source for scale in form.scales for rule in scale.missing_rules]
    given += [form.given, form.licence, *form.notes]
    words = {word.strip("();,.") for text in given for word in text.split()}
    assert {word for word in words if word[:1] == "S" and word[1:].isdigit()} <= listed


@pytest.mark.parametrize("id_", FORMS)
def test_shipped_forms_have_vectors_for_every_form_of_use(id_):
    """Complete answers, and answers with one missing."""
    vectors = build(raw_form(id_)).vectors
    missing = [sum(answer is None for answer in vector.answers) for vector in vectors]
    assert {0, 1} <= set(missing)
