"""The cells of a block read as answers of a form: by codes, by label texts, by codes of the survey system."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flows.answers import normalise
from flows.inspect_columns import REPEATED
from flows.inspect_items import Block
from schemas.instrument import Instrument, Response
from schemas.recognition import forms, vocabulary

REPEATS = 3
"""A number beyond the form's answers is taken for a code of no answer where it comes so often."""
FEWEST_KNOWN = 2

_NEVER_MISTYPED = ("-66", "-77", "-88", "-99", "-999")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LETTER_CODE = re.compile(r"([a-z]{1,3})0*(\d+)")
_LEADING = re.compile(r"(-?\d+)\s*(?:[-=.:)–—]|\s)\s*(\S.*)")
_AFTER = re.compile(r"\s*[(\[].*[)\]]\s*$")


@dataclass(frozen=True)
class Reading:
    """How a block's texts become a form's answers.

    steps:     text, as codes are compared, to the answer in the form's smallest step
    labels:    what a feed must list for that, text as written to answer; none where codes are the form's own
    no_answer: kind (missing, refused, ...) to the texts that stand for it
    valid:     share of the other cells that are answers; answers: how often each was given
    by:        "codes", "labels", "letters" or "shifted"; sure: whether the labels leave no doubt
    known:     how many of the form's answers the file names in words
    """

    steps: Mapping[str, int]
    labels: Mapping[str, int]
    no_answer: Mapping[str, tuple[str, ...]]
    valid: float
    answers: Counter[int]
    by: str
    why: str
    sure: bool = True
    known: int = 0


@dataclass
class _Texts:
    """Texts of a block as codes are compared, with their counts and the commonest spelling of each."""

    counts: Counter[str] = field(default_factory=Counter)
    spelling: dict[str, str] = field(default_factory=dict)
    columns: Counter[str] = field(default_factory=Counter)


def _texts(block: Block) -> _Texts:
    found = _Texts()
    spelled: Counter[tuple[str, str]] = Counter()
    for column in block.columns:
        found.counts.update(column.codes)
        found.columns.update(column.codes.keys())
        for text, n in column.texts.items():
            spelled[normalise(text), text] += n
    for (code, text), _ in sorted(spelled.items(), key=lambda pair: (pair[1], pair[0])):
        found.spelling[code] = text
    return found


def label_steps(instrument: Instrument, response: Response) -> dict[str, int]:
    """Known texts of a form's answers, to the answer in printed units."""
    own = [(text,) for text in response.labels]
    listed = own or forms()[instrument.id].labels if instrument.id in forms() else own
    answers = [step // response.steps_per_point for step in response.steps]
    if len(listed) != len(answers):
        return {}
    return {normalise(text): answer for answer, texts in zip(answers, listed, strict=True) for text in texts}


def read_block(
    block: Block, instrument: Instrument, response: Response, known_absent: Collection[str] = ()
) -> Reading:
    """The reading that makes most of the cells answers.

    known_absent: texts that the dialect itself knows as no answer
    """
    texts = _texts(block)
    for text in map(normalise, known_absent):
        texts.counts.pop(text, None)
    known = label_steps(instrument, response)
    tries = [
        _by_file_labels(block, texts, response, known),
        _by_codes(texts, response),
        _by_labels(texts, response, known),
        _by_letters(texts, response),
        _shifted(texts, response),
    ]
    return max(filter(None, tries), key=lambda one: (round(one.valid, 2), one.known))


def _finish(
    texts: _Texts, response: Response, meaning: Mapping[str, int], by: str, why: str, *,
    labels: Mapping[str, int] | None = None, sure: bool = True, known: int = 0,
) -> Reading:  # fmt: skip
    """A reading of what some texts mean, in printed units; the form's numbers mean themselves."""
    point = response.steps_per_point
    steps = {text: answer * point for text, answer in meaning.items()}
    if by in ("codes", "labels"):
        own = {text: step for text in texts.counts if (step := _own_step(text, response)) is not None}
        steps = {**own, **steps}
    no_answer = _no_answers(texts, steps)
    absent = {normalise(text) for listed in no_answer.values() for text in listed}
    answers: Counter[int] = Counter()
    for text, step in steps.items():
        answers[step] += texts.counts[text]
    rest = sum(n for text, n in texts.counts.items() if text not in absent)
    valid = sum(answers.values()) / rest if rest else 0.0
    return Reading(steps, labels or {}, no_answer, valid, +answers, by, why, sure, known)


def _own_step(text: str, response: Response) -> int | None:
    return response.step(Decimal(text)) if _NUMBER.fullmatch(text) and len(text) < 8 else None


def _by_codes(texts: _Texts, response: Response) -> Reading:
    return _finish(texts, response, {}, "codes", f"numbers from {response.min} to {response.max}")


def _by_labels(texts: _Texts, response: Response, known: Mapping[str, int]) -> Reading | None:
    """By answer texts, also with the code before them or an explanation after."""
    meaning: dict[str, int] = {}
    leading: dict[str, int] = {}
    for text in texts.counts:
        if _NUMBER.fullmatch(text):
            continue
        begins = _LEADING.fullmatch(text)
        words = begins[2] if begins else text
        again = texts.counts[text] >= REPEATED
        if begins and again:
            leading[text] = int(begins[1])
        # What stands in one cell alone may be about somebody: it is a label only if no word of it is unknown.
        for form in (text, words, *([_AFTER.sub("", words)] if again else [])):
            if form in known:
                meaning[text] = known[form]
                break
    by_word = len(set(meaning.values()))
    if by_word >= FEWEST_KNOWN:
        labels = {texts.spelling[text]: meaning[text] for text in _by_answer(meaning)}
        agree = all(leading.get(text, answer) == answer for text, answer in meaning.items())
        why = f"texts of {by_word} of the form's answers" + (
            "" if agree else "; the numbers before them differ"
        )
        return _finish(texts, response, meaning, "labels", why, labels=labels, sure=agree, known=by_word)
    within = {text: n for text, n in leading.items() if response.step(Decimal(n)) is not None}
    if len(set(within.values())) < FEWEST_KNOWN:
        return None
    labels = {texts.spelling[text]: within[text] for text in _by_answer(within)}
    why = "each text begins with the number of its answer"
    return _finish(texts, response, within, "labels", why, labels=labels, sure=False)


def _by_answer(meaning: Mapping[str, int]) -> list[str]:
    return sorted(meaning, key=lambda text: (meaning[text], text))


def _by_letters(texts: _Texts, response: Response) -> Reading | None:
    """Codes such as A1 to A4, which count the answers of the form from the first."""
    found = [match for text in texts.counts if (match := _LETTER_CODE.fullmatch(text))]
    if not found:
        return None
    letters, _ = Counter(match[1] for match in found).most_common(1)[0]
    answers = [step // response.steps_per_point for step in response.steps]
    counted = {int(match[2]): match[0] for match in found if match[1] == letters}
    numbers = {n: text for n, text in counted.items() if 0 < n <= len(answers)}
    if response.decimals or len(numbers) < FEWEST_KNOWN:
        return None
    meaning = {numbers[n]: answers[n - 1] for n in numbers}
    spelled = texts.spelling[next(iter(numbers.values()))].rstrip("0123456789")
    labels = {f"{spelled}{n}": answer for n, answer in enumerate(answers, start=1)}
    all_there = len(numbers) == len(answers)
    why = f"codes {spelled}1 to {spelled}{len(answers)}, taken in the form's order"
    return _finish(texts, response, meaning, "letters", why, labels=labels, sure=all_there)


def _shifted(texts: _Texts, response: Response) -> Reading | None:
    """Whole numbers that count the form's answers from another number: 1 to 4 where 0 to 3 is printed."""
    if response.decimals or response.skip:
        return None
    counted = {text: n for text, n in texts.counts.items() if _NUMBER.fullmatch(text) and "." not in text}
    common = [int(text) for text, n in counted.items() if n >= 0.01 * sum(counted.values())]
    span = response.max - response.min
    if (
        not common
        or max(common) - min(common) != span
        or min(common) == response.min
        or abs(min(common)) > 20
    ):
        return None
    offset = min(common) - response.min
    meaning = {str(answer + offset): answer for answer in range(response.min, response.max + 1)}
    why = f"numbers from {min(common)} to {max(common)}: counted from another number than the printed one?"
    return _finish(texts, response, meaning, "shifted", why, labels=meaning, sure=False)


def _by_file_labels(
    block: Block, texts: _Texts, response: Response, known: Mapping[str, int]
) -> Reading | None:
    """By what the file itself says its codes mean."""
    if not all(column.labels for column in block.columns):
        return None
    said = {
        normalise(code): normalise(text) for column in block.columns for code, text in column.labels.items()
    }
    meaning = {code: known[text] for code, text in said.items() if text in known}
    count = len(set(meaning.values()))
    if count < FEWEST_KNOWN:
        return None
    own = all(
        _own_step(code, response) == answer * response.steps_per_point for code, answer in meaning.items()
    )
    if own:
        why = f"the file's own value labels name {count} of the form's answers"
        return _finish(texts, response, {}, "codes", why, known=count)
    labels = {code: meaning[code] for code in _by_answer(meaning)}
    why = f"the file's own value labels name {count} of the form's answers, under other codes"
    return _finish(texts, response, meaning, "letters", why, labels=labels, known=count)


def _no_answers(texts: _Texts, steps: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Known codes of no answer that are no answers of the form and come often, or in words."""
    outside = {text: n for text, n in texts.counts.items() if text not in steps}
    numbers = sum(n for text, n in outside.items() if _NUMBER.fullmatch(text))
    found: dict[str, tuple[str, ...]] = {}
    for kind, listed in vocabulary().no_answer.items():
        codes = [text for text in outside if text in listed and _is_code(text, outside[text], numbers, texts)]
        if codes:
            found[kind] = tuple(texts.spelling[text] for text in sorted(codes))
    return found


def _is_code(text: str, n: int, numbers: int, texts: _Texts) -> bool:
    """A word is one by itself, as is -99; another number where it repeats and is no mistyping among many."""
    if not _NUMBER.fullmatch(text) or text in _NEVER_MISTYPED:
        return True
    return n >= REPEATS and texts.columns[text] > 1 and n >= 0.2 * numbers


def steps_of(cells: Iterable[str], reading: Reading) -> list[int | None]:
    """Answers of cells in the form's smallest step; None for all else."""
    table: dict[str, int | None] = {}
    found: Sequence[str] = list(cells)
    for text in set(found):
        table[text] = reading.steps.get(normalise(text))
    return [table[text] for text in found]
