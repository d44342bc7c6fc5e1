"""Unconfirmed keys

A key that nobody has checked against the printed form gives no score. A site that has checked it lists
the form in `confirmed_instruments`; from then on it scores like any other. A form whose key is not public
at all needs the site's own key file instead: see the pages of VPPS, TAQR and OQ-45.
"""

from __future__ import annotations

import pytest

from schemas.instrument import Instrument
from tests.lib.forms import changed, raw_form
from tests.lib.spec import assert_scores


@pytest.mark.parametrize("evidence", ["unconfirmed", "licensed"])
def test_no_score_before_the_site_confirms(evidence):
    """Every administration still has its row, and says how many items were answered."""
    form = Instrument.build(changed(raw_form("core_10"), evidence=evidence), "form.toml")
    assert_scores(
        form,
        """
        answers             | total | answered | status
        --------------------+-------+----------+------------------
        3 1 2 1 2 0 3 2 3 1 | x     | 10       | key_not_confirmed
        3 1 2 1 2 0 x 2 3 1 | x     | 9        | key_not_confirmed
        all x               | x     | 0        | key_not_confirmed
        """,
    )


def test_scored_once_the_site_confirms():
    """The usual rules apply."""
    form = Instrument.build(changed(raw_form("core_10"), evidence="unconfirmed"), "form.toml")
    assert_scores(
        form,
        """
        answers             | total   | answered | status
        --------------------+---------+----------+-----------------
        3 1 2 1 2 0 3 2 3 1 | 20      | 10       | scored
        3 1 2 1 2 0 x 2 3 1 | 18.8889 | 9        | prorated
        all x               | x       | 0        | too_many_missing
        """,
        confirmed=True,
    )


@pytest.mark.parametrize("evidence", ["verified", "derived"])
def test_a_sourced_key_needs_no_confirmation(evidence):
    """Confirming it changes nothing."""
    form = Instrument.build(changed(raw_form("core_10"), evidence=evidence), "form.toml")
    assert_scores(form, "answers | total\n all 4 | 32")
