"""One file from bytes to parts: pure, whole, in batches, and nothing of a person in it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, replace
from unittest import mock

import numpy as np
import polars as pl
import pytest

from flows import split
from flows.detect_form import Finding
from flows.detect_tally import Tally
from flows.feed_history import column_digests
from flows.process import process_file, refusal_message
from schemas.registry import load
from tests.lib.answered import answers, turned
from tests.lib.exports import PAIR, csv_text, feed, job, process
from warehouse.parts import read_counts

TOML = """
dialect = "csv"
{top}
[feeds.columns]
client = "PID"
clinician = "T"
response = "RID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
labels = {{ "often" = 3 }}
stored_total = "Sum"
{form}
"""
HEADER = ("PID", "T", "RID", "When", "Q1", "Q2", "Sum", "Name")
ROW = {"PID": "c1", "T": "t1", "RID": "R1", "When": "2026-05-01 10:00:00", "Q1": "1", "Q2": "2", "Sum": "3"}


def settle(tmp_path, content, top="", form="", **how):
    return process(tmp_path, feed(TOML.format(top=top, form=form)), content, **how)


@contextmanager
def blocks(size, rows=2):
    with mock.patch.multiple(split, BLOCK_BYTES=size, SAMPLE_BYTES=size, ROWS_PER_BATCH=rows):
        yield


def bad_and_good(n=40):
    bad = [
        {},
        {"Q1": "7"},
        {"Q1": "often"},
        {"PID": ""},
        {"Q1": "", "Q2": ""},
        {"Q2": "two\nlines"},
        {"When": "x"},
    ]
    rows = [{**ROW, "PID": f"c{at}", **bad[at % len(bad)]} for at in range(n)]
    return csv_text(HEADER, rows) + "too,few\n"


def test_a_part_holds_what_became_of_every_record(tmp_path):
    part = settle(
        tmp_path, csv_text(HEADER, [ROW, {**ROW, "Q1": "x"}, {**ROW, "Q1": "", "Q2": ""}]) + "too,few\n"
    )
    counts = part.counts
    assert (counts.received, counts.accepted, counts.quarantined, counts.excluded) == (4, 1, 2, {"empty": 1})
    assert part.records() == {
        2: ("quarantined", "problems"),
        3: ("excluded", "empty"),
        4: ("quarantined", "problems"),
    }
    assert part.problems() == [(2, "mini", "Q1", "not_an_answer"), (4, "", "", "short_row")]
    assert part.rows("mini").select("source_row", "score_total").rows() == [(1, 3)]
    assert json.loads((part.folder / "counts.json").read_text())["accepted"] == 1


@pytest.mark.parametrize("size", [30, 200, 1000])
def test_batches_change_nothing(tmp_path, size):
    content = bad_and_good()
    whole = settle(tmp_path, content)
    with blocks(size):
        cut = settle(tmp_path, content)
    assert len(list(cut.folder.glob("mini-*.parquet"))) > 1
    assert cut.counts == whole.counts
    assert (cut.problems(), cut.records()) == (whole.problems(), whole.records())
    assert cut.rows("mini").equals(whole.rows("mini"))


def test_the_same_bytes_give_the_same_part(tmp_path):
    one, other = settle(tmp_path, bad_and_good()), settle(tmp_path, bad_and_good())
    assert {file.name: file.read_bytes() for file in one.folder.iterdir()} == {
        file.name: file.read_bytes() for file in other.folder.iterdir()
    }


def test_a_part_remembers_what_later_files_are_compared_with(tmp_path):
    """Digests of header names, the latest day that is accepted, and item columns with cells that are no answers."""
    days = ["2026-05-01 23:30:00", "2026-05-03 10:00:00", "2026-05-02 10:00:00"]
    rows = [{"PID": f"c{n}", "When": day, "Q1": "1", "Q2": "2"} for n, day in enumerate(days)]
    rows += [
        {**rows[0], "PID": "x", "When": "2026-06-01 10:00:00", "Q2": cell} for cell in ("x", "7", "often")
    ]
    rows += [{**rows[0], "PID": "", "When": "2026-07-01 10:00:00"}]
    of = feed(TOML.format(top="", form=""))
    counts = process(tmp_path, of, csv_text(HEADER, rows)).counts
    assert counts.columns == column_digests(HEADER)
    assert counts.days == {"1": ["When", "2026-06-01"]}
    assert counts.no_answers == {"Q2": [6, 2]}
    assert counts.administrations == 4


def test_progress_is_told_in_records(tmp_path):
    told = []
    content = bad_and_good().encode()
    (tmp_path / "export").write_bytes(content)
    with blocks(200):
        process_file(
            tmp_path / "export",
            job(feed(TOML.format(top="", form="")), content),
            tmp_path / "out",
            told.append,
        )
    assert told == sorted(told)
    assert told[-1] == 41


def test_nothing_of_a_person_is_in_a_part(tmp_path):
    row = {**ROW, "PID": "CANARY-1", "T": "CANARY-2", "RID": "CANARY-3", "Name": "CANARY-4"}
    bad = [{"Q1": "CANARY-5"}, {"When": "CANARY-6"}, {"Q1": "7171"}, {"Sum": "CANARY-7"}, {"PID": ""}, {}]
    part = settle(tmp_path, csv_text(HEADER, [{**row, **one} for one in bad]) + 'CANARY,8\n"CANARY-9\n')
    assert part.counts.quarantined == 6
    for secret in (b"CANARY", b"7171"):
        assert secret not in part.text()
    assert not [file for file in part.folder.iterdir() if b"CANARY" in file.read_bytes()]


def test_a_refused_file_has_counts_and_no_rows(tmp_path):
    part = settle(tmp_path, "PID,T,RID,When,Q1\n" + "c,t,r,2026-05-01 10:00:00,1\n" * 3 + "short\n")
    assert [file.name for file in part.folder.iterdir()] == ["counts.json"]
    assert (part.counts.refused, part.counts.refused_column) == ("missing_column", "Q2, Sum")
    assert (part.counts.received, part.counts.unread) == (0, 4)


def test_a_refusal_is_told_in_one_line(tmp_path):
    counts = settle(tmp_path, "PID\nCANARY\n").counts
    message = refusal_message(counts, "north-forms", "export.csv")
    assert message.startswith(
        "north-forms: export.csv, column RID, When, T, Q1, Q2, Sum: a column that the feed maps is not in"
    )
    assert "CANARY" not in message
    assert "\n" not in message


def test_header_only_is_a_warning(tmp_path):
    part = settle(tmp_path, csv_text(HEADER, []))
    assert (part.counts.received, part.counts.refused, part.counts.warnings) == (0, None, ["header_only"])


def test_a_file_may_turn_out_undecodable_late_without_losing_a_row(tmp_path):
    content = csv_text(HEADER, [ROW] * 3).encode("utf-16") + b"\x41"
    part = settle(tmp_path, content, top='encoding = "utf-16"')
    assert part.counts.received == 4
    assert part.problems() == [(4, "", "", "undecodable")]


def test_stored_scores_are_those_of_the_key(tmp_path):
    part = settle(tmp_path, csv_text(HEADER, [ROW, {**ROW, "Q2": "often"}]))
    assert part.rows("mini").select("score_total", "status_total").rows() == [(3, "scored"), (4, "scored")]


def test_an_unconfirmed_key_scores_when_the_site_confirms_it(tmp_path):
    card = PAIR.format(id="loose").replace('evidence = "verified"', 'evidence = "unconfirmed"', 1)
    forms = load({"instruments/loose.toml": card.encode()})
    of = feed(TOML.format(top="", form="").replace('"mini"', '"loose"'), forms=forms)
    for names, expected in (((), (None, "key_not_confirmed")), (("loose",), (3, "scored"))):
        rows = process(tmp_path, of, csv_text(HEADER, [ROW]), forms, names).rows("loose")
        assert rows.select("score_total", "status_total").rows() == [expected]


QUALTRICS = """
dialect = "qualtrics"
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{n}"
"""


def qualtrics(tmp_path, columns, *rows):
    ids = ",".join(['"{""ImportId"":""x""}"'] * len(columns))
    head = ",".join(columns)
    return process(tmp_path, feed(QUALTRICS), "\n".join([head, head, ids, *rows, ""]))


def test_a_qualtrics_file_without_status_or_finished_is_taken_with_a_warning(tmp_path):
    part = qualtrics(tmp_path, ("EndDate", "PID", "Q1", "Q2"), "2026-05-01 10:00:00,c1,1,2")
    assert (part.counts.accepted, part.counts.warnings) == (1, ["no_status_column"])


@pytest.mark.parametrize(
    ("status", "warnings"),
    [("0", []), ("IP Address", []), ("4", []), ("", []), ("1", []), ("Umfragevorschau", ["unknown_status"])],
)
def test_a_status_nobody_knows_is_a_warning(tmp_path, status, warnings):
    columns = ("EndDate", "Status", "Finished", "PID", "Q1", "Q2")
    with blocks(64):
        part = qualtrics(tmp_path, columns, *[f"2026-05-01 10:00:00,{status},1,c{n},1,2" for n in range(5)])
    assert part.counts.warnings == warnings
    assert "Umfrage" not in part.text().decode()


def test_parts_of_several_questionnaires_lie_side_by_side(tmp_path):
    toml = (
        TOML.format(top="", form="")
        + '[[feeds.instruments]]\nid = "duo"\nrater = "therapist"\nitems = "D{n}"\n'
    )
    text = csv_text((*HEADER, "D1", "D2"), [{**ROW, "D1": "1", "D2": "1"}])
    part = process(tmp_path, feed(toml), text)
    assert sorted(file.name for file in part.folder.glob("*.parquet")) == [
        "duo-0000.parquet",
        "mini-0000.parquet",
    ]
    assert part.rows("duo").schema["item_01"] == pl.Int8


def of_core_10(top="", form=""):
    toml = TOML.format(top=top, form=form).replace('"mini"', '"core_10"').replace('{ "often" = 3 }', "{}")
    return feed(toml.replace('stored_total = "Sum"', ""), forms=load({}))


def core_10_text(items=()):
    card = load({})["core_10"]
    given = turned(card, answers(np.random.default_rng(6), card, 150), items)
    rows = [
        {**ROW, "PID": f"c{at}", "RID": f"R{at}", **{f"Q{item}": str(one[item - 1]) for item in card.items}}
        for at, one in enumerate(given)
    ]
    rows[3]["Q4"], rows[5]["When"] = "9", "x"
    rows[7] = {name: "" if name.startswith("Q") else cell for name, cell in rows[7].items()}
    return csv_text(("PID", "RID", "T", "When", *(f"Q{item}" for item in card.items)), rows)


class TestSuspectFile:
    def test_all_that_would_be_accepted_is_quarantined(self, tmp_path):
        sound = process(tmp_path, of_core_10(), core_10_text(), load({}))
        held = process(tmp_path, of_core_10(), core_10_text([2, 3]), load({}))
        assert (sound.counts.accepted, sound.counts.quarantined, sound.counts.held) == (147, 2, [])
        assert (held.counts.accepted, held.counts.quarantined, held.counts.excluded) == (0, 149, {"empty": 1})
        assert [(one["rule"], one["columns"]) for one in held.counts.held] == [
            ("suspect_reversed_items", "Q2, Q3")
        ]
        rules = Counter((column, rule) for _, _, column, rule in held.problems())
        assert rules == {
            ("Q2, Q3", "suspect_reversed_items"): 147,
            ("Q4", "out_of_range"): 1,
            ("When", "invalid_date"): 1,
        }
        assert not list(held.folder.glob("core_10-*"))
        assert held.rows("problems")["response_key"].null_count() == 0

    def test_batches_change_nothing(self, tmp_path):
        whole = process(tmp_path, of_core_10(), core_10_text([2, 3]), load({}))
        with blocks(2000, rows=20):
            cut = process(tmp_path, of_core_10(), core_10_text([2, 3]), load({}))
        assert len(list(cut.folder.glob("problems-*"))) > 1
        assert (cut.counts, cut.problems(), cut.records()) == (
            whole.counts,
            whole.problems(),
            whole.records(),
        )

    @pytest.mark.parametrize("decision", ["released", "already_keyed"])
    def test_a_decision_lets_it_through(self, tmp_path, decision):
        content = core_10_text([2, 3]).encode()
        of = of_core_10(form="already_keyed = true" if decision == "already_keyed" else "")
        (tmp_path / "export").write_bytes(content)
        asked = replace(job(of, content, load({})), released=decision == "released")
        counts = process_file(tmp_path / "export", asked, tmp_path / "out")
        assert (counts.accepted, counts.held) == (147, [])

    def test_what_earlier_files_say_holds_it(self, tmp_path):
        content = core_10_text().encode()
        (tmp_path / "export").write_bytes(content)
        finding = Finding("suspect_flipped", "core_10", 1, tuple(range(1, 11)), "Q1 to Q10")
        asked = replace(job(of_core_10(), content, load({})), held=(finding,))
        counts = process_file(tmp_path / "export", asked, tmp_path / "out")
        assert (counts.accepted, counts.quarantined, counts.held) == (0, 149, [asdict(finding)])

    def test_the_sums_of_a_held_file_are_kept(self, tmp_path):
        held = process(tmp_path, of_core_10(), core_10_text([2, 3]), load({}))
        assert [Tally.from_json(one).forms for one in read_counts(held.folder).forms] == [147]

    def test_a_warning_names_its_rule(self, tmp_path):
        lines = core_10_text().splitlines()
        cells = [line.split(",") for line in lines]
        lined = [",".join([*row[:4], *row[4:5] * 10]) if 10 < at < 60 else line
                 for at, (row, line) in enumerate(zip(cells, lines, strict=True))]  # fmt: skip
        part = process(tmp_path, of_core_10(), "\n".join(lined) + "\n", load({}))
        assert (part.counts.warnings, part.counts.held) == (["straight_lines"], [])


def test_an_export_in_an_archive_gives_the_same_part(tmp_path):
    content = bad_and_good().encode()
    plain, packed = settle(tmp_path, content), settle(tmp_path, gzip.compress(content))
    assert packed.counts == plain.counts
    assert {file.name for file in packed.folder.iterdir()} == {file.name for file in plain.folder.iterdir()}
    for name in ("mini", "records", "problems"):
        assert packed.rows(name).equals(plain.rows(name))


def test_an_archive_that_cannot_be_unpacked_leaves_nothing_behind(tmp_path):
    part = settle(tmp_path, gzip.compress(bad_and_good().encode())[:-5])
    assert (part.counts.refused, part.counts.unread) == ("broken_archive", 0)
    assert [file.name for file in part.folder.iterdir()] == ["counts.json"]
