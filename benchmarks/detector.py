"""How often the reverse-coding detector errs, by size of file, on made-up people.

    python benchmarks/detector.py [--files 200] [--seed 1] [--by-form]

Each cell is the share of files that are held. The people are those of tests/lib/answered.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows.detect import suspicions
from flows.detect_history import compared
from flows.detect_tally import Tally
from schemas.instrument import Instrument
from tests.lib.answered import Answers, answers, counted, ends, form_of, forms, turned

SIZES = (20, 40, 60, 100, 200, 500)
EARLIER = 150
"""People in the feed's earlier files."""

Mistake = Callable[[np.random.Generator, Instrument, Answers], Answers]


def none(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    return given


def reverse_set(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    return turned(card, given, card.reverse)


def one_item(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    plain = [item for item in card.items if item not in card.risk_items]
    return turned(card, given, [int(rng.choice(plain))])


def whole_form(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    return turned(card, given, card.items)


def one_more(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    return given + 1


def one_less(rng: np.random.Generator, card: Instrument, given: Answers) -> Answers:
    return given - 1


MISTAKES: dict[str, tuple[Mistake, Callable[[Instrument], bool]]] = {
    "all reversed items turned": (reverse_set, lambda card: bool(card.reverse)),
    "one item turned": (one_item, lambda card: card.n_items > 4),
    "whole form turned, with history": (whole_form, lambda card: True),
    "counted one too high": (one_more, lambda card: ends(card, 1)[1] < 50),
    "counted one too low": (one_less, lambda card: ends(card, 1)[1] < 50),
}
SOUND: dict[str, Callable[[np.random.Generator, Instrument, int], Tally]] = {
    "one form a person": lambda rng, card, n: counted(card, answers(rng, card, n)),
    "four sessions a person": lambda rng, card, n: _sessions(rng, card, n),
    "people one SD worse": lambda rng, card, n: counted(card, answers(rng, card, n, -1.0)),
    "people one SD better": lambda rng, card, n: counted(card, answers(rng, card, n, 1.0)),
}


def _sessions(rng: np.random.Generator, card: Instrument, n: int) -> Tally:
    """Each person four times, two answers in three the same as before."""
    once = answers(rng, card, max(n // 4, 1))
    given = np.repeat(once, 4, axis=0)
    again = answers(rng, card, len(given))
    return counted(
        card, np.where(rng.random(given.shape) < 0.67, given, again), np.repeat(np.arange(len(once)), 4)
    )


def held(card: Instrument, tally: Tally, earlier: Tally) -> bool:
    form = form_of(card)
    return bool(suspicions(form, tally) or compared(form, tally, earlier))


def rates(files: int, seed: int, by_form: bool) -> Iterator[tuple[str, list[float]]]:
    """Rows of the table: what was simulated, and the share of files held by size."""
    cards = list(forms().values())
    for name, make in SOUND.items():
        for label, some in _groups(f"sound: {name}", cards, by_form):
            yield label, [_share(some, n, files, seed, lambda rng, c, n, m=make: m(rng, c, n)) for n in SIZES]
    for name, (spoil, concerns) in MISTAKES.items():
        for label, some in _groups(name, [card for card in cards if concerns(card)], by_form):
            yield (
                label,
                [
                    _share(
                        some, n, files, seed, lambda r, c, n, s=spoil: counted(c, s(r, c, answers(r, c, n)))
                    )
                    for n in SIZES
                ],
            )


def _groups(name: str, cards: list[Instrument], by_form: bool) -> Iterator[tuple[str, list[Instrument]]]:
    yield name, cards
    if by_form:
        yield from ((f"    {card.id}", [card]) for card in cards)


def _share(
    cards: list[Instrument],
    people: int,
    files: int,
    seed: int,
    make: Callable[[np.random.Generator, Instrument, int], Tally],
) -> float:
    hits = 0
    for number in range(files):
        card = cards[number % len(cards)]
        rng = np.random.default_rng([seed, people, number])
        earlier = counted(card, answers(rng, card, EARLIER))
        hits += held(card, make(rng, card, people), earlier)
    return hits / files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by-form", action="store_true")
    asked = parser.parse_args()
    print(f"| {asked.files} files each | " + " | ".join(f"n = {n}" for n in SIZES) + " |")
    print("| --- |" + " --- |" * len(SIZES))
    for name, found in rates(asked.files, asked.seed, asked.by_form):
        cells = (f"{100 * one:.1f} %" if one < 1 else "100 %" for one in found)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
