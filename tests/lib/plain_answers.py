"""A second reading of one answer cell, from the contract's sentences and not from the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

DIGITS = set("0123456789")
WORDS = ("missing", "refused", "not_shown", "not_applicable", "no answer", "too far")


def plain_number(text: str, mark: str = ".") -> Decimal | None:
    """The number that the trimmed text is: digits, a sign before, decimals behind the mark; else None."""
    body = text.strip()
    sign = -1 if body[:1] == "-" else 1
    body = body[1:] if body[:1] in ("+", "-") else body
    whole, found, fraction = body.partition(mark)
    if not whole or set(whole) - DIGITS or set(fraction) - DIGITS:
        return None
    return sign * (Decimal(whole) + (Decimal(f"0.{fraction}") if found and fraction else 0))


def same(left: str, right: str, mark: str) -> bool:
    """Whether two texts are the same code: equal numbers, or equal but for case and blanks around them."""
    numbers = plain_number(left, mark), plain_number(right, mark)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return numbers == (None, None) and _folded(left) == _folded(right)


def _folded(text: str) -> str:
    return text.replace("\u00a0", " ").strip().casefold()


def plain_answer(
    text: str,
    labels: Mapping[str, int],
    codes: Mapping[str, Iterable[str]],
    decimals: int = 0,
    mark: str = ".",
) -> int | str:
    """The answer in smallest steps, or one of WORDS. codes: word -> texts that mean it."""
    if not text.strip():
        return "missing"
    for label, answer in labels.items():
        if same(text, label, mark):
            return _step(Decimal(answer), decimals)
    for word, texts in codes.items():
        if any(same(text, code, mark) for code in texts):
            return word
    number = plain_number(text, mark)
    if number is None or any(_is_integer(label, mark) for label in labels):
        return "no answer"
    return _step(number, decimals)


def _is_integer(text: str, mark: str) -> bool:
    number = plain_number(text, mark)
    return number is not None and number == int(number)


def _step(number: Decimal, decimals: int) -> int | str:
    step = number.scaleb(decimals)
    if step != step.to_integral_value():
        return "no answer"
    return int(step) if -100 <= step <= 127 else "too far"
