"""A REDCap data dictionary as a table of fields."""

from __future__ import annotations

import pytest

from flows.redcap_fields import plain, read_dictionary
from schemas.errors import ExportRefused

TOP = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",Identifier?\n'
)


def fields(rows):
    return {one.name: one for one in read_dictionary(TOP + rows)}


@pytest.mark.parametrize(
    ("choices", "codes"),
    [
        ("0, Never | 1, Often, or more|2,Always", {"0": "Never", "1": "Often, or more", "2": "Always"}),
        ("1, One\n2, Two\n", {"1": "One", "2": "Two"}),
        ("A1, x |  | -99, y", {"A1": "x", "-99": "y"}),
        ("", {}),
    ],
)
def test_choices(choices, codes):
    assert fields(f'x,f,,radio,X,"{choices}",,,\n')["x"].choices == codes


def test_only_fields_of_choice_have_choices():
    found = fields(
        'a,f,,calc,A,"[b] + 1, [c] | 2",,,\nb,f,,slider,B,"0 | 50 | 100",,,\nc,f,,YesNo,C,,,,\nd,f,,truefalse,D,,,,\n'
    )
    assert (found["a"].choices, found["b"].choices) == ({}, {})
    assert (found["c"].choices, found["d"].choices) == ({"1": "Yes", "0": "No"}, {"1": "True", "0": "False"})


def test_columns_of_an_export():
    found = fields(
        'a,f,,text,<b>A</b>,,,,\nb,f,,checkbox,B?,"1, x | -99, y | Z, z",,,\nc,f,,descriptive,Hello,,,,\n'
    )
    assert [(name, label) for one in found.values() for name, label, _ in one.columns()] == [
        ("a", "a"), ("b___1", "b? (choice=x)"), ("b____99", "b? (choice=y)"), ("b___z", "b? (choice=z)"),
    ]  # fmt: skip


def test_orders_of_dates_and_identifiers():
    rows = (
        (f"d{n}", kind, mark)
        for n, (kind, mark) in enumerate(
            [("date_dmy", "y"), ("datetime_seconds_mdy", ""), ("time", "Y"), ("", "n")]
        )
    )
    found = fields("".join(f"{name},f,,text,X,,,{kind},{mark}\n" for name, kind, mark in rows))
    assert [(one.order, one.identifier) for one in found.values()] == [
        ("dmy", True),
        ("mdy", False),
        ("", True),
        ("", False),
    ]


def test_other_delimiters_byte_order_marks_and_short_rows():
    text = (
        "\ufeff"
        + TOP.replace(",", ";").replace("Choices; Calculations; OR", "Choices, Calculations, OR")
        + "x;f;;text;X\n\n;f\n"
    )
    (one,) = read_dictionary(text)
    assert (one.name, one.label, one.choices) == ("x", "X", {})


@pytest.mark.parametrize(
    "text", ["", "\n", "a,b\n", "a\n", "field_name,form_name\nx,f\n", "\0", '"', "x" * 200_000]
)
def test_no_dictionary(text):
    with pytest.raises(ExportRefused, match="wrong_dictionary"):
        read_dictionary(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("<p>How  <b>often</b>?</p>", "how often?"),
        (' "Often"\u00a0&amp; more\n', "'often' & more"),
        ("< 5 and > 3", "< 5 and > 3"),
    ],
)
def test_labels_are_compared_without_markup(text, label):
    assert plain(text) == label
