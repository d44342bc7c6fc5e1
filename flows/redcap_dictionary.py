"""A REDCap CSV by its data dictionary: header labels to names, answer labels to codes, identifiers hidden."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from flows.answers import normalise
from flows.clean import Batch
from flows.readers.table import Cells, Records, Table
from flows.redcap_fields import STATUS, Field, plain, read_dictionary
from schemas.dialect import as_columns
from schemas.site import Feed, fold

HEADERS = {
    "event name": "redcap_event_name",
    "repeat instrument": "redcap_repeat_instrument",
    "repeat instance": "redcap_repeat_instance",
    "data access group": "redcap_data_access_group",
    "survey identifier": "redcap_survey_identifier",
}
"""Labels of columns that REDCap adds once."""

CLOSING, STAMP = "complete?", "survey timestamp"
"""Labels of <form>_complete and <form>_timestamp, one in each form."""

MAY_IDENTIFY = ("client", "clinician", "episode", "response", "rater_id")
"""Our columns that are stored under a key: these and dates may be fields marked as identifiers."""

Translate = Callable[[str], str]

_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})((?: |T).*)?", re.ASCII)


def coded(table: Table, feed: Feed) -> Table:
    """The same table with the names and codes of an export of raw data, whatever mixture of labels it has.

    raises ExportRefused: wrong_dictionary
    """
    fields = read_dictionary(feed.aside or "")
    header = [" ".join(name.split()) for name in table.names]
    names = field_names(header, fields)
    hidden = {column for one in fields if one.identifier for column, _, _ in one.columns()} - _mapped(feed)
    ways = _translations(names, fields, feed)
    labels = {at: _codes(choices) for at, choices in enumerate(_choices(names, fields)) if choices}
    aliases = {old: at for at, old in reversed(list(enumerate(header))) if names[at] not in {old, *hidden}}
    return replace(
        table,
        names=["" if name in hidden else name for name in names],
        records=CodedRecords(table.records, ways, _unsafe(labels)),
        aliases={**aliases, **table.aliases},
        labels=labels,
        hidden=frozenset(at for at, name in enumerate(names) if name in hidden),
    )


def _mapped(feed: Feed) -> set[str]:
    """Columns that the feed maps, and that may be identifiers."""
    keyed = (ours for ours in feed.columns if ours in MAY_IDENTIFY or ours.endswith("_at"))
    dates = {one.completed_at for one in feed.instruments if one.completed_at}
    return dates | {name for ours in keyed for name in as_columns(feed.columns[ours])}


def field_names(header: Sequence[str], fields: Sequence[Field]) -> list[str]:
    """Each column's name; a label that may be one of several fields stays as it is."""
    known = {name: one.form for one in fields for name, _, _ in one.columns()}
    names = [text if text in known else HEADERS.get(plain(text), "") for text in header]
    by_label: dict[str, list[str]] = {}
    for one in fields:
        for name, label, _ in one.columns():
            by_label.setdefault(label, []).extend([name] if name not in names else [])
    at_label: dict[str, list[int]] = {}
    for at, text in enumerate(header):
        if not names[at]:
            at_label.setdefault(plain(text), []).append(at)
    for label, places in at_label.items():
        if len(places) == len(by_label.get(label, ())):
            for at, name in zip(places, by_label[label], strict=True):
                names[at] = name
    _name_added(header, names, known, CLOSING, "_complete", range(len(header)))
    _name_added(header, names, known, STAMP, "_timestamp", range(len(header) - 1, -1, -1))
    return [name or text for name, text in zip(names, header, strict=True)]


def _name_added(
    header: Sequence[str],
    names: list[str],
    known: Mapping[str, str],
    label: str,
    ending: str,
    order: Iterable[int],
) -> None:
    """Name the columns of a label by the form of the field that was last met, in this order."""
    form = ""
    for at in order:
        if plain(header[at]) == label and not names[at] and form:
            names[at] = form + ending
        if plain(header[at]) == CLOSING or names[at].endswith("_complete"):
            form = ""
        else:
            form = known.get(names[at], form)


def _choices(names: Sequence[str], fields: Sequence[Field]) -> Iterator[Mapping[str, str]]:
    """Code to label of each column's cells; none where they are no choices."""
    of_fields = {name: choices for one in fields for name, _, choices in one.columns()}
    of_forms = {f"{one.form}_complete": STATUS for one in fields}
    for name in names:
        yield of_fields.get(name) or of_forms.get(name, {})


def _codes(choices: Mapping[str, str]) -> dict[str, str]:
    """Label to code. A label of two codes, or one that reads as another's code, says nothing certain."""
    times = Counter(plain(label) for label in choices.values())
    own = {normalise(code): code for code in choices}
    return {
        label: code
        for code, label in choices.items()
        if label and times[plain(label)] == 1 and own.get(normalise(label), code) == code
    }


def _unsafe(labels: Mapping[int, Mapping[str, str]]) -> frozenset[int]:
    """Columns where a label is a whole number: their cells are not to be read as numbers at once."""
    return frozenset(at for at, codes in labels.items() if any(label.isdecimal() for label in codes))


def _translations(names: Sequence[str], fields: Sequence[Field], feed: Feed) -> dict[int, Translate]:
    """By position, a reading of its cells."""
    listed = _listed(feed)
    orders = {one.name: one.order for one in fields if one.order and not feed.date_format}
    forms = {one.form: one.form for one in fields}
    found: dict[int, Translate] = {}
    for at, choices in enumerate(_choices(names, fields)):
        if choices:
            codes = {plain(label): code for label, code in _codes(choices).items()}
            found[at] = partial(_code, codes, listed)
        elif names[at] in orders:
            found[at] = partial(_iso, orders[names[at]])
        elif names[at] == "redcap_repeat_instrument":
            found[at] = partial(_form, forms)
    return found


def _listed(feed: Feed) -> frozenset[str]:
    """Texts the feed itself gives a meaning to: the dictionary has no say in those."""
    texts = [*feed.missing, *(text for check in feed.attention for text in check.accept)]
    for one in feed.instruments:
        texts += [*one.labels, *one.missing, *one.refused, *one.not_shown, *one.not_applicable]
    texts += [text for table in feed.values.values() for text in table]
    return frozenset(fold(text) for text in texts)


def _code(codes: Mapping[str, str], listed: Collection[str], text: str) -> str:
    return text if fold(text) in listed else codes.get(plain(text), text)


def _form(forms: Mapping[str, str], text: str) -> str:
    """The name of a form by its title, from which REDCap makes it."""
    return forms.get(re.sub("[^a-z0-9]+", "_", text.lower()).strip("_"), text)


def _iso(order: str, text: str) -> str:
    """A date in the order its field declares, as ISO 8601; any other text as it is."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return text
    found = dict(zip(order, match.groups(), strict=False))
    if len(found["y"]) != 4 or max(len(found["d"]), len(found["m"])) > 2:
        return text
    return f"{found['y']}-{found['m']:>02}-{found['d']:>02}{(match[4] or '').replace('T', ' ')}"


class CodedRecords:
    """Records of another reader with some cells translated."""

    def __init__(self, records: Records, ways: Mapping[int, Translate], unsafe: Collection[int]) -> None:
        self._records, self._ways, self._unsafe = records, ways, unsafe

    def sample(self, most: int) -> list[Cells]:
        return [
            [self._ways[at](cell) if cell and at in self._ways else cell for at, cell in enumerate(row)]
            for row in self._records.sample(most)
        ]

    def readers(self, wanted: Iterable[int], numbers: Collection[int] = ()) -> Iterator[Callable[[], Batch]]:
        columns = sorted(set(wanted))
        ways = {str(at): self._ways[at] for at in columns if at in self._ways}
        safe = [at for at in numbers if at not in self._unsafe]
        for read in self._records.readers(columns, safe):
            yield partial(_translated, read, ways)


def _translated(read: Callable[[], Batch], ways: Mapping[str, Translate]) -> Batch:
    batch = read()
    columns = [
        batch.rows[name].replace(_table(batch.rows[name], way))
        for name, way in ways.items()
        if batch.rows[name].dtype == pl.String
    ]
    return Batch(batch.rows.with_columns(columns), batch.broken)


def _table(cells: pl.Series, way: Translate) -> dict[str, str]:
    texts = (text for text in cells.unique().to_list() if text is not None)
    return {text: new for text in texts if (new := way(text)) != text}
