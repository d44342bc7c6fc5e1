"""Qualtrics, CSV: the numbers behind choices, renamed questions, partial answers, and columns nobody asked for."""

from __future__ import annotations

import json
import random
import time

import pytest

from schemas.registry import load
from tests.lib.exports import csv_text, fates, feed, loaded, open_problems, process, standing

SHIPPED = load()
FEED = """
dialect = "qualtrics"
{more}
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "{items}"
{codes}
"""
WORDS = ("Not at all", "Several days", "More than half the days", "Nearly every day")
ITEMS = tuple(f"Q1_{n}" for n in range(1, 10))
IDS = {
    "StartDate": "startDate", "EndDate": "endDate", "Status": "status", "Progress": "progress",
    "Finished": "finished", "ResponseId": "_recordId", "PID": "PID",
    **{name: f"QID7_{n}" for n, name in enumerate(ITEMS, 1)},
}  # fmt: skip


def exported(*rows, ids=IDS):
    """A file with its three header rows. ids: import id of each column by its name."""
    third = {name: json.dumps({"ImportId": id_}) for name, id_ in ids.items()}
    return csv_text(tuple(ids), [dict.fromkeys(ids, "A text\nin two lines"), third, *rows])


def row(number, answers, names=ITEMS, **more):
    return {
        "StartDate": "2026-07-01 09:50:00", "EndDate": "2026-07-01 10:00:00", "Status": "0", "Progress": "100",
        "Finished": "1", "ResponseId": f"R_{number}", "PID": f"p{number}", **dict(zip(names, answers, strict=True)),
        **more,
    }  # fmt: skip


def qualtrics(items="Q1_{n}", codes="", more=""):
    return feed(FEED.format(items=items, codes=codes, more=more), forms=SHIPPED)


def labels(texts):
    return f"labels = {{ {', '.join(f'{json.dumps(text)} = {n}' for n, text in enumerate(texts))} }}"


def read(tmp_path, of, *contents):
    return loaded(tmp_path, [(of, content) for content in contents], SHIPPED)


ANSWERS = [0, 1, 2, 3, 0, 1, 2, 3, 0]


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        ("0123", ""),
        (WORDS, labels(WORDS)),
        ("1234", labels("1234")),
        (("21", "22", "23", "24"), labels(("21", "22", "23", "24"))),
        (("4", "1", "2", "3"), labels(("4", "1", "2", "3"))),
    ],
    ids=["printed numbers", "choice texts", "counted from one", "21 to 24", "a choice added later"],
)
def test_a_choice_is_exported_by_its_text_or_by_any_number(tmp_path, texts, codes):
    """Recode values are whole numbers that the survey's author or the system chose: the feed lists them."""
    with read(tmp_path, qualtrics(codes=codes), exported(row(1, [texts[n] for n in ANSWERS]))) as con:
        assert standing(con) == {(1, 1, 1): ANSWERS}


def test_numbers_that_nobody_declared_are_no_scores(tmp_path):
    with read(
        tmp_path, qualtrics(), exported(row(1, ["21", *"00000000"]), row(2, ["4", *"00000000"]))
    ) as con:
        assert standing(con) == {}
        assert {(at, rule) for _, at, _, _, rule in open_problems(con)} == {
            (1, "out_of_range"),
            (2, "out_of_range"),
        }


def test_a_file_counted_from_one_is_held_whole(tmp_path):
    """0 to 3 stored as 1 to 4: the answers of 1 to 3 are in range, and wrong."""
    drawn = random.Random(7)
    rows = [row(n, [str(drawn.randint(1, 4)) for _ in ITEMS]) for n in range(60)]
    part = process(tmp_path, qualtrics(), exported(*rows), SHIPPED)
    assert [one["rule"] for one in part.counts.held] == ["suspect_value_set"]
    assert (part.counts.received, part.counts.accepted) == (60, 0)


def test_a_renamed_question_keeps_its_import_id(tmp_path):
    """A name that comes twice gets _1 behind it, at the next export perhaps another: QID7_1 stays."""
    renamed = {name.replace("Q1_", "Q1_1_"): id_ for name, id_ in IDS.items()}
    names = tuple(name.replace("Q1_", "Q1_1_") for name in ITEMS)
    files = exported(row(1, "000000000")), exported(row(2, "111111111", names), ids=renamed)
    with read(tmp_path, qualtrics("QID7_{n}"), *files) as con:
        assert standing(con) == {(1, 1, 1): [0] * 9, (2, 1, 1): [1] * 9}
    refused = process(tmp_path, qualtrics(), files[1], SHIPPED).counts
    assert (refused.refused, refused.refused_column.split(", ")[0]) == ("missing_column", "Q1_1")


def test_a_partial_response_is_dated_by_its_last_touch(tmp_path):
    """EndDate of a response that is not finished is when somebody last looked at it; Progress decides nothing."""
    partial = row(1, [*"01", *[""] * 7], Finished="False", Progress="22", EndDate="2026-07-03 08:00:00")
    content = exported(partial, row(2, "000000000"))
    with read(tmp_path, qualtrics(), content) as con:
        assert fates(con) == {(1, 1): ("excluded", "not_finished"), (1, 2): ("accepted", "")}
    kept = process(tmp_path, qualtrics(more='partials = "keep"'), content, SHIPPED)
    assert [str(at) for at in kept.rows("phq_9")["completed_at"]] == [
        "2026-07-03 07:00:00",
        "2026-07-01 09:00:00",
    ]
    assert kept.rows("phq_9")["score_total"].to_list() == [None, 0]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Denver", "UTC"])
def test_the_zone_of_the_machine_changes_nothing(tmp_path, monkeypatch, zone):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        part = process(tmp_path, qualtrics(), exported(row(1, "000000000")), SHIPPED)
    time.tzset()
    assert [str(at) for at in part.rows("phq_9")["completed_at"]] == ["2026-07-01 09:00:00"]


def test_columns_that_tell_who_answers_are_not_read(tmp_path):
    """They come with every export, unless somebody unticks them."""
    added = {
        "IPAddress": "192.0.2.77", "RecipientLastName": "SECRETLAST", "RecipientFirstName": "SECRETFIRST",
        "RecipientEmail": "SECRET@example.org", "ExternalReference": "SECRETREF", "LocationLatitude": "51.507351",
        "LocationLongitude": "-0.127758",
    }  # fmt: skip
    ids = IDS | {name: name[0].lower() + name[1:] for name in added}
    part = process(tmp_path, qualtrics(), exported(row(1, "000000000", **added), ids=ids), SHIPPED)
    assert (part.counts.accepted, part.counts.refused) == (1, None)
    assert [text for text in added.values() if text.encode() in part.text()] == []


def test_of_25_columns_of_one_name_none_is_lost(tmp_path):
    """Names as "Comment" come again and again; the second is Comment#2."""
    names = [*IDS][:7] + ["Q"] * 25
    ids = [*IDS.values()][:7] + [f"QID{n}" for n in range(25)]
    one = [row(1, "000000000")[name] for name in names[:7]]
    cells = [str(n % 4) for n in range(25)]
    lines = [names, names, [json.dumps({"ImportId": id_}) for id_ in ids], one + cells]
    content = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    listed = ["Q", *(f"Q#{n}" for n in range(2, 26))][-9:]
    of = feed(FEED.replace('"{items}"', json.dumps(listed)).format(codes="", more=""), forms=SHIPPED)
    with read(tmp_path, of, content) as con:
        assert standing(con) == {(1, 1, 1): [n % 4 for n in range(16, 25)]}
