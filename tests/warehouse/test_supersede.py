"""Which rows stand when several tell the same thing; every record against a second, plain implementation."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import split
from tests.lib import fates as plain
from tests.lib.exports import csv_text, fates, feed, loaded, open_problems, site, standing
from tests.lib.fate_feeds import PLAIN, VARIANTS, Variant


@st.composite
def rows_of(draw, variant: Variant):
    """Rows that are alike more often than not, now and then broken or blank."""
    # What stands first in a pool is sound; a batch of nothing but bad dates tells little.
    template = {name: draw(st.sampled_from(pool[:2] * 4 + pool)) for name, pool in variant.pools.items()}
    rows: list[plain.Row] = []
    for _ in range(draw(st.integers(0, 6))):
        match draw(st.integers(0, 11)):
            case 0:
                rows.append(draw(st.sampled_from(["short_row", "long_row"])))
            case 1:
                rows.append(dict.fromkeys(template, ""))
            case _:
                changed = draw(st.lists(st.sampled_from(sorted(template)), max_size=3))
                rows.append(
                    {**template, **{name: draw(st.sampled_from(variant.pools[name])) for name in changed}}
                )
    return rows


@st.composite
def deliveries(draw):
    """One to three files of one kind of feed, or of two feeds of that kind."""
    variant = VARIANTS[draw(st.sampled_from(sorted(VARIANTS)))]
    first = draw(rows_of(variant))
    files = [("f", first)]
    for _ in range(draw(st.integers(0, 2))):
        again = draw(rows_of(variant))
        kept = [row for row in first if draw(st.booleans())]
        files.append((draw(st.sampled_from(["f", "f", "g"])), kept + again))
    # The same bytes again in a feed are no delivery.
    return variant, [file for at, file in enumerate(files) if file not in files[:at]]


@contextmanager
def small_batches():
    with mock.patch.multiple(split, BLOCK_BYTES=160, SAMPLE_BYTES=160, ROWS_PER_BATCH=2):
        yield


@settings(max_examples=12)
@given(deliveries())
def test_every_record_has_the_fate_that_the_plain_implementation_says(case):
    compare(*case)


@pytest.mark.parametrize("name", sorted(VARIANTS))
@pytest.mark.parametrize("seed", [1, 2])
def test_so_it_has_where_much_is_told_again(name, seed):
    chance, variant = Random(f"{name} {seed}"), VARIANTS[name]
    files: list[tuple[str, list[plain.Row]]] = []
    told: list[dict[str, str]] = []
    for _ in range(3):
        rows: list[plain.Row] = []
        for _ in range(14):
            sound = {column: chance.choice(pool[:2] * 8 + pool) for column, pool in variant.pools.items()}
            again = {**chance.choice(told)} if told and chance.random() < 0.6 else sound
            for column in chance.sample(sorted(again), chance.choice([0, 0, 1, 1, 2])):
                again[column] = chance.choice(variant.pools[column])
            told.append(again)
            rows.append(again if chance.random() < 0.95 else chance.choice(["short_row", "long_row"]))
        files.append((chance.choice(["f", "f", "f", "g"]), rows))
    compare(variant, files)


def compare(variant, files):
    """Everything the load says of these files, against the plain implementation."""
    expected = plain.settle([(replace(variant.plain, id=id_), rows) for id_, rows in files])
    with tempfile.TemporaryDirectory() as folder, small_batches():
        exports = [(variant.feed(id_), variant.text(rows)) for id_, rows in files]
        with loaded(Path(folder), exports) as con:
            assert fates(con) == expected.fates
            assert open_problems(con) == expected.problems
            assert standing(con) == {
                place: [code(one) for one in answers] for place, answers in expected.standing.items()
            }
            assert counted(con) == Counter((entry, fate) for (entry, _), (fate, _) in expected.fates.items())


def code(answer):
    return {"refused": -102, "not_shown": -103, "not_applicable": -104}.get(answer, answer)


def counted(con):
    """Records by delivery and fate, as core_export counts them."""
    found = Counter()
    for entry, received, *of_fate in con.execute(
        "SELECT entry_no, received, accepted, quarantined, excluded, superseded FROM core_export"
    ).fetchall():
        assert received == sum(of_fate)
        names = ("accepted", "quarantined", "excluded", "superseded")
        found += Counter({(entry, fate): n for fate, n in zip(names, of_fate, strict=True)})
    return found


# --- what a person sees ------------------------------------------------------------------------

ACCEPTED = ("accepted", "")
DUPLICATE = ("excluded", "exact_duplicate")
LATER = ("superseded", "later_answers")
MENDED = ("superseded", "later_delivery")
REPLACED = ("superseded", "newer_snapshot")

HEADER = ("PID", "When", "S", "RID", "Q1", "Q2", "Who")
ONE = {"PID": "c1", "When": "2026-05-01 10:00:00", "S": "1", "RID": "R1", "Q1": "1", "Q2": "2"}
QUESTIONS = """
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""


def settled(tmp_path, *files, top="", more="", toml=PLAIN):
    """Fates of files of feed f, each a list of changes to the row ONE; a text is a file as it is."""
    of = feed(toml.format(top=top) + more + QUESTIONS)
    texts = [
        file if isinstance(file, str) else csv_text(HEADER, [{**ONE, **row} for row in file])
        for file in files
    ]
    with loaded(tmp_path, [(of, text) for text in texts]) as con:
        return fates(con)


def test_equal_answers_are_a_duplicate_and_the_first_stands(tmp_path):
    assert settled(tmp_path, [{}, {"RID": "R2"}, {"When": "2026-05-02 10:00:00"}]) == {
        (1, 1): ACCEPTED, (1, 2): DUPLICATE, (1, 3): DUPLICATE,
    }  # fmt: skip


def test_changed_answers_are_a_new_version_and_the_last_stands(tmp_path):
    assert settled(tmp_path, [{}, {"Q1": "2"}, {"Q1": "2"}, {"Q1": "3"}]) == {
        (1, 1): LATER, (1, 2): LATER, (1, 3): DUPLICATE, (1, 4): ACCEPTED,
    }  # fmt: skip


def test_answers_that_are_changed_back_are_the_last_version(tmp_path):
    assert settled(tmp_path, [{}, {"Q1": "2"}, {}]) == {(1, 1): LATER, (1, 2): LATER, (1, 3): ACCEPTED}


def test_later_is_the_delivery_then_the_time_then_the_row(tmp_path):
    newest = {"When": "2026-05-09 10:00:00"}
    assert settled(tmp_path, [{"Q1": "0", **newest}, {"Q1": "2"}]) == {(1, 1): ACCEPTED, (1, 2): LATER}
    second = tmp_path / "second"
    second.mkdir()
    files = [{"Q1": "0", "RID": "", **newest}], [{"Q1": "2", "RID": ""}]
    assert settled(second, *files) == {(1, 1): LATER, (2, 1): ACCEPTED}


@pytest.mark.parametrize(
    ("one", "other"),
    [({"S": "1"}, {"S": "2"}), ({"S": ""}, {"S": "", "When": "2026-05-02 10:00:00"}), ({}, {"PID": "c2"})],
)
def test_another_occasion_or_person_is_another_administration(tmp_path, one, other):
    assert settled(tmp_path, [one, {**other, "RID": "R2"}]) == {(1, 1): ACCEPTED, (1, 2): ACCEPTED}


def test_without_a_session_the_time_is_the_occasion(tmp_path):
    assert settled(tmp_path, [{"S": ""}, {"S": "", "RID": "R2", "Q1": "3"}]) == {
        (1, 1): LATER,
        (1, 2): ACCEPTED,
    }


def test_without_session_and_time_the_response_is_and_without_all_three_nothing(tmp_path):
    toml = PLAIN.replace('completed_at = "When"\n', "")
    rows = [{"S": "", "RID": response} for response in ("R1", "R1", "R2", "", "")]
    assert settled(tmp_path, rows, top="undated = true", toml=toml) == {
        (1, 1): ACCEPTED, (1, 2): DUPLICATE, (1, 3): ACCEPTED, (1, 4): ACCEPTED, (1, 5): ACCEPTED,
    }  # fmt: skip


def test_in_a_feed_without_ids_equal_rows_are_different_people(tmp_path):
    toml = PLAIN.replace('client = "PID"', 'client = "@row"')
    assert settled(tmp_path, [{}, {}, {"Q1": "3"}], toml=toml) == dict.fromkeys(
        [(1, 1), (1, 2), (1, 3)], ACCEPTED
    )


def test_in_a_feed_without_ids_a_response_delivered_again_counts_once(tmp_path):
    toml = PLAIN.replace('client = "PID"', 'client = "@row"')
    found = settled(tmp_path, [{}, {"RID": "R2"}], [{}, {"RID": "R2"}, {"RID": "R3"}], toml=toml)
    assert found == {(1, 1): LATER, (1, 2): LATER, (2, 1): ACCEPTED, (2, 2): ACCEPTED, (2, 3): ACCEPTED}


def test_a_response_delivered_again_is_a_correction_whatever_it_changes(tmp_path):
    changed = {"PID": "c9", "S": "7", "When": "2026-05-03 10:00:00"}
    assert settled(tmp_path, [{}], [changed]) == {(1, 1): LATER, (2, 1): ACCEPTED}


def test_a_response_delivered_again_unchanged_is_a_duplicate(tmp_path):
    assert settled(tmp_path, [{}], [{}, {"RID": "R2", "S": "2"}]) == {
        (1, 1): ACCEPTED, (2, 1): DUPLICATE, (2, 2): ACCEPTED,
    }  # fmt: skip


def test_a_correction_takes_its_problem_away(tmp_path):
    bad = {"Q1": "7"}
    assert settled(tmp_path, [bad], [{}]) == {(1, 1): MENDED, (2, 1): ACCEPTED}


@pytest.mark.parametrize("bad", [{"PID": ""}, {"When": "soon"}, {"S": "x"}, {"Q1": "x"}])
def test_whatever_the_problem_was(tmp_path, bad):
    assert settled(tmp_path, [bad], [{}]) == {(1, 1): MENDED, (2, 1): ACCEPTED}


def test_a_correction_that_cannot_be_read_leaves_what_was_there(tmp_path):
    assert settled(tmp_path, [{}], [{"Q1": "7"}]) == {
        (1, 1): ACCEPTED,
        (2, 1): ("quarantined", "out_of_range"),
    }


def test_a_response_of_two_observers_stays_two_administrations(tmp_path):
    both = [{"Who": "w1"}, {"Who": "w2", "Q1": "3"}]
    again = [*both, {"RID": "R2", "S": "2"}]
    found = settled(tmp_path, both, again, more='rater_id = "Who"\n')
    assert found == {
        (1, 1): ACCEPTED, (1, 2): ACCEPTED, (2, 1): DUPLICATE, (2, 2): DUPLICATE, (2, 3): ACCEPTED,
    }  # fmt: skip


def test_the_newest_snapshot_replaces_those_before_it(tmp_path):
    found = settled(
        tmp_path, [{}, {"Q1": "x"}, {"Q1": "", "Q2": ""}], [{"S": "2"}], top='delivery = "snapshot"'
    )
    assert found == {(1, 1): REPLACED, (1, 2): REPLACED, (1, 3): ("excluded", "empty"), (2, 1): ACCEPTED}


def test_a_snapshot_that_is_refused_replaces_nothing(tmp_path):
    found = settled(tmp_path, [{}], "PID,When\nc1,2026-05-01 10:00:00\n", top='delivery = "snapshot"')
    assert found == {(1, 1): ACCEPTED}


def test_an_empty_snapshot_replaces_everything(tmp_path):
    assert settled(tmp_path, [{}], [], top='delivery = "snapshot"') == {(1, 1): REPLACED}


def test_a_row_loses_one_of_its_questionnaires_and_keeps_the_other(tmp_path):
    variant = VARIANTS["twice in a row"]
    row = {"PID": "c1", "When": "2026-05-01 10:00:00", "RID": "", "Q1": "1", "Q2": "1", "D1": "1", "D2": "1"}
    with loaded(tmp_path, [(variant.feed("f"), variant.text([row, {**row, "D1": "2"}]))]) as con:
        assert fates(con) == {(1, 1): ACCEPTED, (1, 2): ACCEPTED}
        assert standing(con) == {(1, 1, 1): [1, 1], (1, 2, 2): [2, 1]}
        assert counted(con) == {(1, "accepted"): 2}


TWO_CLINICS = """
[[feeds]]
id = "n1"
clinic = "north"
kind = "responses"
path = "inbox/n1/*"
{feed}
[[feeds]]
id = "n2"
clinic = "north"
kind = "responses"
path = "inbox/n2/*"
{feed}
[[feeds]]
id = "s1"
clinic = "south"
kind = "responses"
path = "inbox/s1/*"
{feed}
"""


def test_a_person_is_the_same_in_all_feeds_of_a_clinic_and_in_no_other_clinic(tmp_path):
    feeds = site(TWO_CLINICS.format(feed=PLAIN.format(top="") + QUESTIONS)).feeds
    text = csv_text(HEADER, [ONE])
    with loaded(tmp_path, [(of, text) for of in feeds]) as con:
        assert fates(con) == {(1, 1): ACCEPTED, (2, 1): DUPLICATE, (3, 1): ACCEPTED}


TABLE = """
[[feeds]]
id = "t"
clinic = "north"
kind = "{kind}"
path = "inbox/t/*"
dialect = "csv"
[feeds.columns]
client = "PID"
"""
DIARY = (
    TABLE.format(kind="appointments")
    + """
clinician = "T"
starts_at = "At"
session = "S"
status = "St"
[feeds.values.status]
"a" = "attended"
"b" = "booked"
"""
)
REFERRALS = (
    TABLE.format(kind="referrals")
    + """
received_at = "At"
ended_at = "End"
episode = "E"
"""
)
AT, LATER_AT = "2026-05-01 10:00:00", "2026-05-08 10:00:00"


@pytest.mark.parametrize(
    ("toml", "rows", "expected"),
    [
        (DIARY, [f"c1,t1,{AT},,b", f"c1,t1,{AT},,a"], [LATER, ACCEPTED]),
        (DIARY, [f"c1,t1,{AT},,a", f"c1,t1,{AT},,a"], [ACCEPTED, DUPLICATE]),
        (DIARY, [f"c1,t1,{AT},,a", f"c1,t1,{LATER_AT},,a"], [ACCEPTED, ACCEPTED]),
        (DIARY, [f"c1,t1,{AT},3,b", f"c1,t1,{LATER_AT},3,a"], [LATER, ACCEPTED]),
        (DIARY, [f"c1,t1,{AT},,a", f"c1,t2,{AT},,a"], [ACCEPTED, ACCEPTED]),
        (DIARY, [f"c1,,{AT},,a", f"c1,,{AT},,a"], [ACCEPTED, DUPLICATE]),
        (DIARY, [f"c1,t1,{AT},3,a", f"c1,t1,{AT},,a"], [ACCEPTED, ACCEPTED]),
        (REFERRALS, ["c1,2026-01-01,,", "c1,2026-01-01,2026-06-01,"], [LATER, ACCEPTED]),
        (REFERRALS, ["c1,2026-01-01,,", "c1,2026-01-02,,"], [ACCEPTED, ACCEPTED]),
        (REFERRALS, ["c1,2026-01-01,,e1", "c1,2026-01-02,,e1"], [LATER, ACCEPTED]),
        (REFERRALS, ["c1,2026-01-01,,e1", "c2,2026-01-01,,e1"], [ACCEPTED, ACCEPTED]),
    ],
)
@pytest.mark.parametrize("files", [1, 2], ids=["one file", "a file each"])
def test_appointments_and_referrals_told_again(tmp_path, toml, rows, expected, files):
    header = "PID,T,At,S,St\n" if toml is DIARY else "PID,At,End,E\n"
    of = site(toml).feeds[0]
    texts = (
        [header + "".join(f"{row}\n" for row in rows)] if files == 1 else [f"{header}{row}\n" for row in rows]
    )
    with loaded(tmp_path, [(of, text) for text in texts]) as con:
        assert [fate for _, fate in sorted(fates(con).items())] == expected
