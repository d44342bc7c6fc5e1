"""The forms

Every questionnaire that comes with Accord, how well its key is known, and what that means: a verified or derived
key scores at once, an unconfirmed one once the site has checked it, and a form without a public key once the
site has supplied its own.
"""

from __future__ import annotations

import pytest

from schemas.instrument import Instrument
from tests.lib.forms import FORMS
from tests.lib.spec import REGISTRY, assert_named


def test_forms():
    """In the order of their ids."""
    assert_named(
        [form_row(REGISTRY[id_]) for id_ in FORMS],
        """
        form              | construct | items | raters                      | outcome scale         | evidence
        ------------------+-----------+-------+-----------------------------+-----------------------+------------
        arm_5             | alliance  | 5     | client                      | total                 | derived
        calpas_p          | alliance  | 24    | client                      | total                 | unconfirmed
        core_10           | outcome   | 10    | client                      | total                 | verified
        core_om           | outcome   | 34    | client                      | total_x10             | derived
        gad_7             | outcome   | 7     | client                      | total                 | verified
        haq_1             | alliance  | 11    | client, therapist           | total                 | unconfirmed
        haq_2             | alliance  | 19    | client, therapist           | total                 | derived
        k10               | outcome   | 10    | client                      | total                 | derived
        oq_45             | outcome   | 45    | client                      | total                 | site_key
        ors               | outcome   | 4     | client                      | total                 | verified
        pcl_5             | outcome   | 20    | client                      | total                 | verified
        phq_9             | outcome   | 9     | client                      | total                 | verified
        sdq               | outcome   | 25    | client                      | total                 | unconfirmed
        session_checklist | process   | 4     | client, therapist, observer | hindering             | verified
        srs               | alliance  | 4     | client                      | total                 | verified
        star_p            | alliance  | 12    | client                      | total                 | unconfirmed
        swemwbs           | outcome   | 7     | client                      | metric                | verified
        taqr              | alliance  | 4     | therapist                   | total                 | site_key
        taqs              | alliance  | 5     | client, caregiver           | total                 | unconfirmed
        vpps              | alliance  | 80    | observer                    | patient_participation | site_key
        wai_36            | alliance  | 36    | client, therapist           | total                 | verified
        wai_b3            | alliance  | 3     | client, therapist           | total                 | derived
        wai_o             | alliance  | 36    | observer                    | total                 | unconfirmed
        wai_s             | alliance  | 12    | client, therapist           | total                 | derived
        wai_sr            | alliance  | 12    | client, therapist           | total                 | verified
        wai_srt           | alliance  | 10    | therapist                   | total                 | unconfirmed
        wsas              | outcome   | 5     | client                      | total                 | verified
        yp_core           | outcome   | 10    | client                      | total                 | verified
        """,
    )


def form_row(form: Instrument) -> dict[str, str]:
    return {
        "form": form.id,
        "construct": form.construct,
        "items": str(form.n_items),
        "raters": ", ".join(form.raters),
        "outcome scale": form.outcome_scale,
        "evidence": form.evidence,
    }


def test_task_bond_and_goal():
    """Forms with a crosswalk to the components of the alliance: a scale, or for the SRS a line."""
    found = {id_: dict(REGISTRY[id_].components) for id_ in FORMS if REGISTRY[id_].components}
    wai = {"task": "task", "bond": "bond", "goal": "goal"}
    assert found == {
        "srs": {"bond": (1,), "goal": (2,), "task": (3,)},
        **dict.fromkeys(("wai_36", "wai_b3", "wai_o", "wai_s", "wai_sr", "wai_srt"), wai),
    }


def test_anxiety_measures():
    """Which presenting problems a form is the NHS anxiety measure for."""
    found = {id_: REGISTRY[id_].measure_for for id_ in FORMS if REGISTRY[id_].measure_for}
    assert found == {"gad_7": ("depression", "gad", "mixed"), "pcl_5": ("ptsd",)}


def test_how_scales_share_items():
    """Every item in exactly one scale of a partition; scales that share items with those beside it."""
    declared = {id_: REGISTRY[id_].structure for id_ in FORMS if REGISTRY[id_].structure.partition}
    found = {id_: (" ".join(one.partition), " ".join(one.overlap)) for id_, one in declared.items()}
    wai = ("task bond goal", "")
    assert found == {
        "calpas_p": ("pc pwc tui wsc", ""),
        "core_om": ("w p f r", "non_risk"),
        "haq_1": ("type_1 type_2", ""),
        "oq_45": ("sd ir sr", ""),
        "pcl_5": ("b c d e", ""),
        "sdq": ("emo con hyp peer pro", "total externalising internalising"),
        "session_checklist": (
            "language_barrier pace_too_fast clinician_disengaged strategies_used",
            "hindering",
        ),
        "star_p": ("pc pci nsci", ""),
        **dict.fromkeys(("wai_36", "wai_b3", "wai_o", "wai_s", "wai_sr", "wai_srt"), wai),
    }
    assert not any(REGISTRY[id_].structure.overlap for id_ in FORMS if id_ not in found)


def test_risk_items():
    """Answers above 0 to these are for the data team to list. No source seen names the YP-CORE's."""
    found = {id_: REGISTRY[id_].risk_items for id_ in FORMS if REGISTRY[id_].risk_items}
    assert found == {"phq_9": (9,), "core_10": (6,), "core_om": (6, 9, 16, 22, 24, 34)}


def test_unconfirmed_rules_in_use():
    """Missing items and criteria of change that are used although nobody has seen the publisher's page."""
    limits = {
        (id_, scale.id, scale.missing.max_missing)
        for id_ in FORMS
        for scale in REGISTRY[id_].scales
        if scale.missing.evidence == "unconfirmed" and not scale.id.endswith(("_mean", "_x10"))
    }
    assert limits == {
        ("core_10", "total", 1),
        *(
            ("core_om", scale, limit)
            for scale, limit in (("w", 0), ("p", 1), ("f", 1), ("r", 1), ("total", 3))
        ),
        ("yp_core", "total", 1),
        *(("sdq", scale, 2) for scale in ("emo", "con", "hyp", "peer", "pro")),
    }
    criteria = {
        (id_, threshold.kind, threshold.scale, threshold.value)
        for id_ in FORMS
        for threshold in REGISTRY[id_].thresholds
        if threshold.on and threshold.evidence == "unconfirmed"
    }
    assert criteria == {
        ("core_10", "reliable_change", "total", 6),
        ("core_om", "reliable_change", "total_x10", 5),
    }
    assert not [
        band for id_ in FORMS for band in REGISTRY[id_].bands if band.on and band.evidence == "unconfirmed"
    ]


@pytest.mark.parametrize("id_", FORMS)
def test_every_rule_is_dated(id_):
    """Bands, thresholds, response scales and missing rules with evidence say when they were written down."""
    form = REGISTRY[id_]
    rules = [rule for scale in form.scales for rule in scale.missing_rules if rule.evidence]
    dated = [part.recorded for part in (*form.bands, *form.thresholds, *form.variants, *rules)]
    assert None not in dated


@pytest.mark.parametrize("id_", FORMS)
def test_no_item_text_is_shipped(id_):
    """The licence says so, but for the form whose wording is free."""
    licence = REGISTRY[id_].licence
    assert "not shipped" in licence or REGISTRY[id_].item_names
