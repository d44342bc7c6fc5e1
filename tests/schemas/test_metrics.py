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
OF_ENGAGEMENT = {
    "entered_treatment": "count", "open_referrals": "count", "ended_before_treatment_rate": "rate",
    "one_session_rate": "rate", "finished_course_rate": "rate", "treatment_contacts_mean": "mean",
    "five_contacts_rate": "rate", "wait_6_weeks_rate": "rate", "wait_18_weeks_rate": "rate",
    "wait_days_mean": "mean", "second_wait_over_28_rate": "rate", "second_wait_over_90_rate": "rate",
    "cancelled_by_client_rate": "rate", "cancelled_by_provider_rate": "rate", "planned_ending_rate": "rate",
    "contact_gap_days_mean": "mean", "contact_gap_over_28_rate": "rate", "open_without_activity_rate": "rate",
    "questionnaire_completion_by_session": "rate", "questionnaires_missed_in_a_row_rate": "rate",
    "alliance_coverage_rate": "rate",
}  # fmt: skip
OF_OUTCOME = {
    "instrument_paired_rate": "rate", "days_between_scores_mean": "mean", "scores_per_course_mean": "mean",
    "percent_change_mean": "mean", "instrument_improved_rate": "rate", "instrument_deteriorated_rate": "rate",
    "instrument_unchanged_rate": "rate", "cutoff_crossed_rate": "rate", "instrument_recovered_rate": "rate",
}  # fmt: skip
OF_ALLIANCE = {
    "alliance_early_mean": "mean", "rupture_marker_rate": "rate", "rupture_repair_rate": "rate",
    "alliance_discrepancy_mean": "mean", "alliance_discrepancy_absolute_mean": "mean",
    "alliance_ceiling_rate": "rate", "straight_lining_rate": "rate", "completion_seconds_mean": "mean",
    "completed_under_20_seconds_rate": "rate", "alliance_by_stage": "mean", "contacts_by_stage": "count",
    "alliance_change_after_item_mean": "mean",
}  # fmt: skip
FIGURES = FIRST_FIGURES | OF_ENGAGEMENT | OF_OUTCOME | OF_ALLIANCE
CRITERIA = {"change_standard", "change_jacobson_truax", "change_own_baseline", "cutoff", "dyads",
            "concern_below_36", "concern_36_or_below", "concern_drop_1_point"}  # fmt: skip
"""Needs that mart_source meets by what is known of the series' instrument."""
WITHOUT_STANDARD = {
    "dna_rate": ["nhs_pdt", "of_expected"],
    "rupture_marker_rate": ["sd_1", "sd_2", "control_chart", "below_36", "36_or_below", "drop_1_point"],
    "rupture_repair_rate": ["sd_1", "sd_2", "control_chart", "below_36", "36_or_below", "drop_1_point"],
    "alliance_change_after_item_mean": ["wai_sr", "wai_s", "wai_36", "srs", "arm_5", "haq_2"],
}
"""Figures of which no definition is the standard: each has to be named."""


def test_the_dictionary_has_the_figures():
    figures = {metric.figure: metric.kind for metric in metrics.load()}
    assert {figure: kind for figure, kind in figures.items() if kind != "model"} == FIGURES


def test_every_estimate_has_both_ends_of_its_interval():
    models = {(metric.figure, metric.definition) for metric in metrics.load() if metric.kind == "model"}
    estimates = {key for key in models if not key[0].endswith(("_low", "_high"))}
    ends = {(figure + end, definition) for figure, definition in estimates for end in ("", "_low", "_high")}
    assert models == ends


def test_a_figure_has_one_definition_of_its_id():
    keys = Counter((metric.figure, metric.definition) for metric in metrics.load())
    assert set(keys.values()) == {1}


def test_a_figure_has_a_standard_definition_but_where_there_is_none():
    standard = {metric.figure for metric in metrics.load() if metric.definition == "standard"}
    without = {figure: [] for figure in FIGURES if figure not in standard}
    for metric in metrics.load():
        if metric.figure in without:
            without[metric.figure].append(metric.definition)
    assert without == WITHOUT_STANDARD


def test_rates_and_means_say_what_they_are_a_part_of():
    for metric in metrics.load():
        assert bool(metric.denominator) == (metric.kind != "count"), metric.figure
        if metric.kind != "model":
            in_per_cent = metric.kind == "rate" or metric.figure == "percent_change_mean"
            assert (metric.unit == "%") == in_per_cent, metric.figure


def test_needs_are_feeds_rules_or_instruments():
    instruments = {file.name.removesuffix(".toml") for file in (files("schemas") / "instruments").iterdir()}
    for metric in metrics.load():
        assert metric.needs, metric.figure
        assert set(metric.needs) <= {*KINDS, "due", "answers", "segments", *CRITERIA, *instruments}, (
            metric.figure
        )


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
        assert {metric["theme"] for metric in raw["metrics"]} == {file.stem.partition("_")[0]}
