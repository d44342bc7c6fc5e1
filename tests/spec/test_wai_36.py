"""Working Alliance Inventory, 36 items (client and therapist form)

Thirty-six statements answered 1 (never) to 7 (always). Fourteen are reversed, 8 - answer. Task, Bond
and Goal are sums of twelve keyed answers each; the total is the sum of all. More is a better alliance.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_scales, assert_scores


def test_scales():
    """Three subscales that share out the items between them, and the total."""
    assert_scales(
        "wai_36",
        """
        scale | items | method | range  | direction     | may be missing
        ------+-------+--------+--------+---------------+---------------
        total | 36    | sum    | 36-252 | higher_better | 0
        task  | 12    | sum    | 12-84  | higher_better | 0
        bond  | 12    | sum    | 12-84  | higher_better | 0
        goal  | 12    | sum    | 12-84  | higher_better | 0
        """,
    )
    task, bond, goal = (set(REGISTRY["wai_36"].scale(scale).items) for scale in ("task", "bond", "goal"))
    assert sorted([*task, *bond, *goal]) == list(range(1, 37))


def test_a_yes_sayer_does_not_reach_the_top():
    """Examples A to C: the same answer throughout. Five Task, three Bond and six Goal items are reversed."""
    assert_scores(
        "wai_36",
        """
        answers | task | bond | goal | total
        --------+------+------+------+------
        all 4   | 48   | 48   | 48   | 144
        all 7   | 54   | 66   | 48   | 168
        all 1   | 42   | 30   | 48   | 120
        """,
    )


def test_the_best_alliance():
    """Example D: 7 on positive items and 1 on reversed ones."""
    reverse = (1, 3, 7, 9, 10, 11, 12, 15, 20, 27, 29, 31, 33, 34)
    answers = " ".join("1" if number in reverse else "7" for number in range(1, 37))
    assert_scores("wai_36", f"answers | task | bond | goal | total\n {answers} | 84 | 84 | 84 | 252")


def test_answers_in_turn():
    """Example E: 1 to 7 over and over. Keyed: 7 2 5 4 5 6 1 1 6 5 4 3 6 7 7 2 3 4 5 2 7 1 2 3 4 5 2 7 7 2 5 4 3 2 7 1."""
    answers = " ".join(str(number % 7 + 1) for number in range(36))
    assert_scores("wai_36", f"answers | task | bond | goal | total\n {answers} | 48 | 52 | 47 | 147")


def test_raters():
    """Client and therapist forms have the same key. The observer form is another questionnaire."""
    assert REGISTRY["wai_36"].raters == ("client", "therapist")


def test_nothing_is_invented():
    """No bands and no cut-offs are published."""
    assert (REGISTRY["wai_36"].bands, REGISTRY["wai_36"].thresholds) == ((), ())
