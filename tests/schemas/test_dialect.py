"""Dialects: what each survey system's own columns mean, as data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.dialect import DIALECT_NAMES, digest, load_dialects, parse_dialect
from schemas.errors import ConfigError
from schemas.rules import EXCLUDED_REASONS
from schemas.site import COLUMNS, Feed

REDCAP_HEADER = [
    *("participant_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
    *("intake_timestamp", "dob", "intake_complete"),
    *("phq_timestamp", "phq1", "phq2", "phq_complete"),
    *("gad1", "gad2", "gad_complete"),
]

MINIMAL = """
name = "csv"
title = "x"
containers = ["text"]
delimiter = ","
quote = '"'
encoding = "utf-8"
decimal = "."
"""


def feed(dialect, **more):
    columns = more.pop("columns", {"client": "PID"})
    return Feed("f", "c", more.pop("kind", "responses"), "inbox/*", dialect, columns=columns, **more)


def test_the_dialects_that_can_be_read():
    assert set(load_dialects()) <= set(DIALECT_NAMES)


@pytest.mark.parametrize("dialect", load_dialects().values(), ids=lambda dialect: dialect.name)
def test_every_dialect_is_sound(dialect):
    assert 1 <= dialect.header_row <= dialect.header_rows
    assert {rule.reason for rule in dialect.exclude} <= set(EXCLUDED_REASONS)
    assert set(dialect.columns) <= set(COLUMNS["responses"])
    assert set(dialect.normal) <= {rule.column for rule in dialect.exclude}
    assert "".encode(dialect.encoding) is not None
    assert dialect.quote == ('"' if "text" in dialect.containers else "")
    taken = [(rule.column, value) for rule in dialect.exclude for value in rule.values]
    taken += [(column, value) for column, values in dialect.normal.items() for value in values]
    assert len(set(taken)) == len(taken), "one value of a status column has one meaning"


def test_qualtrics():
    dialect = load_dialects()["qualtrics"]
    assert (dialect.header_rows, dialect.header_row, dialect.import_id_row) == (3, 1, True)
    reasons = {value: rule.reason for rule in dialect.exclude for value in rule.values}
    assert {value: reasons.get(value) for value in ("0", "IP Address", "1", "2", "8")} == {
        "0": None,
        "IP Address": None,
        "1": "preview",
        "2": "test",
        "8": "spam",
    }
    assert dialect.fate_columns == ("Status", "Finished")
    assert {"IPAddress", "RecipientEmail", "LocationLatitude"} <= set(dialect.drop)
    assert "-99" not in dialect.missing


def test_limesurvey():
    dialect = load_dialects()["limesurvey"]
    assert (dialect.delimiter, dialect.encoding, dialect.not_shown) == (";", "utf-8-sig", ("N/A",))
    assert dialect.finished is not None
    assert (dialect.finished.column, dialect.finished.filled) == ("submitdate", True)


def test_redcap_finds_the_columns_of_a_form_by_where_its_items_stand():
    dialect = load_dialects()["redcap"]
    assert dialect.form(REDCAP_HEADER, ["phq1", "phq2"]) == "phq"
    assert dialect.column("{form}_timestamp", REDCAP_HEADER, ["phq1", "phq2"]) == "phq_timestamp"
    assert dialect.column("{form}_complete", REDCAP_HEADER, ["gad1", "gad2"]) == "gad_complete"
    assert dialect.column("{form}_timestamp", REDCAP_HEADER, ["gad1", "gad2"]) is None
    assert dialect.column("{form}_complete", ["record_id", "phq1"], ["phq1"]) is None


def test_redcap_response_is_the_record_and_what_repeats_it():
    dialect = load_dialects()["redcap"]
    columns = dialect.columns_of(feed("redcap"))["response"]
    assert [dialect.column(name, REDCAP_HEADER) for name in columns] == REDCAP_HEADER[:4]
    assert [dialect.column(name, ["record_id", "phq1"]) for name in columns] == [
        "record_id",
        None,
        None,
        None,
    ]


def test_redcaps_odm_means_by_its_columns_what_the_csv_does():
    csv, odm = load_dialects()["redcap"], load_dialects()["redcap_odm"]
    for said in ("columns", "form_end", "exclude", "finished", "no_date", "date_formats", "drop"):
        assert getattr(csv, said) == getattr(odm, said)
    assert (odm.containers, "dictionary" in csv.open, "dictionary" in odm.open) == (("odm",), True, False)


def test_spss():
    dialect = load_dialects()["spss"]
    assert (dialect.containers, dialect.typed, dict(dialect.columns)) == (("spss",), True, {})


def test_what_the_feed_says_wins_over_the_dialect():
    dialect = load_dialects()["qualtrics"]
    columns = dialect.columns_of(
        feed("qualtrics", columns={"client": ("Site", "PID"), "completed_at": "Done"})
    )
    assert columns == {
        "client": ("Site", "PID"),
        "completed_at": ("Done",),
        "response": ("ResponseId",),
        "started_at": ("StartDate",),
    }
    undated = dialect.columns_of(feed("qualtrics", columns={"client": "@row"}, undated=True))
    assert undated == {"client": (), "response": ("ResponseId",)}
    referrals = dialect.columns_of(feed("qualtrics", kind="referrals", columns={"received_at": "R"}))
    assert referrals == {"received_at": ("R",)}


def test_identifiers_are_dropped_unless_a_feed_maps_them():
    dialect = load_dialects()["qualtrics"]
    dropped = dialect.dropped(
        feed("qualtrics", columns={"client": "ExternalReference"}, drop=("Q9", "IPAddress"))
    )
    assert dropped[:2] == ("Q9", "IPAddress")
    assert "ExternalReference" not in dropped
    assert dropped.count("IPAddress") == 1


def test_digest_changes_with_what_a_dialect_says():
    dialects = load_dialects()
    assert len(digest(dialects)) == 64
    assert digest(dialects) != digest({"csv": dialects["csv"]})
    one, other = parse_dialect(MINIMAL, "csv.toml"), parse_dialect(f"# note{MINIMAL}", "csv.toml")
    assert digest({"csv": one}) == digest({"csv": other})


def test_a_wrong_dialect_file_is_named_with_all_its_problems():
    with pytest.raises(ConfigError) as error:
        parse_dialect(MINIMAL + 'headers = 2\n[finished]\ncolumn = "x"\n', "other.toml")
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("dialects/other.toml: ") for line in lines)
    assert any("headers: unknown key; the nearest right key is 'header_row" in line for line in lines)


def test_a_dialect_may_say_what_withdraws_a_response():
    said = '[columns]\nwithdrawn = "status"\n[values.withdrawn]\n"Entered-in-error" = "withdrawn"\n'
    dialect = parse_dialect(MINIMAL + said, "csv.toml")
    plain = feed("csv")
    assert dialect.columns_of(plain)["withdrawn"] == ("status",)
    assert dialect.values_of(plain, "withdrawn") == {"entered-in-error": "withdrawn"}
    own = replace(plain, values={"withdrawn": {"entered-in-error": "kept", "x": "withdrawn"}})
    assert dialect.values_of(own, "withdrawn") == {"entered-in-error": "kept", "x": "withdrawn"}
    assert dialect.values_of(plain, "rater") == {}


@pytest.mark.parametrize(
    ("text", "named"), [("gone", "gone"), ('withdrawn"\n[values.other]\n"a" = "b', "other")]
)
def test_a_word_or_column_that_is_none_is_named(text, named):
    with pytest.raises(ConfigError, match=named):
        parse_dialect(MINIMAL + f'[values.withdrawn]\n"x" = "{text}"\n', "csv.toml")


def test_a_column_without_a_name_stands_for_nothing():
    dialect = load_dialects()["redcap"]
    assert dialect.column("{form}_timestamp", ["record_id", "", "phq1"], ["gad1"]) is None
