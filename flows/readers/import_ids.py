"""Names that further header rows give the columns: texts of a second row, and import ids with a time zone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from flows.readers.table import Cells
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed
from schemas.site_checks import is_time_zone


def said_by_header(
    header: Sequence[Sequence[str]], first: Callable[[], Sequence[Cells]], feed: Feed, dialect: Dialect
) -> tuple[dict[str, int], str | None]:
    """Further names of columns to their positions, and the time zone that the file says its dates are in.

    header: all header rows; first: gives the first record
    raises ExportRefused: not_this_dialect, unknown_time_zone
    """
    aliases: dict[str, int] = {}
    if dialect.alias_row:
        texts = header[dialect.alias_row - 1]
        _refuse_unknown(texts, first, dialect)
        aliases = _once(enumerate(texts)) | _once(
            (at, " ".join(text.split())) for at, text in enumerate(texts)
        )
    if not dialect.import_id_row:
        return aliases, None
    ids = _import_ids(header[-1])
    if not ids:
        raise ExportRefused("not_this_dialect")
    return aliases | _id_names(ids), _time_zone(ids.values(), feed.timezone)


def _refuse_unknown(texts: Sequence[str], first: Callable[[], Sequence[Cells]], dialect: Dialect) -> None:
    """Refuse a file whose second names are not this system's, or that has import ids among its records."""
    known = not dialect.known_by or any(text.strip() in dialect.known_by for text in texts)
    records = [] if dialect.import_id_row else first()
    if not known or any(_import_ids([cell or "" for cell in cells]) for cells in records):
        raise ExportRefused("not_this_dialect")


def _once(names: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Name to position, of the names that only one column has."""
    pairs = [(at, name.strip()) for at, name in names if name.strip()]
    times = Counter(name for _, name in pairs)
    return {name: at for at, name in pairs if times[name] == 1}


_ImportId = Mapping[str, object]


def _import_ids(cells: Sequence[str]) -> dict[int, _ImportId]:
    """What each filled cell says by position; nothing when one of them is no import id."""
    filled = {at: _import_id(cell) for at, cell in enumerate(cells) if cell.strip()}
    ids = {at: said for at, said in filled.items() if said is not None}
    return ids if len(ids) == len(filled) else {}


def _import_id(cell: str) -> _ImportId | None:
    """An import id is JSON, or the same with Python's quotes."""
    for text in (cell, cell.replace("'", '"')):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return parsed if isinstance(parsed, dict) and "ImportId" in parsed else None
    return None


def _id_names(ids: Mapping[int, _ImportId]) -> dict[str, int]:
    """Import ids to positions: QID3 alone, and QID3_1 for a choice of it; none that several columns have."""
    choices = (
        (at, f"{said['ImportId']}_{said['choiceId']}") for at, said in ids.items() if "choiceId" in said
    )
    return _once(choices) | _once((at, str(said["ImportId"])) for at, said in ids.items())


def _time_zone(ids: Iterable[_ImportId], declared: str | None) -> str | None:
    """The time zone that the file says its dates are in; one other than the declared if it says several."""
    zones = {zone for said in ids if isinstance(zone := said.get("timeZone"), str)}
    if not declared and (len(zones) > 1 or not all(map(is_time_zone, zones))):
        raise ExportRefused("unknown_time_zone")
    return min(zones - {declared}, default=declared if zones else None)
