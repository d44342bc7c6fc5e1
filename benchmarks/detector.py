"""How often the reverse-coding detector errs, by size of file, on made-up people.

    python benchmarks/detector.py [--files 400] [--seed 7] [--only TEXT] [--by-form]

Each cell is the share of files that are held. The people are those of tests/lib/answered.py; a file is
one of a feed whose earlier files had 150 people, or its first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows.detect import suspicions
from flows.detect_history import compared
from flows.detect_tally import Tally
from schemas.instrument import Instrument
from tests.lib.answered import answers, counted, ends, form_of, forms, turned

SIZES = (20, 40, 60, 100, 200, 500)
EARLIER = 150

Make = Callable[[np.random.Generator, Instrument, int], Tally]


@dataclass(frozen=True)
class Case:
    """What is simulated. concerns: forms in which there is such a mistake; first: without earlier files."""

    name: str
    make: Make
    concerns: Callable[[Instrument], bool] = lambda card: True
    first: bool = False


def sound(shift: float) -> Make:
    return lambda rng, card, n: counted(card, answers(rng, card, n, shift))


def sessions(rng: np.random.Generator, card: Instrument, n: int) -> Tally:
    """Each person four times, two answers in three the same as before."""
    once = answers(rng, card, n // 4)
    often = np.repeat(once, 4, axis=0)
    again = answers(rng, card, len(often))
    given = np.where(rng.random(often.shape) < 0.67, often, again)
    return counted(card, given, np.repeat(np.arange(len(once)), 4))


def reverse_set(rng: np.random.Generator, card: Instrument, n: int) -> Tally:
    return counted(card, turned(card, answers(rng, card, n), card.reverse))


def one_item(rng: np.random.Generator, card: Instrument, n: int) -> Tally:
    plain = [item for item in card.items if item not in card.risk_items]
    return counted(card, turned(card, answers(rng, card, n), [int(rng.choice(plain))]))


def whole_form(rng: np.random.Generator, card: Instrument, n: int) -> Tally:
    return counted(card, turned(card, answers(rng, card, n), card.items))


def beside(by: int) -> Make:
    return lambda rng, card, n: counted(card, answers(rng, card, n) + by)


def mixed(card: Instrument) -> bool:
    return bool(card.reverse)


def narrow(card: Instrument) -> bool:
    return ends(card, 1)[1] - ends(card, 1)[0] <= 12


CASES = (
    Case("sound: one form a person", sound(0.0)),
    Case("sound: four sessions a person", sessions),
    Case("sound: people one SD lower", sound(-1.0)),
    Case("sound: people one SD higher", sound(1.0)),
    Case("all reversed items turned", reverse_set, mixed),
    Case("all reversed items turned, first file", reverse_set, mixed, first=True),
    Case("one item turned", one_item),
    Case("one item turned, first file", one_item, first=True),
    Case("whole form turned", whole_form),
    Case("counted one too high", beside(1), narrow, first=True),
    Case("counted one too low", beside(-1), narrow, first=True),
)


def share(case: Case, cards: Sequence[Instrument], people: int, files: int, seed: int) -> float:
    """Share of files of so many rows that are held."""
    hits = 0
    for number in range(files):
        card = cards[number % len(cards)]
        rng = np.random.default_rng([seed, people, number])
        earlier = None if case.first else counted(card, answers(rng, card, EARLIER))
        form, tally = form_of(card), case.make(rng, card, people)
        hits += bool(suspicions(form, tally) or compared(form, tally, earlier))
    return hits / files


def row(case: Case, cards: Sequence[Instrument], files: int, seed: int, name: str = "") -> str:
    found = (share(case, cards, people, files, seed) for people in SIZES)
    cells = (f"{100 * one:.1f} %" if one < 1 else "100 %" for one in found)
    return f"| {name or case.name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="part of the names of cases")
    parser.add_argument("--by-form", action="store_true")
    asked = parser.parse_args()
    print(f"| {asked.files} files each | " + " | ".join(f"n = {n}" for n in SIZES) + " |")
    print("| --- |" + " --- |" * len(SIZES))
    for case in (case for case in CASES if asked.only in case.name):
        cards = [card for card in forms().values() if case.concerns(card)]
        print(row(case, cards, asked.files, asked.seed), flush=True)
        for card in cards if asked.by_form else ():
            print(row(case, [card], asked.files, asked.seed, f"- {card.id}"), flush=True)


if __name__ == "__main__":
    main()
