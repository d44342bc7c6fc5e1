"""Qualtrics exports, modern, legacy and JSON: what is read, what is refused, what each kind of missing means."""

from __future__ import annotations

import io
import json

import pytest

from flows.readers.text import open_text
from schemas.dialect import load_dialects
from schemas.instrument import NOT_SHOWN
from tests.lib.exports import count_lines, csv_text, fates, feed, loaded, open_problems, process, standing

FEED = """
dialect = "{dialect}"
{more}
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
"""

IDS = {
    "StartDate": "startDate", "EndDate": "endDate", "Status": "status", "IPAddress": "ipAddress",
    "Finished": "finished", "ResponseId": "_recordId", "RecipientEmail": "recipientEmail", "PID": "PID",
    "Q1": "QID1", "Q2": "QID2",
}  # fmt: skip
GERMAN = {
    "StartDate": "Anfangsdatum",
    "Status": "Antworttyp",
    "Q1": 'Wie <b>oft</b>\n\U0001f600, und "wann"?',
}
ZONE = "America/Denver"


def modern(*rows, names=tuple(IDS), import_id=json.dumps, zone=None, end="\n", delimiter=","):
    """A file with its three header rows; zone: that of the dates in the third."""
    dates = {"startDate", "endDate"}
    ids = [
        import_id({"ImportId": IDS[name], **({"timeZone": zone} if zone and IDS[name] in dates else {})})
        for name in names
    ]
    second = dict(zip(names, (GERMAN.get(name, name) for name in names), strict=True))
    return csv_text(names, [second, dict(zip(names, ids, strict=True)), *rows], delimiter, end)


def row(number, **more):
    return {
        "StartDate": "2026-07-01 09:50:00", "EndDate": "2026-07-01 10:00:00", "Status": "0", "Finished": "1",
        "ResponseId": f"R_{number}", "IPAddress": "192.0.2.1", "RecipientEmail": "SECRET@example.org",
        "PID": f"p{number}", "Q1": "1", "Q2": "2", **more,
    }  # fmt: skip


def qualtrics(items='"Q{n}"', dialect="qualtrics", more=""):
    return feed(FEED.format(dialect=dialect, items=items, more=more))


def times(part):
    return [str(at) for at in part.rows("mini")["completed_at"].to_list()]


@pytest.mark.parametrize("items", ['"Q{n}"', '"QID{n}"', '["QID1", "Q2"]'])
@pytest.mark.parametrize("import_id", [json.dumps, str], ids=["JSON", "Python's quotes"])
def test_columns_are_found_by_name_and_by_import_id(tmp_path, items, import_id):
    """The second row is in the account's language, with newlines and tags: it is never looked at."""
    part = process(tmp_path, qualtrics(items), modern(row(1), row(2, Q2="3"), import_id=import_id))
    assert part.rows("mini").select("item_01", "item_02").rows() == [(1, 2), (1, 3)]
    assert (part.counts.accepted, part.counts.warnings) == (2, [])


def test_choices_of_a_question_are_found_by_its_import_id():
    names = ("PID", "EndDate", "Status", "Finished", "Q3_1", "Q3_2")
    ids = [{"ImportId": IDS[name]} for name in names[:4]] + [
        {"ImportId": "QID3", "choiceId": n} for n in "12"
    ]
    content = csv_text(names, [dict.fromkeys(names, "x"), dict(zip(names, map(json.dumps, ids), strict=True)),
                               {**row(1), "Q3_1": "1", "Q3_2": "0"}])  # fmt: skip
    table = open_text(io.BytesIO(content.encode()), qualtrics('"QID3_{n}"'), load_dialects()["qualtrics"])
    assert (table.aliases["QID3_1"], table.aliases["QID3_2"]) == (4, 5)
    assert "QID3" not in table.aliases, "two columns have it"


def test_a_renamed_system_column_is_found_by_its_import_id(tmp_path):
    content = modern(row(1), row(2, Status="1")).replace("EndDate,Status", "Ende,Art", 1)
    part = process(tmp_path, qualtrics(), content)
    assert (part.counts.accepted, part.counts.excluded) == (1, {"preview": 1})


def test_tab_separated_utf_16(tmp_path):
    content = modern(row(1, PID="Zoë"), delimiter="\t").encode("utf-16")
    of = qualtrics(more='delimiter = "\\t"\nencoding = "utf-16"')
    with loaded(tmp_path, [(of, content)]) as con:
        assert count_lines(con) == [(1, 1, 0, 0, 0, 1)]


def test_every_fate_in_codes_and_in_words(tmp_path):
    rows = [
        row(1), row(2, Status="IP Address", Finished="True"), row(3, Status="1"), row(4, Status="Survey Preview"),
        row(5, Status="2"), row(6, Status="Survey Test"), row(7, Status="8"), row(8, Status="Spam"),
        row(9, Finished="0"), row(10, Finished="False"), row(11, Q1="", Q2=""),
    ]  # fmt: skip
    with loaded(tmp_path, [(qualtrics(), modern(*rows))]) as con:
        assert [reason or fate for fate, reason in fates(con).values()] == [
            "accepted", "accepted", "preview", "preview", "test", "test", "spam", "spam",
            "not_finished", "not_finished", "empty",
        ]  # fmt: skip


def test_a_typed_na_is_an_answer_and_an_empty_cell_is_none(tmp_path):
    with loaded(tmp_path, [(qualtrics(), modern(row(1, Q1="NA"), row(2, Q1="")))]) as con:
        assert standing(con) == {(1, 2, 1): [None, 2]}
        assert open_problems(con) == {(1, 1, "mini", "Q1", "not_an_answer")}


def test_a_subset_of_columns_is_accepted_with_a_warning(tmp_path):
    part = process(tmp_path, qualtrics(), modern(row(1), names=("EndDate", "PID", "Q1", "Q2")))
    assert (part.counts.accepted, part.counts.warnings) == (1, ["no_status_column"])


@pytest.mark.parametrize(
    ("file_zone", "feed_zone", "time", "warnings"),
    [
        (None, None, "09:00", []),  # the site's, Europe/London in July
        (ZONE, None, "16:00", []),
        (ZONE, ZONE, "16:00", []),
        (ZONE, "UTC", "10:00", ["other_time_zone"]),
        (None, "UTC", "10:00", []),
        ("Mars/Olympus", "UTC", "10:00", ["other_time_zone"]),
    ],
)
def test_times_are_in_the_zone_of_the_feed_else_of_the_file_else_of_the_site(
    tmp_path, file_zone, feed_zone, time, warnings
):
    of = qualtrics(more=f'timezone = "{feed_zone}"' if feed_zone else "")
    part = process(tmp_path, of, modern(row(1), zone=file_zone))
    assert times(part) == [f"2026-07-01 {time}:00"]
    assert part.counts.warnings == warnings


def test_a_zone_that_nobody_knows_is_not_guessed(tmp_path):
    assert (
        process(tmp_path, qualtrics(), modern(row(1), zone="Mars/Olympus")).counts.refused
        == "unknown_time_zone"
    )


def test_identifiers_are_not_kept(tmp_path):
    part = process(tmp_path, qualtrics(), modern(row(1)))
    assert b"SECRET" not in part.text()
    assert b"192.0.2.1" not in part.text()


@pytest.mark.parametrize("end", ["", ","], ids=["rows without", "rows with"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_delimiter_at_the_end_of_the_header(tmp_path, end, quote):
    names = ("EndDate", "Status", "Finished", "PID", "Q1", "Q2")
    header = "".join(f"{line},\n" for line in modern(names=names).splitlines())
    cells = [row(1)[name] for name in names]
    rows = [",".join(f"{quote}{cell}{quote}" for cell in cells) + end, ",".join(cells[:-1]) + end]
    part = process(tmp_path, qualtrics(), header + "\n".join(rows) + "\n")
    assert part.rows("mini").select("item_01", "item_02").rows() == [(1, 2)]
    assert part.problems() == [(2, "", "", "short_row")], "a row that was cut is not filled up"


def test_no_column_of_a_repeated_name_is_lost(tmp_path):
    names = ("EndDate", "Status", "Finished", "PID", "Q1")
    body = [[*names, "Q1"], [*names, "Q1"], [json.dumps({"ImportId": f"QID{n}"}) for n in range(6)],
            [row(1)[name] for name in names] + ["3"]]  # fmt: skip
    content = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in body)
    part = process(tmp_path, qualtrics('["Q1", "Q1#2"]'), content)
    assert part.rows("mini").select("item_01", "item_02").rows() == [(1, 3)]


# Legacy


V = {
    "V1": "ResponseID", "V2": "ResponseSet", "V3": "Name", "V4": "ExternalDataReference", "V5": "EmailAddress",
    "V6": "IPAddress", "V7": "Status", "V8": "StartDate", "V9": "EndDate", "V10": "Finished",
}  # fmt: skip
TEXTS = {"PID": "PID", "Q1": "How often did you\nworry?", "Q2": "How often did you sleep?"}
MARK = "\ufeff"


def legacy(*rows, ends=","):
    """A file with its byte order mark, two header rows and a delimiter at the end of each line."""
    texts = {**V, **TEXTS}
    cells = [
        {**{number: one.get(name, "") for number, name in V.items()}, **{n: one[n] for n in TEXTS}}
        for one in rows
    ]
    named = [{**one, "V1": f"R_{n}", "V6": "192.0.2.1", "V3": "SECRET"} for n, one in enumerate(cells, 1)]
    content = csv_text(tuple(texts), [texts, *named])
    return MARK + content.replace("sleep?\n", "sleep?,\n").replace("Q1,Q2\n", "Q1,Q2,\n").replace(
        "2\n", f"2{ends}\n"
    )


def old(items='"Q{n}"', more=""):
    return qualtrics(items, "qualtrics_legacy", more)


@pytest.mark.parametrize("ends", [",", ""])
@pytest.mark.parametrize("items", ['"Q{n}"', '["How often did you worry?", "How often did you sleep?"]'])
def test_a_legacy_file_by_either_row(tmp_path, items, ends):
    rows = [row(1), row(2, Status="1"), row(3, Finished="0"), row(4, Q1="3")]
    with loaded(tmp_path, [(old(items), legacy(*rows, ends=ends))]) as con:
        assert [reason or fate for fate, reason in fates(con).values()] == [
            "accepted", "preview", "not_finished", "accepted",
        ]  # fmt: skip
        assert standing(con) == {(1, 1, 1): [1, 2], (1, 4, 1): [3, 2]}


def test_legacy_identifiers_are_not_kept(tmp_path):
    part = process(tmp_path, old(), legacy(row(1)))
    assert part.counts.warnings == []
    assert b"SECRET" not in part.text()
    assert b"192.0.2.1" not in part.text()


def test_the_same_answer_from_both(tmp_path):
    """The legacy file has the clock of another zone: whole hours later, told by the feed."""
    later = row(1, EndDate="2026-07-01 12:00:00")
    new = process(tmp_path, qualtrics(), modern(row(1)))
    was = process(tmp_path, old(more='timezone = "Europe/Kyiv"'), legacy(later))
    kept = ["client_key", "completed_at", "item_01", "item_02", "response_key", "score_total"]
    assert was.rows("mini").select(kept).rows() == new.rows("mini").select(kept).rows()


@pytest.mark.parametrize(
    ("dialect", "content"),
    [
        ("qualtrics", legacy(row(1))),
        ("qualtrics_legacy", modern(row(1))),
        ("qualtrics_legacy", modern(row(1)).replace("Anfangsdatum", "StartDate")),
        ("qualtrics_legacy", csv_text(("PID", "Q1", "Q2"), [{"PID": "1", "Q1": "1", "Q2": "2"}])),
        ("qualtrics_json", modern(row(1))),
    ],
    ids=["legacy as modern", "modern as legacy", "modern of 2017 as legacy", "a plain table", "CSV as JSON"],
)
def test_one_export_for_the_other_is_refused_and_costs_no_record(tmp_path, dialect, content):
    counts = process(tmp_path, qualtrics(dialect=dialect), content).counts
    assert counts.refused == ("not_json" if dialect == "qualtrics_json" else "not_this_dialect")
    assert counts.received == 0


# JSON


def api(number, shown=("QID1", "QID2"), **values):
    always = {
        "startDate": "2026-07-01T08:50:00Z", "endDate": "2026-07-01T09:00:00.250Z", "status": 0, "finished": 1,
        "ipAddress": "192.0.2.1", "recipientEmail": "SECRET@example.org", "PID": f"p{number}", "QID1": 1, "QID2": 2,
    }  # fmt: skip
    found = {name: value for name, value in {**always, **values}.items() if value is not None}
    labels = {"status": "IP Address", "finished": "True", "QID1": "Several days"}
    kept = {name: text for name, text in labels.items() if name in found}
    return {
        "responseId": f"R_{number}", "values": found, "labels": kept, "displayedFields": list(shown),
        "displayedValues": {"QID1": [0, 1, 2, 3]},
    }  # fmt: skip


def json_feed(more=""):
    return qualtrics('"QID{n}"', "qualtrics_json", more)


@pytest.mark.parametrize("shape", ["object", "array", "lines"])
def test_json_in_every_shape(tmp_path, shape):
    rows = [
        api(1), api(2, QID1=None), api(3, QID1=None, shown=["QID2"]), api(4, status=1), api(5, finished=0),
        api(6, status="Survey Test"), "no response", api(7, QID1="NA"), api(8, QID1=None, QID2=None, shown=[]),
    ]  # fmt: skip
    content = {
        "object": json.dumps({"responses": rows}, indent=1),
        "array": json.dumps(rows),
        "lines": "\n".join(map(json.dumps, rows)),
    }[shape]
    with loaded(tmp_path, [(json_feed(), content)]) as con:
        assert [reason or fate for fate, reason in fates(con).values()] == [
            "accepted", "accepted", "accepted", "preview", "not_finished",
            "test", "unreadable_record", "not_an_answer", "empty",
        ]  # fmt: skip
        assert standing(con) == {(1, 1, 1): [1, 2], (1, 2, 1): [None, 2], (1, 3, 1): [NOT_SHOWN, 2]}


def test_json_times_and_identifiers(tmp_path):
    part = process(
        tmp_path, json_feed(), json.dumps({"responses": [api(1), api(2, endDate="2026-07-01 10:00:00")]})
    )
    assert times(part) == ["2026-07-01 09:00:00.250000", "2026-07-01 09:00:00"]
    assert b"SECRET" not in part.text()
    assert b"192.0.2.1" not in part.text()


def test_a_response_of_the_csv_is_corrected_by_the_json(tmp_path):
    """Both name a response alike: the later delivery of a feed supersedes; here, of one feed each."""
    part = process(tmp_path, json_feed(), json.dumps([api(1)]))
    same = process(tmp_path, qualtrics(), modern(row(1)))
    assert part.rows("mini")["response_key"].to_list() == same.rows("mini")["response_key"].to_list()


def test_json_without_status_is_accepted_with_a_warning(tmp_path):
    part = process(tmp_path, json_feed(), json.dumps({"responses": [api(1, status=None)]}))
    assert (part.counts.accepted, part.counts.warnings) == (1, ["no_status_column"])


def test_a_question_that_nobody_was_asked_is_told(tmp_path):
    part = process(tmp_path, json_feed(), json.dumps({"responses": [api(1, QID2=None, shown=["QID1"])]}))
    assert (part.counts.accepted, part.counts.warnings) == (1, ["unanswered_column"])
    assert part.rows("mini").select("item_01", "item_02").rows() == [(1, NOT_SHOWN)]


def test_json_without_responses(tmp_path):
    counts = process(tmp_path, json_feed(), '{"responses": []}').counts
    assert (counts.received, counts.refused, counts.warnings) == (0, None, ["header_only"])
    assert process(tmp_path, json_feed(), '{"responses": [}').counts.refused == "not_json"
