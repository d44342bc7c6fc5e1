"""Two site.toml files, one with every key and one with the least, and what is wrong with a changed one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import pytest

from schemas.errors import ConfigError
from schemas.site_parse import parse_site


@dataclass(frozen=True)
class Card:
    raters: tuple[str, ...]
    n_items: int
    scale_ids: tuple[str, ...]
    variant_ids: tuple[str, ...] = ()


CARDS = {
    "wai_sr": Card(("client", "therapist"), 12, ("total", "task", "bond", "goal"), ("a", "seven_point")),
    "phq_9": Card(("client",), 9, ("total",)),
    "gad_7": Card(("client",), 7, ("total",)),
}

FULL = """
[site]
name = "North Vale Talking Therapies"
timezone = "Europe/London"
confirmed_instruments = ["gad_7"]
shared_ids = false

[disclosure]
threshold = 7
round_to = 10

[rules]
baseline_from = 2025-01-01
baseline_to = 2025-12-31
process_from_session = 3
change_from_session = 8
termination_sessions = 2
repair_within_sessions = 4
missed_in_a_row = 5

[[clinics]]
id = "northvale"
name = "North Vale"
service = "adult"

[[due]]
service = "adult"
instrument = "phq_9"
rater = "client"
sessions = "all"

[[due]]
service = "adult"
instrument = "wai_sr"
rater = "client"
sessions = [4, 1]

[[feeds]]
id = "northvale-alliance"
clinic = "northvale"
kind = "responses"
path = "inbox/northvale/alliance-*.csv"
dialect = "qualtrics"
delivery = "snapshot"
partials = "keep"
drop = ["Q99_TEXT"]
missing = ["-99", 99]
timezone = "UTC"
encoding = "cp1252"
delimiter = "\\t"
decimal = ","
date_format = "%d.%m.%Y %H:%M"
[feeds.columns]
client = ["Site", "PID"]
response = "ResponseId"
session = "SessionNo"
clinician = "Therapist"
started_at = "StartDate"
completed_at = "EndDate"
rater_id = "Who"
segment = "Part"
episode = "Ref"
[[feeds.instruments]]
id = "wai_sr"
rater = "client"
items = "Q{n:02}"
labels = { "Selten " = 1, "IMMER" = 5 }
missing = ["N/A", "9"]
refused = ["R"]
not_shown = ["NS"]
not_applicable = ["NA"]
stored_total = { task = "T", goal = "G" }
already_keyed = true
variant = "a"
session = 1
completed_at = "When"
[[feeds.instruments]]
id = "wai_sr"
rater_column = "Role"
items = ["a", "b#2", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]
stored_total = "Sum"
variant = "a"
session = "Nr"
[[feeds.attention]]
column = "ATT1"
pass = ["3"]
[feeds.values.rater]
"Patient" = "client"
"Behandler" = "therapist"

[[feeds]]
id = "northvale-appointments"
clinic = "northvale"
kind = "appointments"
path = "inbox/northvale/appointments-*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
clinician = "Staff"
starts_at = "Start"
kind = "Type"
status = "Status"
[feeds.values.status]
"5" = "attended"
"7" = "dna"

[[feeds]]
id = "northvale-referrals"
clinic = "northvale"
kind = "referrals"
path = "inbox/northvale/referrals-*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
received_at = "Received"
ended_at = "Ended"
ending = "Reason"
problem = "Problem"
modality = "Modality"
age_years = "Age"
age_band = "Band"
sex = "Sex"
ethnicity = "Eth"
[feeds.values.ending]
"46" = "completed"
[feeds.values.problem]
"F32" = "depression"
"""

SMALL = """
[site]
name = "One"
timezone = "Europe/Berlin"
[[clinics]]
id = "a"
name = "A"
service = "adult"
[[feeds]]
id = "a-phq"
clinic = "a"
kind = "responses"
path = "inbox/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "Date"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "PHQ{n}"
"""


def parse(text):
    return parse_site(tomllib.loads(text), "site.toml", CARDS)


def problems(text):
    with pytest.raises(ConfigError) as error:
        parse(text)
    return [line for line in str(error.value).splitlines() if line.startswith("site.toml:")]


def only_problem(text):
    (line,) = problems(text)
    return line


def changed(old, new, text=SMALL):
    assert text.count(old) == 1, f"{old!r} is not there once"
    return text.replace(old, new)
