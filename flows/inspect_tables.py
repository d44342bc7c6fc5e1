"""Files of appointments and referrals: which of our columns they have, and what their codes mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from flows.inspect_columns import (
    Column,
    Found,
    by_name,
    find_client,
    find_clinician,
    find_date,
    find_session,
    named_exactly,
)
from flows.inspect_roles import DateColumn
from schemas.recognition import vocabulary
from schemas.site import COLUMNS, REQUIRED_COLUMNS, VOCABULARY, fold

KNOWN_SHARE = 0.5
"""Share of a column's cells whose words are known, from which on it is one of ours without its name."""
NEARLY_ALL = 0.9
FULL_WORD = 3
"""Letters of a word that means little else."""
PLAIN_SHORT = ("dna", "gad", "ocd")
MOST_WORDS = 30
DATES = {"appointments": ("starts_at",), "referrals": ("received_at", "ended_at")}
PLAIN = {"appointments": (), "referrals": ("modality", "age_years", "age_band", "sex", "ethnicity")}
CODED = {"appointments": ("status", "kind"), "referrals": ("ending", "problem")}


@dataclass(frozen=True)
class Meaning:
    """What the texts of a coded column mean.

    known:   text to our word; doubtful: those of them that could mean something else
    unknown: texts that a proposal may show; hidden: how many further ones there are
    """

    ours: str
    known: dict[str, str]
    doubtful: frozenset[str]
    unknown: tuple[str, ...]
    hidden: int
    why: str
    sure: bool = True


@dataclass(frozen=True)
class TableFound:
    """A file of one of the kinds beside responses."""

    kind: str
    found: tuple[Found, ...]
    dates: tuple[tuple[str, DateColumn], ...]
    meanings: tuple[Meaning, ...]


def find_table(columns: Sequence[Column]) -> TableFound | None:
    """The kind whose columns are there, all that it requires; None where neither is."""
    tables = [_table(kind, columns) for kind in ("referrals", "appointments")]
    able = [one for one in tables if one and _complete(one)]
    return max(able, key=_size) if able else None


def _size(table: TableFound) -> int:
    return len(table.found) + len(table.dates) + 2 * len(table.meanings)


def _complete(table: TableFound) -> bool:
    ours = {found.ours for found in table.found} | {ours for ours, _ in table.dates}
    return set(REQUIRED_COLUMNS[table.kind]) <= ours | {one.ours for one in table.meanings}


def _table(kind: str, columns: Sequence[Column]) -> TableFound | None:
    dates = _dates(kind, columns)
    taken = {date.name for _, date in dates}
    coded = [pair for ours in CODED[kind] if (pair := _coded(ours, columns, taken))]
    left = [one for one in columns if one.name not in taken | {column.name for column, _ in coded}]
    found = [Found(meaning.ours, (column.name,), meaning.why, meaning.sure) for column, meaning in coded]
    found += _people(kind, left)
    named = {name for one in found for name in one.names}
    found += _plain(kind, [one for one in left if one.name not in named])
    found.sort(key=lambda one: COLUMNS[kind].index(one.ours))
    return (
        TableFound(kind, tuple(found), tuple(dates), tuple(meaning for _, meaning in coded))
        if dates
        else None
    )


def _dates(kind: str, columns: Sequence[Column]) -> list[tuple[str, DateColumn]]:
    """Columns of dates by their names; the only one of an appointments file whatever its name."""
    found: list[tuple[str, DateColumn]] = []
    for ours in DATES[kind]:
        taken = {date.name for _, date in found}
        left = [one for one in columns if one.name not in taken]
        column = find_date(ours, left, only=kind == "appointments")
        if column and column.dates:
            told, sure = column.dates, named_exactly(ours, column.name)
            why = "its name, and dates" if by_name(ours, [column]) else "the only dates"
            found.append((ours, DateColumn(column.name, why, told.formats, told.why, sure)))
    return found


def _people(kind: str, columns: Sequence[Column]) -> list[Found]:
    rows = len(columns[0].cells) if columns else 0
    found = [find_client(columns, rows)]
    if kind == "appointments":
        found += [find_clinician(columns), find_session(columns)]
    return [one for one in found if one]


def _plain(kind: str, columns: Sequence[Column]) -> list[Found]:
    found = []
    for ours in PLAIN[kind]:
        named = [one for one in by_name(ours, columns) if one.filled and not one.dates and one.of_few_texts]
        numbers = [
            one for one in by_name(ours, columns) if ours == "age_years" and one.whole_share > KNOWN_SHARE
        ]
        for column in (numbers or named)[:1]:
            found.append(Found(ours, (column.name,), "its name", named_exactly(ours, column.name)))
    return found


def _coded(ours: str, columns: Sequence[Column], taken: Collection[str]) -> tuple[Column, Meaning] | None:
    """The column of a closed vocabulary: by name and few texts, the one with most known words first."""
    able = [one for one in by_name(ours, columns) if one.name not in taken and _is_coded(one)]
    weighed = [
        (_known_share(one, meaning), -at, one, meaning)
        for at, one in enumerate(able)
        if (meaning := meaning_of(ours, one))
    ]
    fitting = [pair for pair in weighed if pair[0] >= KNOWN_SHARE or named_exactly(ours, pair[2].name)]
    if not fitting:
        return _by_words(ours, columns, taken)
    *_, column, meaning = max(fitting, key=lambda pair: pair[:2])
    return column, meaning


def _by_words(ours: str, columns: Sequence[Column], taken: Collection[str]) -> tuple[Column, Meaning] | None:
    """A column whose name says nothing and whose words nearly all are known, several of them."""
    for column in columns:
        if column.name in taken or not _is_coded(column):
            continue
        meaning = meaning_of(ours, column)
        words = {text for text in meaning.known if text in column.texts and len(text) >= FULL_WORD}
        if len(words) > 1 and _known_share(column, meaning) >= NEARLY_ALL:
            return column, replace(meaning, why="its words, which are known", sure=False)
    return None


def _is_short(text: str) -> bool:
    """Whether a text is an abbreviation that another system may use for something else."""
    return len(text) <= FULL_WORD and fold(text) not in PLAIN_SHORT


def _is_coded(column: Column) -> bool:
    return 0 < len(column.texts) <= MOST_WORDS and not column.dates


def _known_share(column: Column, meaning: Meaning) -> float:
    return sum(column.texts[text] for text in meaning.known) / max(column.filled, 1)


def meaning_of(ours: str, column: Column) -> Meaning:
    """What a coded column's texts mean, as far as they are known; the others are told when they repeat."""
    words, codes = vocabulary().words[ours], vocabulary().lists.get(ours, {})
    own = {word: word for word in VOCABULARY[ours]}
    texts = sorted(column.texts)
    listed = [text for text in texts if text in codes]
    by_list = len(listed) >= 2 and all(
        text in codes or not text.isdigit() or column.texts[text] < 0.05 * column.filled for text in texts
    )
    known: dict[str, str] = dict(codes) if by_list else {}
    for text in texts:
        word = (codes.get(text) if by_list else None) or words.get(fold(text)) or own.get(fold(text))
        if word:
            known[text] = word
    unknown = [text for text in column.shown_texts() if text not in known]
    hidden = len([text for text in texts if text not in known]) - len(unknown)
    doubtful = frozenset(text for text in known if _is_short(text) and not (by_list and text in codes))
    why = "its name, and codes of the NHS data dictionary" if by_list else "its name, and known words"
    return Meaning(ours, known, doubtful, tuple(sorted(unknown)), hidden, why)
