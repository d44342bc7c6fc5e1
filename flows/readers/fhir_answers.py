"""One QuestionnaireResponse to records: what it is about, and its answers by link id.

Groups, and questions within answers, are flattened. A group that a response has several times makes a
record of each time, with what the response says beside it; repeats of several groups are not combined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.readers.fhir_forms import DEPTH, Form, Forms, members, value_of, weight_of
from flows.readers.json_text import text_of
from flows.readers.table import Broken

FIXED = (
    "id", "identifier", "status", "authored", "lastUpdated", "subject", "subject.identifier", "author",
    "source", "source.type", "encounter", "questionnaire", "repeat",
)  # fmt: skip
"""Columns of every file. repeat: number of the repeat of a group, from 1; blank without repeats."""

TWICE = "(answered twice)"
"""Cell of a question that a response answers in two places under one link id, which FHIR forbids: neither
of them is its answer. A question that the feed does not ask for costs nothing then."""

CELLS = 1_000_000
"""Cells that one response may come to by its repeats."""

Answers = dict[str, str]


@dataclass
class Reading:
    """What is known of the questions of a file. links: link ids as they were met, to the one they mean."""

    forms: Forms
    links: dict[str, str] = field(default_factory=dict)

    def column(self, written: str) -> str:
        link = self.links.get(written)
        if link is None:
            link = self.forms.link(written)
            link = self.links[written] = f"{link}#2" if link in FIXED else link
        return link


def records_of(resource: Mapping[str, object], reading: Reading) -> list[Answers | Broken]:
    """The records of one response; one Broken where it is not of the shape FHIR gives it."""
    about = _about(resource)
    try:
        common, repeats = _Walk(reading, reading.forms.form(about["questionnaire"])).items(
            resource.get("item"), DEPTH
        )
    except _Unreadable:
        return [Broken("unreadable_record")]
    if len(repeats) * (len(common) + len(about)) > CELLS:
        return [Broken("too_many_repeats")]
    common |= about
    if not repeats:
        return [common]
    return [_joined(common, one) | {"repeat": str(number)} for number, one in enumerate(repeats, 1)]


class _Unreadable(Exception):
    """Items that are no list of objects with link ids, or groups without end."""


@dataclass(frozen=True)
class _Walk:
    """Through the items of one response. form: its Questionnaire."""

    reading: Reading
    form: Form

    def items(self, items: object, depth: int) -> tuple[Answers, list[Answers]]:
        """Answers of all repeats, and of each repeat of a group."""
        common: Answers = {}
        repeats: list[Answers] = []
        if items is None:
            return common, repeats
        if not isinstance(items, list) or not depth:
            raise _Unreadable
        times = _repeated(items)
        for item in items:
            link = item.get("linkId") if isinstance(item, dict) else None
            if not isinstance(link, str):
                raise _Unreadable
            answers = item.get("answer")
            within = [item["item"]] if "item" in item else []
            if answers:
                self._answer(common, self.reading.column(link), answers)
                within += [answer["item"] for answer in answers if "item" in answer]
            elif not within:
                common.setdefault(self.reading.column(link), "")
            for children in within:
                inner, more = self.items(children, depth - 1)
                if link in times:
                    repeats += [_joined(inner, one) for one in more] or [inner]
                else:
                    _add(common, inner)
                    repeats += more
        return common, repeats

    def _answer(self, common: Answers, link: str, answers: object) -> None:
        if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
            raise _Unreadable
        text = self._text(link, answers[0]) if len(answers) == 1 else self._several(link, answers)
        common[link] = TWICE if text and common.get(link) else text or common.get(link, "")

    def _several(self, link: str, answers: Sequence[dict[str, object]]) -> str:
        return ";".join(self._text(link, one) for one in answers)

    def _text(self, link: str, answer: dict[str, object]) -> str:
        """The number of an answer, by itself or by its Questionnaire; else the answer."""
        name, value = value_of(answer)
        own = _own_weight(answer, name, value)
        if own is not None:
            return own
        if not isinstance(value, dict):
            text = text_of(value)
            return self._number(link, text) or text
        if name != "valueCoding":
            return text_of(value.get("value", value.get("reference")))
        code = text_of(value.get("code"))
        return self._number(link, code) or code or text_of(value.get("display"))

    def _number(self, link: str, option: str) -> str | None:
        return self.form.weights.get((link, option)) or self.reading.forms.public(link, option)


def _repeated(items: Sequence[object]) -> frozenset[object]:
    """Link ids of the groups that are there several times: with items, and themselves no questions."""
    groups = [
        item.get("linkId")
        for item in items
        if isinstance(item, dict) and "item" in item and not item.get("answer")
    ]
    times = Counter(link for link in groups if isinstance(link, str)) if len(groups) > 1 else {}
    return frozenset(link for link, n in times.items() if n > 1)


def _own_weight(answer: dict[str, object], name: str, value: object) -> str | None:
    """The number that the answer carries itself, on its coding, its value or the answer."""
    for element in (value, answer.get(f"_{name}"), answer):
        if isinstance(element, dict) and "extension" in element:
            weight = weight_of(element)
            if weight is not None:
                return weight
    return None


def _add(common: Answers, more: Answers) -> None:
    for link, text in more.items():
        common[link] = TWICE if text and common.get(link) else text or common.get(link, "")


def _joined(common: Answers, one: Answers) -> Answers:
    both = dict(common)
    _add(both, one)
    return both


def _about(resource: Mapping[str, object]) -> Answers:
    source = _reference(resource.get("source"))
    return {
        "id": text_of(resource.get("id")),
        "identifier": _identifier(resource),
        "status": text_of(resource.get("status")),
        "authored": text_of(resource.get("authored")),
        "lastUpdated": _member(resource.get("meta"), "lastUpdated"),
        "subject": _reference(resource.get("subject")),
        "subject.identifier": _identifier(resource.get("subject")),
        "author": _reference(resource.get("author")),
        "source": source,
        "source.type": _member(resource.get("source"), "type") or _type(source),
        "encounter": _reference(resource.get("encounter")),
        "questionnaire": text_of(resource.get("questionnaire")),
        "repeat": "",
    }


def _member(element: object, name: str) -> str:
    return text_of(element.get(name)) if isinstance(element, Mapping) else ""


def _identifier(element: object) -> str:
    """Value of an element's identifier, of the first where there are several."""
    if not isinstance(element, Mapping):
        return ""
    found = element.get("identifier")
    return _member(found, "value") or next(
        (_member(one, "value") for one in members(element, "identifier")), ""
    )


def _reference(element: object) -> str:
    """What a reference points to, whatever its version; else the identifier it gives."""
    return _member(element, "reference").partition("/_history/")[0] or _identifier(element)


def _type(reference: str) -> str:
    return reference.rpartition("/")[0].rpartition("/")[2]
