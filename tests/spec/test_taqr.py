"""Therapeutic Alliance Quality Rating (TAQR, 4 items)

Four items for the clinician, filled in when client and caregiver fill in the TAQS. How they are scored is in
the battery's manual and not public: without the site's own key file nothing is scored. The key used on this
page is made up.
"""

from __future__ import annotations

import pytest

from schemas.key_file import wanted
from tests.lib.spec import REGISTRY, assert_answers, assert_scales, assert_scores, keyed

MADE_UP = keyed("taqr", {"total": [1, 2, 3, 4]}, reverse=[3])


def test_answers():
    """As the TAQS."""
    assert_answers("taqr", "1 to 5")


def test_scales():
    """One mean, of items that the key file names."""
    assert_scales(
        "taqr",
        """
        scale | items | method | range | direction     | may be missing
        ------+-------+--------+-------+---------------+---------------
        total | 0     | mean   | 1-5   | higher_better | 0
        """,
    )
    assert REGISTRY["taqr"].raters == ("therapist",)


@pytest.mark.parametrize("confirmed", [False, True])
def test_no_score_without_a_key_file(confirmed):
    """Confirming does not help: there is no key to confirm."""
    assert_scores("taqr", "answers | total | status\n 4 5 4 3 | x | key_not_confirmed", confirmed=confirmed)


def test_what_the_site_is_told():
    """The file, and what it must say."""
    assert wanted(REGISTRY["taqr"]) == (
        "supply instruments/taqr.key.toml with its source, for each of its 4 items the subscale (total) "
        "and the reversed items"
    )


def test_scored_with_a_key_file():
    """Item 3 is reversed in this made-up key: 4 5 2 3."""
    assert_scores(
        MADE_UP,
        """
        answers | total | status
        --------+-------+-----------------
        4 5 4 3 | 3.5   | scored
        4 5 x 3 | x     | too_many_missing
        """,
    )


def test_nothing_is_invented():
    """No bands and no cut-offs."""
    assert (REGISTRY["taqr"].bands, REGISTRY["taqr"].thresholds) == ((), ())
