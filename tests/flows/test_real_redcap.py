"""REDCap projects that other people exported: CSV, data dictionary and ODM of each agree cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.read import Export, open_export
from flows.redcap_fields import read_dictionary
from schemas.dialect import load_dialects
from schemas.errors import ExportRefused
from tests.lib.exports import fates, feed, loaded

pytestmark = pytest.mark.real

PROJECTS = (
    "blank-for-gray-status", "dag", "decimal-comma-and-dot", "nonnumeric-record-id", "potentially-problematic-values", "survey",
    "validation-types-1",
)  # fmt: skip
ADDED = {"redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"}
Cells = dict[str, dict[str, str]]
"""Filled cells by record and column, white space as one blank: XML and CSV write line breaks as blanks."""

DIFFER = {
    # The files were exported in different years, from projects built again: survey times, and a calculation.
    ("survey", "1", "prescreening_survey_timestamp"): ("2018-03-06 15:52:43", "2024-10-13 20:39:30"),
    ("survey", "2", "prescreening_survey_timestamp"): ("2018-03-06 15:53:15", "2024-10-13 20:40:51"),
    ("validation-types-1", "1", "f_calculated"): ("", "7"),
}  # fmt: skip


def opened(path: Path, dialect: str, dictionary: str | None = None) -> Export:
    toml = f"""
dialect = "{dialect}"
{'dictionary = "dictionary.csv"' if dictionary else ""}
[feeds.columns]
client = "record_id"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "x{{n}}"
"""
    of = feed(toml)
    of = type(of)(**{**vars(of), "aside": dictionary})
    with path.open("rb") as stream:
        export = open_export(stream, of, load_dialects()[dialect])
        export.sample(1_000)
    return export


def filled(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> Cells:
    """Rows of one record are one: form instances stand side by side in the CSV."""
    found: Cells = {}
    for row in rows:
        record = found.setdefault(row[0] or "", {})
        for name, cell in zip(names, row, strict=True):
            text = " ".join((cell or "").split())
            assert not text or record.get(name, text) == text
            record |= {name: text} if text else {}
    return found


@pytest.mark.parametrize("project", PROJECTS)
def test_csv_and_odm_agree_cell_by_cell(real_data: Path, project: str):
    """A form without any value is not in the ODM: the CSV calls it incomplete, where the project has no gray."""
    folder = real_data / "redcap" / project
    csv, odm = opened(folder / "data.csv", "redcap"), opened(folder / "project.xml", "redcap_odm")
    assert [name for name in odm.names if name not in ADDED] == list(csv.names)
    table, forms = filled(csv.names, csv.sample(1_000)), filled(odm.names, odm.sample(1_000))
    assert list(table) == list(forms)
    differ = {
        (project, record, name): (table[record].get(name, ""), forms[record].get(name, ""))
        for record in table
        for name in csv.names
        if table[record].get(name) != forms[record].get(name)
    }
    unsaved = {key: both for key, both in differ.items() if key[2].endswith("_complete")}
    assert set(unsaved.values()) <= {("0", "")}
    assert {key: both for key, both in differ.items() if key not in unsaved} == {
        key: both for key, both in DIFFER.items() if key[0] == project
    }


def test_a_project_without_records(real_data: Path):
    folder = real_data / "redcap" / "empty-rows"
    assert opened(folder / "project.xml", "redcap_odm").sample(5) == []
    with pytest.raises(ExportRefused, match="empty_file"):
        opened(folder / "data.csv", "redcap")


@pytest.mark.parametrize("project", [*PROJECTS, "empty-rows"])
def test_dictionary_and_odm_say_the_same_of_choices(real_data: Path, project: str):
    folder = real_data / "redcap" / project
    odm = opened(folder / "project.xml", "redcap_odm")
    fields = read_dictionary((folder / "dictionary.csv").read_text(encoding="utf-8"))
    listed = {
        name: {label: code for code, label in choices.items()}
        for one in fields
        for name, _, choices in one.columns()
    }
    assert {name: odm.labels.get(odm.names.index(name), {}) for name in listed} == listed


def test_labels_of_the_survey_become_its_raw_data(real_data: Path):
    """A label export made from the raw one by the dictionary, read back."""
    folder = real_data / "redcap" / "survey"
    raw = opened(folder / "data.csv", "redcap")
    text = (folder / "dictionary.csv").read_text(encoding="utf-8")
    coded = opened(folder / "data.csv", "redcap", text)
    hidden = {one.name for one in read_dictionary(text) if one.identifier}
    assert hidden == {"email", "first_name", "last_name", "address", "telephone_1"}
    assert [name for name in raw.names if name not in hidden] == [
        name for name in coded.names if name and not name.startswith("#")
    ]
    assert raw.sample(5) == coded.sample(5)


RUSSIAN = """
dialect = "redcap"
undated = true
[feeds.columns]
client = "record_id"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = ["consent", "pregnant_now"]
"""


def test_a_file_in_russian_with_labels(real_data: Path, tmp_path: Path):
    of = feed(RUSSIAN)
    with loaded(tmp_path, [(of, (real_data / "redcap" / "russian" / "data.csv").read_bytes())]) as con:
        assert set(fates(con).values()) <= {
            ("accepted", ""),
            ("excluded", "empty"),
            ("quarantined", "not_an_answer"),
            ("quarantined", "problems"),
        }
