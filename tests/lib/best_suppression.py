"""The fewest rows that have to be hidden, for services small enough to find it out.

By turns: an attacker finds breaches of what is left and the statements that each follows from; the fewest rows are
sought that spoil all breaches found so far. What spoils them all and leaves no new one is the least there is,
since every way to be safe has to spoil each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import lil_array

from schemas.site import Disclosure
from tests.lib.attacker import TOLERANCE, Publication, components, worlds_of
from tests.lib.naive_schemes import kind
from tests.lib.statements import Row, Statement, Truth, protected, reading, statements, truth

Reasons = frozenset[Statement]


def fewest_hidden(shown: Sequence[Row], exact: Publication, policy: Disclosure) -> set[int]:
    """Numbers of the rows to hide beyond those that are hidden already; of counts and rates only."""
    assert not any(kind(row) == "mean" for row in shown), "a mean is told of by several rows together"
    tellers: dict[Statement, set[int]] = defaultdict(set)
    for number, row in enumerate(shown):
        for one in statements([row], exact.known, reading(policy)):
            tellers[one].add(number)
    facts = truth(exact.rows, exact.known)
    found: set[Reasons] = set()
    while True:
        hidden = _spoil(found, tellers, len(shown))
        left = [one for one, rows in tellers.items() if not rows <= hidden]
        breaches = _breaches(left, exact, facts, policy)
        if not breaches:
            return hidden
        assert not breaches <= found, "a breach that was spoilt is there again"
        found |= breaches


def _breaches(left: list[Statement], exact: Publication, facts: Truth, policy: Disclosure) -> set[Reasons]:
    found = set()
    secrets = protected(exact.rows, exact.known, policy)
    told = set(left)
    for said, some in components(left, secrets, exact.known):
        worlds = worlds_of(said, some, facts, exact.known)
        for secret in some:
            for sign, goal in ((1, 1.0), (-1, policy.threshold - 1.0)):
                value, reasons = worlds.reasons(secret.terms, sign)
                if sign * value > sign * goal + TOLERANCE:
                    found.add(reasons & told)
    return found


def _spoil(found: set[Reasons], tellers: dict[Statement, set[int]], rows: int) -> set[int]:
    """The fewest rows without which of each of these at least one statement is told by nobody."""
    if not found:
        return set()
    said = sorted({one for reasons in found for one in reasons}, key=repr)
    place = {one: rows + n for n, one in enumerate(said)}
    ties = [(place[one], row) for one in said for row in sorted(tellers[one])]
    matrix = lil_array((len(ties) + len(found), rows + len(said)))
    for n, (one, row) in enumerate(ties):
        matrix[n, row], matrix[n, one] = 1, -1
    for n, reasons in enumerate(found, len(ties)):
        for one in reasons:
            matrix[n, place[one]] = 1
    least = np.concatenate([np.zeros(len(ties)), np.ones(len(found))])
    cost = np.concatenate([np.ones(rows), np.zeros(len(said))])
    best = milp(
        cost,
        constraints=LinearConstraint(matrix.tocsr(), least, np.inf),
        bounds=(0, 1),
        integrality=np.ones(len(cost)),
    )
    return {n for n in range(rows) if best.x[n] > 0.5}
