"""What FHIR Questionnaires say of their answers: the number of each option, other names of questions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from flows.readers.json_text import text_of
from schemas.dialect import CodedQuestions
from schemas.errors import ExportRefused

WEIGHTS = frozenset(
    f"http://hl7.org/fhir/StructureDefinition/{name}"
    for name in ("itemWeight", "ordinalValue", "questionnaire-ordinalValue", "iso21090-CO-value")
)
"""Extensions that hold the number of an answer: today's name, that of R4, and those of STU3 and DSTU2."""

DEPTH = 100
"""Groups within groups that are read; no questionnaire has as many."""

LOINC = "http://loinc.org"

_K = TypeVar("_K")

Option = tuple[str, str]
"""A question by its link id, and an answer by its code or text."""


@dataclass(frozen=True)
class Form:
    """One Questionnaire.

    links: of its questions, in their order; codes: of a question to its link id
    texts: of answers by their codes, as they were read before
    """

    links: tuple[str, ...]
    weights: Mapping[Option, str]
    codes: Mapping[str, str]
    texts: dict[Option, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Forms:
    """All that is known of the questions of a feed's responses.

    by_url: Questionnaires by their canonical url
    any_form: of all of them together, without what two of them say differently
    coded:   question by its public code to the numbers of its answers
    """

    by_url: Mapping[str, Form] = field(default_factory=dict)
    any_form: Form = field(default_factory=lambda: Form((), {}, {}))
    coded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def link(self, written: str) -> str:
        """A link id in one spelling: of a question with a public code, the code alone.

        "/44250-9", "/44249-1/44250-9" and "http://loinc.org/44250-9" are the question 44250-9.
        """
        last = written.rpartition("/")[2]
        return last if last in self.coded else written

    def spellings(self, code: str) -> tuple[str, ...]:
        """How link ids and site.toml write a question with a public code."""
        return (code, f"/{code}", f"{LOINC}/{code}", f"{LOINC}|{code}")

    def form(self, url: str) -> Form:
        """The Questionnaire of a response by its canonical url, whatever the version; else what all say."""
        return self.by_url.get(url.partition("|")[0], self.any_form)

    def public(self, link: str, code: str) -> str | None:
        """The number of a public code as the answer to a public question."""
        weights = self.coded.get(link)
        return weights.get(code) if weights else None


def read_forms(text: str | None, coded: tuple[CodedQuestions, ...]) -> Forms:
    """text: the file that the feed names as questionnaire. Raises ExportRefused: wrong_questionnaire."""
    known = Forms(coded={question: one.weights for one in coded for question in one.questions})
    if text is None:
        return known
    try:
        resources = list(_questionnaires(json.loads(text.removeprefix("\ufeff"))))
        pairs = [(text_of(one.get("url")), _form(one, known)) for one in resources]
    except (ValueError, RecursionError):
        raise ExportRefused("wrong_questionnaire") from None
    if not pairs:
        raise ExportRefused("wrong_questionnaire")
    by_url = {url: form for url, form in pairs if url}
    return Forms(by_url, _together([form for _, form in pairs]), known.coded)


def weight_of(element: object) -> str | None:
    """The number that an element's own extensions give it."""
    for one in members(element, "extension"):
        if one.get("url") in WEIGHTS:
            values = (one.get(key) for key in ("valueDecimal", "valueInteger"))
            return next((text_of(value) for value in values if value is not None), None)
    return None


def members(element: object, name: str) -> list[Mapping[str, object]]:
    """The objects in an element's list of that name."""
    found = element.get(name) if isinstance(element, Mapping) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def value_of(element: Mapping[str, object]) -> tuple[str, object]:
    """Name and value of an element's value[x]; "" and None where it has none."""
    return next(((key, value) for key, value in element.items() if key.startswith("value")), ("", None))


def _questionnaires(parsed: object) -> Iterator[Mapping[str, object]]:
    if isinstance(parsed, list):
        for one in parsed:
            yield from _questionnaires(one)
    elif isinstance(parsed, dict) and parsed.get("resourceType") == "Questionnaire":
        yield parsed
    else:
        for entry in members(parsed, "entry"):
            yield from _questionnaires(entry.get("resource"))


def _form(resource: Mapping[str, object], known: Forms) -> Form:
    sets = {f"#{text_of(one.get('id'))}": dict(_concepts(one)) for one in members(resource, "contained")}
    questions = list(_questions(resource, DEPTH))
    links = [known.link(text_of(question.get("linkId"))) for question in questions]
    weights: dict[Option, str] = {}
    codes: list[tuple[str, str]] = []
    for link, question in zip(links, questions, strict=True):
        options = {**sets.get(text_of(question.get("answerValueSet")), {}), **dict(_options(question))}
        weights |= {(link, option): weight for option, weight in options.items()}
        codes += [(name, link) for code in members(question, "code") for name in _names(code)]
    times = Counter(name for name, _ in codes)
    return Form(tuple(links), weights, {name: link for name, link in codes if times[name] == 1})


def _questions(element: object, depth: int) -> Iterator[Mapping[str, object]]:
    if not depth:
        raise ValueError
    for item in members(element, "item"):
        if item.get("type") not in ("group", "display"):
            yield item
        yield from _questions(item, depth - 1)


def _options(question: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Code or text of each answer option that has a number, and the number."""
    for option in members(question, "answerOption"):
        _, value = value_of(option)
        weight = weight_of(option) or weight_of(value)
        name = value.get("code") if isinstance(value, dict) else value
        if weight is not None and text_of(name):
            yield text_of(name), weight


def _concepts(value_set: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    compose, expansion = value_set.get("compose"), value_set.get("expansion")
    concepts = [one for include in members(compose, "include") for one in members(include, "concept")]
    for concept in [*concepts, *members(expansion, "contains")]:
        weight = weight_of(concept)
        if weight is not None and text_of(concept.get("code")):
            yield text_of(concept.get("code")), weight


def _names(code: Mapping[str, object]) -> list[str]:
    """How site.toml may write the code of a question."""
    text, system = text_of(code.get("code")), text_of(code.get("system"))
    return [text, *([f"{system}|{text}", f"{system}/{text}"] if system else [])] if text else []


def _together(forms: list[Form]) -> Form:
    links = dict.fromkeys(link for form in forms for link in form.links)
    return Form(
        tuple(links),
        _agreed([dict(form.weights) for form in forms]),
        _agreed([dict(form.codes) for form in forms]),
    )


def _agreed(tables: list[dict[_K, str]]) -> dict[_K, str]:
    """What the tables say, without the keys of which two say different things."""
    pairs = {(key, value) for table in tables for key, value in table.items()}
    times = Counter(key for key, _ in pairs)
    return {key: value for table in tables for key, value in table.items() if times[key] == 1}
