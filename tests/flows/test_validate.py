"""At the door: pandera decides, masks tell where, and no value leaves."""

from __future__ import annotations

import polars as pl
import pytest

from flows.validate import checked_rows, invalid_cells
from schemas.errors import WarehouseError
from schemas.registry import load
from tests.lib.forms import administrations

GAD = load()["gad_7"]
SOUND = [0, 1, 2, 3, None, -102, -104]


def test_a_sound_frame_has_no_invalid_cells():
    assert invalid_cells(administrations(GAD, [SOUND]), GAD) == {}


@pytest.mark.parametrize("code", [-128, -127, -105, -101, -1, 4, 99, 127])
def test_invalid_cells_are_found_where_they_are(code):
    frame = administrations(GAD, [SOUND, [0, 0, code, 0, 0, 0, 0], SOUND])
    found = invalid_cells(frame, GAD)
    assert {column: mask.to_list() for column, mask in found.items()} == {"item_03": [False, True, False]}


def test_what_no_cell_can_cause_is_an_error_that_names_no_value():
    frame = administrations(GAD, [SOUND]).with_columns(pl.lit("CANARY").alias("rater"))
    with pytest.raises(WarehouseError, match="unknown_rater in rater") as error:
        invalid_cells(frame, GAD)
    assert "CANARY" not in str(error.value)


def test_pandera_and_masks_agree_on_every_code():
    codes = list(range(-128, 128))
    frame = administrations(GAD, [[code, *SOUND[1:]] for code in codes])
    mask = invalid_cells(frame, GAD)["item_01"].to_list()
    alone = [bool(invalid_cells(frame[at], GAD)) for at in range(0, len(codes), 7)]
    assert alone == mask[::7]
    assert [code for code, bad in zip(codes, mask, strict=True) if not bad] == [-104, -103, -102, 0, 1, 2, 3]


def test_rows_of_tables_are_checked_before_they_are_written():
    """All that is wrong is listed, and no value is."""
    frame = pl.DataFrame({"source_row": [1], "status": ["CANARY"]}, schema_overrides={"source_row": pl.Int32})
    with pytest.raises(WarehouseError, match="unknown_word in status") as error:
        checked_rows(frame, "appointments")
    assert "CANARY" not in str(error.value)
    assert "column_in_dataframe in starts_at" in str(error.value)
