"""The metric dictionary: read whole, refused with every wrong key named."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from schemas import metrics
from schemas.errors import ConfigError
from schemas.published import PUBLISHED
from schemas.site import KINDS

FILE = "metrics.toml"
ONE = """
[[metrics]]
figure = "referrals_received"
theme = "engagement"
title = "Referrals received"
kind = "count"
unit = "referrals"
better = "neither"
numerator = "Referrals received"
dated_by = "day the referral was received"
source = "somewhere"
needs = ["referrals"]
"""
FIRST_FIGURES = {
    "referrals_received": "count", "referrals_ended": "count", "appointments_held": "count",
    "clients_seen": "count", "attendance_rate": "rate", "dna_rate": "rate", "dropout_rate": "rate",
    "questionnaires_due": "count", "questionnaires_completed": "count",
    "questionnaire_completion_rate": "rate", "alliance_mean": "mean", "alliance_by_session": "mean",
    "finished_course": "count", "paired_outcomes": "count", "paired_outcome_rate": "rate",
    "reliable_improvement_rate": "rate", "reliable_deterioration_rate": "rate", "recovery_rate": "rate",
    "reliable_recovery_rate": "rate", "outcome_mean_first": "mean", "outcome_mean_last": "mean",
    "outcome_mean_change": "mean",
}  # fmt: skip


def test_the_dictionary_has_the_figures():
    assert {metric.figure: metric.kind for metric in metrics.load()} == FIRST_FIGURES


def test_a_figure_has_one_definition_of_its_id():
    keys = Counter((metric.figure, metric.definition) for metric in metrics.load())
    assert set(keys.values()) == {1}


def test_every_figure_but_dna_has_a_standard_definition():
    standard = {metric.figure for metric in metrics.load() if metric.definition == "standard"}
    assert FIRST_FIGURES.keys() - standard == {"dna_rate"}
    assert [m.definition for m in metrics.load() if m.figure == "dna_rate"] == ["nhs_pdt"]


def test_rates_and_means_say_what_they_are_a_part_of():
    for metric in metrics.load():
        assert bool(metric.denominator) == (metric.kind != "count"), metric.figure
        assert (metric.unit == "%") == (metric.kind == "rate"), metric.figure


def test_needs_are_feeds_rules_or_instruments():
    instruments = {file.name.removesuffix(".toml") for file in (files("schemas") / "instruments").iterdir()}
    for metric in metrics.load():
        assert metric.needs, metric.figure
        assert set(metric.needs) <= {*KINDS, "due", "answers", *instruments}, metric.figure


def test_what_is_published_of_a_metric_is_in_the_dictionary():
    columns = next(table for table in PUBLISHED if table.name == "pub_metric").column_names
    assert set(columns) <= metrics.Metric.__dataclass_fields__.keys()


def test_each_rater_has_a_definition_of_its_own():
    client, therapist = metrics.parse({FILE: ONE + 'raters = ["client", "therapist"]\n'})
    assert (client.definition, client.title, client.rater) == ("standard", "Referrals received", "client")
    assert (therapist.definition, therapist.title, therapist.rater) == (
        "therapist_rated",
        "Referrals received, rated by therapist",
        "therapist",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ONE + 'titel = "x"', "metrics.toml: [[metrics]] referrals_received, titel: unknown key; the nearest right key is 'title'"),
        (ONE.replace("[[metrics]]", "[[metric]]"), "metrics.toml: metric: unknown key; the nearest right key is 'metrics'"),
        (ONE.replace('"count"', '"counts"'), "referrals_received, kind: 'counts' is not known; the nearest is 'count'"),
        (ONE.replace('"engagement"', '"engagment"'), "theme: 'engagment' is not known; the nearest is 'engagement'"),
        (ONE.replace('source = "somewhere"\n', ""), "referrals_received, source: is missing"),
        (ONE + 'raters = ["patient"]', "raters: 'patient' is not known"),
        (ONE + 'denominator = "x"', "denominator: a count has none"),
        (ONE.replace('"count"', '"rate"'), "denominator: is missing"),
        (ONE + 'series = "all"', "series: 'all' is not known"),
        (ONE + ONE, "[[metrics]] referrals_received, definition: 'standard' is there twice"),
    ],
)  # fmt: skip
def test_a_wrong_dictionary_is_refused(text: str, problem: str):
    with pytest.raises(ConfigError) as refusal:
        metrics.parse({FILE: text})
    assert problem in str(refusal.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigError) as refusal:
        metrics.parse({FILE: ONE.replace('"neither"', '"more"') + 'titel = "x"'})
    assert len(str(refusal.value).splitlines()) == 2


def test_the_files_are_plain_toml_of_one_theme_each():
    for file in (files("schemas") / metrics.FOLDER).iterdir():
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        assert raw.keys() == {"metrics"}
        assert {metric["theme"] for metric in raw["metrics"]} == {file.name.removesuffix(".toml")}
