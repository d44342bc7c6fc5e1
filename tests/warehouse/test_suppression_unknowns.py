"""What is unknown of a block, and how cells are made of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lib.block_worlds import PlainWorld
from tests.lib.blocks import (
    CLIENTS,
    ENDED,
    ENTERED,
    HELD,
    OPEN,
    RECEIVED,
    UNTREATED,
    WAITS,
    block_of,
    blocks_of,
    cell_of,
    term_of,
    unknowns_of,
)
from tests.lib.small_services import given, small_service
from warehouse.suppression_lines import Lines
from warehouse.suppression_unknowns import Unknowns


def matrix_of(unknowns: Unknowns, cells: list[int]) -> np.ndarray:
    lines = Lines()
    rows = lines.more(0.0, 0.0, len(cells))
    unknowns.put_cells(lines, rows, np.array(cells, dtype=np.int64))
    return lines.matrix(unknowns.size).toarray()


def test_a_cell_is_the_difference_of_two_running_totals():
    """February is all up to February less all up to January; January is all up to January."""
    unknowns = unknowns_of(block_of(given({"received": [[10, 20, 30]]}, [RECEIVED])))
    cells = [cell_of(unknowns.block, 0, (0,), *span) for span in ((0, 1), (1, 2), (0, 3))]
    assert matrix_of(unknowns, cells).tolist() == [[1, 0, 0], [-1, 1, 0], [0, 0, 1]]


def test_a_service_is_the_sum_of_its_clinics():
    """Where two clinics have one more each, their service has two more."""
    block = block_of(given({"received": [[10, 20], [30, 40]]}, [RECEIVED]))
    unknowns = unknowns_of(block)
    site, *clinics = matrix_of(unknowns, [cell_of(block, 0, who, 1, 2) for who in ((0, 1), (0,), (1,))])
    assert site.tolist() == sum(clinics).tolist()
    assert all(one.any() for one in clinics)


def test_a_rest_is_whole_less_part():
    """Those who ended and were not untreated: as many more as ended, as many fewer as were untreated."""
    block = block_of(given({"untreated": [[10, 20]], "ended": [[30, 40]]}, [UNTREATED]))
    unknowns = unknowns_of(block)
    terms = (term_of(block, "untreated", "ended"), term_of(block, "ended"), term_of(block, "untreated"))
    rest, whole, part = matrix_of(unknowns, [cell_of(block, term, (0,), 0, 2) for term in terms])
    assert rest.tolist() == (whole - part).tolist()


def test_clients_have_a_cell_of_their_own():
    """Who was seen in January and in February is one client of both: months do not add up, and clinics do."""
    counts = {"held": [[30, 20], [10, 10]]}
    clients = [[3] * 12, [1] * 7 + [2] * 8]
    block = block_of(given(counts, [HELD, CLIENTS], client_months=clients))
    unknowns = unknowns_of(block)
    term = term_of(block, "clients_seen")
    both, january, february = matrix_of(
        unknowns, [cell_of(block, term, (0,), *span) for span in ((0, 2), (0, 1), (1, 2))]
    )
    assert [one.sum() for one in (both, january, february)] == [1, 1, 1]
    assert ((both + january + february) <= 1).all()
    of_site, other = matrix_of(unknowns, [cell_of(block, term, who, 0, 1) for who in ((0, 1), (1,))])
    assert of_site.tolist() == (january + other).tolist()


@pytest.mark.parametrize("seed", [0, 4, 5])
def test_cells_count_what_plain_counting_counts(seed: int):
    """Of any numbers at all for the unknowns, each cell differs from the truth by what its row says."""
    for block in blocks_of(small_service(seed, 2, 4)):
        unknowns = unknowns_of(block)
        by = np.random.default_rng(seed).integers(-3, 9, unknowns.size).astype(float)
        by[unknowns.untold] = 0
        world = PlainWorld(block, unknowns, unknowns.floor, by)
        cells = np.flatnonzero(block.exists)
        chosen = np.random.default_rng(seed).choice(cells, 150, replace=False).tolist()
        assert matrix_of(unknowns, chosen) @ by == pytest.approx([world.cell(c) - block.x[c] for c in chosen])


def test_how_far_an_unknown_can_fall():
    """A running total of 30 can be 30 less; that of a sum of scores has no least of its own."""
    counts = {"entered": [[10, 20]], "wait_days": [[300, 500]]}
    unknowns = unknowns_of(block_of(given(counts, [ENTERED, WAITS])))
    people, sums = unknowns.floor[: unknowns.first_sum], unknowns.floor[unknowns.first_sum :]
    start = int(unknowns.start[term_of(unknowns.block, "entered"), 0])
    assert people[start : start + 2].tolist() == [-10, -30]
    assert sums.tolist() == [-np.inf, -np.inf]
    assert unknowns.size == len(unknowns.floor)


def test_sums_have_running_totals_by_figure_and_clinic():
    """The days waited are unknown in each clinic by itself; they come after all people."""
    counts = {"entered": [[10, 20], [15, 15]], "wait_days": [[300, 500], [100, 100]]}
    unknowns = unknowns_of(block_of(given(counts, [ENTERED, WAITS])))
    assert sorted(clinic for _, clinic in unknowns.of_sum) == [0, 1]
    starts = sorted(unknowns.of_sum.values())
    assert starts == [unknowns.first_sum, unknowns.first_sum + 2]


def test_what_no_figure_tells_is_unknown_in_every_clinic():
    """Some of the contacts held are told of by nothing: who knows the others knows how many; they begin at none."""
    counts = {"held": [[20, 30]], "entered": [[10, 20]]}
    unknowns = unknowns_of(block_of(given(counts, [HELD, ENTERED])))
    names = {key[0] for key in unknowns.untold_keys}
    assert "held_otherwise" in names
    assert not names & {"held", "entered"}
    assert len(unknowns.untold) == len(names) * unknowns.clinics * unknowns.slots
    assert (unknowns.floor[unknowns.untold] == 0).all()


def test_a_clinic_where_a_figure_is_not_applicable_has_no_unknown():
    """A clinic without appointments has no endings to guess at."""
    counts = {"received": [[10], [20]], "ended": [[5], [5]], "open": [[5], [15]]}
    block = block_of(given(counts, [RECEIVED, ENDED, OPEN], lacks=[("c2", "contacts")]))
    unknowns = unknowns_of(block)
    start = unknowns.start[term_of(block, "ended")]
    assert start[0] >= 0
    assert start[1] == -1


def test_totals_stay_where_they_are_after_the_last_month():
    """Sessions are numbered to twelve, and there are two months: all months are all there are."""
    sessions = [[30] * 12]
    counts = {"due": [[200, 160]], "returned": [[150, 150]], "due_at": sessions, "returned_at": sessions}
    figures = [
        ("questionnaires_due", "standard"),
        ("questionnaires_completed", "standard"),
        ("questionnaire_completion_by_session", "standard"),
    ]
    block = block_of(given(counts, figures))
    unknowns = unknowns_of(block)
    due = term_of(block, "due")
    assert unknowns.length[due, 0] == 2
    assert unknowns.truth[due, 0].tolist() == [0, 200] + [360] * 11
