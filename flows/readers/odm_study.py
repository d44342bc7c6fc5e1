"""What an ODM file says of its study before the data: forms, fields, choices, what repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REDCAP = "{https://projectredcap.org}"
"""Name space of the attributes that REDCap adds."""


@dataclass
class Study:
    """Definitions as they are met, by their OID.

    groups: of a form, in order; items: of a group; lists: of choices, by item; choices: text to code
    descriptive: items that are text on the page and hold nothing
    repeating: (event, form) of repeating instruments, with form "" for repeating events
    """

    record_field: str = ""
    groups: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    descriptive: set[str] = field(default_factory=set)
    repeating: set[tuple[str, str]] = field(default_factory=set)

    def fields(self) -> list[str]:
        """Names of all fields, form by form, each once; groups that no form names come last."""
        of_forms = [group for groups in self.groups.values() for group in groups]
        ordered = dict.fromkeys([*of_forms, *self.items])
        items = (item for group in ordered for item in self.items.get(group, ()))
        return [item for item in dict.fromkeys(items) if item not in self.descriptive]

    def labels(self, name: str) -> Mapping[str, str]:
        """Text to code of one field's choices."""
        return self.choices.get(self.lists.get(name, ""), {})

    def repeats(self, event: str, form: str) -> bool:
        """Whether a form has instances in an event; a project without events has them under any name."""
        return any(one == form and event in ("", of) for of, one in self.repeating)

    def event_repeats(self, event: str) -> bool:
        return (event, "") in self.repeating


class StudyReader:
    """Takes the elements of GlobalVariables and MetaDataVersion, by their local names."""

    def __init__(self) -> None:
        self.study = Study()
        self._form = self._group = self._item = self._list = self._code = ""

    def start(self, name: str, said: Mapping[str, str]) -> bool:
        """Note an element; whether its text is wanted."""
        study = self.study
        match name:
            case "MetaDataVersion":
                study.record_field = said.get(REDCAP + "RecordIdField", study.record_field)
            case "RepeatingInstrument":
                event, form = said.get(REDCAP + "UniqueEventName", ""), said.get(REDCAP + "RepeatInstrument")
                study.repeating.update({(event, form)} if form else ())
            case "RepeatingEvent":
                study.repeating.add((said.get(REDCAP + "UniqueEventName", ""), ""))
            case "FormDef":
                self._form = said.get("OID", "")
                study.groups.setdefault(self._form, [])
            case "ItemGroupRef":
                study.groups.setdefault(self._form, []).append(said.get("ItemGroupOID", ""))
            case "ItemGroupDef":
                self._group = said.get("OID", "")
                study.items.setdefault(self._group, [])
            case "ItemRef":
                study.items.setdefault(self._group, []).append(said.get("ItemOID", ""))
            case "ItemDef":
                self._item = said.get("OID", "")
                if said.get(REDCAP + "FieldType") == "descriptive":
                    study.descriptive.add(self._item)
            case "CodeListRef":
                study.lists[self._item] = said.get("CodeListOID", "")
            case "CodeList":
                self._list = said.get("OID", "")
            case "CodeListItem":
                self._code = said.get("CodedValue", "")
        return name == "TranslatedText" and bool(self._code)

    def end(self, name: str, text: str) -> None:
        if name == "TranslatedText" and self._code:
            self.study.choices.setdefault(self._list, {}).setdefault(text.strip(), self._code)
        elif name == "CodeListItem":
            self._code = ""
