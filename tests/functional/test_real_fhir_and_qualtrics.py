"""Responses that other people's systems wrote, by the commands: a night over them, and its scores exported."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.lib.command import accord
from tests.lib.fhir import GAD_7, PHQ_9, bundle, lines
from tests.lib.handmade_site import read_rows
from tests.lib.real_fhir import resources

pytestmark = pytest.mark.real

SITE = """
[site]
name = "Real exports"
timezone = "UTC"
[[clinics]]
id = "ward"
name = "A ward"
service = "adult"
"""
FHIR = """
[[feeds]]
id = "{id}"
clinic = "ward"
kind = "responses"
path = "inbox/{id}-*"
dialect = "fhir"
partials = "keep"
undated = true                       # the cases say 2030, which is yet to come
{more}
[feeds.columns]
client = "@row"
[[feeds.instruments]]
id = "{form}"
rater = "client"
items = {items}
"""
QUALTRICS = """
[[feeds]]
id = "{id}"
clinic = "ward"
kind = "responses"
path = "inbox/{id}-*"
dialect = "{dialect}"
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["Q1", "Finished"]
"""
MINI = """
id = "mini"
title = "A form of two items"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 2
response = { min = 0, max = 3 }
reverse = []
outcome_scale = "total"
risk_items = []
given = "whenever"
licence = "none"
evidence = "verified"
sources = ["made for tests"]
[[scales]]
id = "total"
items = "all"
method = "sum"
range = [0, 6]
unit = "points"
direction = "higher_worse"
missing = { rule = "complete", evidence = "verified", source = "made for tests", recorded = 2026-11-23 }
[[vectors]]
answers = [1, 2]
scores = { total = 3 }
source = "made for tests"
"""


@pytest.fixture(scope="module")
def night(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A site with FHIR and Qualtrics feeds, and what the night says of it."""
    site = tmp_path_factory.mktemp("night") / "site"
    (site / "inbox").mkdir(parents=True)
    (site / "instruments").mkdir()
    (site / "instruments" / "mini.toml").write_text(MINI, encoding="utf-8")
    folder = real_data / "fhir"
    shutil.copyfile(folder / "1_Questionnaire-GAD7.json", site / "gad7.json")
    for case in (1, 2, 3, 4):
        found = resources(folder, "gad7_reusable_resources.yml", f"gad7_total_score_case{case}.yml")
        (site / "inbox" / f"coded-{case}.json").write_text(bundle(*found), encoding="utf-8")
        (site / "inbox" / f"form-{case}.ndjson").write_text(lines(*found), encoding="utf-8")
    found = resources(folder, "phq9_reusable_resources.yml", "phq9_total_score_case.yml")
    (site / "inbox" / "phq-1.json").write_text(json.dumps(found), encoding="utf-8")
    for id_, name in (("new", "sample.csv"), ("old", "sample_legacy.csv")):
        shutil.copyfile(real_data / "qualtrics" / name, site / "inbox" / f"{id_}-{name}")
    feeds = [
        FHIR.format(id="coded", form="gad_7", items=json.dumps(GAD_7), more=""),
        FHIR.format(id="form", form="gad_7", items=json.dumps(GAD_7), more='questionnaire = "gad7.json"'),
        FHIR.format(id="phq", form="phq_9", items=json.dumps(PHQ_9), more=""),
        QUALTRICS.format(id="new", dialect="qualtrics", client="ResponseId"),
        QUALTRICS.format(id="old", dialect="qualtrics_legacy", client="ResponseID"),
    ]
    (site / "site.toml").write_text(SITE + "".join(feeds), encoding="utf-8")
    ran = accord("nightly", "--json", "--site", site)
    assert ran.code == 0, ran.err
    return site, json.loads(ran.out)


def test_nothing_is_lost(night: tuple[Path, dict[str, object]]):
    _, told = night
    assert (told["received"], told["accepted"], told["files_refused"]) == (11, 10, 0)
    assert told["excluded"] == {"exact_duplicate": 1}, "the legacy file holds the same answer"


def test_the_scores_are_those_that_are_known(night: tuple[Path, dict[str, object]], tmp_path: Path):
    site, _ = night
    out = tmp_path / "scores.csv"
    assert accord("export", "scores", "-o", out, "--site", site).code == 0
    rows = read_rows(out)
    for feed in ("coded", "form"):
        found = sorted(Decimal(row["score"]) for row in rows if row["feed"] == feed)
        assert found == [0, 7, 14, 21], feed
    assert [(row["status"], row["n_answered"]) for row in rows if row["feed"] == "phq"] == [
        ("too_many_missing", "8")
    ]
    [survey] = [row for row in rows if row["instrument"] == "mini"]
    assert (Decimal(survey["score"]), survey["client"]) == (3, "R_2YPOQ602ER1jkf1")
