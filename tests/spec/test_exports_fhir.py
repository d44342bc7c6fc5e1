"""FHIR QuestionnaireResponses: what is read, what is refused, what each kind of missing means."""

from __future__ import annotations

import json

import pytest

from tests.lib.exports import count_lines, fates, feed, loaded, open_problems, process, standing
from tests.lib.fhir import (
    PAIR,
    answers,
    bundle,
    coding,
    fhir_feed,
    item,
    lines,
    pair,
    read,
    response,
)

ONE, OTHER = pair("r1"), pair("r2", 3, 0)
SHAPES = {
    "one resource": (json.dumps(ONE, indent=1), 1),
    "Bundle": (bundle(ONE, OTHER), 2),
    "array": (json.dumps([ONE, OTHER]), 2),
    "one a line": (lines(ONE, OTHER), 2),
    "Bundles, one a line": (lines(json.loads(bundle(ONE)), json.loads(bundle(OTHER))), 2),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_of_a_file(tmp_path, shape):
    content, n = SHAPES[shape]
    with read(tmp_path, content) as con:
        assert count_lines(con) == [(n, n, 0, 0, 0, n)]
        assert answers(con)[1] == [1, 2]
        [at] = con.execute("SELECT DISTINCT completed_at FROM core_administration").fetchall()
        assert str(at[0]) == "2026-10-01 10:00:00"


def test_other_resources_are_no_records(tmp_path):
    patient, total = (
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Observation", "valueInteger": 3},
    )
    contained = pair("r1", contained=[pair("within")])
    with read(tmp_path, bundle(patient, contained, total)) as con:
        assert count_lines(con) == [(1, 1, 0, 0, 0, 1)]


def test_a_bad_line_costs_itself(tmp_path):
    content = "\n".join([json.dumps(ONE), '{"resourceType": "Quest', "[]", "{}", json.dumps(OTHER)])
    with read(tmp_path, content) as con:
        assert count_lines(con) == [(5, 2, 3, 0, 0, 2)]
        assert {rule for *_, rule in open_problems(con)} == {"unreadable_record"}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "empty_file"),
        ("<QuestionnaireResponse/>", "not_json"),
        (bundle(ONE)[:-2], "not_json"),
        ('{"resourceType": "Patient"}', "not_this_dialect"),
        ('{"responses": []}', "not_this_dialect"),
        ('{"resourceType": "List", "entry": []}', "not_this_dialect"),
    ],
)
def test_a_file_that_is_refused(tmp_path, content, rule):
    counts = process(tmp_path, fhir_feed("mini", PAIR), content).counts
    assert (counts.refused, counts.received) == (rule, 0)


def test_a_bundle_without_responses_is_an_export_without_answers(tmp_path):
    for content in ('{"resourceType": "Bundle", "total": 0}', bundle(), "[]"):
        counts = process(tmp_path, fhir_feed("mini", PAIR), content).counts
        assert (counts.refused, counts.warnings) == (None, ["header_only"])


def test_status(tmp_path):
    statuses = ("completed", "amended", "in-progress", "stopped", "entered-in-error", None)
    content = lines(*(pair(f"r{n}", status=status) for n, status in enumerate(statuses)))
    with read(tmp_path, content) as con:
        excluded = ("excluded", "not_finished")
        withdrawn = ("excluded", "withdrawn")
        assert list(fates(con).values()) == [
            *[("accepted", "")] * 2, *[excluded] * 2, withdrawn, excluded,
        ]  # fmt: skip
    keep = fhir_feed("mini", PAIR, partials="keep")
    kept = process(tmp_path, keep, content)
    assert (kept.counts.accepted, kept.counts.excluded) == (5, {"withdrawn": 1})
    assert kept.records() == {5: withdrawn}, "what the system takes back is no partial answer"


def test_a_partial_without_a_date_is_dated_by_its_last_touch(tmp_path):
    partial = pair("r1", 1, None, status="in-progress", meta={"lastUpdated": "2026-10-02T09:30:00.250+02:00"})
    del partial["authored"]
    with read(tmp_path, lines(partial), fhir_feed("mini", PAIR, partials="keep")) as con:
        assert str(con.execute("SELECT completed_at FROM core_administration").fetchone()[0]).startswith(
            "2026-10-02 07:30:00.25"
        )


def test_dates_are_days_or_times_with_their_offset(tmp_path):
    texts = ("2026-10-01", "2026-10-01T23:30:00-05:00", "2026-10", "2026")
    content = lines(*(pair(f"r{n}", authored=text) for n, text in enumerate(texts)))
    with read(tmp_path, content) as con:
        days = con.execute("SELECT completed_on FROM core_administration ORDER BY source_row").fetchall()
        assert [str(day) for (day,) in days] == ["2026-10-01", "2026-10-02"]
        assert {(row, rule) for _, row, _, _, rule in open_problems(con)} == {
            (3, "invalid_date"), (4, "invalid_date"),
        }  # fmt: skip


def test_groups_and_questions_within_answers_are_flattened(tmp_path):
    within = item("q1", {"valueInteger": 1, "item": [item("q2", {"valueInteger": 3})]})
    nested = response("r1", [item("g", item=[item("h", item=[within])])])
    with read(tmp_path, lines(nested)) as con:
        assert answers(con) == {1: [1, 3]}


def test_what_is_missing_is_missing(tmp_path):
    """A question without an answer, without an item, and one that no response of the file has."""
    content = lines(pair("r1", 1, None), response("r2", [item("q1", {"valueInteger": 2})]))
    with read(tmp_path, content) as con:
        assert answers(con) == {1: [1, None], 2: [2, None]}
        assert con.execute("SELECT DISTINCT status FROM core_score").fetchall() == [("too_many_missing",)]
    alone = process(
        tmp_path, fhir_feed("mini", PAIR), lines(response("r2", [item("q1", {"valueInteger": 2})]))
    )
    assert (alone.counts.accepted, alone.counts.warnings) == (1, ["unanswered_column"])


def test_values_of_every_type(tmp_path):
    values = [
        {"valueInteger": 1}, {"valueDecimal": 1.0}, {"valueString": " 1 "}, coding("1"),
        {"valueQuantity": {"value": 1, "unit": "points"}}, {"valueCoding": {"display": "1"}},
    ]  # fmt: skip
    content = lines(
        *(response(f"r{n}", [item("q1", value), item("q2", value)]) for n, value in enumerate(values))
    )
    with read(tmp_path, content) as con:
        assert answers(con) == {row: [1, 1] for row in range(1, 7)}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"valueDecimal": 1.5}, {}),
        ({"valueBoolean": True}, {}),
        ({"valueDate": "2026-10-01"}, {}),
        (coding("LA6568-5"), {}),
        ({"valueDecimal": 1e300}, {}),
        ({"valueAttachment": {"title": "1"}}, {1: [None, 1]}),
        ({"valueInteger": None}, {1: [None, 1]}),
    ],
    ids=["decimal", "boolean", "date", "code without a number", "too far", "attachment", "null"],
)
def test_what_is_no_answer(tmp_path, value, found):
    with read(tmp_path, lines(response("r1", [item("q1", value), item("q2", {"valueInteger": 1})]))) as con:
        assert answers(con) == found


def test_several_answers_to_one_question_are_none(tmp_path):
    twice = item("q1", {"valueInteger": 1}, {"valueInteger": 2})
    with read(tmp_path, lines(response("r1", [twice, item("q2", {"valueInteger": 1})]))) as con:
        assert open_problems(con) == {(1, 1, "mini", "q1", "not_an_answer")}


def test_a_link_id_in_two_places_spoils_that_answer_alone(tmp_path):
    """FHIR forbids it. It costs the form only where the feed asks for that question."""
    one, other = {"valueInteger": 1}, {"valueInteger": 2}
    unasked = response("r1", [item("q1", one), item("x", one), item("q2", other), item("x", other)])
    asked = response("r2", [item("q1", one), item("q2", one), item("g", item=[item("q2", one)])])
    empty = response("r3", [item("q1", one), item("q2"), item("q2", other)])
    with read(tmp_path, lines(unasked, asked, empty)) as con:
        assert answers(con) == {1: [1, 2], 3: [1, 2]}
        assert open_problems(con) == {(1, 2, "mini", "q2", "not_an_answer")}


def test_a_repeated_group_is_a_row_per_repeat(tmp_path):
    """Each repeat has what stands beside the groups; two repeated groups are not combined."""
    days = [
        item("g", item=[item("q1", {"valueInteger": n}), item("n", {"valueInteger": n})]) for n in (1, 2, 3)
    ]
    content = lines(response("r1", [item("q2", {"valueInteger": 0}), *days]), pair("r2"))
    toml = """
dialect = "fhir"
[feeds.columns]
client = "subject"
session = "n"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["q1", "q2"]
"""
    with read(tmp_path, content, feed(toml)) as con:
        assert answers(con) == {1: [1, 0], 2: [2, 0], 3: [3, 0], 4: [1, 2]}


def test_repeats_of_two_groups_add_up_and_do_not_multiply(tmp_path):
    groups = [item(link, item=[item(f"{link}1", {"valueInteger": n})]) for link in "ab" for n in range(3)]
    assert (
        process(tmp_path, fhir_feed("mini", ("a1", "b1")), lines(response("r1", groups))).counts.received == 6
    )


def test_a_total_that_the_response_carries_is_no_item(tmp_path):
    """A score among the questions, or an Observation beside the response, partial or not, is never taken for ours."""
    scored = pair("r1", 1, 2)
    scored["item"].append(item("total", {"valueInteger": 99}))
    observed = {
        "resourceType": "Observation",
        "status": "preliminary",
        "derivedFrom": [{"reference": "r1"}],
        "valueInteger": 1,
    }
    with read(tmp_path, bundle(scored, observed)) as con:
        assert con.execute("SELECT score::INTEGER FROM core_score WHERE scale = 'total'").fetchall() == [(3,)]
        assert count_lines(con) == [(1, 1, 0, 0, 0, 1)]


def test_the_client_is_the_subject(tmp_path):
    subjects = (
        {"reference": "Patient/1"}, {"reference": "Patient/1/_history/3"}, {"reference": "Patient/2"},
        {"identifier": {"value": "X"}}, {"identifier": {"value": "X"}, "display": "Somebody"}, {}, None,
    )  # fmt: skip
    content = lines(*(pair(f"r{n}", subject=subject) for n, subject in enumerate(subjects)))
    part = process(tmp_path, fhir_feed("mini", PAIR), content)
    keys = part.rows("mini")["client_key"].to_list()
    assert [keys.index(key) for key in keys] == [0, 0, 2, 3, 3]
    assert {(row, rule) for row, _, _, rule in part.problems()} == {
        (6, "missing_client"),
        (7, "missing_client"),
    }


def test_an_amended_response_takes_the_place_of_the_first(tmp_path):
    of = fhir_feed("mini", PAIR)
    files = [(of, lines(pair("r1", 1, 1))), (of, lines(pair("r1", 1, 3, status="amended")))]
    with loaded(tmp_path, files) as con:
        assert count_lines(con) == [(1, 0, 0, 0, 1, 0), (1, 1, 0, 0, 0, 1)]
        assert standing(con) == {(2, 1, 1): [1, 3]}


def test_a_response_without_items_is_an_empty_one(tmp_path):
    bare = {name: value for name, value in pair("r1").items() if name != "item"}
    part = process(tmp_path, fhir_feed("mini", PAIR), lines(bare, pair("r2"), pair("r3") | {"item": None}))
    assert (part.counts.accepted, part.records()[1]) == (1, ("excluded", "empty"))
    assert part.problems() == [(3, "", "", "unreadable_record")]


def test_a_response_entered_in_error_is_withdrawn_wherever_it_was_delivered(tmp_path):
    """In a later file, whatever else it says; the same response sent again stands again."""
    of = fhir_feed("mini", PAIR)
    wrong = {"resourceType": "QuestionnaireResponse", "id": "r1", "status": "entered-in-error"}
    first, second = lines(pair("r1"), pair("r2")), lines(wrong)
    with loaded(tmp_path, [(of, first), (of, second)]) as con:
        assert standing(con) == {(1, 2, 1): [1, 2]}
        assert fates(con)[1, 1] == ("superseded", "withdrawn")
        assert fates(con)[2, 1] == ("excluded", "withdrawn")
    again = tmp_path / "again"
    again.mkdir()
    with loaded(again, [(of, first), (of, second), (of, lines(pair("r1", 3, 3)))]) as con:
        assert standing(con) == {(1, 2, 1): [1, 2], (3, 1, 1): [3, 3]}


@pytest.mark.parametrize(
    "broken",
    [
        {"item": 7}, {"item": [7]}, {"item": [{}]}, {"item": [{"linkId": ["q1"]}]}, {"item": {"linkId": "q1"}},
        {"item": [item("q1", 7)]}, {"item": [{"linkId": "q1", "answer": {"valueInteger": 1}}]},
    ],
)  # fmt: skip
def test_a_response_of_another_shape_costs_itself(tmp_path, broken):
    part = process(tmp_path, fhir_feed("mini", PAIR), lines(pair("r1") | broken, OTHER))
    assert (part.counts.accepted, part.problems()) == (1, [(1, "", "", "unreadable_record")])


def test_groups_without_end(tmp_path):
    deep = item("q1", {"valueInteger": 1})
    for _ in range(200):
        deep = item("g", item=[deep])
    part = process(tmp_path, fhir_feed("mini", PAIR), lines(response("r1", [deep]), OTHER))
    assert (part.counts.accepted, part.problems()) == (1, [(1, "", "", "unreadable_record")])


def test_no_value_reaches_a_message(tmp_path):
    secret = response("r1", [item("q1", {"valueString": "SECRET"})], subject={"reference": "Patient/SECRET"})
    assert b"SECRET" not in process(tmp_path, fhir_feed("mini", PAIR), lines(secret)).text()
