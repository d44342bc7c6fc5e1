"""FHIR resources as systems write them, feeds that read them, and a response of two questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from schemas.registry import Registry
from schemas.site import Feed
from tests.lib.exports import SMALL, feed, loaded, standing

PHQ_9 = (
    "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8",
)  # fmt: skip
GAD_7 = ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7")
FREQUENCY = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
"""LOINC's codes of "not at all" to "nearly every day"."""
PAIR = ("q1", "q2")
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"

FEED = """
dialect = "fhir"
partials = "{partials}"
{more}
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "{form}"
rater = "client"
items = {items}
"""


def fhir_feed(
    form: str,
    items: Sequence[str],
    questionnaire: object = None,
    partials: str = "exclude",
    client: str = "subject",
    forms: Registry = SMALL,
) -> Feed:
    """A feed of one form; questionnaire: the content of the file it names."""
    more = "" if questionnaire is None else 'questionnaire = "form.json"'
    toml = FEED.format(partials=partials, more=more, client=client, form=form, items=json.dumps(items))
    text = questionnaire if isinstance(questionnaire, str | None) else json.dumps(questionnaire)
    return replace(feed(toml, forms=forms), aside=text)


def coding(code: str, **more: object) -> dict[str, object]:
    return {"valueCoding": {"system": "http://loinc.org", "code": code, "display": "as printed", **more}}


def weighted(value: float, url: str = ORDINAL) -> dict[str, object]:
    return {"extension": [{"url": url, "valueDecimal": value}]}


def item(link: str, *answers: Mapping[str, object], **more: object) -> dict[str, object]:
    answered = {"answer": list(answers)} if answers else {}
    return {"linkId": link, "text": "a question", **answered, **more}


def response(id_: str, items: Iterable[Mapping[str, object]], **more: object) -> dict[str, object]:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": id_,
        "status": "completed",
        "subject": {"reference": f"Patient/{id_}"},
        "authored": "2026-10-01T10:00:00Z",
        "item": list(items),
        **more,
    }


def bundle(*resources: object) -> str:
    entries = [{"fullUrl": "urn:x", "resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def lines(*resources: object) -> str:
    return "\n".join(json.dumps(resource) for resource in resources)


def pair(id_="r1", first=1, second=2, **more):
    """A response to the form of two items, with answers that are numbers; None is no answer."""
    answers = [("q1", first), ("q2", second)]
    items = [item(link, *([] if value is None else [{"valueInteger": value}])) for link, value in answers]
    return response(id_, items, **more)


def answers(con):
    return {row: found for (_, row, _), found in standing(con).items()}


def read(tmp_path, content, of=None):
    return loaded(tmp_path, [(of or fhir_feed("mini", PAIR), content)])
