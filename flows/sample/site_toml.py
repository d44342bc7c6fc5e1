"""The site.toml of the sample."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flows.sample.feeds import FeedPlan, Table, Value
from flows.sample.plan import ClinicPlan, Window

DUE = {
    "adult": (("phq_9", "all"), ("gad_7", "all"), ("wai_sr", "all")),
    "perinatal": (("phq_9", "all"), ("gad_7", "all"), ("core_10", "first_last"), ("wai_sr", "all")),
}
"""What every client of a service should answer, and when."""

OPENING = """\
# A sample site: invented people, written by `accord sample`. What the files hold, defects included,
# stands in sample/truth.json and sample/defects.csv.
"""


def site_toml(clinics: Sequence[ClinicPlan], feeds: Sequence[FeedPlan], window: Window) -> str:
    """The configuration that reads the sample's files. The first half of the window is the baseline."""
    baseline = window.quarter_ends[(len(window.quarter_ends) - 1) // 2]
    services = list(dict.fromkeys(clinic.service for clinic in clinics))
    tables = [
        _table("[site]", {"name": "North Vale Talking Therapies", "timezone": "Europe/London"}),
        _table("[disclosure]", {"threshold": 5, "round_to": 5}),
        _table("[rules]", {"baseline_from": window.first, "baseline_to": baseline}),
        *(_table("[[clinics]]", {"id": it.id, "name": it.name, "service": it.service}) for it in clinics),
        *(table for service in services for table in _due(service)),
        *(table for feed in feeds for table in _feed(feed)),
    ]
    return OPENING + "\n" + "\n".join(tables)


def _due(service: str) -> Iterable[str]:
    for instrument, sessions in DUE[service]:
        rule = {"service": service, "instrument": instrument, "rater": "client", "sessions": sessions}
        yield _table("[[due]]", rule)


def _feed(feed: FeedPlan) -> Iterable[str]:
    path = f"{feed.folder}/{feed.name}-*.csv"
    head = {"id": feed.id, "clinic": feed.clinic.id, "kind": feed.kind, "path": path, "dialect": feed.dialect}
    yield _table("[[feeds]]", head | dict(feed.settings))
    yield _table("[feeds.columns]", feed.columns)
    yield from (_table("[[feeds.instruments]]", instrument) for instrument in feed.instruments)
    if feed.attention:
        yield _table("[[feeds.attention]]", feed.attention)
    for column, words in feed.values.items():
        yield _table(f"[feeds.values.{column}]", {_text(theirs): ours for theirs, ours in words.items()})


def _table(heading: str, entries: Table) -> str:
    return "".join([heading, "\n", *(f"{key} = {_value(value)}\n" for key, value in entries.items())])


def _value(value: Value) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(key)} = {number}" for key, number in value.items()) + " }"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return "[" + ", ".join(_text(item) for item in value) + "]"


def _text(text: str) -> str:
    """A basic string of TOML; JSON escapes the same characters the same way."""
    return json.dumps(text, ensure_ascii=False)
