"""Is a form turned over as a whole? Seen only against the feed's own earlier files, in order of the ledger.

A form that is turned over in every item shows in no correlation. Its level shows it, where that is far from
the middle, and so does the order of its items from seldom to often: people change neither to its opposite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from flows.detect import LEAST_GAIN, REVERSED, against_the_rest, suspicions
from flows.detect_form import FEWEST_CLIENTS, Finding, Form, Relations
from flows.detect_tally import Tally, pooled

FLIPPED = "suspect_flipped"
FIRST = "first_file_looks_flipped"

FEWEST_EARLIER = 40
"""Forms in earlier files before anything is compared with them."""
LEVEL_SDS, MIRROR_SHARE = 2.5, 1 / 3
"""How far the mean must have moved, in standard deviations between people, and what part of that way its
mirror image may be off. From intake to the end of therapy a whole clinic moves by one or so."""
LEVEL_SURE = 5.0
"""Standard errors of such a move."""
PROFILE_SPREAD, PROFILE_SURE, PROFILE_TURNED = 0.04, -5.0, -0.5
"""The order of items: their spread in earlier files, as part of the range; standard errors below no order;
and what part of the earlier order is found turned over."""
ITEM_MOVE, ITEM_SURE = 0.4, 6.0
"""How far a single item must have moved more than the others, as part of its range; standard errors."""


@dataclass(frozen=True)
class Verdict:
    """What earlier files say of a file. held: what is wrong; released: what was found in the file alone is
    found in the earlier ones too; warnings: rules of that level."""

    held: tuple[Finding, ...] = ()
    released: bool = False
    warnings: tuple[str, ...] = ()


class History:
    """The files of each feed that were found sound or were released, added in order of the ledger."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], Tally] = {}

    def judge(
        self,
        feed: str,
        files: Sequence[tuple[Form, Tally]],
        found: Sequence[Finding] = (),
        released: bool = False,
    ) -> Verdict:
        """The verdict on the feed's next file, which counts as earlier from then on, if it is sound.

        found: what was found in the file alone; released: whether people let it through
        """
        verdict = Verdict() if released else self._verdict(feed, files, found)
        if released or verdict.released or not (found or verdict.held):
            self._add(feed, files)
        return verdict

    def _verdict(self, feed: str, files: Sequence[tuple[Form, Tally]], found: Sequence[Finding]) -> Verdict:
        known = [(form, tally, self._seen.get((feed, form.form_no))) for form, tally in files]
        if found:
            return Verdict(released=all(_always_so(one, known) for one in found))
        held = tuple(one for each in known if (one := compared(*each)) is not None)
        first = [looks_flipped(form, tally) for form, tally, earlier in known if earlier is None]
        return Verdict(held=held, warnings=(FIRST,) if any(first) and not held else ())

    def _add(self, feed: str, files: Sequence[tuple[Form, Tally]]) -> None:
        for form, tally in files:
            place = (feed, form.form_no)
            if tally.forms:
                self._seen[place] = pooled([self._seen[place], tally]) if place in self._seen else tally


def _always_so(found: Finding, known: Sequence[tuple[Form, Tally, Tally | None]]) -> bool:
    """Whether a finding is true of the feed's earlier files too: somebody has let it through."""
    return any(
        earlier is not None
        and form.form_no == found.form_no
        and earlier.forms >= FEWEST_EARLIER
        and found in suspicions(form, earlier)
        for form, _, earlier in known
    )


def compared(form: Form, tally: Tally, earlier: Tally | None) -> Finding | None:
    """What a comparison with earlier files gives: items that ran with the rest and no longer do, the whole
    form turned over, or single items."""
    if earlier is None or min(earlier.forms, earlier.clients) < FEWEST_EARLIER:
        return None
    if tally.clients < FEWEST_CLIENTS or not form.blocks:
        return None
    if items := against_the_rest(form, tally, earlier):
        return form.finding(REVERSED, items)
    items = _flipped(form, tally, earlier)
    return form.finding(FLIPPED, items) if items else None


def _flipped(form: Form, tally: Tally, earlier: Tally) -> tuple[int, ...]:
    now, then = _View(form, tally), _View(form, earlier)
    for block in form.blocks:
        over = _level_turned(now, then, block) or _profile_turned(now, then, block)
        if over and _gain(now, then, block) > LEAST_GAIN:
            return block
    return tuple(item for item in form.instrument.items if _item_turned(now, then, item))


def looks_flipped(form: Form, tally: Tally) -> bool:
    """Whether a first file, with nothing to compare it with, lies where such forms do not.

    An alliance is seldom rated in the worse half; answers about risk are seldom the highest of a form.
    """
    if tally.clients < FEWEST_CLIENTS or not form.blocks:
        return False
    view, block = _View(form, tally), form.blocks[0]
    level = view.level(block)
    error = view.spread(block) / math.sqrt(tally.clients)
    if form.instrument.construct == "alliance":
        return level + 3 * error < 0.5
    risk = [item for item in form.instrument.risk_items if item in block]
    return bool(risk) and view.level(risk) > max(0.6, level + 3 * error)


class _View:
    """A tally as scored, each item from 0 to 1 over its range."""

    def __init__(self, form: Form, tally: Tally) -> None:
        self.form, self.tally, self._relations = form, tally, Relations(tally)
        self._signs = {item: -1 if item in form.turned else 1 for item in form.instrument.items}

    def mean(self, item: int) -> float:
        response = self.form.response(item)
        mean = self.tally.sums[item - 1] / self.tally.forms
        height = (mean - response.step_min) / self.form.width(item)
        return 1 - height if item in self.form.turned else height

    def covariance(self, i: int, j: int) -> float:
        both = self._signs[i] * self._signs[j] * int(self._relations.together[i - 1, j - 1])
        return both / self.tally.forms**2 / (self.form.width(i) * self.form.width(j))

    def level(self, items: Sequence[int]) -> float:
        """Mean of the items' means."""
        return sum(self.mean(item) for item in items) / len(items)

    def spread(self, items: Sequence[int]) -> float:
        """Standard deviation of people's means over the items."""
        return self.error(dict.fromkeys(items, 1 / len(items)), 1)

    def error(self, weights: Mapping[int, float], clients: int) -> float:
        """Standard error of a weighted sum of the items' means."""
        squares = sum(w * v * self.covariance(i, j) for i, w in weights.items() for j, v in weights.items())
        return math.sqrt(max(squares, 0.0) / clients)

    def shares(self, item: int, mirrored: bool = False) -> list[float]:
        """Counts of the item's answers from the lowest to the highest, or the other way round."""
        response = self.form.response(item)
        counts = self.tally.values[item - 1]
        found = [float(counts.get(code, 0)) for code in range(response.step_min, response.step_max + 1)]
        return found[::-1] if mirrored else found


def _level_turned(now: _View, then: _View, block: Sequence[int]) -> bool:
    moved = now.level(block) - then.level(block)
    mirrored = 1 - now.level(block) - then.level(block)
    error = now.spread(block) / math.sqrt(now.tally.clients)
    return (
        abs(moved) >= LEVEL_SDS * then.spread(block)
        and abs(mirrored) <= MIRROR_SHARE * abs(moved)
        and abs(moved) >= LEVEL_SURE * error
    )


def _profile_turned(now: _View, then: _View, block: Sequence[int]) -> bool:
    """Whether items that were answered high are now low among the rest, and the other way round."""
    level = then.level(block)
    order = {item: then.mean(item) - level for item in block}
    squares = sum(one * one for one in order.values())
    if math.sqrt(squares / len(block)) < PROFILE_SPREAD:
        return False
    kept = sum(weight * now.mean(item) for item, weight in order.items())
    error = now.error(order, now.tally.clients)
    return kept <= PROFILE_TURNED * squares and kept <= PROFILE_SURE * error


def _item_turned(now: _View, then: _View, item: int) -> bool:
    """Whether one item has moved to its mirror image while the form has not."""
    others = [one for one in now.form.instrument.items if one != item]
    common = median([now.mean(one) - then.mean(one) for one in others]) if others else 0.0
    moved = now.mean(item) - then.mean(item) - common
    mirrored = 1 - now.mean(item) - then.mean(item) - common
    error = now.error({item: 1.0}, now.tally.clients)
    return (
        abs(moved) >= max(ITEM_MOVE, ITEM_SURE * error)
        and abs(mirrored) <= MIRROR_SHARE * abs(moved)
        and _gain(now, then, [item]) > LEAST_GAIN
    )


def _gain(now: _View, then: _View, items: Sequence[int]) -> float:
    """Log-likelihood of the answers turned over, less that of the answers as they are, by earlier shares."""
    gain = 0.0
    for item in items:
        known = [math.log(n + 0.5) for n in then.shares(item)]
        gain += sum(n * one for n, one in zip(now.shares(item, mirrored=True), known, strict=True))
        gain -= sum(n * one for n, one in zip(now.shares(item), known, strict=True))
    return gain
