"""An instrument's card, as a person reads it."""

from __future__ import annotations

import pytest

from schemas.cards import instrument_card, why_no_score
from schemas.instrument import Instrument
from schemas.registry import load
from tests.lib.forms import FORMS, changed, raw_form

REGISTRY = load()


def lines(id_: str) -> list[str]:
    return instrument_card(REGISTRY[id_]).splitlines()


def test_the_card_of_a_form():
    """All that decides a score, in the order a person would ask."""
    card = lines("core_10")
    assert card[0] == "core_10: Clinical Outcomes in Routine Evaluation-10"
    for line in (
        "  evidence    verified",
        "  response    0 to 4",
        "  reverse     2, 3",
        "  risk items  6",
        "  scales      total: sum of all 10 items, 0 to 40 points, higher is worse; stands for the form",
        "  missing     total: prorated with up to 1 of 10 items missing (unconfirmed: S13 code, S37 advice; "
        "the publisher's own limit was not seen, 2026-11-23)",
        "              off caseness total >= 13 depression (verified: S40, 2026-11-23)",
        "  bands       total from 0: healthy (verified: S12 citing O'Reilly 2016, 2026-11-23)",
    ):
        assert line in card
    assert any(
        line.startswith("              on  reliable_change total >= 6 rci_90, 90 %, SD 7.7, alpha")
        for line in card
    )
    labels = [line[2:12].strip() for line in card[1:] if line[2:12].strip()]
    wanted = [
        "version",
        "construct",
        "raters",
        "evidence",
        "items",
        "response",
        "reverse",
        "risk items",
        "scales",
    ]
    wanted += ["missing", "thresholds", "bands", "given", "licence", "sources"]
    assert [label for label in labels if label in wanted] == wanted


@pytest.mark.parametrize("id_", FORMS)
def test_every_card_says_how_the_form_is_licensed(id_):
    assert f"  licence     {REGISTRY[id_].licence}" in lines(id_)


@pytest.mark.parametrize(
    ("id_", "line"),
    [
        ("wai_sr", "              task: sum of 4 items (1, 2, 10, 12), 4 to 20 points, higher is better"),
        ("wai_sr", "  components  task: scale task"),
        ("srs", "  components  bond: item 1"),
        ("wai_sr", "  structure   task, bond, goal: every item in exactly one"),
        ("core_om", "              non_risk: share items with others"),
        ("gad_7", "  measure for depression, gad, mixed"),
        ("haq_1", "              minus_3_to_3: -3 to 3, without 0"),
        (
            "wsas",
            "              total_4: sum of 4 items (2, 3, 4, 5), 0 to 32 points, higher is worse; only where item 1",
        ),
        ("swemwbs", "              metric: score by table of the sum of all 7 items, 7 to 35 metric points"),
        ("sdq", "              total: sum of emo + con + hyp + peer, 0 to 40"),
        ("sdq", "              total: no score unless each of its scales has one"),
        ("sdq", "  missing     emo: prorated with up to 2 of 5 items missing, rounded to 0 decimals"),
        ("core_om", "              total_x10: 10 times the mean of all 34 items, 0 to 40"),
        ("session_checklist", "  item names  language_barrier, pace_too_fast"),
        ("session_checklist", "              strategies_used: sum of item 4, 0 to 1"),
        ("session_checklist", "              strategies_used: no score unless it is answered"),
        ("srs", "              off alliance_concern any item of total < 9 item_below_9"),
        ("k10", "  bands       off, total from 10"),
        ("vpps", "  reverse     told by the site's key file"),
        (
            "vpps",
            "              patient_hostility: mean of the items that the site's key file names, points",
        ),
        ("vpps", "  missing     patient_participation: no score unless all of its items are answered"),
    ],
)
def test_what_some_forms_have_beside(id_, line):
    assert any(one.startswith(line) for one in lines(id_)), lines(id_)


def test_a_dated_missing_rule_says_since_when():
    raw = raw_form("phq_9")
    rule = {
        "rule": "prorate",
        "max_missing": 2,
        "evidence": "derived",
        "source": "S0",
        "recorded": DAY,
        "from": DAY,
    }
    raw["scales"] = [{**raw["scales"][0], "missing": [{"rule": "complete"}, rule]}]
    card = instrument_card(Instrument.build(raw, "form.toml"))
    assert (
        "              total: from 2026-11-23 prorated with up to 2 of 9 items missing (derived: S0, 2026-11-23)"
        in card
    )


DAY = REGISTRY["phq_9"].thresholds[0].recorded


def test_items_with_other_responses_and_the_response_scale_in_force():
    raw = changed(raw_form("phq_9"), vectors=[], bands=[], thresholds=[])
    raw["item_responses"] = [{"items": [3], "min": 0, "max": 1}]
    raw["scales"] = [{**raw["scales"][0], "range": [0, 25]}]
    assert "              items 3: 0 to 1" in instrument_card(Instrument.build(raw, "form.toml"))
    assert "0 to 4, response scale coded_0_4" in instrument_card(REGISTRY["k10"].as_variant("coded_0_4"))


@pytest.mark.parametrize("id_", FORMS)
def test_a_card_says_what_a_form_without_a_score_needs(id_):
    form = REGISTRY[id_]
    evidence = next(line for line in lines(id_) if line.startswith("  evidence"))
    assert evidence.endswith(why_no_score(form))
    assert bool(why_no_score(form)) == (not form.gives_scores(confirmed=False))


def test_what_a_site_must_do():
    assert why_no_score(REGISTRY["phq_9"]) == ""
    assert why_no_score(REGISTRY["sdq"]) == (
        'compare its key with the printed form, then list "sdq" in confirmed_instruments of site.toml'
    )
    assert why_no_score(REGISTRY["taqr"]) == (
        "supply instruments/taqr.key.toml with its source, for each of its 4 items the subscale (total) and "
        "the reversed items"
    )
