"""CDISC ODM as REDCap writes it: a study of forms, and subjects with their form instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"'
    ' xmlns:redcap="https://projectredcap.org" ODMVersion="1.3.1" FileType="Snapshot" SourceSystem="REDCap">\n'
)
Choices = Mapping[str, Mapping[str, str]]
Event = tuple[str, str, Sequence[tuple[str, str, Mapping[str, str]]]]
"""An event's name, its repeat key, and form instances: form, repeat key, values."""


def definitions(
    forms: Mapping[str, Sequence[str]],
    choices: Choices | None = None,
    repeating: Iterable[tuple[str, str]] = (),
    record_field: str = "record_id",
) -> str:
    """Global variables and metadata. repeating: (event, form), with form "" for a repeating event."""
    parts = ['<Study OID="Project.Test">\n<GlobalVariables><StudyName>Test</StudyName>']
    for event, form in repeating:
        kind = f'RepeatingInstrument redcap:RepeatInstrument="{form}"' if form else "RepeatingEvent"
        parts.append(f'<redcap:{kind} redcap:UniqueEventName="{event}"/>')
    parts.append(
        f'</GlobalVariables>\n<MetaDataVersion OID="M" Name="Test" redcap:RecordIdField="{record_field}">'
    )
    for form, items in forms.items():
        parts.append(f'<FormDef OID="Form.{form}" Name="{form}" Repeating="No" redcap:FormName="{form}">')
        parts += [f'<ItemGroupRef ItemGroupOID="{form}.{item}"/>' for item in items]
        parts.append("</FormDef>")
    for form, items in forms.items():
        for item in items:
            parts.append(
                f'<ItemGroupDef OID="{form}.{item}" Name="x" Repeating="No"><ItemRef ItemOID="{item}"/></ItemGroupDef>'
            )
    for item in (item for items in forms.values() for item in items):
        listed = f'<CodeListRef CodeListOID="{item}.choices"/>' if item in (choices or {}) else ""
        parts.append(
            f'<ItemDef OID="{item}" Name="{item}" DataType="text"><Question><TranslatedText>How?</TranslatedText></Question>{listed}</ItemDef>'
        )
    for item, codes in (choices or {}).items():
        lines = "".join(
            f"<CodeListItem CodedValue={quoteattr(code)}><Decode><TranslatedText>{text}</TranslatedText></Decode></CodeListItem>"
            for code, text in codes.items()
        )
        parts.append(f'<CodeList OID="{item}.choices" Name="{item}" DataType="text">{lines}</CodeList>')
    return "\n".join([*parts, "</MetaDataVersion>\n</Study>\n"])


def subject(key: str, *events: Event) -> str:
    """One record; an event without a name is that of a project that has none."""
    parts = [f'<SubjectData SubjectKey={quoteattr(key)} redcap:RecordIdField="record_id">']
    for event, event_key, forms in events:
        if event:
            parts.append(
                f'<StudyEventData StudyEventOID="Event.{event}" StudyEventRepeatKey="{event_key}" redcap:UniqueEventName="{event}">'
            )
        for form, form_key, values in forms:
            parts.append(f'<FormData FormOID="Form.{form}" FormRepeatKey="{form_key}">')
            parts += [
                f'<ItemGroupData ItemGroupOID="{form}.{name}" ItemGroupRepeatKey="1"><ItemData ItemOID="{name}" Value={quoteattr(text)}/></ItemGroupData>'
                for name, text in values.items()
            ]
            parts.append("</FormData>")
        parts.append("</StudyEventData>" if event else "")
    return "\n".join([*parts, "</SubjectData>\n"])


def classic(key: str, *forms: tuple[str, Mapping[str, str]]) -> str:
    """One record of a project without events or repeats."""
    return subject(key, ("", "", [(form, "1", values) for form, values in forms]))


def document(study: str, *subjects: str) -> bytes:
    data = '<ClinicalData StudyOID="Project.Test" MetaDataVersionOID="M">\n' + "".join(subjects)
    return f"{HEAD}{study}{data}</ClinicalData>\n</ODM>\n".encode()
