"""site.toml: every key of it parses, and every mistake in it is named, all at once."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass

import pytest

from schemas.dialect import DIALECT_NAMES, load_dialects
from schemas.errors import ConfigError
from schemas.site import VOCABULARY, FeedInstrument, Rules, item_columns
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


def test_every_key_of_the_contract_parses():
    site = parse(FULL)
    feed = site.feed("northvale-alliance")
    form, by_column = feed.instruments
    assert (site.disclosure.threshold, site.disclosure.round_to) == (7, 10)
    assert site.rules == Rules("2025-01-01", "2025-12-31", 3, 8, 2, 4, 5)
    assert site.confirmed_instruments == {"gad_7"}
    assert site.due[1].sessions == (1, 4)
    assert (feed.delivery, feed.partials, feed.drop) == ("snapshot", "keep", ("Q99_TEXT",))
    assert feed.missing == ("-99", "99")
    assert (feed.timezone, feed.encoding, feed.delimiter, feed.decimal) == ("UTC", "cp1252", "\t", ",")
    assert feed.date_format == "%d.%m.%Y %H:%M"
    assert feed.columns["client"] == ("Site", "PID")
    assert feed.columns["episode"] == "Ref"
    assert (feed.attention[0].column, feed.attention[0].accept) == ("ATT1", ("3",))
    assert feed.values == {"rater": {"patient": "client", "behandler": "therapist"}}
    assert form.labels == {"selten": 1, "immer": 5}
    assert (form.missing, form.refused) == (("N/A", "9"), ("R",))
    assert (form.not_shown, form.not_applicable) == (("NS",), ("NA",))
    assert form.stored_total == {"task": "T", "goal": "G"}
    assert (form.already_keyed, form.variant, form.session, form.completed_at) == (True, "a", 1, "When")
    assert (by_column.rater, by_column.rater_column, by_column.session) == (None, "Role", "Nr")
    assert by_column.stored_total == "Sum"
    assert site.feed("northvale-referrals").values["ending"] == {"46": "completed"}


def test_what_is_not_said_has_its_default():
    site = parse(SMALL)
    feed = site.feed("a-phq")
    assert (site.disclosure.threshold, site.disclosure.round_to, site.shared_ids) == (5, 5, False)
    assert site.rules == Rules()
    assert (feed.delivery, feed.partials, feed.undated, feed.date_format) == (
        "increment",
        "exclude",
        False,
        None,
    )
    assert site.services == ("adult",)
    assert site.clinic("a").name == "A"


def test_a_vocabulary_without_a_table_stands_for_itself_but_a_status_does_not():
    appointments = parse(FULL).feed("northvale-appointments")
    assert appointments.values["kind"] == {word: word for word in VOCABULARY["kind"]}
    text = FULL.replace('[feeds.values.status]\n"5" = "attended"\n"7" = "dna"\n', "")
    assert "[feeds.values.status]: is missing" in only_problem(text)


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


def test_a_file_may_be_anonymous_and_undated():
    text = SMALL.replace('client = "PID"\ncompleted_at = "Date"', 'client = "@row"')
    feed = parse(text.replace('dialect = "csv"', 'dialect = "csv"\nundated = true')).feeds[0]
    assert feed.columns == {"client": "@row"}


def test_a_wrong_type_anywhere_is_a_message_and_not_a_crash():
    for key in parse(FULL).feed("northvale-alliance").__dataclass_fields__:
        raw = tomllib.loads(FULL)
        raw["feeds"][0][key] = {"odd": [1.5]}
        with pytest.raises(ConfigError):
            parse_site(raw, "site.toml", CARDS)
    for raw in ({}, {"site": 1}, {"feeds": {}}, {"feeds": [1]}, {"clinics": [{"id": 3}]}):
        with pytest.raises(ConfigError):
            parse_site(raw, "site.toml", CARDS)


def test_item_columns():
    def columns(items, n):
        return item_columns(FeedInstrument("x", "client", None, items), n)

    assert columns("Q{n}", 3) == ("Q1", "Q2", "Q3")
    assert columns("w_{n:02}_t1", 10)[::9] == ("w_01_t1", "w_10_t1")
    assert columns(("b", "a"), 2) == ("b", "a")


def test_canonical_holds_what_processing_depends_on_and_nothing_else():
    site = parse(FULL)
    table = site.canonical(site.feed("northvale-alliance"))
    assert json.loads(json.dumps(table)) == table
    assert table["clinic"] == "northvale"
    assert (table["shared_ids"], table["site_timezone"], table["confirmed_instruments"]) == (
        False,
        "Europe/London",
        [],
    )
    moved = parse(FULL.replace("alliance-*.csv", "wai-*.csv").replace("northvale-alliance", "nv-wai"))
    assert moved.canonical(moved.feed("nv-wai")) == table
    for old, new in (('"Q{n:02}"', '"Q{n}"'), ("Europe/London", "UTC"), ('["gad_7"]', '["wai_sr"]')):
        other = parse(FULL.replace(old, new))
        assert other.canonical(other.feed("northvale-alliance")) != table


def test_digest_is_of_the_meaning_not_of_the_layout():
    assert parse(FULL).digest == parse("# a comment\n" + FULL).digest
    assert parse(FULL).digest != parse(FULL.replace("round_to = 10", "round_to = 5")).digest


def test_a_site_can_be_hashed_and_compared():
    assert parse(FULL) == parse(FULL)
    assert len({parse(FULL).feeds[0], parse(FULL).feeds[0]}) == 1


def test_every_dialect_name_is_either_read_or_named_as_not_yet_available():
    for name in DIALECT_NAMES:
        text = SMALL.replace('dialect = "csv"', f'dialect = "{name}"')
        if name in load_dialects():
            parse(text)
        else:
            assert "is not available yet" in only_problem(text)
