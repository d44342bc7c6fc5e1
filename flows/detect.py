"""Is a form in a file coded as its key takes it? Verdicts from a file alone, before anything is scored.

Every rule looks for one mistake of coding and is silent on small files. What it finds holds the whole file
in quarantine; see docs/detector.md for the thresholds and how often they err.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from flows.answers import normalise
from flows.detect_form import FEWEST_CLIENTS, FEWEST_VARIED, Finding, Form, Relations
from flows.detect_tally import Tally

REVERSED, SHIFTED, LABELS, LINES = (
    "suspect_reversed_items",
    "suspect_value_set",
    "suspect_label_order",
    "suspect_straight_lines",
)
LINES_WARNING = "straight_lines"

AGAINST = -3.5
"""Standard errors below no correlation: about 1 in 4,300 where there is none; sound items correlate."""
AGAINST_TOO = -2.0
"""The same without the forms that are one line, where it is AGAINST with them: a few careless people at
an end can set a sign. Also the least that is ever enough, however clearly earlier files went together."""
LEAST_GAIN = 14.0
"""How much likelier a turned item must be than a sound one by earlier files, in logarithms."""

FEWEST_SHIFTED = 60
"""Answers of a form before its values are judged."""
WIDEST_SHIFTED = 12
"""Steps of a response scale; on a line of 100 marks the ends are not always used."""
MOST_ABSENT, MOST_FAR, LEAST_BEYOND, LEAST_BEYOND_ALONE = 0.002, 0.01, 0.005, 0.1
"""Shares of the answers: at the end left free, further out still, and beyond the other end."""
LEAST_SLOPE, NEAR = {True: 0.03, False: 0.4}, 0.6
"""How many of the furthest answers there are for each one beside them, by whether the mean lies near the end
left free, in the last two fifths. Else that may be free anyway; a code of a missing answer stands alone."""

MANY, MOST = 0.25, 0.5
"""Shares of forms: worth a warning, and worth holding a file."""
FEWEST_CONSTANT = 30
"""Clients before lines, or an item that never varies, are noticed."""
FAR_FROM_OTHERS = 0.35
"""Part of the range between an item that sits at one end and the mean of the others."""


def suspicions(form: Form, tally: Tally) -> tuple[Finding, ...]:
    """What is wrong with a form in a file; nothing when it looks sound."""
    found: list[Finding] = []
    if any(tally.values) and labels_turned(form):
        found.append(form.finding(LABELS, form.instrument.items))
    if items := shifted(form, tally):
        found.append(form.finding(SHIFTED, items))
    if items := against_the_rest(form, tally):
        found.append(form.finding(REVERSED, items))
    elif items := _straight(form, tally, MOST):
        found.append(form.finding(LINES, items))
    return tuple(found)


def warnings(form: Form, tally: Tally) -> tuple[str, ...]:
    """Rules of that level, for a form in a file that is not held."""
    return (LINES_WARNING,) if _straight(form, tally, MANY) or _never_varied(form, tally) else ()


def labels_turned(form: Form) -> bool:
    """Whether the feed's labels number the form's own anchors from the other end.

    Texts that are no anchors of the form say nothing; of those that are, most pairs must be turned.
    """
    anchors = form.instrument.response.labels
    places = {normalise(text): place for place, text in enumerate(anchors)}
    codes = [(places[text], code) for text, code in _labels(form).items() if text in places]
    pairs = list(combinations(sorted(codes), 2))
    turned = sum(later < earlier for (_, earlier), (_, later) in pairs)
    straight = sum(later > earlier for (_, earlier), (_, later) in pairs)
    return turned > straight


def _labels(form: Form) -> Mapping[str, int]:
    return {normalise(text): code for text, code in form.asked.labels.items()}


def shifted(form: Form, tally: Tally) -> tuple[int, ...]:
    """Items counted from another number: none at one end of the range, many beyond the other.

    The items of the form together, or else each alone if it is very plain.
    """
    narrow = [item for item in form.instrument.items if form.width(item) <= WIDEST_SHIFTED]
    if _is_shifted(form, tally, narrow, LEAST_BEYOND):
        return tuple(narrow)
    return tuple(item for item in narrow if _is_shifted(form, tally, [item], LEAST_BEYOND_ALONE))


def _is_shifted(form: Form, tally: Tally, items: Sequence[int], beyond: float) -> bool:
    width = min((form.width(item) for item in items), default=0)
    counts = {up: [_places(form, tally, item, up) for item in items] for up in (True, False)}
    return any(
        _is_shifted_by(step, width, by_item, beyond)
        for step in range(1, width + 1)
        for by_item in counts.values()
    )


def _is_shifted_by(step: int, width: int, by_item: Sequence[Mapping[int, int]], beyond: float) -> bool:
    """Whether all answers lie so many steps too far out. by_item: counts by place, see _places."""
    counts = Counter[int]()
    for one in by_item:
        counts.update(one)
    total = counts.total()
    out = sum(n for place, n in counts.items() if 0 < place <= step)
    far = sum(n for place, n in counts.items() if place > step)
    absent = sum(n for place, n in counts.items() if place < step - width)
    if total < max(FEWEST_SHIFTED, FEWEST_CLIENTS * len(by_item)) or not counts[step]:
        return False
    spread = sum(any(place > 0 for place in one) for one in by_item)
    near_free_end = sum(place * n for place, n in counts.items()) / total < step - NEAR * width
    return (
        absent <= MOST_ABSENT * total
        and far <= MOST_FAR * total
        and out >= max(3, beyond * total)
        and counts[step] >= LEAST_SLOPE[near_free_end] * counts[step - 1]
        and 3 * spread >= len(by_item)
    )


def _places(form: Form, tally: Tally, item: int, up: bool) -> dict[int, int]:
    """Counts of an item's answers by their distance from one end of the range, above 0 beyond it."""
    response = form.response(item)
    counts = tally.values[item - 1].items()
    return {(code - response.step_max if up else response.step_min - code): n for code, n in counts}


def against_the_rest(form: Form, tally: Tally, earlier: Tally | None = None) -> tuple[int, ...]:
    """Items that run against the rest of their scale, as if turned twice or never.

    earlier: the feed's earlier files; how clearly an item ran with the rest in them says how little is
    enough to see that it does not now
    """
    found = [item for block in form.blocks for item in _Block(form, tally, block, earlier).turned()]
    return tuple(sorted(set(found)))


class _Block:
    """Items of one scale in one file, some of which may be turned."""

    def __init__(self, form: Form, tally: Tally, block: tuple[int, ...], earlier: Tally | None) -> None:
        self.block = block
        self._signs = {item: -1 if item in form.turned else 1 for item in block}
        self._mixed = [item for item in block if item in form.instrument.reverse]
        self._rest = [item for item in block if item not in form.instrument.reverse]
        self._varied = [item for item in block if _varies(tally, item)]
        self._whole = Relations(tally)
        lined = self._mixed and (tally.lines or tally.mirrors)
        self._others = Relations(tally.without_lines(form.instrument)) if lined else self._whole
        self._expected = Relations(earlier) if earlier else None

    def turned(self) -> Collection[int]:
        """The reversed items all at once, the likeliest mistake; then the worst item, and the next."""
        turned: set[int] = set(self._mixed) if self._sets_turned() else set()
        left = list(self._varied)
        while worst := self._worst(left, turned):
            turned ^= {worst}
            left.remove(worst)
        whole = set(self._mixed) == turned or 2 * len(turned) <= len(self.block)
        return turned if whole else set(self.block) - turned

    def _sets_turned(self) -> bool:
        if not self._mixed or not self._rest:
            return False
        expected = self._expected.sets(self._mixed, self._rest, self._signs) if self._expected else 0.0
        least = self._least(expected)
        found = self._whole.sets(self._mixed, self._rest, self._signs)
        others = self._others.sets(self._mixed, self._rest, self._signs)
        return self._is_against(found, others, least)

    def _worst(self, left: Sequence[int], turned: Collection[int]) -> int | None:
        """The item that runs most clearly against the rest, once those in `turned` are turned back."""
        now = {item: -sign if item in turned else sign for item, sign in self._signs.items()}
        found = self._whole.with_rest(self.block, now)
        others = self._others.with_rest(self.block, now)
        expected = self._expected.with_rest(self.block, self._signs) if self._expected else {}
        clear = [
            item
            for item in left
            if self._is_against(found[item], others[item], self._least(expected.get(item, 0.0)))
        ]
        return min(clear, key=lambda item: (found[item] + others[item], item), default=None)

    def _least(self, expected: float) -> float:
        """Standard errors below 0 that are enough, given the Fisher z of earlier files.

        Turned, the correlation would be as far below 0 as it was above: the further that is, the less
        chance can reach even half of the way.
        """
        if not self._expected or (sound := expected - self._expected.error()) <= 0:
            return AGAINST
        return max(AGAINST, min(AGAINST_TOO, -LEAST_GAIN * self._whole.error() / (2 * sound)))

    def _is_against(self, found: float, others: float, least: float) -> bool:
        """others: the same among forms that are no line."""
        if others <= least * self._others.error():
            return True
        return found <= least * self._whole.error() and others <= AGAINST_TOO * self._others.error()


def _varies(tally: Tally, item: int) -> bool:
    counts = tally.values[item - 1].values()
    return sum(counts) - max(counts, default=0) >= FEWEST_VARIED


def _straight(form: Form, tally: Tally, share: float) -> tuple[int, ...]:
    """Items in which so large a share of forms say one thing that no people answered them."""
    items = tuple(form.instrument.items)
    if tally.clients < FEWEST_CONSTANT or len(items) < 5:
        return ()
    lined = sum(n for answer, n in tally.lines.items() if _is_odd_line(form, answer))
    options = min(form.width(item) for item in items) + 1
    if max(lined, tally.repeats if options > 2 else 0) > share * tally.forms:
        return items
    constant = _constant(form, tally)
    return constant if share == MOST else ()


def _is_odd_line(form: Form, answer: int) -> bool:
    """Whether one answer to every item is odd: not at an end, unless some items are worded against it."""
    ends = {step for item in form.instrument.items for step in _ends(form, item)}
    return bool(form.turned) or answer not in ends


def _ends(form: Form, item: int) -> tuple[int, int]:
    response = form.response(item)
    return response.step_min, response.step_max


def _constant(form: Form, tally: Tally) -> tuple[int, ...]:
    """Items that everybody answers alike, and not with an end of the range, while the others vary."""
    if tally.clients < FEWEST_CONSTANT:
        return ()
    alike = {item: next(iter(counts)) for item, counts in _by_item(tally) if len(counts) == 1}
    inner = [item for item, answer in alike.items() if answer not in _ends(form, item)]
    return tuple(inner) if 2 * len(alike) <= form.instrument.n_items else ()


def _never_varied(form: Form, tally: Tally) -> bool:
    """Whether an item, of no risk, sits at one end in every form while the others are far from theirs."""
    if tally.clients < 2 * FEWEST_CONSTANT:
        return False
    alike = [item for item, counts in _by_item(tally) if len(counts) == 1]
    others = [item for item, counts in _by_item(tally) if len(counts) > 1]
    if not others or 2 * len(alike) > form.instrument.n_items:
        return False
    return any(
        abs(_height(form, tally, item) - sum(_height(form, tally, one) for one in others) / len(others))
        > 0.35
        for item in alike
        if item not in form.instrument.risk_items
    )


def _by_item(tally: Tally) -> Iterator[tuple[int, Mapping[int, int]]]:
    return enumerate(tally.values, start=1)


def _height(form: Form, tally: Tally, item: int) -> float:
    """Mean answer as scored, 0 at the lowest and 1 at the highest."""
    response = form.response(item)
    counts = tally.values[item - 1]
    mean = sum(code * n for code, n in counts.items()) / sum(counts.values())
    height = (mean - response.step_min) / form.width(item)
    return 1 - height if item in form.turned else height
