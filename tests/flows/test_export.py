"""Each export against what the hand-made site must give, read again with Python's own csv module."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from flows.build import Setup, open_site
from flows.export import EXPORTS, Source, export, export_published
from schemas.errors import ConfigError, WarehouseError
from schemas.metrics import load as load_metrics
from schemas.rules import rules
from tests.lib.handmade_site import CANARY, build_site, delivered, is_published, read_rows
from tests.lib.tables import rows as table
from warehouse import exports
from warehouse.connect import connect

RUN = "20261031T223000Z-1a2b3c4d"

COLUMNS = {
    "administrations": "run,clinic,feed,file,source_row,client,clinician,instrument,rater,session,completed_at,answers",
    "appointments": "clinic,feed,file,source_row,client,clinician,starts_at,kind,status",
    "scores": "run,clinic,feed,file,source_row,client,instrument,rater,session,completed_at,scale,score,n_answered,n_items,status,evidence,stored_total",
    "rows": "feed,file,source_row,fate,reason",
    "quarantine": "feed,file,source_row,column,rule,remedy",
    "risk": "run,clinic,feed,file,source_row,client,clinician,instrument,rater,session,completed_at,item,answer",
    "figures": "figure,definition,service,clinic,grain,period,instrument,scale,numerator,denominator,value,unit,n,state",
}

FATES = """
feed               | file          | source_row | fate        | reason
north-gad          | gad-1.csv     | 1          | accepted    |
north-gad          | gad-1.csv     | 2          | accepted    |
north-gad          | gad-1.csv     | 3          | quarantined | out_of_range
north-gad          | gad-1.csv     | 4          | excluded    | exact_duplicate
north-gad          | gad-1.csv     | 5          | superseded  | later_answers
north-gad          | gad-1.csv     | 6          | accepted    |
north-gad          | gad-1.csv     | 7          | quarantined | short_row
north-gad          | gad-1.csv     | 8          | excluded    | empty
north-gad          | gad-1.csv     | 9          | excluded    | attention_check
north-gad          | gad-1.csv     | 10         | accepted    |
north-gad          | gad-1.csv     | 11         | quarantined | missing_client
north-gad          | gad-1.csv     | 12         | accepted    |
north-gad          | gad-1.csv     | 13         | superseded  | later_answers
south-srs          | srs-1.csv     | 1          | accepted    |
south-srs          | srs-1.csv     | 2          | accepted    |
south-wide         | wide-1.csv    | 1          | accepted    |
south-wide         | wide-1.csv    | 2          | accepted    |
south-wide         | wide-1.csv    | 3          | quarantined | invalid_date
south-wide         | wide-1.csv    | 4          | quarantined | missing_client
south-course       | course-1.csv  | 1          | accepted    |
south-walk-in      | walk-in-1.csv | 1          | accepted    |
south-walk-in      | walk-in-1.csv | 2          | accepted    |
north-appointments | diary-1.csv   | 1          | accepted    |
north-appointments | diary-1.csv   | 2          | accepted    |
north-appointments | diary-1.csv   | 3          | quarantined | missing_date
north-gad          | gad-2.csv     | 1          | accepted    |
"""

# A record with a bad questionnaire and a good one is accepted, and its problem is told all the same.
PROBLEMS = """
feed               | file        | source_row | column  | rule
north-gad          | gad-1.csv   | 3          | g7      | out_of_range
north-gad          | gad-1.csv   | 7          |         | short_row
north-gad          | gad-1.csv   | 11         | PID     | missing_client
south-wide         | wide-1.csv  | 2          | g7      | not_an_answer
south-wide         | wide-1.csv  | 3          | Done    | invalid_date
south-wide         | wide-1.csv  | 4          | Ward/No | missing_client
north-appointments | diary-1.csv | 3          | Start   | missing_date
"""

# Scores counted by hand from the answers in tests/lib/handmade_site.py.
SCORES = """
clinic    | file          | source_row | client         | instrument | session | completed_at              | score   | n_answered | n_items | status           | stored_total
northvale | gad-1.csv     | 1          | C-001          | gad_7      | 1       | 2026-07-01T10:00:00+01:00 | 7.0000  | 7          | 7       | scored           | 7.0000
northvale | gad-1.csv     | 2          | '=SUM(A1)      | gad_7      | 1       | 2026-01-15T09:30:00+00:00 |         | 6          | 7       | too_many_missing | -1.0000
northvale | gad-1.csv     | 6          | C-005          | gad_7      | 3       | 2026-02-02T12:05:00+00:00 | 13.0000 | 7          | 7       | scored           | 13.0000
northvale | gad-1.csv     | 10         | '@CANARY       | gad_7      | 1       | 2026-02-03T12:00:00+00:00 |         | 0          | 7       | too_many_missing |
northvale | gad-1.csv     | 12         | O"Neil, 'x     | gad_7      | 1       | 2026-02-04T12:00:00+00:00 |         | 2          | 7       | too_many_missing |
southmere | srs-1.csv     | 1          | C-001          | srs        |         | 2026-03-29T00:59:59+00:00 | 36.0000 | 4          | 4       | scored           |
southmere | srs-1.csv     | 2          | ''=quoted      | srs        |         | 2026-03-29T02:00:00+01:00 |         | 3          | 4       | too_many_missing |
southmere | wide-1.csv    | 1          | A/1            | phq_9      |         | 2026-04-01T00:00:00+01:00 | 9.0000  | 9          | 9       | scored           |
southmere | wide-1.csv    | 1          | A/1            | gad_7      |         | 2026-04-01T00:00:00+01:00 | 14.0000 | 7          | 7       | scored           |
southmere | wide-1.csv    | 2          | A/2            | phq_9      |         | 2026-04-01T00:00:00+01:00 | 9.0000  | 9          | 9       | scored           |
southmere | course-1.csv  | 1          | C-020          | gad_7      | 8       |                           | 1.0000  | 7          | 7       | scored           |
southmere | course-1.csv  | 1          | C-020          | gad_7      | 1       |                           | 21.0000 | 7          | 7       | scored           |
southmere | walk-in-1.csv | 1          |                | gad_7      |         |                           | 4.0000  | 7          | 7       | scored           |
southmere | walk-in-1.csv | 2          |                | gad_7      |         |                           | 4.0000  | 7          | 7       | scored           |
northvale | gad-2.csv     | 1          | C-013          | gad_7      | 1       | 2026-02-05T12:00:00+00:00 | 0.0000  | 7          | 7       | scored           | 0.0000
"""

ANSWERS = [
    ("gad-1.csv", "1", "gad_7", [1, 1, 1, 1, 1, 1, 1]),
    ("gad-1.csv", "2", "gad_7", [3, 3, 3, 3, 3, 3, None]),
    ("gad-1.csv", "6", "gad_7", [2, 2, 2, 2, 2, 2, 1]),
    ("gad-1.csv", "10", "gad_7", ["refused"] * 7),
    ("gad-1.csv", "12", "gad_7", [0, "not_shown", "not_applicable", "refused", None, None, 3]),
    ("srs-1.csv", "1", "srs", [9.5, 9.0, 8.2, 9.3]),
    ("srs-1.csv", "2", "srs", [10.0, 0.0, None, 0.1]),
    ("wide-1.csv", "1", "phq_9", [1] * 9),
    ("wide-1.csv", "1", "gad_7", [2] * 7),
    ("wide-1.csv", "2", "phq_9", [1] * 9),
    ("course-1.csv", "1", "gad_7", [0, 0, 0, 0, 0, 0, 1]),
    ("course-1.csv", "1", "gad_7", [3, 3, 3, 3, 3, 3, 3]),
    ("walk-in-1.csv", "1", "gad_7", [1, 0, 1, 0, 1, 0, 1]),
    ("walk-in-1.csv", "2", "gad_7", [1, 0, 1, 0, 1, 0, 1]),
    ("gad-2.csv", "1", "gad_7", [0] * 7),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Setup, Path]:
    return build_site(tmp_path_factory.mktemp("handmade") / "site")


@pytest.fixture(scope="module")
def source(built: tuple[Setup, Path]) -> Iterator[Source]:
    setup, file = built
    con = connect(file, read_only=True)
    yield Source(con, setup, RUN)
    con.close()


@pytest.fixture(scope="module")
def exported(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each export."""
    folder = tmp_path_factory.mktemp("exported")
    for what in EXPORTS:
        assert export(what, source, folder / f"{what}.csv") == len(read_rows(folder / f"{what}.csv"))
    return folder


def some(rows: list[dict[str, str]], columns: list[str]) -> list[dict[str, str]]:
    return [{name: row[name] for name in columns} for row in rows]


def test_there_is_a_test_of_the_columns_of_each_export():
    assert COLUMNS.keys() == EXPORTS.keys()


@pytest.mark.parametrize("what", EXPORTS)
def test_form_of_the_file(exported: Path, what: str):
    path = exported / f"{what}.csv"
    content = path.read_bytes()
    assert content.decode("utf-8").splitlines()[0] == COLUMNS[what]
    assert content.endswith(b"\n")
    assert b"\r" not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in exported.iterdir()) == sorted(f"{name}.csv" for name in EXPORTS)


@pytest.mark.parametrize("what", EXPORTS)
def test_the_same_bytes_with_one_thread(exported: Path, built: tuple[Setup, Path], what: str, tmp_path: Path):
    setup, file = built
    copy = Path(shutil.copy(file, tmp_path / "copy.duckdb"))
    with connect(copy, read_only=True, threads=1) as con:
        export(what, Source(con, setup, RUN), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (exported / f"{what}.csv").read_bytes()


def test_rows_are_all_records_with_their_fate(exported: Path):
    assert read_rows(exported / "rows.csv") == table(FATES)


def test_rows_add_up_to_the_deliveries(exported: Path, source: Source):
    found = Counter((row["file"], row["fate"]) for row in read_rows(exported / "rows.csv"))
    counted = source.con.execute(
        "SELECT file, accepted, quarantined, excluded, superseded FROM core_export"
    ).fetchall()
    fates = ("accepted", "quarantined", "excluded", "superseded")
    assert found == Counter(
        {(file, fate): n for file, *counts in counted for fate, n in zip(fates, counts, strict=True) if n}
    )


def test_quarantine_is_every_problem_with_its_remedy(exported: Path):
    found = read_rows(exported / "quarantine.csv")
    assert some(found, ["feed", "file", "source_row", "column", "rule"]) == table(PROBLEMS)
    assert all(row["remedy"] == rules()[row["rule"]].remedy for row in found)


def test_scores(exported: Path):
    found = read_rows(exported / "scores.csv")
    expected = table(SCORES)
    assert some(found, list(expected[0])) == expected
    assert {(row["run"], row["rater"], row["scale"], row["evidence"]) for row in found} == {
        (RUN, "client", "total", "verified")
    }


def test_accepted_records_without_a_score_have_their_row(exported: Path):
    scored = {(row["file"], row["source_row"]) for row in read_rows(exported / "scores.csv")}
    accepted = {
        (row["file"], row["source_row"])
        for row in read_rows(exported / "rows.csv")
        if row["fate"] == "accepted" and row["feed"] != "north-appointments"
    }
    assert scored == accepted


def test_answers_as_captured(exported: Path):
    rows = read_rows(exported / "administrations.csv")
    found = [(row["file"], row["source_row"], row["instrument"], json.loads(row["answers"])) for row in rows]
    assert found == ANSWERS
    assert '"[9.5,9.0,8.2,9.3]"' in (exported / "administrations.csv").read_text(encoding="utf-8")


def test_administrations_and_scores_tell_of_the_same_occasions(exported: Path):
    shared = [
        "run",
        "clinic",
        "feed",
        "file",
        "source_row",
        "client",
        "instrument",
        "rater",
        "session",
        "completed_at",
    ]
    administrations = read_rows(exported / "administrations.csv")
    assert some(administrations, shared) == some(read_rows(exported / "scores.csv"), shared)


def test_people_are_those_of_the_file(exported: Path):
    found = [row for row in read_rows(exported / "administrations.csv") if row["file"] == "gad-1.csv"]
    source_rows = delivered("gad-1.csv")
    own = {number: (row["PID"], row["Therapist"]) for number, row in source_rows.items()}
    assert len(found) == 5
    for row in found:
        assert (unmarked(row["client"]), unmarked(row["clinician"])) == own[row["source_row"]]


def unmarked(text: str) -> str:
    """A text without the mark that keeps a spreadsheet from running it."""
    return text[1:] if text.startswith("'") and text.lstrip("'")[:1] in tuple("=+-@") else text


def test_one_id_in_two_clinics_is_two_people_and_reads_the_same(exported: Path, source: Source):
    found = [row for row in read_rows(exported / "scores.csv") if row["client"] == "C-001"]
    assert [row["clinic"] for row in found] == ["northvale", "southmere"]
    keys = source.con.execute(
        "SELECT count(DISTINCT client_key) FROM core_administration JOIN core_export USING (entry_no)"
        " WHERE (file, source_row) IN (('gad-1.csv', 1), ('srs-1.csv', 1))"
    ).fetchall()
    assert keys == [(2,)]


def test_appointments(exported: Path):
    rows = list(csv.reader((exported / "appointments.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[1:] == [
        "northvale,north-appointments,diary-1.csv,1,C-001,T1,2026-06-30T09:00:00+01:00,treatment,attended".split(
            ","
        ),
        "northvale,north-appointments,diary-1.csv,2,'-7,'+T2,2026-01-12T09:00:00+00:00,treatment,dna".split(
            ","
        ),
    ]


def test_figures_are_those_of_the_marts(exported: Path, source: Source):
    found = read_rows(exported / "figures.csv")
    assert {row["figure"] for row in found} <= {metric.figure for metric in load_metrics()}
    assert {row["state"] for row in found} <= {"value", "zero", "not_applicable", "no_data"}
    names = COLUMNS["figures"].split(",")
    exact = source.con.execute(f"SELECT {', '.join(names)} FROM mart_figure").fetchall()
    assert Counter(map(numbers_of, found)) == Counter(
        numbers_of(dict(zip(names, row, strict=True))) for row in exact
    )


def numbers_of(row: dict) -> tuple:
    """A figure with its numbers as numbers, however they are written."""
    numeric = ("numerator", "denominator", "value", "n")
    return tuple((Decimal(v) if v not in ("", None) else None) if k in numeric else v for k, v in row.items())


def test_numbers_of_figures_are_as_short_as_they_can_be(exported: Path):
    rows = {
        (row["figure"], row["clinic"]): row
        for row in read_rows(exported / "figures.csv")
        if (row["service"], row["grain"], row["period"]) == ("adult", "month", "2026-06")
    }
    assert rows["appointments_held", "northvale"]["value"] == "1"
    assert rows["attendance_rate", "northvale"]["value"] == "100"
    assert rows["appointments_held", "southmere"]["value"] == ""
    assert rows["appointments_held", "southmere"]["state"] == "not_applicable"


def test_no_figure_tells_of_a_person(exported: Path, built: tuple[Setup, Path], tmp_path: Path):
    setup, file = built
    export_published(setup, file, tmp_path / "published.csv")
    ids = {row["PID"] for row in delivered("gad-1.csv").values() if row["PID"]}
    for path in (exported / "figures.csv", tmp_path / "published.csv"):
        text = path.read_text(encoding="utf-8")
        assert CANARY not in text
        assert not [id_ for id_ in ids if id_ in text]


def test_published_figures_of_a_build_are_disclosed_for_this_export(
    exported: Path, built: tuple[Setup, Path], tmp_path: Path
):
    setup, file = built
    before = file.read_bytes(), sorted(path.name for path in file.parent.iterdir())
    rows = export_published(setup, file, tmp_path / "published.csv")
    assert (file.read_bytes(), sorted(path.name for path in file.parent.iterdir())) == before
    found = read_rows(tmp_path / "published.csv")
    estimates = {metric.figure for metric in load_metrics() if metric.kind == "model"}
    exact = [row for row in read_rows(exported / "figures.csv") if row["figure"] not in estimates]
    assert rows == len(found) == sum(map(is_published, exact))
    assert list(found[0]) == COLUMNS["figures"].split(",")
    small = [row for row in found if row["figure"] == "appointments_held" and row["period"] == "2026-06"]
    assert {row["state"] for row in small if row["clinic"] != "southmere"} == {"suppressed"}
    assert not [
        row
        for row in found
        if row["state"] == "suppressed" and (row["value"] or row["numerator"] or row["n"])
    ]
    assert stat.S_IMODE((tmp_path / "published.csv").stat().st_mode) == 0o600


def test_published_figures_of_a_published_file(built: tuple[Setup, Path], tmp_path: Path):
    setup, file = built
    published = tmp_path / "p.duckdb"
    exports.disclose(file, published, setup.site.disclosure, load_metrics(), [])
    export_published(None, published, tmp_path / "a.csv")
    export_published(setup, file, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_export_there_is_not(source: Source, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"'score'; there are administrations, .*scores"):
        export("score", source, tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())


def test_another_key_is_said_before_anything_is_read(
    built: tuple[Setup, Path], source: Source, tmp_path: Path
):
    other = open_site(built[0].folder, {"ACCORD_KEY": "7b" * 32})
    with pytest.raises(ConfigError, match=f"key {source.setup.key.id}, and the site's key is {other.key.id}"):
        export("scores", Source(source.con, other, RUN), tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())
    assert export("rows", Source(source.con, other, RUN), tmp_path / "rows.csv") == len(table(FATES))


def test_a_file_that_is_no_warehouse(built: tuple[Setup, Path], tmp_path: Path):
    setup, file = built
    with pytest.raises(WarehouseError, match="no published file"):
        export_published(None, file, tmp_path / "x.csv")
    published = tmp_path / "p.duckdb"
    exports.disclose(file, published, setup.site.disclosure, load_metrics(), [])
    with connect(published, read_only=True) as con, pytest.raises(WarehouseError, match="no warehouse"):
        export("rows", Source(con, setup, RUN), tmp_path / "x.csv")
    with pytest.raises(WarehouseError, match="no warehouse"):
        export_published(setup, published, tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()
