"""FHIR R4 QuestionnaireResponses: one resource, a Bundle, an array, or one resource a line.

A record is a response; of one that repeats a group, each repeat, with what the response says beside it.
Columns are FIXED and one for each question, by its link id. Contained resources and resources of other
types are no records.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flows.readers.fhir_answers import FIXED, Reading, records_of
from flows.readers.fhir_forms import read_forms
from flows.readers.json_text import Whole, pieces, text_of
from flows.readers.named import Named, NamedRecords
from flows.readers.table import Broken, Table
from schemas.dialect import CodedQuestions, Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed

ARRAY = "entry"
RESPONSE, BUNDLE = "QuestionnaireResponse", "Bundle"
_OF_AN_ENTRY = frozenset({"fullUrl", "request", "response", "search"})
"""What an entry of a Bundle may hold beside a resource; one without a resource is no record."""


def open_fhir(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """raises ExportRefused: empty_file, not_json, not_this_dialect, too_large, wrong_questionnaire"""
    forms = read_forms(feed.aside if feed.questionnaire else None, dialect.coded)
    reading = Reading(forms)
    records = NamedRecords(_records(stream, reading), (*FIXED, *forms.any_form.links), text_of)
    for question in _asked_together(records.names, dialect.coded):
        records.column(question)

    def column(name: str) -> int:
        """A question that the Questionnaire has not is a mistake; without one, nobody answered it."""
        if feed.questionnaire:
            raise ExportRefused("missing_column", name)
        return records.column(forms.link(name))

    aliases = _aliases(records, reading)
    return Table(tuple(records.names), records, aliases, column=column)


def _asked_together(names: list[str], coded: tuple[CodedQuestions, ...]) -> list[str]:
    """Questions of the forms with public codes of which the file has any: they are known, answered or not."""
    found = set(names)
    return [one for form in coded if found.intersection(form.questions) for one in form.questions]


def _aliases(records: NamedRecords, reading: Reading) -> dict[str, int]:
    """Other spellings of link ids, and the codes that a Questionnaire gives its questions."""
    places = {name: at for at, name in enumerate(records.names)}
    spelled = {name: link for link in reading.forms.coded for name in reading.forms.spellings(link)}
    others = {**spelled, **reading.links, **reading.forms.any_form.codes}
    return {name: places[link] for name, link in others.items() if link in places and name not in places}


def _records(stream: BinaryIO, reading: Reading) -> Iterator[Named | Broken]:
    for piece in pieces(stream, ARRAY):
        if isinstance(piece, Whole):
            kind = piece.members.get("resourceType")
            if kind != BUNDLE and (piece.walked or kind != RESPONSE):
                raise ExportRefused("not_this_dialect")
            piece = dict(piece.members)
        yield from _of_piece(piece, reading)


def _of_piece(piece: object, reading: Reading) -> list[Named | Broken]:
    try:
        found: list[Named | Broken] = []
        for resource in _resources(piece):
            found += [resource] if isinstance(resource, Broken) else records_of(resource, reading)
    except RecursionError:
        return [Broken("unreadable_record")]
    return found


def _resources(piece: object) -> Iterator[dict[str, object] | Broken]:
    """The responses in a resource, a Bundle or an entry of one."""
    if not isinstance(piece, dict):
        yield piece if isinstance(piece, Broken) else Broken("unreadable_record")
    elif piece.get("resourceType") == RESPONSE:
        yield piece
    elif piece.get("resourceType") == BUNDLE:
        entries = piece.get(ARRAY) or []
        for entry in entries if isinstance(entries, list) else [None]:
            yield from _resources(entry)
    elif "resource" in piece:
        yield from _resources(piece["resource"])
    elif not isinstance(piece.get("resourceType"), str) and not _OF_AN_ENTRY.intersection(piece):
        yield Broken("unreadable_record")
