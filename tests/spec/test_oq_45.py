"""Outcome Questionnaire-45.2 (OQ-45.2)

Forty-five items, 0 to 4; symptom distress (sd), interpersonal relations (ir) and social role (sr) are sums, and
so is the total, 0-180. More is worse. Items and key are licensed and not shipped: without the site's own key
file nothing is scored, not even the total, which rests on the reversed items. The key used on this page is
made up: fifteen items in a row to each subscale.
"""

from __future__ import annotations

import pytest

from schemas.key_file import wanted
from tests.lib.spec import REGISTRY, assert_answers, assert_scales, assert_scores, assert_thresholds, keyed

MADE_UP = keyed("oq_45", {"sd": range(1, 16), "ir": range(16, 31), "sr": range(31, 46)}, reverse=[1, 16])


def test_answers():
    """Five steps."""
    assert_answers("oq_45", "0 to 4")


def test_scales():
    """The subscales have their items, and so their ranges, from the key file."""
    assert_scales(
        "oq_45",
        """
        scale | items | method | direction    | may be missing
        ------+-------+--------+--------------+---------------
        total | 45    | sum    | higher_worse | 0
        sd    | 0     | sum    | higher_worse | 0
        ir    | 0     | sum    | higher_worse | 0
        sr    | 0     | sum    | higher_worse | 0
        """,
    )
    assert_scales(MADE_UP, "scale | range\n total | 0-180\n sd | 0-60\n ir | 0-60\n sr | 0-60")


@pytest.mark.parametrize("confirmed", [False, True])
def test_no_score_without_a_key_file(confirmed):
    """Confirming does not help: there is no key to confirm."""
    assert_scores(
        "oq_45", "answers | total | sd | status\n all 2 | x | x | key_not_confirmed", confirmed=confirmed
    )


def test_what_the_site_is_told():
    """The file, what it must say, and that a licence is needed."""
    assert wanted(REGISTRY["oq_45"]) == (
        "supply instruments/oq_45.key.toml with its source, for each of its 45 items the subscale "
        "(sd, ir, sr) and the reversed items"
    )
    assert REGISTRY["oq_45"].licence.startswith("LICENSED.")


def test_scored_with_a_key_file():
    """All 0 counts 4 for each reversed item, here one in sd and one in ir."""
    assert_scores(
        MADE_UP,
        """
        answers | sd | ir | sr | total | status
        --------+----+----+----+-------+-----------------
        all 0   | 4  | 4  | 0  | 8     | scored
        all 4   | 56 | 56 | 60 | 172   | scored
        all 2   | 30 | 30 | 30 | 90    | scored
        all x   | x  | x  | x  | x     | too_many_missing
        """,
    )


def test_thresholds():
    """As the literature has them: none is used."""
    assert_thresholds(
        "oq_45",
        """
        scale | kind            | name       | when  | used | evidence
        ------+-----------------+------------+-------+------+------------
        total | caseness        | literature | >= 64 | no   | unconfirmed
        sd    | caseness        | literature | >= 36 | no   | unconfirmed
        ir    | caseness        | literature | >= 15 | no   | unconfirmed
        sr    | caseness        | literature | >= 12 | no   | unconfirmed
        total | reliable_change | literature | >= 14 | no   | unconfirmed
        sd    | reliable_change | literature | >= 10 | no   | unconfirmed
        ir    | reliable_change | literature | >= 8  | no   | unconfirmed
        sr    | reliable_change | literature | >= 7  | no   | unconfirmed
        """,
    )
    assert REGISTRY["oq_45"].bands == ()
