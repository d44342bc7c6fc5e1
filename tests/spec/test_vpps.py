"""Vanderbilt Psychotherapy Process Scale (VPPS, 80 items)

Eighty items, 1 to 5, rated by observers for a segment of a session; eight subscales, each the mean of its
items, and no total. Which items they have is in the manual and not public: without the site's own key file
nothing is scored. The key used on this page is made up: ten items in a row to each subscale.
"""

from __future__ import annotations

import pytest

from schemas.errors import RegistryError
from schemas.key_file import wanted
from schemas.registry import load
from tests.lib.spec import REGISTRY, assert_answers, assert_scales, assert_scores, keyed

SUBSCALES = (
    "patient_participation",
    "patient_hostility",
    "patient_psychic_distress",
    "patient_exploration",
    "patient_dependency",
    "therapist_exploration",
    "therapist_warmth",
    "negative_therapist_attitude",
)
MADE_UP = keyed(
    "vpps",
    {scale: range(10 * at + 1, 10 * at + 11) for at, scale in enumerate(SUBSCALES)},
    reverse=[11],
)


def test_answers():
    """Five steps."""
    assert_answers("vpps", "1 to 5")


def test_scales():
    """Distress and dependency are no matter of better or worse for the alliance."""
    assert_scales(
        "vpps",
        """
        scale                       | items | method | range | direction     | may be missing
        ----------------------------+-------+--------+-------+---------------+---------------
        patient_participation       | 0     | mean   | 1-5   | higher_better | 0
        patient_hostility           | 0     | mean   | 1-5   | higher_worse  | 0
        patient_psychic_distress    | 0     | mean   | 1-5   | neither       | 0
        patient_exploration         | 0     | mean   | 1-5   | higher_better | 0
        patient_dependency          | 0     | mean   | 1-5   | neither       | 0
        therapist_exploration       | 0     | mean   | 1-5   | higher_better | 0
        therapist_warmth            | 0     | mean   | 1-5   | higher_better | 0
        negative_therapist_attitude | 0     | mean   | 1-5   | higher_worse  | 0
        """,
    )
    assert REGISTRY["vpps"].raters == ("observer",)


@pytest.mark.parametrize("confirmed", [False, True])
def test_no_score_without_a_key_file(confirmed):
    """Confirming does not help: there is no key to confirm."""
    assert_scores(
        "vpps",
        """
        answers | patient_participation | therapist_warmth | status
        --------+-----------------------+------------------+------------------
        all 3   | x                     | x                | key_not_confirmed
        """,
        confirmed=confirmed,
    )


def test_what_the_site_is_told():
    """The file, and what it must say."""
    assert wanted(REGISTRY["vpps"]) == (
        "supply instruments/vpps.key.toml with its source, for each of its 80 items the subscale "
        f"({', '.join(SUBSCALES)}) and the reversed items"
    )


def test_scored_with_a_key_file():
    """Items 1-10 are 5, items 11-20 are 1 of which item 11 is reversed, all others 3; no confirmation is needed."""
    answers = " ".join(["5"] * 10 + ["1"] * 10 + ["3"] * 60)
    assert_scores(
        MADE_UP,
        f"""
        answers   | patient_participation | patient_hostility | therapist_warmth | status
        ----------+-----------------------+-------------------+------------------+-------
        {answers} | 5                     | 1.4               | 3                | scored
        """,
    )


def test_a_missing_answer_costs_its_own_subscale():
    """Complete subscales only."""
    answers = " ".join(["x"] + ["3"] * 79)
    assert_scores(
        MADE_UP,
        f"""
        answers   | patient_participation | patient_hostility | status
        ----------+-----------------------+-------------------+-----------------
        {answers} | x                     | 3                 | too_many_missing
        """,
    )


def test_a_wrong_subscale_is_named():
    """With the nearest right one."""
    lines = ['instrument = "vpps"', 'source = "made up"', "recorded = 2026-11-23", "[items]"]
    lines += [f'{number} = "therapist_warmht"' for number in range(1, 81)]
    with pytest.raises(
        RegistryError, match=r"'therapist_warmht' is not known; the nearest is 'therapist_warmth'"
    ):
        load({"vpps.key.toml": "\n".join(lines).encode()})
