"""A form as a feed asks for it, what may be found of it, and how its items go together."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from flows.detect_tally import Tally
from schemas.instrument import Instrument, Response
from schemas.registry import Registry
from schemas.site import Feed, FeedInstrument, item_columns

FEWEST_CLIENTS = 15
"""Of fewer people nothing is said."""
FEWEST_VARIED = 8
"""Forms that must differ from an item's commonest answer before its correlation says anything."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with a form in a file. items: numbers from 1; columns: their names in the file."""

    rule: str
    instrument: str
    form_no: int
    items: tuple[int, ...]
    columns: str

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Finding:
        return cls(**{**raw, "items": tuple(raw["items"])})


@dataclass(frozen=True)
class Form:
    """One form of a feed. form_no: its place in the feed, from 1."""

    form_no: int
    asked: FeedInstrument
    instrument: Instrument

    @property
    def turned(self) -> frozenset[int]:
        """Items that scoring turns: none where the capturing system has turned them already."""
        return frozenset() if self.asked.already_keyed else self.instrument.reverse

    @cached_property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Items that should go together: each item's largest scale, each such scale once.

        A checklist of what happened in a session has none: its items need not go together.
        """
        if self.instrument.construct == "process":
            return ()
        scales = sorted(self.instrument.scales, key=lambda scale: -scale.n_items)
        largest = (next((s.items for s in scales if item in s.items), ()) for item in self.instrument.items)
        return tuple(dict.fromkeys(items for items in largest if len(items) > 2))

    def response(self, item: int) -> Response:
        """What an item may be answered."""
        return self.instrument.response_of(item)

    def width(self, item: int) -> int:
        """Steps from an item's lowest answer to its highest."""
        response = self.response(item)
        return response.step_max - response.step_min

    def finding(self, rule: str, items: Collection[int]) -> Finding:
        """A finding about these items; columns of the whole form are named by the first and the last."""
        names = item_columns(self.asked, self.instrument.n_items)
        numbers = tuple(sorted(items))
        listed = [names[item - 1] for item in numbers]
        whole = len(numbers) == self.instrument.n_items > 2
        columns = f"{listed[0]} to {listed[-1]}" if whole else ", ".join(listed)
        return Finding(rule, self.instrument.id, self.form_no, numbers, columns)


def forms_of(feed: Feed, registry: Registry) -> tuple[Form, ...]:
    """The forms of a feed's rows, in their order."""
    return tuple(Form(number, one, registry[one.id]) for number, one in enumerate(feed.instruments, 1))


class Relations:
    """How items vary together, times the square of the number of forms: whole numbers, nothing is rounded.

    Item numbers count from 1; a sign of -1 stands for an item that is turned.
    """

    def __init__(self, tally: Tally) -> None:
        sums = np.array(tally.sums, dtype=object)
        self.together = tally.forms * np.array(tally.products, dtype=object) - np.outer(sums, sums)
        # Sessions of one client tell much the same: clients are counted, not forms.
        self.clients = min(tally.clients, tally.forms)

    def sets(self, left: Collection[int], right: Collection[int], signs: Mapping[int, int]) -> float:
        """Fisher z of the correlation of two sums of items."""
        both, lefts, rights = (
            int(self._signed(one, other, signs).sum())
            for one, other in ((left, right), (left, left), (right, right))
        )
        return self._fisher(both, lefts, rights)

    def with_rest(self, block: Sequence[int], signs: Mapping[int, int]) -> dict[int, float]:
        """Fisher z of each item's correlation with the sum of the others."""
        signed = self._signed(block, block, signs)
        rows, whole = signed.sum(axis=1), int(signed.sum())
        own = signed.diagonal()
        return {
            item: self._fisher(int(row - one), int(one), int(whole - 2 * row + one))
            for item, row, one in zip(block, rows, own, strict=True)
        }

    def error(self) -> float:
        """Standard error of any Fisher z."""
        return 1 / math.sqrt(max(self.clients - 3, 1))

    def _signed(
        self, left: Collection[int], right: Collection[int], signs: Mapping[int, int]
    ) -> npt.NDArray[Any]:
        at, to = [item - 1 for item in left], [item - 1 for item in right]
        turn = np.outer([signs[item] for item in left], [signs[item] for item in right])
        found: npt.NDArray[Any] = self.together[np.ix_(at, to)] * turn
        return found

    def _fisher(self, both: int, left: int, right: int) -> float:
        """0 where nothing can be said."""
        if left <= 0 or right <= 0 or self.clients < FEWEST_CLIENTS:
            return 0.0
        return math.atanh(max(-0.999, min(0.999, both / math.sqrt(left * right))))
