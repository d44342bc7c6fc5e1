"""REDCap's data dictionary as a table of fields: the CSV of the Designer, or of the API."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.errors import ExportRefused

NAMES: Mapping[str, tuple[str, str]] = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "type": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "validation": (
        "Text Validation Type OR Show Slider Number",
        "text_validation_type_or_show_slider_number",
    ),
    "identifier": ("Identifier?", "identifier"),
}
"""Columns of a dictionary: as the Designer writes them, and as the API does."""

NEEDED = {"name", "form", "type", "label", "choices"}

CHOICES = ("radio", "dropdown", "checkbox")
"""Types of field whose choices the dictionary lists."""

FIXED: Mapping[str, Mapping[str, str]] = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
"""Types of field with the same choices everywhere."""

CHECKED: Mapping[str, str] = {"1": "Checked", "0": "Unchecked"}
STATUS: Mapping[str, str] = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
"""Of the column that says whether a form is complete."""

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True)
class Field:
    """One field. choices: code to label; order: "dmy", "mdy" or "ymd" of a date, else ""."""

    name: str
    form: str
    type: str
    label: str
    choices: Mapping[str, str]
    order: str
    identifier: bool

    def columns(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Columns of an export: name, header label, code to label of its cells."""
        if self.type == "checkbox":
            for code, label in self.choices.items():
                # ___ and the code; what cannot stand in a name, such as a minus, becomes a _
                name = f"{self.name}___{re.sub('[^a-z0-9_]', '_', code.lower())}"
                yield name, plain(f"{self.label} (choice={label})"), CHECKED
        elif self.type != "descriptive":
            yield self.name, plain(self.label), self.choices


def plain(text: str) -> str:
    """A label as it is compared: without markup, white space as one blank, case-folded."""
    bare = html.unescape(_TAG.sub("", text)).replace('"', "'").replace("\u00a0", " ")
    return " ".join(bare.split()).casefold()


def read_dictionary(text: str) -> list[Field]:
    """Fields in the dictionary's order. raises ExportRefused: wrong_dictionary"""
    rows, places = _table(text.removeprefix("\ufeff"))

    def cell(row: list[str], ours: str) -> str:
        at = places.get(ours, len(row))
        return row[at].strip() if at < len(row) else ""

    return [_field({ours: cell(row, ours) for ours in NAMES}) for row in rows if cell(row, "name")]


def _table(text: str) -> tuple[list[list[str]], dict[str, int]]:
    """Rows behind the header, and places of our columns, by the delimiter that makes a header of them."""
    for delimiter in ",;\t":
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error:
            continue
        header = {plain(name): at for at, name in enumerate(rows[0])} if rows else {}
        places = {
            ours: header[plain(name)]
            for ours, names in NAMES.items()
            for name in names
            if plain(name) in header
        }
        if places.keys() >= NEEDED:
            return rows[1:], places
    raise ExportRefused("wrong_dictionary")


def _field(said: Mapping[str, str]) -> Field:
    type_ = said["type"].lower()
    listed = _choices(said["choices"]) if type_ in CHOICES else {}
    dated = re.fullmatch("(?:date|datetime|datetime_seconds)_(dmy|mdy|ymd)", said["validation"].lower())
    return Field(
        name=said["name"],
        form=said["form"],
        type=type_,
        label=said["label"],
        choices=FIXED.get(type_, listed),
        order=dated[1] if dated and type_ == "text" else "",
        identifier=said["identifier"].lower() == "y",
    )


def _choices(text: str) -> dict[str, str]:
    """ "1, Yes | 2, No" as code to label; old dictionaries have a line for each instead of the bar."""
    parts = text.split("|") if "|" in text else text.splitlines()
    pairs = (part.partition(",") for part in parts if part.strip())
    return {code.strip(): label.strip() for code, _, label in pairs}
