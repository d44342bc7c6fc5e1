"""FHIR Questionnaires and responses that other people wrote, in the folder that ACCORD_REAL_DATA names."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.registry import load
from schemas.site import Feed
from tests.lib.exports import count_lines, loaded, process, standing
from tests.lib.fhir import GAD_7, PHQ_9, bundle, fhir_feed, lines
from tests.lib.real_fhir import resources

pytestmark = pytest.mark.real

REGISTRY = load()
SHAPES = {"Bundle": bundle, "one a line": lines}


def totals(con):
    return con.execute("SELECT score, status FROM core_score").fetchall()


def undated(of: Feed) -> Feed:
    """The cases say that they were answered in 2030, which no answer that has come can be."""
    return replace(of, undated=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("with_form", [False, True])
@pytest.mark.parametrize(("case", "total"), [(1, 0), (2, 7), (3, 14), (4, 21)])
def test_gad_7(real_data, tmp_path, case, total, with_form, shape):
    """With the weights of the Questionnaire, and without it with those of LOINC's answers."""
    folder = real_data / "fhir"
    found = resources(folder, "gad7_reusable_resources.yml", f"gad7_total_score_case{case}.yml")
    form = (folder / "1_Questionnaire-GAD7.json").read_text(encoding="utf-8") if with_form else None
    of = undated(fhir_feed("gad_7", GAD_7, form, partials="keep", client="@row", forms=REGISTRY))
    with loaded(tmp_path, [(of, SHAPES[shape](*found))], REGISTRY) as con:
        assert count_lines(con) == [(1, 1, 0, 0, 0, 1)], "a patient and a form are no records"
        assert totals(con) == [(Decimal(total), "scored")]


@pytest.mark.parametrize("with_form", [False, True])
def test_phq_9_with_an_item_missing_and_the_difficulty_asked_twice(real_data, tmp_path, with_form):
    """The answers add up to 12; with one missing there is no score."""
    folder = real_data / "fhir"
    found = resources(folder, "phq9_reusable_resources.yml", "phq9_total_score_case.yml")
    form = (folder / "1_Questionnaire-PHQ9.json").read_text(encoding="utf-8") if with_form else None
    of = undated(fhir_feed("phq_9", PHQ_9, form, partials="keep", client="@row", forms=REGISTRY))
    with loaded(tmp_path, [(of, bundle(*found))], REGISTRY) as con:
        [answers] = standing(con).values()
        assert answers == [1, 2, 3, 0, 1, None, 2, 3, 0]
        assert sum(filter(None, answers)) == 12
        assert totals(con) == [(None, "too_many_missing")]
    in_progress = fhir_feed("phq_9", PHQ_9, form, client="@row", forms=REGISTRY)
    assert process(tmp_path, in_progress, bundle(*found), REGISTRY).counts.excluded == {"not_finished": 1}


def test_the_forms_are_read_by_their_codes(real_data, tmp_path):
    """Both Questionnaires in one file; "/44250-9" and its code are the same question."""
    folder = real_data / "fhir"
    forms = [json.loads((folder / f"1_Questionnaire-{name}.json").read_text()) for name in ("PHQ9", "GAD7")]
    both = json.loads(bundle(*forms))
    found = resources(folder, "gad7_reusable_resources.yml", "gad7_total_score_case4.yml")
    of = fhir_feed("gad_7", [f"/{link}" for link in GAD_7], both, "keep", "@row", REGISTRY)
    part = process(tmp_path, of, lines(*found), REGISTRY)
    assert part.rows("gad_7")["score_total"].to_list() == [Decimal(21)]
    assert part.counts.warnings == []


def test_a_group_that_may_repeat(real_data, tmp_path):
    """The response has neither id, status nor author; as often as it has the group, so many rows."""
    [given] = [json.loads((real_data / "fhir" / "repeated_group_response.json").read_text())]
    of = fhir_feed("mini", ["1-1", "1-2"], partials="keep", client="@row")
    once = process(tmp_path, of, json.dumps(given)).counts
    assert (once.received, once.quarantined) == (1, 1), "a day is no answer, and there is no date"
    thrice = process(tmp_path, of, json.dumps(given | {"item": given["item"] * 3})).counts
    assert thrice.received == 3
