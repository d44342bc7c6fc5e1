"""Rows of a sheet of repeats with the columns of the form each belongs to."""

from __future__ import annotations

import pytest

from flows.readers.cell_text import Texts
from flows.readers.repeats import Sheet, with_parents
from flows.readers.table import Broken
from schemas.dialect import Repeats
from schemas.errors import ExportRefused

COLUMNS = Repeats(index="_index", parent="_parent_index", table="_parent_table_name")
FORMS = Sheet(["code", "_index"], {"alias": 0}, [["a", 1.0], ["b", 2.0], ["c", 3.0], ["d", 3.0]])
NAMES = ["q", "code", "_parent_table_name", "_parent_index"]


def joined(rows, forms=FORMS):
    return with_parents(Sheet(NAMES, {}, rows), COLUMNS, {"Forms": forms, "": forms}.__getitem__, Texts("."))


def test_names_of_both():
    sheet = joined([])
    assert sheet.names == [*NAMES, "code", "_index", "@repeat"]
    assert sheet.aliases == {"alias": 4, "parent/alias": 4, "parent/code": 4, "parent/_index": 5}


def test_each_row_has_its_form_and_its_number_within():
    rows = [[n, "x", "Forms", index] for n, index in enumerate([2.0, 1.0, 2.0])]
    found = list(joined(rows).rows)
    assert [(row[0], row[4], row[6]) for row in found] == [(0, "b", 1), (1, "a", 1), (2, "b", 2)]


def test_a_form_that_is_not_there_or_there_twice():
    rows = [[0, "x", "Forms", index] for index in (1.0, 3.0, 9.0, "")] + [Broken("long_row")]
    first, *others = joined(rows).rows
    assert first[4] == "a"
    assert others == [*[Broken("missing_parent")] * 3, Broken("long_row")]


def test_a_sheet_that_is_beneath_none_is_left_as_it_is():
    assert with_parents(FORMS, COLUMNS, {}.__getitem__, Texts(".")) is FORMS


def test_a_circle_is_refused():
    circle = Sheet(NAMES, {}, [[0, "x", "Forms", 1.0]])
    with pytest.raises(ExportRefused, match="damaged_workbook"):
        with_parents(circle, COLUMNS, lambda name: circle, Texts("."))


def test_forms_without_their_index_are_not_of_this_system():
    with pytest.raises(ExportRefused, match="not_this_dialect"):
        joined([[0, "x", "Forms", 1.0]], Sheet(["code"], {}, []))
