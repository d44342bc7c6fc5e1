"""Names of columns where a header says more than one name for each: two header rows, groups of questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from schemas.dialect import Dialect


def header_names(rows: Sequence[Sequence[str]], dialect: Dialect) -> tuple[list[str], dict[str, int]]:
    """Names of the columns, and further names with the positions of the columns that alone have them.

    rows: the header rows of one file
    """
    names = list(rows[dialect.header_row - 1])
    if not dialect.under_question:
        return names, group_aliases(names, dialect.group_marks)
    return _joined(names, rows[dialect.header_row], frozenset(map(str.casefold, dialect.under_question)))


def _joined(
    first: Sequence[str], second: Sequence[str], nothing: frozenset[str]
) -> tuple[list[str], dict[str, int]]:
    """A question and what stands under it: "How often? / Feeling down"; the question counts for the columns
    to its right, until the next one."""
    questions: list[str] = []
    for text in map(_plain, first):
        questions.append(text or (questions[-1] if questions else ""))
    under = ["" if text.casefold() in nothing else text for text in map(_plain, second)]
    under += [""] * (len(questions) - len(under))
    names = [
        f"{question} / {text}" if question and text else question or text
        for question, text in zip(questions, under, strict=False)
    ]
    # A blank question at the end of a row stands over nothing and is no column of the question before it.
    names = [
        name if _plain(own) or text else "" for own, text, name in zip(first, under, names, strict=False)
    ]
    return names, _once(enumerate(questions)) | _once(enumerate(under))


def group_aliases(names: Sequence[str], marks: Sequence[str]) -> dict[str, int]:
    """Names without the groups before them, of the columns that alone have them: "phq/q1" is also "q1"."""
    return _once(
        (at, mark.join(parts[start:]))
        for at, name in enumerate(names)
        for mark in marks
        for parts in [name.split(mark)]
        for start in range(1, len(parts))
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _once(names: Iterable[tuple[int, str]]) -> dict[str, int]:
    pairs = {(at, name) for at, name in names if name}
    times: Mapping[str, int] = Counter(name for _, name in pairs)
    return {name: at for at, name in sorted(pairs) if times[name] == 1}
