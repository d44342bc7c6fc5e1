"""When a run is a release, and what its files say afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import ArchiveError
from schemas.site import Clinic, Disclosure
from tests.lib.tables import rows
from warehouse.releases import (
    NO_RELEASE,
    WORDS,
    History,
    Plan,
    earlier,
    facts_of,
    keep,
    plan,
    published_facts,
    record,
    units_of,
)

UNITS = units_of([Clinic("north", "North", "adult"), Clinic("east", "East", "young")])
POLICY = Disclosure()
RUN = "20260{}01T020000Z-1a2b3c4d"


def released(site: Path, as_of: str, before: Plan | None = None, policy: Disclosure = POLICY) -> History:
    """The history after one more release, whose run is named by its month."""
    day = date.fromisoformat(as_of)
    made = before or plan(earlier(site), day, policy, UNITS)
    keep(
        site,
        RUN.format(day.month),
        pl.DataFrame({"value": [day.day]}),
        {name: [["a", day]] for name in WORDS},
        facts_of(made, day, policy, UNITS),
    )
    return earlier(site)


SPEC = """
    revisions  | revised    | last       | now        || release | revises
    monthly    | 2026-05-03 | 2026-05-03 | 2026-05-03 || no      | no
    monthly    | 2026-05-03 | 2026-05-03 | 2026-05-31 || no      | no
    monthly    | 2026-05-03 | 2026-05-03 | 2026-06-01 || yes     | yes
    monthly    | 2026-05-31 | 2026-05-31 | 2026-06-01 || yes     | yes
    monthly    | 2026-05-03 | 2026-05-03 | 2026-04-30 || no      | no
    monthly    | 2026-05-03 | 2026-05-03 | 2027-01-09 || yes     | yes
    quarterly  | 2026-05-03 | 2026-05-03 | 2026-06-01 || yes     | no
    quarterly  | 2026-05-03 | 2026-06-01 | 2026-06-30 || no      | no
    quarterly  | 2026-05-03 | 2026-06-01 | 2026-07-01 || yes     | yes
    yearly     | 2026-05-03 | 2026-06-01 | 2026-07-01 || yes     | no
    yearly     | 2026-05-03 | 2026-06-01 | 2027-01-01 || yes     | yes
    2026-06-20 | 2026-05-03 | 2026-06-01 | 2026-06-19 || no      | no
    2026-06-20 | 2026-05-03 | 2026-06-01 | 2026-06-20 || yes     | yes
    2026-06-20 | 2026-05-03 | 2026-06-01 | 2026-07-02 || yes     | yes
    2026-06-20 | 2026-06-20 | 2026-06-20 | 2026-07-02 || yes     | no
    never      | 2026-05-03 | 2026-06-01 | 2026-07-01 || yes     | no
"""


@pytest.mark.parametrize("row", rows(SPEC.replace("||", "|")), ids=lambda row: " ".join(row.values()))
def test_when_a_run_is_a_release(tmp_path: Path, row: dict[str, str]):
    """revised, last: dates of the last release that revised, and of the last one."""
    named = row["revisions"]
    revisions = named if named.endswith("ly") else () if named == "never" else (named,)
    policy = replace(POLICY, revisions=revisions)
    history = released(tmp_path, row["revised"], Plan(True, True), policy)
    if row["last"] != row["revised"]:
        history = released(tmp_path, row["last"], Plan(True, False), policy)
    found = plan(history, date.fromisoformat(row["now"]), policy, UNITS)
    assert (found.is_release, found.revises) == (row["release"] == "yes", row["revises"] == "yes")
    assert bool(found.why) == found.is_release


class TestPlan:
    NOW = date(2026, 5, 20)

    def test_the_first_publication_is_a_release(self):
        assert plan(History(), self.NOW, POLICY, UNITS) == Plan(True, True, "first")

    @pytest.mark.parametrize(
        ("policy", "units", "why"),
        [
            (replace(POLICY, threshold=7), UNITS, "policy"),
            (replace(POLICY, grains=("year",)), UNITS, "policy"),
            (POLICY, UNITS[:1], "units"),
            (POLICY, (*UNITS, ("young", "west")), "units"),
            (replace(POLICY, revisions="yearly"), UNITS, ""),
        ],
    )
    def test_what_counts_at_once(self, tmp_path: Path, policy, units, why):
        """A stricter policy hides what was shown; when to revise is a matter of the next release."""
        history = released(tmp_path, "2026-05-03")
        expected = Plan(True, True, why) if why else NO_RELEASE
        assert plan(history, self.NOW, policy, units) == expected

    def test_tables_of_another_version(self, tmp_path: Path):
        [release] = released(tmp_path, "2026-05-03").releases
        history = History((replace(release, form="00000000"),))
        assert plan(history, self.NOW, POLICY, UNITS) == Plan(True, True, "form")


class TestHistory:
    def test_a_release_is_read_as_it_was_kept(self, tmp_path: Path):
        released(tmp_path, "2026-05-03")
        history = released(tmp_path, "2026-06-02", Plan(True, False, "closed"))
        first, second = history.releases
        assert (first.run, first.as_of, first.revises) == (RUN.format(5), date(2026, 5, 3), True)
        assert (second.units, second.disclosure["threshold"]) == (UNITS, 5)
        assert second.words["pub_unit"] == [["a", "2026-06-02"]]
        assert pl.read_parquet(second.rows)["value"].to_list() == [2]
        assert history.revised_as_of == date(2026, 5, 3)
        assert earlier(tmp_path, second.run) == History((first,))
        assert earlier(tmp_path, first.run) == History() == History(history.releases[:0])

    def test_the_digest_is_over_all_in_order(self, tmp_path: Path):
        one = released(tmp_path, "2026-05-03")
        two = released(tmp_path, "2026-06-02")
        turned = History(two.releases[::-1])
        assert len({History().digest(), one.digest(), two.digest(), turned.digest()}) == 4

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
    def test_a_damaged_file(self, tmp_path: Path, content: bytes):
        [release] = released(tmp_path, "2026-05-03").releases
        release.rows.write_bytes(content)
        with pytest.raises(ArchiveError, match="cannot be read"):
            earlier(tmp_path)

    def test_a_file_without_facts(self, tmp_path: Path):
        [release] = released(tmp_path, "2026-05-03").releases
        pl.DataFrame({"value": [1]}).write_parquet(release.rows)
        with pytest.raises(ArchiveError, match="cannot be read"):
            earlier(tmp_path)


class TestRecord:
    def test_a_release(self, tmp_path: Path):
        history = released(tmp_path, "2026-05-03")
        found = record(history, Plan(True, False, "closed"), RUN.format(6), "2026-06-01", "ab")
        assert (found["id"], found["new"], found["sha256"]) == (RUN.format(6), True, "ab")
        assert found["history"] == history.digest()
        facts = published_facts(history, Plan(True, False, "closed"), RUN.format(6), "2026-06-01")
        assert (facts["released_as_of"], facts["revised_as_of"]) == ("2026-06-01", "2026-05-03")

    def test_no_release(self, tmp_path: Path):
        history = released(tmp_path, "2026-05-03")
        found = record(history, NO_RELEASE, RUN.format(6), "2026-05-20")
        assert (found["id"], found["new"], found["as_of"]) == (RUN.format(5), False, "2026-05-03")
        assert found["sha256"] == history.releases[0].sha256
        facts = published_facts(history, NO_RELEASE, RUN.format(6), "2026-05-20")
        assert facts["released_run"] == RUN.format(5)
