"""The page of rules: each rule once, under its level."""

from __future__ import annotations

from schemas.rule_page import LEVELS, rule_page
from schemas.rules import Rule, rules


def test_every_rule_is_on_the_page_once_with_message_and_remedy():
    lines = rule_page(rules().values()).splitlines()
    for rule in rules().values():
        [line] = [line for line in lines if line.startswith(f"| `{rule.id}` |")]
        assert line == f"| `{rule.id}` | {rule.level} | {rule.message} | {rule.remedy} |"


def test_levels_are_those_of_the_rules():
    assert {rule.level for rule in rules().values()} == set(LEVELS)


def test_a_bar_in_a_remedy_is_no_column():
    page = rule_page([Rule("odd", "file", "a|b", "c")])
    assert r"| `odd` | file | a\|b | c |" in page
