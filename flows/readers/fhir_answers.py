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

KNOWN = 100_000
"""Answers whose texts are kept for the next response."""

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
    """The records of one response; one Broken where it is not of the shape FHIR gives it.

    A response without any item is a record too: blank, or one that takes itself back.
    """
    about = _about(resource)
    try:
        common, repeats = _Walk(reading, reading.forms.form(about["questionnaire"])).items(
            resource.get("item", []), DEPTH
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
        if not isinstance(items, list) or not depth:
            raise _Unreadable
        times: frozenset[str] | None = None
        for item in items:
            link = item.get("linkId") if isinstance(item, dict) else None
            if not isinstance(link, str):
                raise _Unreadable
            answers, inner = item.get("answer"), item.get("item")
            if answers or inner is None:
                column = self.reading.column(link)
                text, within = self._answer(column, answers)
                _put(common, column, text)
                for nested in within:
                    self._within(common, repeats, nested, depth, repeated=False)
            if inner is not None:
                times = _repeated(items) if times is None else times
                self._within(common, repeats, inner, depth, repeated=link in times)
        return common, repeats

    def _within(
        self, common: Answers, repeats: list[Answers], items: object, depth: int, *, repeated: bool
    ) -> None:
        """Add the answers of items within items."""
        inner, more = self.items(items, depth - 1)
        if repeated:
            repeats += [_joined(inner, one) for one in more] or [inner]
        else:
            for link, text in inner.items():
                _put(common, link, text)
            repeats += more

    def _answer(self, link: str, answers: object) -> tuple[str, Sequence[object]]:
        """The text of the answers to one question, and the items within them."""
        if not answers:
            return "", ()
        if not isinstance(answers, list):
            raise _Unreadable
        if len(answers) == 1 and (text := self._plain(link, answers[0])) is not None:
            return text, ()
        if not all(isinstance(one, dict) for one in answers):
            raise _Unreadable
        within = [one["item"] for one in answers if "item" in one]
        return ";".join(self._text(link, one) for one in answers), within

    def _plain(self, link: str, answer: object) -> str | None:
        """The text of an answer that is a code or an integer and nothing else, as most are; else None."""
        if type(answer) is not dict or len(answer) != 1:
            return None
        code = _code_alone(answer)
        if code is None:
            return None
        known = self.form.texts
        text = known.get((link, code))
        if text is None:
            text = self._number(link, code) or code
            if len(known) < KNOWN:
                known[link, code] = text
        return text

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


def _code_alone(answer: dict[str, object]) -> str | None:
    """The code of a coding, or an integer, where nothing stands beside it."""
    coding = answer.get("valueCoding")
    if coding is None:
        number = answer.get("valueInteger")
        return str(number) if type(number) is int else None
    if type(coding) is not dict or "extension" in coding:
        return None
    code = coding.get("code")
    return code if type(code) is str and code else None


def _repeated(items: Sequence[object]) -> frozenset[str]:
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


def _put(common: Answers, link: str, text: str) -> None:
    """Add an answer; a second one under the same link id spoils the first."""
    before = common.get(link)
    common[link] = text if not before else TWICE if text else before


def _joined(common: Answers, one: Answers) -> Answers:
    both = dict(common)
    for link, text in one.items():
        _put(both, link, text)
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
