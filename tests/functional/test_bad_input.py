"""One file of each kind of bad input, in one night: each has its fate and its message, and the others go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.quarantine import shown
from flows.report import run_lines
from flows.sources import run_export
from flows.status import summary
from schemas.rules import rules
from tests.lib.handmade_site import KEY, read_rows
from tests.lib.nights import Night, run_night

HEADER = "PID,Done,g1,g2,g3,g4,g5,g6,g7\n"
GOOD = "C-1,2026-05-01 10:00:00,1,1,1,1,1,1,1\n"
ALSO_GOOD = "C-2,2026-05-02 10:00:00,2,2,2,2,2,2,2\n"
CANARY = "Zephyrine"

SITE = """
[site]
name = "Bad Input"
timezone = "Europe/London"

[[clinics]]
id = "north"
name = "North"
service = "adult"
"""
FEED = """
[[feeds]]
id = "{id}"
clinic = "north"
kind = "responses"
path = "inbox/{id}/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
completed_at = "Done"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{{n}}"
"""


@dataclass(frozen=True)
class Bad:
    """A file, the rule that refuses it or the rules of its bad rows, and how many of its records stand."""

    content: bytes
    refused: str | None = None
    rows: tuple[tuple[int, str], ...] = ()
    accepted: int = 0
    warning: str = ""


def text(*records: str, header: str = HEADER) -> bytes:
    return "".join([header, *records]).encode()


CASES: Mapping[str, Bad] = {
    "good": Bad(text(GOOD, ALSO_GOOD), accepted=2),
    "missing-column": Bad(text(GOOD, header=HEADER.replace("g5", "q5")), refused="missing_column"),
    "missing-client-column": Bad(text(GOOD, header=HEADER.replace("PID", "Client")), refused="missing_column"),
    "empty-file": Bad(b"", refused="empty_file"),
    "blank-lines": Bad(b"\n\n\n", refused="empty_file"),
    "header-only": Bad(text(), warning="header_only"),
    "wrong-delimiter": Bad(text(GOOD).replace(b",", b";"), refused="wrong_delimiter"),
    "utf-16": Bad((HEADER + GOOD).encode("utf-16"), refused="undecodable_header"),
    "bare-returns": Bad((HEADER + GOOD).replace("\n", "\r").encode(), refused="line_endings"),
    "quote-in-header": Bad(text(GOOD, header=HEADER.replace("PID", '"PID')), refused="header_quote"),
    "undecodable": Bad(
        text(GOOD) + f"{CANARY}\xe9,2026-05-03 10:00:00,1,1,1,1,1,1,1\n".encode("cp1252") + ALSO_GOOD.encode(),
        rows=((2, "undecodable"),), accepted=2,
    ),
    "ragged": Bad(
        text("C-3,2026-05-03 10:00:00,1,1\n", GOOD, "C-4,2026-05-03 10:00:00,1,1,1,1,1,1,1,9\n", ALSO_GOOD),
        rows=((1, "short_row"), (3, "long_row")), accepted=2,
    ),
    "unclosed-quote": Bad(
        text(GOOD, f'"{CANARY},2026-05-03 10:00:00,1,1,1,1,1,1,1\n', ALSO_GOOD),
        rows=((2, "unclosed_quote"),), accepted=2,
    ),
    "out-of-range": Bad(
        text("C-3,2026-05-03 10:00:00,4,1,1,1,1,1,1\n", GOOD, "C-4,2026-05-03 10:00:00,1,1,-1,1,1,1,1\n"),
        rows=((1, "out_of_range"), (3, "out_of_range")), accepted=1,
    ),
    "no-whole-number": Bad(
        text("C-3,2026-05-03 10:00:00,7.9,1,1,1,1,1,1\n", "C-4,2026-05-03 10:00:00,1e0,1,1,1,1,1,1\n",
             f"C-5,2026-05-03 10:00:00,{CANARY},1,1,1,1,1,1\n", "C-6,2026-05-03 10:00:00,2.0,1,1,1,1,1,1\n"),
        rows=((1, "not_an_answer"), (2, "not_an_answer"), (3, "not_an_answer")), accepted=1,
    ),
    "client-missing": Bad(
        text(",2026-05-03 10:00:00,1,1,1,1,1,1,1\n", "  ,2026-05-03 10:00:00,1,1,1,1,1,1,1\n", GOOD),
        rows=((1, "missing_client"), (2, "missing_client")), accepted=1,
    ),
    "no-date": Bad(
        text("C-3,,1,1,1,1,1,1,1\n", "C-4,31/02/2026,1,1,1,1,1,1,1\n", GOOD),
        rows=((1, "missing_date"), (2, "invalid_date")), accepted=1,
    ),
    "not-a-table": Bad(bytes(range(256)) * 40, refused="undecodable_header"),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad_input") / "site"
    for id_, case in CASES.items():
        (folder / "inbox" / id_).mkdir(parents=True)
        # Each feed has clients of its own: equal records of one clinic would be duplicates.
        content = case.content.replace(b"C-", f"{id_}-".encode())
        (folder / "inbox" / id_ / f"export-{id_}.csv").write_bytes(content)
    toml = SITE + "".join(FEED.format(id=id_) for id_ in CASES)
    (folder / "site.toml").write_text(toml, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def night(site: Path) -> Night:
    return run_night(site)


@pytest.fixture(scope="module")
def files(site: Path, night: Night) -> dict[str, dict[str, object]]:
    assert night.record is not None
    return {file["feed"]: file for file in summary(site, night.record)["files"]}


def test_the_night_is_published(night: Night):
    assert night.error is None
    assert night.record is not None
    assert night.record.state == "published"


@pytest.mark.parametrize("id_", CASES)
def test_each_file_has_its_fate(files: dict[str, dict[str, object]], id_: str):
    case, found = CASES[id_], files[id_]
    assert found["refused"] == case.refused
    records = {
        name: found[name] for name in ("received", "accepted", "quarantined", "excluded", "superseded")
    }
    if case.refused:
        assert set(records.values()) == {0}
    else:
        assert records == {
            "received": case.accepted + len(case.rows), "accepted": case.accepted, "quarantined": len(case.rows),
            "excluded": 0, "superseded": 0,
        }  # fmt: skip


@pytest.mark.parametrize("id_", [id_ for id_, case in CASES.items() if case.rows])
def test_each_bad_row_is_placed(site: Path, night: Night, id_: str):
    found = [(row["source_row"], row["rule"]) for row in shown(site, feed=id_)]
    assert sorted(set(found)) == sorted(CASES[id_].rows)


@pytest.mark.parametrize("id_", [id_ for id_, case in CASES.items() if case.refused])
def test_each_refused_file_has_a_message(site: Path, night: Night, id_: str):
    rule = rules()[CASES[id_].refused or ""]
    [row] = shown(site, feed=id_)
    assert (row["file"], row["rule"], row["remedy"]) == (f"export-{id_}.csv", rule.id, rule.remedy)
    text = "\n".join(run_lines(site, night.record))
    assert f"refused: {id_}: export-{id_}.csv" in text
    assert rule.message in text


def test_a_header_alone_is_a_warning(night: Night):
    assert night.record is not None
    [warning] = [one for one in night.record.warnings if one.startswith("header-only-")]
    assert rules()["header_only"].message in warning


def test_every_received_record_is_in_the_export_of_rows(site: Path, night: Night, tmp_path: Path):
    run_export("rows", site, KEY, tmp_path / "rows.csv", None, published=False)
    rows = read_rows(tmp_path / "rows.csv")
    assert night.record is not None
    assert night.record.counts is not None
    assert len(rows) == night.record.counts.received
    for id_, case in CASES.items():
        fates = [row["fate"] for row in rows if row["feed"] == id_]
        assert fates.count("accepted") == case.accepted


def test_no_value_is_told(site: Path, night: Night):
    told = "\n".join(run_lines(site, night.record)) + str(shown(site)) + str(night.record)
    assert CANARY not in told
