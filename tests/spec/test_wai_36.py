"""Working Alliance Inventory, 36 items (client and therapist form)

Thirty-six statements answered 1 (never) to 7 (always). Fourteen are reversed, 8 - answer. Task, Bond
and Goal are sums of twelve keyed answers each; the total is the sum of all. More is a better alliance.
"""

from __future__ import annotations

from tests.lib.spec import REGISTRY, assert_answers, assert_key, assert_scales, assert_scores

NEVER_TO_ALWAYS = "1 never, 2 rarely, 3 occasionally, 4 sometimes, 5 often, 6 very often, 7 always"


def test_answers():
    """The anchors of client and therapist form."""
    assert_answers("wai_36", NEVER_TO_ALWAYS)


def test_key():
    """Twelve items to a subscale; `r` marks a reversed one: five of Task, three of Bond, six of Goal."""
    assert_key(
        "wai_36",
        """
        scale | items
        ------+---------------------------------------
        task  | 2 4 7r 11r 13 15r 16 18 24 31r 33r 35
        bond  | 1r 5 8 17 19 20r 21 23 26 28 29r 36
        goal  | 3r 6 9r 10r 12r 14 22 25 27r 30 32 34r
        """,
    )


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
    assert REGISTRY["wai_36"].structure.partition == ("task", "bond", "goal")


def test_a_yes_sayer_does_not_reach_the_top():
    """Examples A to C: the same answer throughout."""
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
