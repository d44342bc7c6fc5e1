"""The columns of an unknown file, each with what its cells look like, and which of them is which of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from flows.answers import normalise
from flows.inspect_dates import Dates, read_dates
from flows.read import Export
from schemas.recognition import Words, columns, words_of

SAMPLE_RECORDS = 20_000
FEW_TEXTS = 40
"""Most distinct texts of a column of codes or labels."""
REPEATED = 2
"""A text is shown to people where it stands in so many cells: one that stands alone may be about somebody."""
LONGEST_CODE = 4
"""Digits of a code that is shown wherever it stands."""
LONGEST_SHOWN, MOST_DIGITS = 60, 5
"""Signs, and digits among them, of a text that is shown: no remark, phone number, date or id of a person."""
MOSTLY = 0.9

_WHOLE = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]*[.,][0-9]+")


@dataclass(frozen=True)
class Column:
    """One column.

    name: as the feed would name it; title: the question, where another header row has it
    cells: trimmed, "" for blank; labels: code to its text, where the file says so
    """

    name: str
    at: int
    cells: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def question(self) -> str:
        """The longest text that the header has of it."""
        return max(self.name, self.title, key=len)

    @cached_property
    def texts(self) -> Counter[str]:
        """Distinct texts that are not blank, with their counts."""
        return Counter(cell for cell in self.cells if cell)

    @property
    def filled(self) -> int:
        return self.texts.total()

    @cached_property
    def dates(self) -> Dates | None:
        return read_dates(self.texts)

    @cached_property
    def codes(self) -> Counter[str]:
        """The texts as codes are compared: numbers in their shortest form, words without case."""
        found: Counter[str] = Counter()
        for text, n in self.texts.items():
            found[normalise(text)] += n
        return found

    def share(self, texts: Collection[str]) -> float:
        """Share of filled cells whose code is one of the texts."""
        return sum(n for text, n in self.codes.items() if text in texts) / max(self.filled, 1)

    @cached_property
    def whole_share(self) -> float:
        """Share of filled cells that are whole numbers."""
        whole = sum(n for text, n in self.texts.items() if _WHOLE.fullmatch(text))
        return whole / max(self.filled, 1)

    @cached_property
    def decimal_share(self) -> float:
        """Share of filled cells that are numbers with decimals."""
        return sum(n for text, n in self.texts.items() if _DECIMAL.fullmatch(text)) / max(self.filled, 1)

    @property
    def all_different(self) -> bool:
        return self.filled > 0 and len(self.texts) == self.filled

    @property
    def of_few_texts(self) -> bool:
        return 0 < len(self.texts) <= FEW_TEXTS and (self.filled > 2 * len(self.texts) or self.filled < 10)

    def shown_texts(self) -> list[str]:
        """Texts that a proposal may show, the commonest first."""
        kept = [(text, n) for text, n in self.texts.items() if _is_shown(text, n)]
        return [text for text, _ in sorted(kept, key=lambda pair: (-pair[1], pair[0]))]


def _is_shown(text: str, n: int) -> bool:
    plain = "@" not in text and len(text) <= LONGEST_SHOWN and sum(map(str.isdigit, text)) <= MOST_DIGITS
    return _is_code(text) or (n >= REPEATED and plain)


def _is_code(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_CODE


def columns_of(export: Export, titles: Sequence[str] = ()) -> list[Column]:
    """All columns of the first records of an opened file, in file order.

    titles: what a second header row says of them, by their positions
    """
    rows = export.sample(SAMPLE_RECORDS)
    found = []
    for name in export.names:
        at = export.positions[name]
        cells = tuple((row[at] or "").replace("\u00a0", " ").strip() for row in rows)
        labels = {code: text for text, code in export.labels.get(at, {}).items()}
        found.append(Column(name, at, cells, labels, titles[at] if at < len(titles) else ""))
    return found


def with_point(column: Column) -> Column:
    """The column with its decimals behind a point, as numbers are compared."""
    cells = tuple(re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", cell) for cell in column.cells)
    return replace(column, cells=cells)


@dataclass(frozen=True)
class Found:
    """One of our columns in the file. names: theirs; sure: whether name and cells agree on it."""

    ours: str
    names: tuple[str, ...]
    why: str
    sure: bool


def by_name(ours: str, among: Iterable[Column]) -> list[Column]:
    """Columns whose name is one that `ours` goes by, the surest first."""
    words: Words = columns()[ours]
    ranked = [(rank, one.at, one) for one in among if (rank := words.rank(one.name)) is not None]
    return [one for *_, one in sorted(ranked, key=lambda part: part[:2])]


def named_exactly(ours: str, name: str) -> bool:
    words = columns()[ours]
    rank = words.rank(name)
    return rank is not None and rank < len(words.names)


def find_client(among: Sequence[Column], rows: int) -> Found | None:
    """The column of the client's id: by its name, else the one whose texts come again and again."""
    able = [one for one in among if one.filled and not one.dates and one.decimal_share < 1 - MOSTLY]
    full = [one for one in by_name("client", able) if one.filled >= 0.5 * rows]
    if full:
        best = full[0]
        rank = columns()["client"].rank(best.name)
        sure = named_exactly("client", best.name) and rank is not None and rank < _SURE_NAMES
        return Found("client", (best.name,), f"its name; {_told(best)}", sure)
    again = [one for one in able if REPEATED < len(one.texts) < one.filled and one.filled > MOSTLY * rows]
    likely = [one for one in again if not one.of_few_texts and len(one.texts) > one.filled / 30]
    if likely:
        return Found("client", (likely[0].name,), f"no name says so, but {_told(likely[0])}", False)
    return None


_SURE_NAMES = 25
"""Names of columns.toml for a client that mean little else; the last ones may be anything's."""


def _told(column: Column) -> str:
    return f"{len(column.texts):,} different texts in {column.filled:,} rows"


def find_session(among: Sequence[Column]) -> Found | None:
    able = [one for one in by_name("session", among) if words_of(one.name)[-1] not in ("rating", "score")]
    numbers = [one for one in able if one.whole_share >= MOSTLY and not one.dates]
    if not numbers:
        return None
    best = numbers[0]
    return Found("session", (best.name,), "its name, and whole numbers", named_exactly("session", best.name))


def find_clinician(among: Sequence[Column]) -> Found | None:
    able = [one for one in by_name("clinician", among) if one.filled and not one.dates]
    several = [one for one in able if not one.all_different or one.filled < 10]
    if not several:
        return None
    best = several[0]
    return Found("clinician", (best.name,), f"its name; {_told(best)}", named_exactly("clinician", best.name))


def find_date(ours: str, among: Sequence[Column], only: bool = False) -> Column | None:
    """A column of dates that goes by a name of `ours`; with `only`, the only column of dates else."""
    dated = [one for one in among if one.dates]
    named = by_name(ours, dated)
    if named:
        return named[0]
    left = [one for one in dated if not _is_birth(one)]
    return left[0] if only and len(left) == 1 else None


def _is_birth(column: Column) -> bool:
    return bool({"birth", "dob", "birthday"} & set(re.split(r"[\W_]+", column.name.casefold())))
