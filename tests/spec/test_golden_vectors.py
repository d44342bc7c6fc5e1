"""Golden vectors

Every form carries answers and the scores they must give; a form without a public key carries the refusal. They
run here, and together with the form's page of this manual they are strong enough that no single change of a
form goes unseen: each change is tried, and must be refused, give another score or contradict the manual.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.instrument import Instrument
from tests.lib.forms import FORMS, raw_form, weaknesses
from tests.lib.mutations import mutations, noticed

WORKED_AND_MORE = 3
"""Golden vectors that a form with a public key has at least."""


@pytest.mark.parametrize("id_", FORMS)
def test_vectors_hold_and_reach_both_ends_of_every_scale(id_):
    """As many scores as the form has vectors and scales, in each of its response scales."""
    assert list(weaknesses(Instrument.build(raw_form(id_), id_))) == []


@pytest.mark.parametrize("id_", FORMS)
def test_every_form_has_golden_vectors_and_sources(id_):
    """Or the refusal, and nothing but the refusal, where the key is not public."""
    raw = raw_form(id_)
    refusals = [vector.get("refusal", False) for vector in raw["vectors"]]
    if raw["evidence"] == "site_key":
        assert refusals
        assert all(refusals)
    else:
        assert len(refusals) >= WORKED_AND_MORE
        assert not any(refusals)
    assert raw["sources"]
    assert all(vector["source"] for vector in raw["vectors"])


@pytest.mark.parametrize("id_", FORMS)
def test_every_form_has_a_page_of_this_manual(id_):
    """The worked examples of its own manual, as a spec test."""
    assert Path(__file__).with_name(f"test_{id_}.py").exists()


@pytest.mark.parametrize("id_", FORMS)
def test_no_single_change_of_a_form_goes_unseen(id_):
    """Keys, ranges, rules, tables, components, bands, cut-offs, criteria of change, response scales."""
    raw = raw_form(id_)
    assert not noticed(id_, raw)
    changes = list(mutations(raw))
    survivors = [what for what, mutant in changes if not noticed(id_, mutant)]
    print(f"{id_}: {len(changes)} changes tried, {len(survivors)} survived")
    assert survivors == []
