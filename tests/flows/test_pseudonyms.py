"""Keyed ids: the same within a clinic, different everywhere else, never the id itself."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from flows.pseudonyms import Pseudonymiser
from tests.lib.exports import KEY
from warehouse.secret import key_of

NORTH = Pseudonymiser(KEY, "north", "aa" * 32, "Europe/London")
IDS = pl.Series("PID", ["C-001", "C-002", None, "C-001", ""], dtype=pl.String)


def test_the_same_id_is_the_same_person_and_null_stays_nobody():
    keys = NORTH.keys(IDS, "client").to_list()
    assert keys[0] == keys[3]
    assert keys[2] is None
    assert len(set(keys)) == 4
    assert NORTH.keys(IDS, "client").dtype == pl.UInt64


def test_the_same_id_elsewhere_is_somebody_else():
    other_key = replace(NORTH, key=key_of("00" * 32, "test"))
    everywhere = [
        NORTH.keys(IDS, "client")[0],
        NORTH.keys(IDS, "clinician")[0],
        replace(NORTH, scope="south").keys(IDS, "client")[0],
        other_key.keys(IDS, "client")[0],
    ]
    assert len(set(everywhere)) == len(everywhere)


def test_another_file_of_the_clinic_has_the_same_people():
    assert replace(NORTH, file_digest="bb" * 32).keys(IDS, "client").equals(NORTH.keys(IDS, "client"))


def test_without_ids_each_row_of_each_file_is_a_person():
    rows = pl.Series("source_row", [1, 2, 3], dtype=pl.Int32)
    here, there = NORTH.rows(rows), replace(NORTH, file_digest="bb" * 32).rows(rows)
    assert len({*here, *there}) == 6
    assert NORTH.rows(rows).equals(here)
