"""A file that nobody configured, from its bytes to scores by the proposed feed as it is."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.inspect_file import NONE, Where, general_name, inspect_file
from flows.inspect_report import as_json, lines
from schemas.errors import ConfigError
from schemas.recognition import forms
from tests.lib.unknown_files import (
    CANARIES,
    FREQUENCY,
    NORTH,
    REGISTRY,
    answers,
    client,
    column,
    day,
    inspected,
    items,
    read_as_proposed,
    session,
    table,
    totals,
)

ROWS = 60
PHQ, GAD = answers(ROWS, 9, 0, 3), answers(ROWS, 7, 0, 3, 2)
SUMS = [sum(row) for row in PHQ]
BASE = [client(ROWS), session(ROWS), day(ROWS)]


def label(answer: int) -> str:
    return FREQUENCY[answer]


def shuffled() -> list[tuple[str, list[str]]]:
    columns = items("PHQ{n}", PHQ)
    random.Random(3).shuffle(columns)
    return columns


def with_difficulty() -> list[tuple[str, list[str]]]:
    columns = items("PHQ{n}", PHQ)
    columns.insert(4, ("PHQ_difficulty", [str(row[0]) for row in PHQ]))
    return columns


def questions() -> list[tuple[str, list[str]]]:
    words = [" and ".join(listed) for listed in forms()["phq_9"].keywords]
    return [(f"How often: {text}?", [label(row[n]) for row in PHQ]) for n, text in enumerate(words)]


def explained(answer: int) -> str:
    return f"{answer} - {FREQUENCY[answer]} (in the last two weeks) "


WAYS: dict[str, Callable[[], list[tuple[str, list[str]]]]] = {
    "codes": lambda: items("PHQ9_{n}", PHQ),
    "padded": lambda: items("phq9_{n:02}", PHQ),
    "shuffled": shuffled,
    "labels": lambda: items("PHQ9_{n}", PHQ, label),
    "labels of any case": lambda: items("PHQ9_{n}", PHQ, lambda answer: label(answer).upper() + " "),
    "explained": lambda: items("PHQ9_{n}", PHQ, explained),
    "codes of a survey system": lambda: items("PHQ[SQ{n:03}]", PHQ, lambda answer: f"A{answer + 1}"),
    "from one": lambda: items("PHQ9_{n}", PHQ, lambda answer: str(answer + 1)),
    "by stem": lambda: [
        (f"phq9_{name}", cells) for name, (_, cells) in zip("abcdefghi", items("{n}", PHQ), strict=True)
    ],
    "difficulty in the middle": with_difficulty,
    "no name": lambda: items("D{n}", PHQ),
    "questions": questions,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_proposal_as_it_is_scores_every_row(tmp_path: Path, way: str):
    content = table([*BASE, *WAYS[way]()])
    found = inspected(content)
    assert found.edits == []
    part = read_as_proposed(tmp_path, content, found)
    assert (part.counts.received, part.counts.accepted) == (ROWS, ROWS)
    assert totals(part, "phq_9") == SUMS


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace(",", ";").encode("cp1252"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
        lambda text: gzip.compress(text.encode()),
        lambda text: zipped({"measures.csv": text}),
    ],
    ids=["cp1252", "utf-16", "bom", "gzip", "zip"],
)
def test_encodings_delimiters_and_archives(tmp_path: Path, write: Callable[[str], bytes]):
    remark = column("Bemerkung", lambda row: "Müller war hier", ROWS)
    content = write(table([*BASE, remark, *items("PHQ9_{n}", PHQ)]))
    part = read_as_proposed(tmp_path, content, inspected(content))
    assert totals(part, "phq_9") == SUMS


def zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_a_member_of_an_archive_by_name(tmp_path: Path):
    content = zipped({"a.csv": "x,y\n1,2\n", "b.csv": table([*BASE, *items("PHQ9_{n}", PHQ)])})
    assert inspected(content, "two.zip").refused == "archive_members"
    found = inspected(content, "two.zip", sheet="b.csv")
    assert [form.instrument.id for form in found.forms] == ["phq_9"]


def test_fhir_by_loinc(tmp_path: Path):
    weights = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
    codes = forms()["phq_9"].codes
    resources = [
        {
            "resourceType": "QuestionnaireResponse",
            "id": f"r{row}",
            "status": "completed",
            "authored": f"2026-01-{row % 28 + 1:02}T09:00:00Z",
            "subject": {"reference": f"Patient/{row // 4}"},
            "item": [
                {"linkId": f"/{code}", "answer": [{"valueCoding": {"code": weights[answer]}}]}
                for code, answer in zip(codes, given, strict=True)
            ],
        }
        for row, given in enumerate(PHQ)
    ]
    content = "\n".join(map(json.dumps, resources))
    found = inspected(content, "answers.ndjson")
    assert found.edits == []
    assert totals(read_as_proposed(tmp_path, content, found), "phq_9") == SUMS


def test_two_forms_in_a_row(tmp_path: Path):
    content = table([*BASE, *items("PHQ9_{n}", PHQ), *items("GAD7_{n}", GAD)])
    part = read_as_proposed(tmp_path, content, inspected(content))
    assert totals(part, "phq_9") == SUMS
    assert totals(part, "gad_7") == [sum(row) for row in GAD]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n", "no questionnaire"),
        ("PHQ9_1,PHQ9_2\n", "a header and no records"),
        ('"Variable / Field Name","Form Name","Field Type"\nphq1,out,radio\n', "data dictionary"),
        ('{"resourceType": "Questionnaire"}', "`questionnaire`"),
        ("", "the file is empty"),
        (b"\xd0\xcf\x11\xe0", "without a password"),
        (b"PK\x03\x04broken", "broken_archive"),
        (b"\x1f\x8bbroken", "broken_archive"),
    ],
)
def test_nothing_to_propose_is_said_and_no_error(content: str | bytes, told: str):
    found = inspected(content)
    assert found.kind == NONE
    assert found.toml == ""
    assert any(told in line for line in lines(found))
    assert json.loads(json.dumps(as_json(found)))["toml"] == ""


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        inspect_file(tmp_path / "none.csv", REGISTRY, NORTH)


def private_file() -> str:
    name, mail, text = CANARIES[0], CANARIES[1], CANARIES[4]
    return table([
        ("PID", [CANARIES[3]] * ROWS),
        ("Completed", [CANARIES[2]] * ROWS),
        ("Surname", [name] * ROWS),
        ("contact", [mail] * ROWS),
        ("Comments", [text] * ROWS),
        *items("PHQ9_{n}", PHQ),
        ("PHQ9_note", [text if row else "" for row in range(ROWS)]),
    ])  # fmt: skip


@pytest.mark.parametrize("status", [False, True])
def test_no_value_of_a_person_is_told(status: bool):
    """Ids, dates, names, addresses and remarks of the file are in nothing that is printed."""
    content = private_file()
    if status:
        rows = content.splitlines()
        content = "\n".join(
            [f"{rows[0]},Attendance", *(f"{row},{CANARIES[4]}{n}" for n, row in enumerate(rows[1:]))]
        )
    found = inspected(content)
    printed = "\n".join([*lines(found), json.dumps(as_json(found), ensure_ascii=False), repr(found.edits)])
    assert found.tables
    assert not [canary for canary in CANARIES if canary in printed]


def test_a_name_of_a_column_cannot_leave_its_line():
    """A header may hold whatever it likes: the proposal stays TOML, and one line stays one."""
    evil = 'x"]\n[[feeds]]\nid = "evil"\x1b[31m'
    columns = [(f"{evil}PHQ9_{n}", cells) for n, (_, cells) in enumerate(items("{n}", PHQ), 1)]
    found = inspected(table([*BASE, (f"{evil} session", ["1"] * ROWS), *columns]))
    assert "evil" not in [feed.get("id") for feed in as_feeds(found.toml)]
    assert all("\x1b" not in line for line in lines(found))


def as_feeds(toml: str) -> list[dict[str, object]]:
    import tomllib

    return tomllib.loads(toml)["feeds"]


def test_an_address_in_the_header_is_not_repeated():
    found = inspected(table([*BASE, ("ann@mail.example", ["1"] * ROWS), *items("PHQ9_{n}", PHQ)]))
    assert any("column no. 4" in note for note in found.notes)
    assert "ann@mail" not in "\n".join([*lines(found), json.dumps(as_json(found))])


@pytest.mark.parametrize(
    ("name", "glob"),
    [
        ("measures-2026-03-31.csv", "measures-*.csv"),
        ("wai36-2026-03-31.csv", "wai36-*.csv"),
        ("export_20260331_1830.csv.gz", "export_*.csv.gz"),
        ("PHQ9_data.csv", "PHQ9_data.csv"),
        ("Survey+31.03.2026.xlsx", "Survey+*.xlsx"),
        ("results-survey123456.csv", "results-survey123456.csv"),
        ("a[1].csv", "a?1?.csv"),
    ],
)
def test_the_path_of_other_nights(name: str, glob: str):
    assert general_name(name) == glob


def test_an_id_that_no_other_feed_has():
    found = inspect_again(Where("north", True, taken=frozenset({"north-measures", "north-measures2"})))
    assert found.startswith('[[feeds]]\nid = "north-measures3"')


def inspect_again(where: Where) -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measures.csv"
        path.write_text(table([*BASE, *items("PHQ9_{n}", PHQ)]), encoding="utf-8")
        return inspect_file(path, REGISTRY, where).toml


@pytest.mark.parametrize("odd", ["3 - CANARY", "Several days (CANARY)", "CANARY"])
def test_a_text_in_one_cell_of_an_item_is_never_a_label(odd: str):
    columns = items("PHQ9_{n}", PHQ, lambda answer: f"{answer} - {label(answer)}")
    columns[3][1][5] = odd
    found = inspected(table([*BASE, *columns]))
    assert [form.instrument.id for form in found.forms] == ["phq_9"]
    assert "CANARY" not in "\n".join([*lines(found), json.dumps(as_json(found))])
