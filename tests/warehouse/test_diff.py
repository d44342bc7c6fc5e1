"""Where two warehouses differ is named by table, key and column; values are not shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from schemas.errors import WarehouseError
from tests.warehouse.candidate import INSTRUMENTS, good_warehouse
from warehouse.diff import Difference, diff
from warehouse.digest import table_digests, warehouse_tables

CANARY = "Canary Featherstone"
NAMES = [table.name for table in warehouse_tables(INSTRUMENTS)]


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return good_warehouse(tmp_path_factory.mktemp("good") / "first.duckdb")


@pytest.fixture
def second(good, tmp_path):
    """A copy after some statements."""

    def of(*statements: str) -> Path:
        path = tmp_path / "second's.duckdb"
        shutil.copy(good, path)
        with duckdb.connect(str(path)) as con:
            for statement in statements:
                con.execute(statement)
        return path

    return of


def test_equal_warehouses_do_not_differ(good, second):
    assert diff(good, second(), NAMES, INSTRUMENTS) == []


def test_differing_cells_are_located(good, second):
    other = second(
        "UPDATE administration_gad_7 SET item_03 = 1, score_total = 1 WHERE source_row = 4",
        f"UPDATE core_clinic SET clinic_name = '{CANARY}' WHERE clinic = 'westmere'",
    )
    found = diff(good, other, NAMES, INSTRUMENTS)
    row = (("entry_no", "1"), ("source_row", "4"), ("form_no", "1"))
    assert found == [
        Difference("core_clinic", (("clinic", "westmere"),), "clinic_name"),
        Difference("administration_gad_7", row, "item_03"),
        Difference("administration_gad_7", row, "score_total"),
    ]
    assert str(found[1]) == (
        "administration_gad_7, row with entry_no 1, source_row 4, form_no 1, column item_03: differs"
    )
    assert CANARY not in "".join(map(str, found))


def test_missing_and_further_rows(good, second):
    other = second(
        "DELETE FROM administration_srs WHERE source_row = 2",
        "INSERT INTO core_record VALUES (3, 9, 'excluded', 'empty')",
    )
    assert [str(one) for one in diff(good, other, NAMES, INSTRUMENTS)] == [
        "core_record, row with entry_no 3, source_row 9: is missing from the first",
        "administration_srs, row with entry_no 1, source_row 2, form_no 1: is missing from the second",
    ]


def test_a_null_differs_from_a_value_and_equals_a_null(good, second):
    other = second("UPDATE administration_gad_7 SET clinician_key = 7 WHERE source_row = 1")
    assert [(one.key[1], one.column) for one in diff(good, other, NAMES, INSTRUMENTS)] == [
        (("source_row", "1"), "clinician_key")
    ]


def test_no_more_than_asked_for_in_key_order(good, second):
    other = second("UPDATE administration_gad_7 SET item_01 = 2, item_02 = 2")
    found = diff(good, other, ["administration_gad_7"], INSTRUMENTS, limit=3)
    assert [(dict(one.key)["source_row"], one.column) for one in found] == [
        ("1", "item_01"), ("1", "item_02"), ("2", "item_01"),
    ]  # fmt: skip


def test_what_has_no_digest_has_no_difference(good, second):
    other = second(
        "UPDATE core_export SET arrived_at = TIMESTAMP '2020-01-01'",
        "INSERT INTO core_run VALUES ('code', 'another')",
    )
    assert diff(good, other, NAMES, INSTRUMENTS) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE mart_figure", "mart_figure: is missing from the second"),
        ("ALTER TABLE core_clinic DROP COLUMN service", "core_clinic, column service: is missing from the second"),
        ("ALTER TABLE core_record ADD COLUMN more INTEGER", "core_record, column more: is missing from the first"),
    ],
)  # fmt: skip
def test_tables_and_columns_that_one_lacks(good, second, statement, said):
    assert [str(one) for one in diff(good, second(statement), NAMES, INSTRUMENTS)] == [said]


def test_an_instrument_that_is_no_longer_known(good, second):
    found = diff(good, second(), [*NAMES, "administration_absent"], INSTRUMENTS[1:])
    assert [str(one) for one in found] == [
        "administration_gad_7: is of an instrument that is no longer known"
    ]


def test_another_type_of_equal_cells_is_no_difference(good, second):
    other = second("ALTER TABLE core_export ALTER bytes TYPE INTEGER")
    assert diff(good, other, ["core_export"], INSTRUMENTS) == []


def test_digest_and_diff_agree(good, second):
    other = second("UPDATE mart_figure SET value = 12 WHERE figure = 'referrals_received'")
    found = {}
    for path in (good, other):
        with duckdb.connect(str(path), read_only=True) as con:
            found[path] = table_digests(con, INSTRUMENTS)
    differing = [name for name in NAMES if found[good][name] != found[other][name]]
    assert differing == ["mart_figure"]
    assert {one.table for one in diff(good, other, NAMES, INSTRUMENTS)} == {"mart_figure"}


def test_a_file_that_cannot_be_opened_is_an_error(good, tmp_path):
    with pytest.raises(WarehouseError, match=r"absent\.duckdb"):
        diff(good, tmp_path / "absent.duckdb", NAMES, INSTRUMENTS)
