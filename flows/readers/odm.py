"""CDISC ODM with data, as REDCap writes it: one record for each form instance.

The columns are those of the same project's CSV. What a form does not have and the feed maps (a client's code,
a date of the visit) is taken from the other forms of its subject and event: in the CSV it stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, overload

from flows.readers.odm_study import REDCAP, Study, StudyReader
from flows.readers.table import Broken, Cells, RowRecords, Table
from schemas.dialect import Dialect, as_columns
from schemas.errors import ExportRefused
from schemas.site import Feed

NAME_SPACE = "{http://www.cdisc.org/ns/odm/v1."
EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
ADDED = (EVENT, INSTRUMENT, INSTANCE)
"""Columns that the nesting of elements stands for."""
OF_SUBJECT = ("redcap_data_access_group",)
"""Fields written in a subject's first form alone, and true of all."""

LONGEST_TAG = 8 * 1024 * 1024
"""Bytes of a tag or a text; the parser takes far longer than it is long."""
BLOCK_BYTES = 64 * 1024
_FIRST = ("", "1")
"""Repeat keys of what was not repeated."""


@dataclass
class FormData:
    """One form instance. keys: repeat keys of event and form. twice: whether a field has two values."""

    event: str
    form: str
    keys: tuple[str, str]
    values: dict[str, str] = field(default_factory=dict)
    twice: bool = False


@dataclass
class SubjectData:
    """One record of REDCap, with its form instances in file order."""

    key: str
    record_field: str
    forms: list[FormData] = field(default_factory=list)


def open_odm(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: empty_file, not_this_dialect, xml_doctype, broken_xml"""
    found = Document(stream)
    subjects = found.subjects()
    study = found.study if found.read_study() else _study_of_data(stream)
    record_field = study.record_field or found.record_field or "record_id"
    names = list(dict.fromkeys([record_field, *ADDED, *study.fields()]))
    rows = _rows(subjects, study, names, _mapped(feed))
    labels = {at: study.labels(name) for at, name in enumerate(names) if study.labels(name)}
    return Table(names, RowRecords(rows, len(names)), labels=labels)


def _study_of_data(stream: BinaryIO) -> Study:
    """The fields that the data themselves name, form by form, for a file without definitions."""
    at = stream.tell()
    groups: dict[str, dict[str, None]] = {}
    stream.seek(0)
    for subject in Document(stream).subjects():
        for form in subject.forms:
            groups.setdefault(form.form, {}).update(dict.fromkeys(form.values))
    stream.seek(at)
    study = Study()
    for form_name, items in groups.items():
        closing = f"{form_name}_complete"
        study.items[form_name] = sorted(items, key=lambda item: item == closing)
    return study


def _mapped(feed: Feed) -> frozenset[str]:
    """Fields that the feed asks of a record beside the items of its questionnaires."""
    names = [name for theirs in feed.columns.values() for name in as_columns(theirs)]
    names += [check.column for check in feed.attention]
    for one in feed.instruments:
        totals = one.stored_total.values() if isinstance(one.stored_total, Mapping) else (one.stored_total,)
        texts = (one.session, one.completed_at, one.rater_column, *totals)
        names += [text for text in texts if isinstance(text, str)]
    return frozenset(names)


class Sparse(Sequence[str | None]):
    """Cells of one record, most of them blank: a form has few of a project's fields."""

    __slots__ = ("_cells", "_width")

    def __init__(self, cells: Mapping[int, str], width: int) -> None:
        self._cells, self._width = cells, width

    def __len__(self) -> int:
        return self._width

    @overload
    def __getitem__(self, at: int) -> str | None: ...
    @overload
    def __getitem__(self, at: slice) -> list[str | None]: ...
    def __getitem__(self, at: int | slice) -> str | list[str | None] | None:
        if isinstance(at, slice):
            return [self._cells.get(one) for one in range(*at.indices(self._width))]
        if not -self._width <= at < self._width:
            raise IndexError(at)
        return self._cells.get(at % self._width)


def _rows(
    subjects: Iterator[SubjectData], study: Study, names: Sequence[str], mapped: frozenset[str]
) -> Iterator[Cells | Broken]:
    places = {name: at for at, name in enumerate(names)}
    for subject in subjects:
        everywhere = _first_values(subject.forms, OF_SUBJECT)
        beside: dict[tuple[str, str], dict[str, str]] = {}
        for form in subject.forms:
            if not _instance(form, study)[0]:
                near = beside.setdefault((form.event, form.keys[0]), {})
                near.update({name: form.values[name] for name in mapped & form.values.keys() - near.keys()})
        for form in subject.forms:
            if form.twice:
                yield Broken("repeated_field")
                continue
            instrument, instance = _instance(form, study)
            near = {} if instrument else beside[form.event, form.keys[0]]
            added = {names[0]: subject.key, EVENT: form.event, INSTRUMENT: instrument, INSTANCE: instance}
            values = {**everywhere, **near, **form.values, **added}
            cells = {places[name]: text for name, text in values.items() if text and name in places}
            yield Sparse(cells, len(names))


def _first_values(forms: Sequence[FormData], names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for form in forms:
        found.update({name: form.values[name] for name in names if name in form.values and name not in found})
    return found


def _instance(form: FormData, study: Study) -> tuple[str, str]:
    """redcap_repeat_instrument and redcap_repeat_instance as the CSV has them."""
    of_event, of_form = form.keys
    if study.repeats(form.event, form.form) or of_form not in _FIRST:
        return form.form, of_form
    return "", of_event if study.event_repeats(form.event) or of_event not in _FIRST else ""


class Document:
    """Reads the file forward, block by block; definitions come before the data."""

    def __init__(self, stream: BinaryIO) -> None:
        self._target = _Target()
        self._blocks = self._read(stream)

    @property
    def study(self) -> Study:
        return self._target.definitions.study

    @property
    def record_field(self) -> str:
        return next((subject.record_field for subject in self._target.subjects), "")

    def read_study(self) -> bool:
        """Read on to the first subject; whether there were definitions of fields before it."""
        while not self._target.subjects and next(self._blocks, False):
            pass
        return bool(self.study.items)

    def subjects(self) -> Iterator[SubjectData]:
        more = True
        while more or self._target.subjects:
            taken, self._target.subjects = self._target.subjects, []
            yield from taken
            more = next(self._blocks, False)

    def _read(self, stream: BinaryIO) -> Iterator[bool]:
        from xml.etree.ElementTree import ParseError

        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import DefusedXMLParser

        parser = DefusedXMLParser(target=self._target, forbid_dtd=True)
        blank, unended = True, 0
        try:
            while block := stream.read(BLOCK_BYTES):
                blank = blank and not block.strip()
                end = block.rfind(b">") + 1
                unended = len(block) - end if end else unended + len(block)
                if unended > LONGEST_TAG:
                    raise ValueError
                parser.feed(block)
                yield True
            parser.close()
        except DefusedXmlException:
            raise ExportRefused("xml_doctype") from None
        except (ParseError, LookupError, ValueError):
            # The last two: an encoding that expat does not know, and a tag or text that does not end.
            begun = self._target.begun
            raise ExportRefused(
                "empty_file" if blank else "broken_xml" if begun else "not_this_dialect"
            ) from None


class _Target:
    """Receives elements from the parser and keeps whole subjects, to be taken away by `Document`."""

    def __init__(self) -> None:
        self.subjects: list[SubjectData] = []
        self.definitions = StudyReader()
        self.begun = False
        self._in_data = False
        self._subject = SubjectData("", "")
        self._event = ("", "")
        self._form: FormData | None = None
        self._item = ""
        self._text: list[str] | None = None

    def start(self, tag: str, said: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if not self.begun:
            if name != "ODM" or not tag.startswith(NAME_SPACE) or said.get("FileType") == "Transactional":
                raise ExportRefused("not_this_dialect")
            self.begun = True
        elif self._in_data:
            self._start_data(name, said)
        elif name == "ClinicalData":
            self._in_data = True
        elif self.definitions.start(name, said):
            self._text = []

    def _start_data(self, name: str, said: Mapping[str, str]) -> None:
        if name.startswith("ItemData"):
            self._start_item(name, said)
        elif name == "FormData":
            form = said.get("FormOID", "").removeprefix("Form.")
            keys = self._event[1], said.get("FormRepeatKey", "")
            self._form = FormData(self._event[0], form, keys)
        elif name == "StudyEventData":
            event = said.get("StudyEventOID", "").removeprefix("Event.")
            event = said.get(REDCAP + "UniqueEventName") or event
            self._event = event, said.get("StudyEventRepeatKey", "")
        elif name == "SubjectData":
            self._subject = SubjectData(said.get("SubjectKey", ""), said.get(REDCAP + "RecordIdField", ""))
            self._event = "", ""

    def _start_item(self, name: str, said: Mapping[str, str]) -> None:
        self._item = said.get("ItemOID", "")
        if name == "ItemData":
            self._keep(said.get("Value", ""))
        elif name == "ItemDataBase64Binary":
            self._keep(said.get(REDCAP + "DocName", ""))
        else:
            self._text = []

    def _keep(self, value: str) -> None:
        if self._form is not None:
            self._form.twice |= self._form.values.setdefault(self._item, value) != value

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        text, self._text = self._text, None
        if not self._in_data:
            self.definitions.end(name, "".join(text or ()))
        elif name == "FormData" and self._form is not None:
            self._subject.forms.append(self._form)
            self._form = None
        elif name == "SubjectData":
            self.subjects.append(self._subject)
        elif name == "ClinicalData":
            self._in_data = False
        elif text is not None:
            self._keep("".join(text))

    def close(self) -> None:
        """The parser has read the whole document."""
