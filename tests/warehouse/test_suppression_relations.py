"""How series hang together: what is within what, parts and wholes, stocks, and what ties two that are told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from schemas import quantities
from schemas.quantities import AtInstrument, Balance, Counted, Partition, Quantities, Quantity, Total
from warehouse.suppression_relations import Key, Relation, linked, relations, series_key


def key(name: str, instrument: str = "", scale: str = "") -> tuple[str, str, str]:
    return name, instrument, scale


def known(*within: tuple[str, str], told: str = "a b c d e", by: str = "whole", **links) -> Quantities:
    """Quantities a to e, and x, y of which no figure tells; the first of each pair is within the second."""
    names = "abcdexy"
    return Quantities(
        tuple(Quantity(one, tuple(b for a, b in within if a == one), by) for one in names),
        tuple(Counted(f"figure_{one}", "standard", one, "") for one in told.split()),
        **{"partitions": (), **links},
    )


@pytest.mark.parametrize(
    ("by", "series"), [("whole", ("q", "", "")), ("instrument", ("q", "i", "")), ("scale", ("q", "i", "s"))]
)
def test_series_of_a_quantity(by: str, series: tuple[str, str, str]):
    """Referrals are one series; forms have one by instrument; scores one by instrument and scale."""
    assert series_key(Quantity("q", (), by), "i", "s") == series


def test_a_part_is_within_its_whole():
    """As referrals that were untreated are among those that ended."""
    found = relations([key("a"), key("b")], known(("a", "b")))
    assert found == [Relation((key("a"),), (), key("b"), exact=False)]


@pytest.mark.parametrize("there", ["a", "b"])
def test_what_a_figure_tells_but_none_here_does_is_left_out(there: str):
    """The other side is told in another publication or not at all: nothing is known of it here."""
    assert relations([key(there)], known(("a", "b"))) == []


def test_what_no_figure_tells_ties_what_is_told():
    """a is within x, x within b: so a is within b, though nobody ever sees x."""
    found = relations([key("a"), key("b")], known(("a", "x"), ("x", "b")))
    assert set(found) == {
        Relation((key("a"),), (), key("x"), exact=False),
        Relation((key("x"),), (), key("b"), exact=False),
    }


def test_parts_make_up_a_whole():
    """Begin at the whole or at any part: the same relation, once; parts that nobody sees are parts as well."""
    partition = known(partitions=(Partition("a", ("b", "c", "x")),))
    whole = Relation((key("b"), key("c"), key("x")), (), key("a"), exact=True)
    assert relations([key("a"), key("b"), key("c")], partition) == [whole]
    # One part is told of elsewhere only: then the sum says nothing.
    assert relations([key("a"), key("b")], partition) == []


def test_a_partition_is_of_one_instrument():
    """Pairs on PHQ-9 are made up of those improved, unchanged and deteriorated on PHQ-9, not on GAD-7."""
    forms = known(partitions=(Partition("a", ("b", "c")),), by="instrument")
    keys = [key(one, instrument) for one in "abc" for instrument in ("i", "j")]
    assert set(relations(keys, forms)) == {
        Relation((key("b", one), key("c", one)), (), key("a", one), exact=True) for one in "ij"
    }


@pytest.mark.parametrize("exact", [True, False])
def test_all_sessions_together_are_within_all_months(exact: bool):
    """Who was due at some session was due in some month; month by month it says nothing."""
    found = relations([key("a"), key("b")], known(totals=(Total("a", "b", exact),)))
    assert found == [Relation((key("a"),), (), key("b"), exact, over="all")]


@pytest.mark.parametrize("exact", [True, False])
def test_a_stock_is_what_entered_less_what_left(exact: bool):
    """From whichever of the three one begins; where it is not exact the stock may be larger, never smaller."""
    balance = known(balances=(Balance("a", "b", "c", exact),))
    found = relations([key("b"), key("c"), key("a")], balance)
    assert found == [Relation((key("b"),), (key("c"),), key("a"), exact, over="running")]


def test_a_link_of_one_instrument_is_of_that_one():
    """Courses with a pair on both measures are within those with one on PHQ-9; of GAD-7 it says nothing."""
    at_instrument = Quantities(
        (Quantity("a", (), "whole"), Quantity("b", (), "instrument")),
        (Counted("figure_a", "standard", "a", ""), Counted("figure_b", "standard", "b", "")),
        (),
        at_instrument=(AtInstrument("a", "b", "phq_9"),),
    )
    found = relations([key("a"), key("b", "phq_9"), key("b", "gad_7")], at_instrument)
    assert found == [Relation((key("a"),), (), key("b", "phq_9"), exact=False)]


@pytest.mark.parametrize(
    ("links", "pairs"),
    [
        (known(("a", "b")), [{"a", "b"}]),
        (known(("a", "x"), ("b", "x")), [{"a", "b"}]),
        (known(partitions=(Partition("a", ("b", "c")),)), [{"a", "b"}, {"a", "c"}]),
        (known(partitions=(Partition("x", ("a", "b")),)), [{"a", "b"}]),
        (known(totals=(Total("a", "b", exact=False),)), [{"a", "b"}]),
        (known(), []),
    ],
)
def test_tied_series(links: Quantities, pairs: list[set[str]]):
    """Series that some relation ties directly, or two relations of one series that no figure tells of."""
    found = {frozenset(one[0] for one in pair) for pair in linked([key("a"), key("b"), key("c")], links)}
    assert found - {frozenset("bc")} == {frozenset(one) for one in pairs}


def test_relations_of_all_quantities():
    """Of the dictionary: no relation twice, none of a series with itself, one told series in each at least."""
    dictionary = quantities.load()
    told = {name for one in dictionary.counted for name in (one.numerator, one.denominator)} - {""}
    keys = [series_key(one, "phq_9", "total") for one in dictionary.quantities if one.id in told]
    found = relations(keys, dictionary)
    assert len(found) == len(set(found))
    for one in found:
        members = (*one.parts, *one.less, one.whole)
        assert len(members) == len(set(members))
        assert all(member in keys or member[0] not in told for member in members)
    assert relations(keys, dictionary) == found


def test_what_relations_tie_is_linked():
    """Of the dictionary: from each series one comes by links to all that relations lead to, seen or unseen."""
    dictionary = quantities.load()
    told = {name for one in dictionary.counted for name in (one.numerator, one.denominator)} - {""}
    keys = [series_key(one, "phq_9", "total") for one in dictionary.quantities if one.id in told]
    members = [(*one.parts, *one.less, one.whole) for one in relations(keys, dictionary)]
    by_relations = groups([(one[0], other) for one in members for other in one[1:]])
    by_links = groups(linked(keys, dictionary))
    assert {frozenset(one & set(keys)) for one in by_relations} == {frozenset(one) for one in by_links}


def groups(pairs: Iterable[tuple[Key, Key]]) -> list[set[Key]]:
    """Sets of series that pairs lead to from each other."""
    found: list[set[Key]] = []
    for pair in pairs:
        mine = [one for one in found if not one.isdisjoint(pair)]
        found = [one for one in found if one not in mine] + [set(pair).union(*mine)]
    return found
