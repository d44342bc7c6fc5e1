"""`accord inspect`: look at a file that nobody configured and propose its feed.

What is told of a file are its columns' names, counts, and few-valued texts of items, labels and states; never
an id, a date or a text of a person.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.inspect_bytes import Look, look
from flows.inspect_columns import Column, columns_of, with_point
from flows.inspect_forms import Match, find_forms
from flows.inspect_proposal import Place, response_tables, table_tables, with_decimal
from flows.inspect_roles import roles_of
from flows.inspect_system import Opened, feed_of, open_best
from flows.inspect_tables import Meaning, TableFound, find_table
from flows.inspect_toml import TomlTable, doubts, edits, toml_text
from flows.unpack import unpacked
from schemas.dialect import load_dialects
from schemas.errors import ConfigError, ExportRefused
from schemas.identifiers import holds_address
from schemas.recognition import squeezed
from schemas.registry import Registry
from schemas.rules import rules

NONE = "none"
"""Kind of a file that holds neither questionnaires nor appointments nor referrals."""

_REDCAP_DICTIONARY = {"variablefieldname", "formname", "fieldtype"}
_REDCAP_METADATA = {"fieldname", "formname", "fieldtype"}


@dataclass(frozen=True)
class Where:
    """What is known beside the file: the clinic, how its path would be written, ids that are taken."""

    clinic: str = "main"
    clinic_sure: bool = False
    path: str = ""
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Inspection:
    """What was found in a file, and the feed it asks for.

    kind:    responses, appointments, referrals or "none"
    refused: rule by which it cannot be read; "" where it can
    records: of the sample that was looked at; forms: the questionnaires in the order of their columns
    tables:  [[feeds]] and what belongs to it; none where there is nothing to read
    notes:   what else a person should know
    """

    file: str
    seen: Look
    packed: bool = False
    opened: Opened | None = None
    refused: str = ""
    kind: str = NONE
    records: int = 0
    columns: tuple[Column, ...] = ()
    forms: tuple[Match, ...] = ()
    table: TableFound | None = None
    tables: tuple[TomlTable, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def toml(self) -> str:
        return toml_text(self.tables) if self.tables else ""

    @property
    def edits(self) -> list[str]:
        return edits(self.tables)

    @property
    def doubts(self) -> list[str]:
        return doubts(self.tables)


def inspect_file(path: Path, registry: Registry, where: Where, sheet: str | None = None) -> Inspection:
    """Look at one file. Nothing is written, and the file is opened for reading only.

    sheet: of a workbook, or the member of an archive
    raises ConfigError: the file is not there or cannot be read; a file of bad bytes gives `refused` instead
    """
    dialect = load_dialects()["csv"]
    feed = replace(feed_of(Look("", "", frozenset()), dialect), sheet=sheet)
    try:
        with path.open("rb") as stream, tempfile.TemporaryDirectory() as scratch:
            try:
                with unpacked(stream, feed, dialect, Path(scratch)) as plain:
                    seen = look(plain)
                    found = Inspection(path.name, seen, packed=plain is not stream)
                    return _inspected(found, open_best(plain, seen, sheet), registry, where)
            except ExportRefused as refusal:
                stream.seek(0)
                return _refused(Inspection(path.name, look(stream)), refusal.rule)
    except OSError:
        raise ConfigError(f"{path.name}: cannot be read") from None


def _refused(found: Inspection, rule: str) -> Inspection:
    if not found.seen.container:
        return replace(found, refused=rule, notes=(found.seen.says,))
    known = rules()[rule]
    return replace(
        found,
        refused=rule,
        notes=(f"{known.message} ({rule}). {known.remedy[0].upper()}{known.remedy[1:]}.",),
    )


def _inspected(found: Inspection, opened: Opened, registry: Registry, where: Where) -> Inspection:
    titles = found.seen.rows[1] if opened.dialect.header_rows > 1 and len(found.seen.rows) > 1 else ()
    columns = columns_of(opened.export, titles)
    opened = with_decimal(opened, columns)
    if opened.feed.decimal == ",":
        columns = [with_point(column) for column in columns]
    records = len(columns[0].cells) if columns else 0
    found = replace(found, opened=opened, columns=tuple(columns), records=records)
    found = replace(found, notes=tuple(_of_header(columns)))
    if aside := _aside(columns):
        return replace(found, notes=(*found.notes, aside))
    absent = (*opened.dialect.missing, *opened.dialect.not_shown)
    forms = find_forms(columns, registry, Path(found.file).stem, absent)
    of_people = opened.dialect.columns or any(one.named for one in forms)
    table = None if of_people else find_table(columns)
    place = _place(found.file, opened, where)
    if table and not any(not one.open for one in forms):
        tables = table_tables(place, opened, columns, table)
        hidden = tuple(_hidden(meaning) for meaning in table.meanings if meaning.hidden)
        notes = (*found.notes, *hidden)
        return replace(found, kind=table.kind, table=table, tables=tuple(tables), notes=notes)
    if not forms:
        return replace(found, notes=(*found.notes, _nothing(records)))
    roles = roles_of(columns, forms, opened.dialect, opened.export.positions)
    tables = response_tables(place, opened, columns, forms, roles)
    return replace(
        found,
        kind="responses",
        forms=tuple(forms),
        tables=tuple(tables),
        notes=(*found.notes, *_notes(forms, registry)),
    )


def _of_header(columns: Sequence[Column]) -> list[str]:
    """That a run would refuse the file for an address in its header, which is not repeated here."""
    places = [column.at + 1 for column in columns if holds_address(column.name)]
    return [f"column no. {at}: its name holds an address; export the file again without it" for at in places]


def _hidden(meaning: Meaning) -> str:
    return (
        f"{meaning.ours}: {meaning.hidden} further texts, in one record each or perhaps about people, are not"
        " shown; their records wait in quarantine until [feeds.values] says what they mean"
    )


def _aside(columns: Sequence[Column]) -> str:
    """What a file is that belongs to a feed without being an export."""
    names = {squeezed(column.name) for column in columns}
    if names >= _REDCAP_DICTIONARY or names >= _REDCAP_METADATA:
        return "a REDCap data dictionary and no export: name it as `dictionary` in the feed of its project"
    return ""


def _nothing(records: int) -> str:
    if not records:
        return "a header and no records: inspect a file that has some"
    return "no questionnaire that Accord knows, and neither appointments nor referrals"


def _notes(forms: Sequence[Match], registry: Registry) -> list[str]:
    notes = []
    for match in forms:
        for column in match.difficulty:
            notes.append(f"{column.name}: the question on difficulty, which is not scored, is not read")
        if not registry[match.instrument.id].gives_scores(False) and not match.open:
            notes.append(f"{match.instrument.id}: its key must be confirmed before there is a score")
    return notes


def _place(file: str, opened: Opened, where: Where) -> Place:
    glob = general_name(re.sub(r"\.(gz|zip)$", "", file, flags=re.I))
    slug = re.sub(r"[^a-z0-9]+", "-", (glob.rpartition(".")[0] or glob).lower()).strip("-")
    id_ = f"{where.clinic}-{slug or opened.dialect.name}"[:60].rstrip("-.")
    number = 2
    while id_ in where.taken:
        id_, number = f"{id_.rstrip('0123456789')}{number}", number + 1
    path = where.path or f"inbox/{where.clinic}/{general_name(file)}"
    return Place(id_, where.clinic, where.clinic_sure, path, bool(where.path))


_DAY = r"(?:\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{2}[-_.]\d{2}[-_.]\d{4}|\d{4}[-_.]\d{2})"
_CLOCK = r"(?:[-_.T ]?\d{2}[-_.:h]?\d{2}(?:[-_.:]?\d{2})?)?"


def general_name(file: str) -> str:
    """A file's name as a glob: a date in it, or a long number, stands for those of other nights."""
    stem, dot, ending = file.rpartition(".")
    body = re.sub(
        rf"(?<![A-Za-z0-9]){_DAY}{_CLOCK}(?!\d)|(?<![A-Za-z0-9])\d{{4,}}(?!\d)", "*", stem or ending
    )
    glob = re.sub(r"[\[\]?]", "?", body)
    return f"{glob}{dot}{ending}" if stem else glob
