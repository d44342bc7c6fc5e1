"""[disclosure] of site.toml: what is published, and the id that says by which rules."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.policy import GRAINS, Disclosure, read_disclosure
from schemas.raw_table import RawTable


def parsed(text: str) -> tuple[Disclosure, list[str]]:
    problems: list[str] = []
    return read_disclosure(RawTable(tomllib.loads(text), "[disclosure]", problems)), problems


def policy(text: str) -> Disclosure:
    found, problems = parsed(text)
    assert not problems
    return found


def test_a_policy_that_says_nothing_is_the_default():
    assert policy("") == Disclosure()
    assert policy(DEFAULTS) == Disclosure()


DEFAULTS = """
threshold = 5
round_to = 5
rate_denominator = 20
mean_cases = 10
grains = ["month", "quarter", "year", "rolling_12_months", "all"]
by_clinic = true
by_session = true
by_stage = true
revisions = "monthly"
dominance_percent = 100
clinician_rows = false
clinician_approver = ""
clinician_cases = 30
"""


def test_every_key_is_read():
    assert policy("""
        threshold = 7
        round_to = 10
        rate_denominator = 50
        mean_cases = 12
        grains = ["year", "quarter"]
        by_clinic = false
        by_session = false
        by_stage = false
        revisions = [2026-10-01, "2026-04-01"]
        dominance_percent = 80
        clinician_rows = true
        clinician_approver = "Medical director"
        clinician_cases = 40
    """) == Disclosure(
        threshold=7,
        round_to=10,
        rate_denominator=50,
        mean_cases=12,
        grains=("quarter", "year"),
        by_clinic=False,
        by_session=False,
        by_stage=False,
        revisions=("2026-04-01", "2026-10-01"),
        dominance_percent=80,
        clinician_rows=True,
        clinician_approver="Medical director",
        clinician_cases=40,
    )


@pytest.mark.parametrize("revisions", ["monthly", "quarterly", "yearly"])
def test_revisions_at_fixed_times(revisions):
    assert policy(f'revisions = "{revisions}"').revisions == revisions


def test_no_declared_day_is_no_revision():
    assert policy("revisions = []").revisions == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("threshold = 2", "threshold: must be a whole number of at least 3"),
        ("round_to = 0", "round_to: must be a whole number of at least 1"),
        (
            "round_to = 11",
            "round_to: must be at most twice threshold, else a count that is told would be told as 0",
        ),
        ("rate_denominator = 19", "rate_denominator: must be a whole number of at least 20"),
        ("rate_denominator = true", "rate_denominator: must be a whole number of at least 20"),
        ("mean_cases = 9", "mean_cases: must be a whole number of at least 10"),
        ("grains = []", "grains: must name one length of period at least"),
        ("grains = ['week']", "grains: 'week' is not known; the nearest is 'year'"),
        ("grains = ['year', 'year']", "grains: names the same text twice"),
        ("grains = 12.5", "grains: must be a list of texts"),
        ("by_clinic = 0", "by_clinic: must be true or false"),
        ("revisions = 'weekly'", "revisions: 'weekly' is not known; the nearest is 'yearly'"),
        ("revisions = 3", "revisions: must be a text that is not blank"),
        ("revisions = ['2026-02-30']", "revisions: must be days such as 2026-01-31"),
        ("revisions = [2026-02-28T01:00:00]", "revisions: must be days such as 2026-01-31"),
        ("revisions = ['20260228']", "revisions: must be days such as 2026-01-31"),
        ("revisions = [2026-01-31, '2026-01-31']", "revisions: names the same day twice"),
        (
            "dominance_percent = 49",
            "dominance_percent: must be a whole number of at least 50 and at most 100",
        ),
        (
            "dominance_percent = 101",
            "dominance_percent: must be a whole number of at least 50 and at most 100",
        ),
        ("clinician_rows = true", "clinician_approver: is missing: say who approved of rows by clinician"),
        ("clinician_approver = ' '", "clinician_approver: must be a text that is not blank"),
        ("clinician_cases = 29", "clinician_cases: must be a whole number of at least 30"),
        ("complements = false", "complements: unknown key; the nearest right key is 'dominance_percent'"),
        ("treshold = 5", "treshold: unknown key; the nearest right key is 'threshold'"),
    ],
)
def test_a_policy_that_is_wrong_or_too_weak_is_told(text, problem):
    assert parsed(text)[1] == [f"[disclosure], {problem}"]


ANOTHER = {
    "threshold": 6,
    "round_to": 10,
    "rate_denominator": 25,
    "mean_cases": 11,
    "grains": ("year",),
    "by_clinic": False,
    "by_session": False,
    "by_stage": False,
    "revisions": (),
    "dominance_percent": 90,
    "clinician_rows": True,
    "clinician_approver": "Medical director",
    "clinician_cases": 31,
}


def test_the_id_is_of_the_policy_and_of_the_method(monkeypatch):
    found = {Disclosure().version()} | {
        replace(Disclosure(), **{key: value}).version() for key, value in ANOTHER.items()
    }
    assert ANOTHER.keys() == vars(Disclosure()).keys()
    assert len(found) == len(ANOTHER) + 1
    assert all(len(one) == 8 and int(one, 16) >= 0 for one in found)
    assert Disclosure().version() == policy(DEFAULTS).version()
    monkeypatch.setattr("schemas.policy.METHOD", "another")
    assert Disclosure().version() not in found


def test_the_order_of_grains_and_days_is_no_other_policy():
    assert policy("grains = ['year', 'month']") == policy("grains = ['month', 'year']")
    assert policy("revisions = [2026-04-01, 2026-01-01]") == policy("revisions = [2026-01-01, 2026-04-01]")


@pytest.mark.parametrize("key", sorted(vars(Disclosure())))
def test_every_key_is_explained(key):
    """In the document, with its default; and in the site.toml that `accord init` writes."""
    root = Path(__file__).parents[2]
    explained = (root / "docs" / "disclosure.md").read_text(encoding="utf-8")
    row = next(line for line in explained.splitlines() if line.startswith("|") and f"`{key}`" in line)
    default = getattr(Disclosure(), key)
    said = {GRAINS: "all five", "": "none", True: "true", False: "false"}.get(default, str(default))
    assert said in row.split("|")[2]
    assert f"{key} = " in (root / "flows" / "starter.toml").read_text(encoding="utf-8")


def test_the_policy_in_words():
    assert Disclosure().words() == (
        "counts below 5 hidden, others rounded to 5; rates of at least 20, means of at least 10; "
        "periods: month, quarter, year, rolling 12 months, all; by service, clinic, session, stage; revised monthly"
    )
    assert replace(Disclosure(), **ANOTHER).words() == (
        "counts below 6 hidden, others rounded to 10; rates of at least 25, means of at least 11; "
        "periods: year; by service; revised never; dominance above 90 %; "
        "rows by clinician of at least 31, approved by Medical director"
    )
    assert (
        "revised on 2026-01-01, 2026-07-01"
        in replace(Disclosure(), revisions=("2026-01-01", "2026-07-01")).words()
    )
    assert len(GRAINS) == 5
