"""Mistakes in site.toml: each is named with its place, all at once, and none is a crash."""

from __future__ import annotations

import tomllib

import pytest

from schemas.errors import ConfigError
from schemas.site_parse import parse_site
from tests.lib.site_toml import CARDS, FULL, SMALL, changed, only_problem, parse, problems


def test_all_problems_of_a_file_are_listed_at_once():
    text = changed('dialect = "csv"', 'dilect = "csv"\ncolor = "red"')
    text = changed('timezone = "Europe/Berlin"', 'timezone = "Berlin"', text)
    found = problems(text)
    assert len(found) == 4
    assert "site.toml: [[feeds]] a-phq, dilect: unknown key; the nearest right key is 'dialect'" in found
    assert any(line.startswith("site.toml: [site], timezone: 'Berlin'") for line in found)
    assert "site.toml: [[feeds]] a-phq, dialect: is missing" in found


SITE, CLINICS, CLIENT = 'name = "One"', "[[clinics]]", 'client = "PID"'
ZONE, PATH, DATE = 'timezone = "Europe/Berlin"', 'path = "inbox/*.csv"', 'completed_at = "Date"'
FEED, FORM, RATER, ITEMS = 'dialect = "csv"', 'id = "phq_9"', 'rater = "client"', 'items = "PHQ{n}"'
ADD = "..."
DUE = '[[due]]\nservice = "{}"\ninstrument = "phq_9"\nrater = "client"\nsessions = {}\n[[clinics]]'


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (SITE, '...zone = "x"', "[site], zone: unknown key"),
        (ZONE, '...confirmed_instruments = ["gad7"]', "the nearest is 'gad_7'"),
        ('service = "adult"', "...beds = 3", "[[clinics]] a, beds: unknown key"),
        (CLIENT, '...sesion = "S"', "sesion: unknown key; the nearest right key is 'session'"),
        (ITEMS, "...lable = 1", "[[feeds.instruments]] phq_9, lable: unknown key"),
        ('clinic = "a"', 'clinic = "b"', "clinic: 'b' is not known; the nearest is 'a'"),
        ('kind = "responses"', 'kind = "answers"', "kind: 'answers' is not known"),
        (FEED, 'dialect = "qualtric"', "'qualtric' is not known; nearest is 'qualtrics'"),
        (FEED, '...dictionary = "1"', "dictionary: dialect 'csv' does not leave this open"),
        (FEED, '...encoding = "latin-99"', "encoding: 'latin-99' is no text encoding"),
        (FEED, '...encoding = "base64"', "encoding: 'base64' is no text encoding"),
        (FEED, '...date_format = "DD/MM/YYYY"', "date_format: must name"),
        (FEED, '...date_format = "%d/%m"', "date_format: must name"),
        (FEED, '...date_format = "%d/%m/%Y %I:%M"', "date_format: must name"),
        (FEED, '...date_format = "%c"', "date_format: must name"),
        (FEED, '...delimiter = ";;"', "delimiter: must be one character"),
        (FEED, '...decimal = "·"', "decimal: '·' is not known"),
        (FEED, '...timezone = "CEST"', "timezone: 'CEST' is no IANA"),
        (FEED, "...partials = true", "partials: must be a text"),
        (FEED, "...undated = true", "undated: true, but"),
        (FEED, '...drop = ["PID"]', "drop: 'PID' is also used"),
        (FORM, 'id = "phq9"', "id: 'phq9' is not known; the nearest is 'phq_9'"),
        (RATER, 'rater = "therapist"', "rater: phq_9 is answered by client, not by therapist"),
        (RATER, '...rater_column = "R"', "either rater or rater_column"),
        (RATER, "", "either rater or rater_column"),
        (ITEMS, 'items = "PHQ"', "items: a pattern holds {n}"),
        (ITEMS, 'items = "PHQ{n:2}"', "items: a pattern holds {n}"),
        (ITEMS, 'items = ["a", "b"]', "items: 2 columns, but the form has 9 items"),
        (ITEMS, 'items = ["a", "a"]', "items: names the same text twice"),
        (ITEMS, '...labels = { often = "3" }', "labels, often: must be a whole number"),
        (ITEMS, '...labels = { a = 1, "A " = 2 }', "has another meaning"),
        (ITEMS, '...labels = { no = 0 }\nmissing = ["NO"]', "also a code for no answer"),
        (ITEMS, '...missing = ["9"]\nrefused = ["9"]', "'9' stands in two of"),
        (ITEMS, '...stored_total = { tota = "S" }', "the nearest is 'total'"),
        (ITEMS, '...variant = "b"', "variant: the form has one response scale only; leave it out"),
        (ITEMS, "...session = true", "session: must be a text"),
        (ITEMS, "...session = -1", "session: must not be negative"),
        (PATH, 'path = "../inbox/*.csv"', "path: must be relative"),
        (PATH, 'path = "/srv/inbox/*.csv"', "path: must be relative"),
        (PATH, 'path = "C:/inbox/*.csv"', "path: must be relative"),
        (PATH, 'path = "archive/*"', "path: archive is Accord's own"),
        (PATH, 'path = "inbox/**.csv"', "path: ** stands for whole folders"),
        (DATE, "", "completed_at is missing; a file without dates"),
        (DATE, 'completed_at = "@row"', '"@row" is for client'),
        (CLIENT, "", "[feeds.columns]: client is missing: responses need it"),
        (CLINICS, "[disclosure]\nthreshold = 2\n[[clinics]]", "a whole number of at least 3"),
        (
            CLINICS,
            "[rules]\nbaseline_from = 2025-01-01\n[[clinics]]",
            "[rules], baseline_to: is missing: a window has two ends",
        ),
        (
            CLINICS,
            "[rules]\nbaseline_from = 2025-02-01\nbaseline_to = 2025-01-31\n[[clinics]]",
            "baseline_to: must not be before baseline_from",
        ),
        (
            CLINICS,
            '[rules]\nbaseline_from = "2025"\nbaseline_to = 2025-01-31\n[[clinics]]',
            "baseline_from: must be a date",
        ),
        (
            CLINICS,
            "[rules]\nprocess_from_session = 9\n[[clinics]]",
            "change_from_session: must be after process_from_session",
        ),
        (
            CLINICS,
            "[rules]\nmissed_in_row = 2\n[[clinics]]",
            "missed_in_row: unknown key; the nearest right key is 'missed_in_a_row'",
        ),
        (CLINICS, "[disclosure]\nround_to = 0\n[[clinics]]", "a whole number of at least 1"),
        (CLINICS, DUE.format("adlt", '"all"'), "service: 'adlt' is not known; the nearest is 'adult'"),
        (CLINICS, DUE.format("adult", '"ever"'), "sessions: must be"),
        (CLINICS, DUE.format("adult", "[0]"), "sessions: must be"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, named):
    """`...` in a case stands for the line that is there."""
    found = problems(changed(old, new.replace(ADD, f"{old}\n")))
    assert [line for line in found if named in line]
    assert len(found) == (2 if '["a", "a"]' in new else 1)


def test_all_feeds_read_a_form_in_one_response_scale():
    text = FULL.replace('stored_total = "Sum"\nvariant = "a"', 'stored_total = "Sum"')
    assert only_problem(text) == (
        "site.toml: [[feeds.instruments]] variant: wai_sr is read as the form's own and 'a': "
        "scores of two response scales cannot be compared"
    )
    text = FULL.replace('stored_total = "Sum"\nvariant = "a"', 'stored_total = "Sum"\nvariant = "seven"')
    assert "variant: 'seven' is not known; the nearest is 'seven_point'" in "\n".join(problems(text))
    assert parse(FULL).variants == {"wai_sr": "a"}


def test_a_misspelt_table_is_named_with_what_follows_from_it():
    found = problems(changed("[[clinics]]", "[[clincs]]"))
    assert "site.toml: clincs: unknown key; the nearest right key is 'clinics'" in found
    assert "site.toml: [[clinics]]: a site needs at least one" in found


def test_ids_are_unique_and_usable():
    twice = SMALL + SMALL[SMALL.index("[[feeds]]") :]
    assert "[[feeds]] id: 'a-phq' is used twice" in only_problem(twice)
    spaced = SMALL.replace('id = "a-phq"', 'id = "a phq"')
    assert "may hold only letters" in only_problem(spaced)
    everything = SMALL.replace('"adult"', '"all"')
    assert "'all' stands for all of them" in only_problem(everything)


def test_a_form_described_twice_in_the_same_way_is_an_error_but_twice_in_a_wide_row_is_not():
    again = '[[feeds.instruments]]\nid = "phq_9"\nrater = "client"\nitems = "{}"\n'
    assert "described twice" in only_problem(SMALL + again.format("PHQ{n}"))
    assert len(parse(SMALL + again.format("T2_PHQ{n}")).feeds[0].instruments) == 2


def test_tables_of_another_kind_of_feed_are_errors():
    text = FULL.replace('[feeds.values.ending]\n"46" = "completed"\n', '[feeds.values.status]\n"5" = "dna"\n')
    assert "[feeds.values.status]: the feed names no status" in only_problem(text)
    text = FULL + '[[feeds.instruments]]\nid = "phq_9"\nrater = "client"\nitems = "Q{n}"\n'
    assert "a feed of referrals holds no questionnaires" in only_problem(text)


def test_a_column_that_identifies_a_person_may_only_be_keyed():
    text = SMALL.replace('dialect = "csv"', 'dialect = "qualtrics"')
    assert parse(text.replace('"PID"', '"RecipientEmail"')).feeds[0].columns["client"] == "RecipientEmail"
    kept = text.replace('client = "PID"', 'client = "PID"\nsegment = "RecipientEmail"')
    assert "'RecipientEmail' identifies a person" in only_problem(kept)


def test_a_wrong_type_anywhere_is_a_message_and_not_a_crash():
    for key in parse(FULL).feed("northvale-alliance").__dataclass_fields__:
        raw = tomllib.loads(FULL)
        raw["feeds"][0][key] = {"odd": [1.5]}
        with pytest.raises(ConfigError):
            parse_site(raw, "site.toml", CARDS)
    for raw in ({}, {"site": 1}, {"feeds": {}}, {"feeds": [1]}, {"clinics": [{"id": 3}]}):
        with pytest.raises(ConfigError):
            parse_site(raw, "site.toml", CARDS)
