"""What people read of a run: the equation that closes, each refused file with its remedy, a line a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flows.report import conservation, refused_lines, rows_lines, run_lines, runs_lines, table
from tests.flows.test_night import NEXT
from tests.lib.nights import run_night
from warehouse import manifest
from warehouse.manifest import Counts


def recorded(site: Path) -> manifest.Manifest:
    return manifest.read(site, "latest")


def test_the_equation_closes():
    counts = Counts(1200, 1000, 20, {"preview": 100, "empty": 50}, 30, 3, 0)
    said = "1,200 received = 1,000 accepted + 20 quarantined + 150 excluded + 30 superseded"
    assert conservation(counts) == said


def test_a_published_run(first_night: Path):
    run = recorded(first_night)
    lines = list(run_lines(first_night, run))
    assert lines[0] == f"Run {run.run}: published, figures as of 2026-10-31"
    assert f"  records   {conservation(run.counts)}" in lines
    assert f"  report    {first_night / run.gate['report']}" in lines
    assert f"  to mend: accord quarantine list --site {first_night}" in lines
    assert lines[-1] == f"  to see:  accord dashboard --site {first_night}"


def test_a_run_between_releases_says_whose_figures_it_shows(first_night: Path):
    run = recorded(first_night)
    assert "as released on" not in " ".join(run_lines(first_night, run))
    between = replace(run, release={**run.release, "new": False, "as_of": "2026-10-01"})
    said = "  figures   as released on 2026-10-01, until the next release is due"
    assert said in list(run_lines(first_night, between))


def test_a_refused_file_is_told_with_file_rule_column_and_remedy(first_night: Path):
    [line] = refused_lines(first_night, manifest.read_files(first_night, recorded(first_night).run))
    assert line.startswith(
        "north-gad: gad-3.csv, column g2, g3, g4, g5, g6, g7, Sum, ATT: a column that the feed maps"
    )
    assert "(missing_column)" in line
    assert "Correct [feeds.columns]" in line


def test_an_idle_run_says_since_when(site: Path):
    run = run_night(site, NEXT).record
    lines = list(run_lines(site, run))
    assert lines[0].startswith(f"Run {run.run}: idle")
    assert lines[-1] == f"  nothing is new since run {run.same_as}"


def test_a_refused_run_names_what_failed(first_night: Path):
    failure = {"severity": "critical", "message": "core_export: expected that counts add up; broken 1 time"}
    gate = {
        **recorded(first_night).gate,
        "verdict": "failed",
        "critical_failed": 1,
        "failed": 1,
        "failures": [failure],
    }
    run = replace(recorded(first_night), state="refused", gate=gate)
    lines = list(run_lines(first_night, run))
    assert f"  critical: {failure['message']}" in lines
    assert not [line for line in lines if "accord dashboard" in line]


def test_a_failed_run_says_that_the_last_publication_stays(first_night: Path):
    run = replace(
        recorded(first_night),
        run="20261101T000000Z-00000000",
        state="failed",
        counts=None,
        gate={},
        warnings=(),
    )
    lines = list(run_lines(first_night, run))
    assert lines[1:] == ["  nothing was published; the last publication, if there is one, stays"]


def test_many_warnings_are_told_in_part(first_night: Path):
    run = replace(recorded(first_night), warnings=tuple(f"warning {n}" for n in range(40)))
    told = [line for line in run_lines(first_night, run) if "  warning:" in line]
    assert len(told) == 13
    assert told[-1] == "  warning: and 28 more; --json lists all"


class TestRuns:
    def test_a_line_a_run(self, site: Path):
        run_night(site, NEXT)
        run_night(site, NEXT + timedelta(days=1), environ={})
        runs = manifest.history(site)
        heading, *lines = runs_lines(runs, [])
        assert heading.split() == ["run", "state", "as", "of", "received", "accepted", "quarantined", "excluded",
                                   "superseded", "gate"]  # fmt: skip
        assert [line.split()[:2] for line in lines] == [[one.run, one.state] for one in runs]
        assert f"nothing is new since run {runs[0].run}" in lines[1]
        assert "restore it from backup" in lines[2]

    def test_a_message_of_several_lines_is_one_line(self, first_night: Path):
        run = replace(recorded(first_night), state="failed", message="2 problems in site.toml\nfirst\nsecond")
        assert len(list(runs_lines([run], []))) == 2

    def test_damaged_records_are_told(self, first_night: Path):
        lines = list(runs_lines([recorded(first_night)], ["20261101T000000Z-00000000"]))
        assert lines[-1].startswith(
            "20261101T000000Z-00000000  runs/20261101T000000Z-00000000.json cannot be read"
        )

    def test_no_run_yet(self):
        assert list(runs_lines([], [])) == ["no run yet: accord nightly"]


class TestTable:
    def test_numbers_to_the_right_texts_to_the_left(self):
        lines = list(table([["a", "1,000"], ["bcd", "-"], ["e", "7"]], ["name", "n"]))
        assert lines == ["name      n", "a     1,000", "bcd       -", "e         7"]

    def test_rows_under_their_names(self):
        assert list(rows_lines([{"feed": "north", "problems": 12}], "none")) == [
            "feed   problems",
            "north        12",
        ]
        assert list(rows_lines([], "nothing is in quarantine")) == ["nothing is in quarantine"]
