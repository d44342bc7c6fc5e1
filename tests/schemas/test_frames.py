from __future__ import annotations

import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.config import config_context
from pandera.errors import SchemaErrors

from schemas.frames import (
    PART_COLUMNS,
    POLARS_TYPES,
    TABLE_KINDS,
    Breach,
    administration_schema,
    breaches,
    invalid_mask,
    table_breaches,
)
from schemas.instrument import Instrument
from schemas.registry import load
from schemas.tables import CORE
from tests.lib.forms import FORMS, administrations, answers_frame, changed, raw_form

REGISTRY = load()
NO_ANSWER = (None, -102, -103, -104)


def sound(form="phq_9", rows=3):
    instrument = REGISTRY[form]
    return administrations(instrument, [[instrument.step_max] * instrument.n_items] * rows)


def test_parts_hold_all_but_what_the_delivery_adds():
    names = [column.name for column in PART_COLUMNS]
    assert "entry_no" not in names
    assert "clinic" not in names
    assert {"source_row", "client_key", "instrument", "rater", "completed_on"} <= set(names)
    assert {column.type for column in PART_COLUMNS} <= set(POLARS_TYPES)


@pytest.mark.parametrize("form", FORMS)
def test_sound_administrations_pass(form):
    instrument = REGISTRY[form]
    lowest, highest = instrument.step_min, instrument.step_max
    rows = [[code] * instrument.n_items for code in (lowest, highest, *NO_ANSWER)]
    assert breaches(administrations(instrument, rows), instrument) == ()


def test_a_frame_without_rows_passes():
    assert breaches(sound().clear(), REGISTRY["phq_9"]) == ()


def test_further_columns_are_left_alone():
    assert breaches(sound().with_columns(stored_total=pl.lit(27)), REGISTRY["phq_9"]) == ()


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ({"item_03": pl.lit(4, pl.Int8)}, Breach("item_03", "out_of_range")),
        ({"item_03": pl.lit(-1, pl.Int8)}, Breach("item_03", "out_of_range")),
        ({"item_03": pl.lit(-101, pl.Int8)}, Breach("item_03", "out_of_range")),
        ({"item_03": pl.lit(-128, pl.Int8)}, Breach("item_03", "out_of_range")),
        ({"item_03": pl.lit(3, pl.Int64)}, Breach("item_03", "dtype('Int8')")),
        ({"client_key": pl.lit(None, pl.UInt64)}, Breach("client_key", "not_nullable")),
        ({"client_key": pl.lit("P-17")}, Breach("client_key", "dtype('UInt64')")),
        ({"rater": pl.lit("therapist")}, Breach("rater", "unknown_rater")),
        ({"instrument": pl.lit("gad_7")}, Breach("instrument", "other_instrument")),
    ],
)
def test_a_breach_names_column_and_rule(change, breach):
    assert breaches(sound().with_columns(**change), REGISTRY["phq_9"]) == (breach,)


def test_a_missing_column_is_named():
    assert breaches(sound().drop("session"), REGISTRY["phq_9"]) == (Breach("session", "column_in_dataframe"),)


def test_all_breaches_are_told_together():
    """Also a wrong type beside a wrong value, which pandera puts into one table."""
    frame = sound().with_columns(item_01=pl.lit(9, pl.Int8), session=pl.lit("3")).drop("episode")
    assert breaches(frame, REGISTRY["phq_9"]) == (
        Breach("episode", "column_in_dataframe"),
        Breach("item_01", "out_of_range"),
        Breach("session", "dtype('Int16')"),
    )


def test_a_setting_of_pandera_cannot_switch_the_checks_off():
    with config_context(validation_enabled=False):
        assert breaches(sound().with_columns(item_01=pl.lit(9, pl.Int8)), REGISTRY["phq_9"])


def test_pandera_piles_up_no_failing_values():
    frame = sound(rows=5_000).with_columns(item_01=pl.lit(9, pl.Int8))
    with pytest.raises(SchemaErrors) as caught:
        administration_schema(REGISTRY["phq_9"]).validate(frame, lazy=True)
    assert caught.value.failure_cases.height == 1


def cells(form: str):
    instrument = REGISTRY[form]
    near = range(instrument.step_min - 2, min(instrument.step_max + 3, 128))
    return st.one_of(st.sampled_from([*NO_ANSWER, *near]), st.integers(-128, 127))


@st.composite
def answered_forms(draw):
    """A form, and rows of cells that need not be allowed answers."""
    form = draw(st.sampled_from(FORMS))
    n_items = REGISTRY[form].n_items
    row = st.lists(cells(form), min_size=n_items, max_size=n_items)
    return form, draw(st.lists(row, min_size=1, max_size=6))


@settings(max_examples=50)
@given(answered_forms())
def test_pandera_and_mask_agree(answered):
    """On the columns, and on the first row of each; plain Python says the same of every cell."""
    form, rows = answered
    instrument = REGISTRY[form]
    frame = administrations(instrument, rows)
    mask = frame.select(**invalid_mask(instrument))
    first = {column: mask[column].arg_true()[0] for column in mask.columns if mask[column].any()}
    assert first_failures(frame, instrument) == first
    assert {breach.column for breach in breaches(frame, instrument)} == set(first)
    allowed = [{*NO_ANSWER, *instrument.response_of(number).steps} for number in instrument.items]
    expected = [tuple(cell not in codes for cell, codes in zip(row, allowed, strict=True)) for row in rows]
    assert mask.rows() == expected


def first_failures(frame, instrument) -> dict[str, int]:
    """Column and row that pandera itself reports."""
    try:
        administration_schema(instrument).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return dict(errors.failure_cases.select("column", "index").rows())
    return {}


@settings(max_examples=25)
@given(answered_forms())
def test_a_frame_passes_when_the_masked_rows_are_taken_out(answered):
    form, rows = answered
    instrument = REGISTRY[form]
    frame = administrations(instrument, rows)
    good = frame.filter(~pl.any_horizontal(invalid_mask(instrument).values()))
    assert breaches(good, instrument) == ()


def test_items_with_responses_of_their_own_and_values_that_are_skipped():
    raw = changed(raw_form("haq_1"), bands=[], thresholds=[], vectors=[], structure={}, variants=[])
    raw["response"] = {"min": -3, "max": 3, "skip": [0]}
    raw["item_responses"] = [{"items": [2], "min": 0, "max": 1}]
    raw["scales"] = [{**raw["scales"][0], "range": [-30, 31]}]
    form = Instrument.build(raw, "form.toml")
    rows = [[3] + [code] + [3] * 9 for code in (-1, 0, 1, 2, -104)] + [[0, 1] + [3] * 9, [None, 1] + [-3] * 9]
    mask = answers_frame(rows, 11).select(**invalid_mask(form))
    assert mask["item_02"].to_list() == [True, False, False, True, False, False, False]
    assert mask["item_01"].to_list() == [False] * 5 + [True, False]
    found = breaches(administrations(form, rows), form)
    assert found == (Breach("item_01", "out_of_range"), Breach("item_02", "out_of_range"))


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16, pl.Int32, pl.Int64])
def test_the_mask_reads_any_whole_number_and_is_never_null(dtype):
    instrument = REGISTRY["gad_7"]
    frame = answers_frame([[0, 3, 4, -1, None, -102, -105]], 7, dtype)
    expected = (False, False, True, True, False, False, True)
    assert frame.select(**invalid_mask(instrument)).rows() == [expected]


def test_importing_the_module_does_not_import_pandera():
    code = "import schemas.frames, sys; print('pandera' in sys.modules)"
    root = Path(__file__).parents[2]
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "False"


@pytest.mark.bench
def test_five_million_administrations():
    """Twelve items, batches of 250,000: pandera and, for comparison, the mask alone."""
    instrument = REGISTRY["wai_sr"]
    batch = administrations(instrument, [[1, 2, 3, 4, 5, None, -102, 1, 2, 3, 4, 5]] * 250_000)
    assert breaches(batch, instrument) == ()
    checked = min(seconds_of_twenty(lambda: breaches(batch, instrument)) for _ in range(5))
    masked = min(seconds_of_twenty(lambda: batch.select(**invalid_mask(instrument))) for _ in range(5))
    print(f"5,000,000 administrations: pandera {checked:.2f} s, mask {masked:.2f} s, best of five")
    assert checked < 1.5


def seconds_of_twenty(action) -> float:
    start = time.perf_counter()
    for _ in range(20):
        action()
    return time.perf_counter() - start


class TestTables:
    """Appointments and referrals, as parts hold them."""

    COLUMNS: ClassVar = {
        "appointments": {
            "source_row": 1, "client_key": 7, "clinician_key": None, "session": None,
            "starts_at": datetime.fromisoformat("2026-05-01"), "starts_on": date(2026, 5, 1), "kind": "treatment",
            "status": "attended",
        },
        "referrals": {
            "source_row": 1, "client_key": 7, "episode": None, "received_on": date(2026, 5, 1),
            "ended_on": None, "ending": None, "problem": "depression", "modality": None, "age_years": 40,
            "age_band": None, "sex": None, "ethnicity": None,
        },
    }  # fmt: skip

    def frame(self, kind, more=MappingProxyType({})):
        table = next(table for table in CORE if table.name == TABLE_KINDS[kind])
        types = {c.name: POLARS_TYPES[c.type] for c in table.columns if c.name in self.COLUMNS[kind]}
        return pl.DataFrame([{**self.COLUMNS[kind], **more}], schema=types)

    @pytest.mark.parametrize("kind", TABLE_KINDS)
    def test_sound_rows_pass(self, kind):
        assert table_breaches(self.frame(kind), kind) == ()
        assert table_breaches(self.frame(kind).clear(), kind) == ()

    @pytest.mark.parametrize(
        ("kind", "more", "columns"),
        [
            ("appointments", {"status": "CANARY", "kind": "CANARY"}, ["kind", "status"]),
            ("appointments", {"client_key": None, "starts_on": None}, ["client_key", "starts_on"]),
            ("referrals", {"ending": "CANARY", "problem": "CANARY"}, ["ending", "problem"]),
            ("referrals", {"received_on": None, "ending": "CANARY"}, ["ending", "received_on"]),
        ],
    )
    def test_all_that_is_wrong_is_listed_without_a_value(self, kind, more, columns):
        found = table_breaches(self.frame(kind, more), kind)
        assert [breach.column for breach in found] == columns
        assert "CANARY" not in str(found)

    @pytest.mark.parametrize("kind", TABLE_KINDS)
    def test_a_column_that_is_missing_is_named(self, kind):
        found = table_breaches(self.frame(kind).drop("client_key"), kind)
        assert found == (Breach("client_key", "column_in_dataframe"),)
