"""Exports that other people's systems wrote, in the folder that ACCORD_REAL_DATA names."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from flows.plan import make_plan
from flows.read import open_export
from schemas.dialect import load_dialects
from schemas.registry import load
from tests.flows.test_split import refusal, split_records
from tests.lib.exports import count_lines, feed, loaded

pytestmark = pytest.mark.real

REGISTRY = load()
WRONG_ANSWER = "location_coordinates"
"""Its JSON has another telephone number than its CSV, and no list."""

SPECTRUM = (
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
    "quotes_and_newlines", "simple", "simple_crlf", "utf8",
)  # fmt: skip


def spectrum(real_data: Path, name: str):
    raw = (real_data / "csv_spectrum" / "csvs" / f"{name}.csv").read_bytes()
    answer = json.loads((real_data / "csv_spectrum" / "json" / f"{name}.json").read_text(encoding="utf-8"))
    header = raw.splitlines()[0].decode().split(",")
    return [dict(zip(header, row, strict=True)) for row in split_records(raw)], answer


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum(real_data, name):
    found, answer = spectrum(real_data, name)
    # The answers were written with plain line ends; a line end in quotes is kept as it is delivered.
    plain = [{key: cell.replace("\r\n", "\n") for key, cell in row.items()} for row in found]
    wanted = [{key: cell.replace("\r\n", "\n") for key, cell in row.items()} for row in answer]
    assert plain == wanted


def test_the_twelfth_of_csv_spectrum_is_wrong_itself(real_data):
    files = {file.stem for file in (real_data / "csv_spectrum" / "csvs").iterdir()}
    assert files == {*SPECTRUM, WRONG_ANSWER}
    [found], answer = spectrum(real_data, WRONG_ANSWER)
    assert {key for key in answer if answer[key] != found[key]} == {"Contact Phone Number"}


FILES = ("qualtrics/sample.csv", "phq9_survey/PHQ9_data.csv", "phq_gad_bmi/Psychological_aspects.csv")


def test_every_file_is_split_as_pythons_own_reader_does(real_data):
    paths = [real_data / name for name in FILES] + sorted((real_data / "redcap").glob("*/data.csv"))
    assert len(paths) > 8
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
        if rows:
            assert split_records(path.read_bytes()) == rows[1:], path.parent.name
        else:
            assert refusal(path.read_bytes()) == "empty_file", path.parent.name


def opened(path: Path, toml: str):
    of = feed(toml, forms=REGISTRY)
    dialect = load_dialects()[of.dialect]
    with path.open("rb") as stream:
        export = open_export(stream, of, dialect)
        plan = make_plan(export, of, dialect, REGISTRY, frozenset())
        rows = [row for batch in export.batches(plan.positions) for row in batch.rows.iter_rows(named=True)]
    return export, plan, rows, dialect.dropped(of)


def test_qualtrics(real_data):
    """Three header rows, the second in German; identifiers by default."""
    toml = """
dialect = "qualtrics"
[feeds.columns]
client = "ResponseId"
[[feeds.instruments]]
id = "srs"
rater = "client"
items = ["Q1", "Progress", "Duration (in seconds)", "Q2 - Topics"]
"""
    export, plan, rows, dropped = opened(real_data / "qualtrics" / "sample.csv", toml)
    assert len(export.names) == 20
    assert [row["source_row"] for row in rows] == [1]
    assert (rows[0]["ResponseId"], rows[0]["EndDate"], rows[0]["Q1"]) == (
        "R_2YPOQ602ER1jkf1",
        "2017-07-18 08:28:48",
        "2",
    )
    identifiers = {
        "IPAddress",
        "RecipientEmail",
        "RecipientLastName",
        "LocationLatitude",
        "LocationLongitude",
    }
    assert identifiers <= set(dropped) & set(export.positions)
    assert not identifiers & set(plan.positions)
    assert "Q2" not in plan.positions, "free text that no questionnaire asks for"


def test_redcap(real_data):
    """One wide table of several forms; a survey that was begun and not completed."""
    toml = """
dialect = "redcap"
drop = ["email", "dob"]
[feeds.columns]
client = "participant_id"
[[feeds.instruments]]
id = "srs"
rater = "client"
items = "pmq{n}"
"""
    export, plan, rows, dropped = opened(real_data / "redcap" / "survey" / "data.csv", toml)
    assert len(export.positions) == 33
    assert [(row["source_row"], row["participant_id"]) for row in rows] == [(1, "1"), (2, "2")]
    assert plan.asked[0].completed == ("participant_morale_questionnaire_timestamp",)
    assert [row[plan.asked[0].completed[0]] for row in rows] == ["[not completed]", None]
    identifiers = {"redcap_survey_identifier", "email", "dob"}
    assert identifiers <= set(dropped) & set(export.positions)
    assert not {*identifiers, "first_name", "last_name", "address", "telephone_1"} & set(plan.positions)


SURVEY = """
dialect = "csv"
undated = true
[feeds.columns]
client = "ObservationID"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "Item{n}{how}"
stored_total = "SumScore"
{labels}
"""
LABELS = 'labels = { "Not at all" = 0, "Several days" = 1, "More than half" = 2, "Almost every day" = 3 }'


@pytest.mark.parametrize(("how", "labels"), [("_num", ""), ("", LABELS)], ids=["by codes", "by labels"])
def test_phq_9_of_2177_people(real_data, tmp_path, how, labels):
    of = feed(SURVEY.replace("{how}", how).replace("{labels}", labels), forms=REGISTRY)
    with loaded(
        tmp_path, [(of, (real_data / "phq9_survey" / "PHQ9_data.csv").read_bytes())], REGISTRY
    ) as con:
        assert count_lines(con) == [(2177, 2177, 0, 0, 0, 2177)]
        told = "SELECT status, count(*), count(*) FILTER (WHERE score = stored_total), round(avg(score::DOUBLE), 4)"
        assert con.execute(f"{told} FROM core_score GROUP BY status").fetchall() == [
            ("scored", 2177, 2177, 13.2862)
        ]
        assert bands(con, "phq_9") == [112, 523, 608, 584, 350]
        assert number(con, "core_score WHERE score >= 10") == 1542
        assert number(con, "core_administration WHERE answers[9] > 0") == 679


def test_phq_9_and_gad_7_of_223_students(real_data, tmp_path):
    of = feed(
        """
dialect = "csv"
undated = true
[feeds.columns]
client = "@row"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "D{n}"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "A{n}"
""",
        forms=REGISTRY,
    )
    content = (real_data / "phq_gad_bmi" / "Psychological_aspects.csv").read_bytes()
    with loaded(tmp_path, [(of, content)], REGISTRY) as con:
        assert count_lines(con) == [(223, 223, 0, 0, 0, 446)]
        assert bands(con, "phq_9") == [61, 82, 43, 18, 19]
        assert bands(con, "gad_7") == [115, 64, 26, 18]
        means = con.execute(
            "SELECT instrument, sum(score) / 223 FROM core_score GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert [(name, round(Decimal(mean), 4)) for name, mean in means] == [
            ("gad_7", Decimal("5.7489")), ("phq_9", Decimal("8.8251")),
        ]  # fmt: skip


def bands(con, instrument: str) -> list[int]:
    """Administrations in each band of the card."""
    starts = [int(band.start) for band in REGISTRY[instrument].bands] + [1000]
    return [
        number(con, f"core_score WHERE instrument = '{instrument}' AND score >= {low} AND score < {high}")
        for low, high in pairwise(starts)
    ]


def number(con, where: str) -> int:
    return con.execute(f"SELECT count(*) FROM {where}").fetchall()[0][0]
