"""What the different texts of a column look like: addresses, numbers of people, places, births, sentences.

Answers, scores, session numbers, plain numbers of any length and clock times look like none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from ipaddress import IPv6Address
from statistics import quantiles

Texts = Collection[str]

MOST_OF = 0.5
"""Share of a column's different texts: beside addresses there may be remarks and codes of missing answers."""

SHORTEST = 6
"""No identifier is shorter."""
LONGEST = 320
"""None is longer than the longest e-mail address."""

_EMAIL = re.compile(r"<?[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24}>?")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}")
_PHONE = re.compile(r"\+[1-9]\d{7,14}|07\d{9}")
_LAND_LINE = re.compile(r"\(?0[1238]\d{1,4}\)?[ -]\d{3,4}[ -]?\d{3,4}")
_PHONE_SIGNS = str.maketrans("", "", " ()-./")
_NHS = re.compile(r"\d{10}")
_NHS_PRINTED = re.compile(r"\d{3}([ -])\d{3}\1\d{4}")
_PAIR = re.compile(r"-?\d{1,2}\.\d{4,}[,;]? ?-?\d{1,3}\.\d{4,}(?:[,; ].*)?")
_DEGREES = re.compile(r"-?(\d{1,3})\.(\d{4,})")
_DATE = re.compile(r"(?a)(?:(\d{4})-\d{1,2}-\d{1,2}|\d{1,2}([/.-])\d{1,2}\2(\d{4}))(?:[ T].*)?")
_MIDNIGHT = re.compile(r".*[ T]00:00(?::00(?:\.0+)?)?Z?")

FEWEST = 3
"""Different texts without which a number of ten digits or a pair of decimals says nothing."""
FEWEST_PLACES = 5
NEARBY_DEGREES = 4.0
OFF_ZERO_DEGREES = 10
OLD_YEARS = 10
LARGEST_DIVISOR = 40
EPOCHS = ("1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01", "1970-01-01", "1980-01-01")
"""Days that programs write where there is no date."""

WORDS_OF_A_SENTENCE = 6
FEWEST_SENTENCES = 3


def are_identifiers(texts: Texts) -> bool:
    """Whether they look like e-mail or IP addresses, phone or NHS numbers, or places in one cell each."""
    long = _of_length(texts)
    return _most(texts, long, _is_address) or _most(texts, long, _is_phone) or _are_nhs_numbers(texts, long)


def are_ids_of_people(texts: Texts) -> bool:
    """Whether ids of clients are their e-mail addresses or NHS numbers."""
    long = _of_length(texts)
    return _most(texts, long, _is_email) or _are_nhs_numbers(texts, long)


def are_places(texts: Texts, beside: Texts) -> bool:
    """Whether two columns side by side are latitude and longitude, in either order.

    Scores with as many decimals are not: means of items are fractions of a small number, and what a
    program has standardised is far from clustering away from zero as the homes of a clinic's clients do.
    """
    first, second = _degrees(texts), _degrees(beside)
    if min(len(first), len(second)) < FEWEST_PLACES:
        return False
    widest = sorted(max(map(abs, one)) for one in (first, second))
    if widest[0] > 90 or widest[1] > 180 or widest[1] <= OFF_ZERO_DEGREES:
        return False
    return _cluster(first) and _cluster(second)


def are_births(texts: Texts, newest: int) -> bool:
    """Whether most are days of more than ten years before the year of the file's newest date."""
    days = [text for text in _of_length(texts) if not text.startswith(EPOCHS)]
    years = [year for text in days if (year := _year(text)) and _is_day(text)]
    old = sum(year < newest - OLD_YEARS for year in years)
    return old >= 2 and old > 0.8 * len(texts)


def years_of(texts: Texts) -> Iterator[int]:
    return (year for text in _of_length(texts) if (year := _year(text)))


def are_sentences(texts: Texts) -> bool:
    """Whether people wrote in their own words: many different texts, and most of them of several words."""
    if len(texts) < FEWEST_SENTENCES:
        return False
    written = sum(len(text.split(None, WORDS_OF_A_SENTENCE)) >= WORDS_OF_A_SENTENCE for text in texts)
    return written >= FEWEST_SENTENCES and written > MOST_OF * len(texts)


def _of_length(texts: Texts) -> list[str]:
    return [text for text in texts if SHORTEST <= len(text) <= LONGEST]


def _most(texts: Texts, long: list[str], like: Callable[[str], bool]) -> bool:
    return len(long) >= MOST_OF * len(texts) > 0 and sum(map(like, long)) >= MOST_OF * len(texts)


def _is_address(text: str) -> bool:
    if "@" in text:
        return _is_email(text)
    if text.count(":") > 1 and " " not in text:
        return _is_ipv6(text)
    return "." in text and (_IPV4.fullmatch(text) or _PAIR.fullmatch(text)) is not None


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_phone(text: str) -> bool:
    if len(text) > 24 or text[0] not in "+0(":
        return False
    return (_LAND_LINE.fullmatch(text) or _PHONE.fullmatch(text.translate(_PHONE_SIGNS))) is not None


def _are_nhs_numbers(texts: Texts, long: list[str]) -> bool:
    """One as it is printed says so; of plain digits a tenth has a right check digit by chance."""
    if _most(texts, long, lambda text: _NHS_PRINTED.fullmatch(text) is not None and _checks(text)):
        return True
    plain = sum(_NHS.fullmatch(text) is not None and _checks(text) for text in long)
    return plain >= FEWEST and plain > 0.9 * len(texts)


def _checks(text: str) -> bool:
    """Whether the tenth digit of an NHS number is the one that the other nine give."""
    *weighed, last = (int(sign) for sign in text if sign.isdecimal())
    return -sum(digit * weight for digit, weight in zip(weighed, range(10, 1, -1), strict=True)) % 11 == last


def _degrees(texts: Texts) -> list[float]:
    """The numbers, where nearly all are decimals of degrees and few are fractions of a small number."""
    found = [match for text in _of_length(texts) if (match := _DEGREES.fullmatch(text))]
    precise = [match for match in found if len(match[2].rstrip("0")) >= 3]
    if len(precise) <= 0.9 * len(texts) or not precise:
        return []
    fractions = sum(_is_fraction(match[2]) for match in precise)
    return [float(match[0]) for match in precise] if fractions < MOST_OF * len(precise) else []


def _is_fraction(decimals: str) -> bool:
    part, step = float(f"0.{decimals}"), 10.0 ** -len(decimals)
    return any(abs(part * n - round(part * n)) <= step * n for n in range(1, LARGEST_DIVISOR + 1))


def _cluster(numbers: list[float]) -> bool:
    low, _, high = quantiles(numbers, n=4)
    return high - low <= NEARBY_DEGREES


def _year(text: str) -> int | None:
    match = _DATE.fullmatch(text) if text[0].isdigit() else None
    return int(match[1] or match[3]) if match else None


def _is_day(text: str) -> bool:
    """Whether a date has no time of the day."""
    return (" " not in text and "T" not in text) or _MIDNIGHT.fullmatch(text) is not None
