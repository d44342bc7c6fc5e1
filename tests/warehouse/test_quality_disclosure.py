"""Count lines by feed, attacked: nothing about 1 to threshold - 1 records may follow from what is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from scipy.optimize import linprog

from warehouse.quality_disclosure import ALL_HIDDEN, FATES_HIDDEN, SHOWN, Line, hidden_levels

Bounds = list[tuple[float, float | None]]


def rounded(count: int, threshold: int, step: int) -> tuple[float, float | None]:
    """What a rounded count tells."""
    if count == 0:
        return 0, 0
    shown = (2 * count + step) // (2 * step) * step
    return max(threshold, shown - step // 2), shown + (step - 1) // 2


def breaches(lines: Sequence[Line], levels: Sequence[int], threshold: int, step: int) -> list[str]:
    """Protected numbers that can be told to be within less than 1 to threshold - 1, though the sums alone do not."""
    told, nothing = (list(_told(lines, by, threshold, step)) for by in (levels, [ALL_HIDDEN] * len(lines)))
    found = []
    for place, line in enumerate(lines):
        # The last is the line's received.
        for fate, count in enumerate((*line.fates, line.received)):
            for sign, goal in ((1, 1), (-1, threshold - 1)):
                if 1 <= count < threshold and not _reaches(lines, told, place, fate, sign, goal):
                    best = _extreme(lines, nothing, place, fate, sign)
                    if not _reaches(lines, told, place, fate, sign, round(best)):
                        found.append(f"line {place}, number {fate}, {'least' if sign > 0 else 'most'}")
    return found


def _told(
    lines: Sequence[Line], levels: Sequence[int], threshold: int, step: int
) -> Iterator[tuple[Bounds, tuple[float, float | None]]]:
    """Of each line the bounds of its fates, and of its received."""
    for line, level in zip(lines, levels, strict=True):
        free: tuple[float, float | None] = (0, 0) if line.known else (0, None)
        yield (
            [rounded(one, threshold, step) if level == SHOWN else free for one in line.fates],
            rounded(line.received, threshold, step) if level < ALL_HIDDEN else free,
        )


def _extreme(
    lines: Sequence[Line],
    told: Sequence[tuple[Bounds, tuple[float, float | None]]],
    place: int,
    fate: int,
    sign: int,
) -> float:
    """The least of a number (sign 1) or the most (-1) in any table that agrees with all that is told."""
    n, fates = len(lines), len(lines[0].fates)
    in_line = np.kron(np.eye(n), np.ones(fates))
    in_sum = np.kron(np.ones(n), np.eye(fates))
    wanted = np.zeros(n * fates)
    wanted[place * fates : (place + 1) * fates] = 1 if fate == fates else np.eye(fates)[fate]
    low = np.array([received[0] for _, received in told])
    high = np.array([np.inf if received[1] is None else received[1] for _, received in told])
    bounded = np.isfinite(high)
    found = linprog(
        sign * wanted,
        A_ub=np.vstack([-in_line, in_line[bounded]]),
        b_ub=np.concatenate([-low, high[bounded]]),
        A_eq=in_sum,
        b_eq=np.array([line.fates for line in lines]).sum(axis=0),
        bounds=[one for each, _ in told for one in each],
    )
    assert found.status == 0
    return float(sign * found.fun)


def _reaches(lines, told, place, fate, sign, goal) -> bool:
    """Sums of lines and of columns make a whole number of each extreme: the relaxed programme is exact."""
    return sign * (_extreme(lines, told, place, fate, sign) - goal) <= 1e-6


def drawn(seed: int) -> list[Line]:
    draw = np.random.default_rng(seed)
    typical = draw.choice(
        [0, 0.3, 1, 2, 4, 30], (draw.integers(1, 6), 4), p=[0.2, 0.2, 0.15, 0.15, 0.15, 0.15]
    )
    refused = draw.random(len(typical)) < 0.1
    return [
        Line((0, 0, 0, 0), known=True) if known else Line(tuple(map(int, draw.poisson(one))))
        for one, known in zip(typical, refused, strict=True)
    ]


@pytest.mark.parametrize(("threshold", "step"), [(5, 5), (3, 1), (8, 10)])
@pytest.mark.parametrize("first", range(0, 60, 20))
def test_nothing_follows(first, threshold, step):
    for seed in range(first, first + 20):
        lines = drawn(seed)
        assert breaches(lines, hidden_levels(lines, threshold), threshold, step) == [], seed


def test_the_attacker_finds_what_is_hidden_one_by_one():
    lines = [Line((97, 0, 3, 0)), Line((40, 0, 10, 0))]
    assert breaches(lines, [FATES_HIDDEN, SHOWN], 5, 1) == [
        "line 0, number 2, least",
        "line 0, number 2, most",
    ]


@pytest.mark.parametrize(
    ("fates", "levels"),
    [
        # Nothing small: nothing hidden.
        ([(97, 5, 0, 0), (40, 10, 0, 0)], [SHOWN, SHOWN]),
        # Three by itself would be the site's less the others': the smallest line that can hide it goes, too.
        ([(97, 0, 3, 0), (300, 0, 20, 0), (40, 0, 10, 0)], [FATES_HIDDEN, SHOWN, FATES_HIDDEN]),
        # The site's three are told; that another feed has none is not, but a feed without records hides nobody.
        ([(97, 0, 3, 0), (40, 0, 0, 0), (0, 0, 0, 0)], [FATES_HIDDEN, FATES_HIDDEN, SHOWN]),
        # A line of two has another beside it.
        ([(2, 0, 0, 0), (97, 0, 0, 0), (40, 0, 0, 0)], [ALL_HIDDEN, SHOWN, ALL_HIDDEN]),
        # One feed is the site, whose numbers are told.
        ([(97, 0, 3, 0)], [FATES_HIDDEN]),
        ([], []),
    ],
)
def test_lines_that_are_hidden(fates, levels):
    assert hidden_levels([Line(one) for one in fates], 5) == levels


def test_a_feed_whose_files_were_all_refused_hides_nothing():
    lines = [Line((2, 0, 0, 0)), Line((0, 0, 0, 0), known=True), Line((40, 0, 0, 0))]
    assert hidden_levels(lines, 5) == [ALL_HIDDEN, SHOWN, ALL_HIDDEN]
