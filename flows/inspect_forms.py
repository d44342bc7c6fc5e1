"""Which questionnaires a file holds: blocks of items weighed against every form of the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flows.inspect_answers import Reading, read_block, steps_of
from flows.inspect_columns import REPEATED, Column, by_name, named_exactly
from flows.inspect_items import Block, coded, neighbours, numbered, stemmed, worded
from flows.inspect_totals import Total, stored_totals
from schemas.instrument import Instrument, Response
from schemas.recognition import forms, squeezed, words_of
from schemas.registry import Registry

SURE = 65
NEAR = 20
"""Another form with so few points less leaves the choice to a person."""
VALID = 0.9
BARE = 30
"""Points of a form that is told by its shape alone: as many items, and answers from one end to the other."""
TIED = 10
"""One with so few less is as likely, whatever the points: the choice is written as comments."""
MISTYPED = 0.0075
"""Share of the cells of a form that may lie beyond its answers at either end."""
MANY_CELLS = 200
FEWEST_BARE = 5
"""Items of a form that may be told by count and range alone."""

STEM, FILE_NAME, WORDS, COUNT, RANGE, PART_OF_RANGE, BEYOND, LABELS, TOTAL = (
    50,
    25,
    70,
    10,
    20,
    5,
    -20,
    30,
    25,
)


@dataclass(frozen=True)
class Match:
    """A block read as a form. points: the sum of what speaks for it; evidence: in words, the strongest first.

    others: the best match of each other form that fits nearly as well
    attention, difficulty: columns among or right behind the items that are none of them
    named: whether names, words or labels say which form it is, and not its shape alone
    """

    block: Block
    instrument: Instrument
    variant: str | None
    reading: Reading
    points: int
    evidence: tuple[str, ...]
    totals: tuple[Total, ...] = ()
    others: tuple[Match, ...] = ()
    attention: tuple[Column, ...] = ()
    difficulty: tuple[Column, ...] = ()
    named: bool = False

    @property
    def sure(self) -> bool:
        return self.points >= SURE and not self.others

    @property
    def open(self) -> bool:
        """Whether a person must choose: several forms fit and no name says which, or the codes are others."""
        if any(other.points > self.points - TIED for other in self.others):
            return True
        return (bool(self.others) and self.points < SURE) or (self.reading.by == "shifted" and not self.named)


def find_forms(
    columns: Sequence[Column], registry: Registry, file_name: str = "", known_absent: Collection[str] = ()
) -> list[Match]:
    """The forms of a file in the order of their columns; each column is an item of one at most.

    known_absent: texts that the dialect itself knows as no answer
    """
    able = [one for one in columns if one.filled and not one.dates]
    blocks = [
        *coded(columns),
        *worded(able),
        *_parts(numbered(able)),
        *stemmed(able),
        *_parts(neighbours(able)),
    ]
    said = {squeezed(word) for word in words_of(file_name)} | {squeezed(file_name)}
    matches = [match for block in blocks for match in _fitting(block, registry, said, known_absent)]
    chosen = _chosen([_with_totals(one, columns) for one in matches])
    return sorted((_beside(one, columns, chosen) for one in chosen), key=lambda one: one.block.span)


def _others(columns: Iterable[Column]) -> list[Column]:
    """Columns that are not named as one of ours: a session number among items is none of them."""
    return [one for one in columns if not any(named_exactly(ours, one.name) for ours in _OURS)]


_OURS = ("client", "response", "session", "clinician", "rater", "age_years", "sex", "ethnicity", "total")


def _parts(blocks: Iterable[Block]) -> Iterator[Block]:
    """Each block, and its stretches that are answered alike: some surveys number all questions through."""
    for block in blocks:
        yield block
        stretches = neighbours([_at(one, at) for at, one in enumerate(block.columns)])
        for stretch in stretches:
            if stretch.size < block.size:
                yield block.part(stretch.columns[0].at, stretch.size)
        for size in (9, 7) if block.size in (16, 17) else ():
            yield block.part(0, size)
            yield block.part(block.size - (16 - size), 16 - size)


def _at(column: Column, at: int) -> Column:
    """The column as if it stood at another place of the file."""
    return replace(column, at=at)


def _fitting(
    block: Block, registry: Registry, said: set[str], known_absent: Collection[str]
) -> Iterator[Match]:
    for instrument in registry.instruments:
        hints = forms().get(instrument.id)
        spare = 1 if hints and hints.difficulty and block.by != "words" else 0
        if block.form not in ("", instrument.id) or not 0 <= block.size - instrument.n_items <= spare:
            continue
        part = block.part(0, instrument.n_items)
        for variant, response in _responses(instrument):
            reading = read_block(part, instrument, response, known_absent)
            if reading.valid < VALID:
                continue
            match = _weighed(part, instrument, variant, response, reading, said)
            if match and (match.named or (block.size == instrument.n_items and match.points >= BARE)):
                yield match


def _responses(instrument: Instrument) -> list[tuple[str | None, Response]]:
    own: list[tuple[str | None, Response]] = [(None, instrument.response)]
    return own + [(variant.id, variant.response) for variant in instrument.variants]


def _weighed(
    block: Block,
    instrument: Instrument,
    variant: str | None,
    response: Response,
    reading: Reading,
    said: set[str],
) -> Match | None:
    hints = forms().get(instrument.id)
    stems = set(hints.stems if hints else (squeezed(instrument.id),))
    found: list[tuple[int, str]] = [(COUNT, f"{instrument.n_items} items")]
    if block.by == "words":
        found.append((WORDS, "its headers hold words or public codes of the items"))
    named = [stem for stem in block.stems if stem in stems]
    if named:
        found.append((STEM, f"its names begin with {named[0]}"))
    elif any(stem in word for stem in stems for word in said if len(stem) > 2):
        found.append((FILE_NAME, "the file's name says so"))
    if reading.known > 2 or (reading.known and reading.known == len(response.steps)):
        found.append((LABELS, reading.why))
    found.append(_reach(response, reading))
    told = bool(named) or block.by == "words" or reading.known > 2
    if not told and (_common_shape(instrument, response) or block.by == "place"):
        return None
    points = sum(part for part, _ in found)
    evidence = [words for part, words in sorted(found, key=lambda pair: -pair[0]) if words]
    card = instrument if variant is None else instrument.as_variant(variant)
    return Match(block, card, variant, reading, points, tuple(evidence), named=told)


def _common_shape(instrument: Instrument, response: Response) -> bool:
    """Whether many things that are no such form look like it: few items, few answers, or numbers at will."""
    return instrument.n_items < FEWEST_BARE or len(response.steps) < 3 or bool(response.decimals)


def _reach(response: Response, reading: Reading) -> tuple[int, str]:
    """Whether the answers reach both ends of the form's range."""
    cells = reading.answers.total()
    if not cells:
        return 0, ""
    low, high = _edges(reading.answers)
    if low == response.step_min and high == response.step_max:
        return RANGE, f"answers from {response.min} to {response.max}"
    within = f"answers within {response.min} to {response.max}"
    far = response.step_max - high > 0.2 * (response.step_max - response.step_min)
    return (BEYOND, "") if cells >= MANY_CELLS and far else (PART_OF_RANGE, within)


def _edges(answers: Counter[int]) -> tuple[int, int]:
    """The lowest and highest answer that are no mistyping: but for a few cells at either end."""
    few = MISTYPED * answers.total()
    return _edge(sorted(answers), answers, few), _edge(sorted(answers, reverse=True), answers, few)


def _edge(steps: Sequence[int], answers: Counter[int], few: float) -> int:
    passed = 0
    for step in steps:
        passed += answers[step]
        if passed > few:
            return step
    return steps[-1]


def _with_totals(match: Match, columns: Sequence[Column]) -> Match:
    taken = {column.at for column in match.block.columns}
    totals = stored_totals(
        match.block, match.reading, match.instrument, [c for c in columns if c.at not in taken]
    )
    good = [total for total in totals if total.sure]
    if not good:
        return replace(match, totals=totals)
    told = f"{good[0].column} equals the score in {good[0].equal:,} of {good[0].compared:,} rows"
    return replace(match, totals=totals, points=match.points + TOTAL, evidence=(*match.evidence, told))


def _chosen(matches: Sequence[Match]) -> list[Match]:
    """The best match of each column; a second block with the same answers, as texts, is left out."""
    ranked = sorted(matches, key=_rank)
    chosen: list[Match] = []
    taken: set[int] = set()
    for match in ranked:
        places = {column.at for column in match.block.columns}
        if places & taken:
            continue
        taken |= places
        twin = next((at for at, other in enumerate(chosen) if _same_answers(match, other)), None)
        if twin is None:
            chosen.append(replace(match, others=_rivals(match, ranked)))
        elif _by_codes_first(match) < _by_codes_first(chosen[twin]):
            chosen[twin] = _with_texts(match, chosen[twin])
    return chosen


def _with_texts(codes: Match, texts: Match) -> Match:
    """The block of codes, with what its twin of texts says of the form."""
    why = f"the same answers stand as texts in {texts.block.columns[0].name} and on"
    return replace(
        codes, points=texts.points, evidence=(*texts.evidence, why), others=texts.others, named=True
    )


def _rank(match: Match) -> tuple[int, int, int, int, tuple[int, int]]:
    """The most points first; of equal ones codes before texts, names before places, the longer form."""
    block = match.block
    return -match.points, _by_codes_first(match), _WAYS.index(block.by), -block.size, block.span


_WAYS = ("words", "number", "stem", "place")


def _by_codes_first(match: Match) -> int:
    return 0 if match.reading.by == "codes" else 1


def _rivals(match: Match, ranked: Iterable[Match]) -> tuple[Match, ...]:
    """Other forms that the same columns could be, the best match of each."""
    places = {column.at for column in match.block.columns}
    found: dict[str, Match] = {}
    for one in ranked:
        shared = places & {column.at for column in one.block.columns}
        if one.reading.by == "shifted" and match.reading.by != "shifted":
            continue
        if one.instrument.id != match.instrument.id and shared and one.points > match.points - NEAR:
            found.setdefault(one.instrument.id, one)
    return tuple(found[id_] for id_ in sorted(found))


def _same_answers(one: Match, other: Match) -> bool:
    """Whether two blocks of one form say the same in nearly every cell."""
    if one.instrument.id != other.instrument.id:
        return False
    same = both = 0
    for mine, theirs in zip(one.block.columns, other.block.columns, strict=True):
        pairs = zip(steps_of(mine.cells, one.reading), steps_of(theirs.cells, other.reading), strict=True)
        answered = [(a, b) for a, b in pairs if a is not None and b is not None]
        both += len(answered)
        same += sum(a == b for a, b in answered)
    return both > 0 and same >= 0.99 * both


def _is_check(column: Column) -> bool:
    """Whether one answer stands in more than one cell, so that it may be told."""
    return column.of_few_texts and max(column.texts.values()) >= REPEATED


def _beside(match: Match, columns: Sequence[Column], chosen: Iterable[Match]) -> Match:
    """Attention checks and the difficulty question among or right behind the items."""
    items = {column.at for one in chosen for column in one.block.columns}
    first, last = match.block.span
    near = [one for one in columns if first <= one.at <= last + 2 and one.at not in items]
    checks = tuple(one for one in by_name("attention", near) if _is_check(one) and first < one.at <= last + 1)
    hints = forms().get(match.instrument.id)
    asked = (
        [one for one in near if one not in checks and one.of_few_texts] if hints and hints.difficulty else []
    )
    tenth = f"{match.instrument.n_items + 1}"
    numbers = [one for one in asked if words_of(one.name)[-1:] == (tenth,)]
    return replace(match, attention=checks, difficulty=tuple(by_name("difficulty", asked) or numbers))
