"""site.toml: every key of it parses, what is left out has a default, and what processing depends on is told."""

from __future__ import annotations

import json

from schemas.dialect import DIALECT_NAMES, load_dialects
from schemas.site import VOCABULARY, FeedInstrument, Rules, item_columns
from tests.lib.site_toml import FULL, SMALL, only_problem, parse


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


def test_a_file_may_be_anonymous_and_undated():
    text = SMALL.replace('client = "PID"\ncompleted_at = "Date"', 'client = "@row"')
    feed = parse(text.replace('dialect = "csv"', 'dialect = "csv"\nundated = true')).feeds[0]
    assert feed.columns == {"client": "@row"}


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
