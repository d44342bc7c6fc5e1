"""What a warehouse holds in quarantine, and the list of it that a run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import ArchiveError
from tests.warehouse.candidate import RUN, good_warehouse
from warehouse.connect import connect
from warehouse.quarantined import LIST, clinics, open_problems, open_rows, places, read_open, write_open


@pytest.fixture
def con(tmp_path: Path):
    with connect(good_warehouse(tmp_path / "warehouse.duckdb"), read_only=True) as found:
        yield found


def test_deliveries_in_order_with_their_records_by_fate(con):
    found = places(con)
    assert [one.feed for one in found] == [
        "northvale-forms", "northvale-diary", "northvale-referrals", "northvale-diary",
    ]  # fmt: skip
    assert (found[0].received, found[0].accepted, found[0].quarantined) == (10, 6, 2)
    assert found[3].refused == "empty_file"
    assert clinics(con) == {"northvale": "Northvale", "westmere": "Westmere"}


def test_what_is_open_and_a_refused_file_without_a_row(con):
    entry, refused = places(con)[0].entry, places(con)[3].entry
    assert sorted(open_problems(con).rows(), key=repr) == sorted(
        [
            (entry, 7, "gad_7", "Q1", "out_of_range"),
            (entry, 8, "gad_7", "Q1", "out_of_range"),
            (refused, None, "", "", "empty_file"),
        ],
        key=repr,
    )
    assert open_rows(con, entry) == {7, 8}
    assert open_rows(con, refused) == frozenset()


def test_a_list_is_read_as_it_was_written(con, tmp_path: Path):
    path = write_open(con, tmp_path, RUN)
    assert path == tmp_path / "runs" / f"{RUN}{LIST}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    found = read_open(tmp_path, RUN)
    assert sorted(found.rows(), key=repr) == sorted(open_problems(con).rows(), key=repr)
    once = path.read_bytes()
    assert write_open(con, tmp_path, RUN).read_bytes() == once


def test_a_run_that_left_none_and_a_list_that_is_damaged(tmp_path: Path):
    assert read_open(tmp_path, RUN) is None
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / f"{RUN}{LIST}").write_bytes(b"PAR1 and no more")
    with pytest.raises(ArchiveError, match="restore it from the backup"):
        read_open(tmp_path, RUN)
