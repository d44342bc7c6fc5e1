"""The commands as people and scripts meet them: what is printed where, and the exit code of each end."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import EXIT_CODES, app, main, outcome
from flows.report import run_lines
from flows.status import summary
from schemas import errors
from schemas.errors import AccordError, ExportRefused
from tests.lib.handmade_site import FILES, KEY, make_site, read_rows
from tests.lib.nights import tree
from warehouse import archive, manifest
from warehouse.publish import site_lock

ROOT = Path(__file__).resolve().parents[2]
CANARY = "CANARY-4711"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)


class Said:
    """Runs commands on a site; what each said is split into lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str | Path) -> tuple[int, list[str], str]:
        code = main([str(one) for one in arguments])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out.splitlines(), err.strip()

    def json(self, *arguments: str | Path) -> object:
        code, out, _ = self(*arguments, "--json")
        assert code == 0
        return json.loads("\n".join(out))


@pytest.fixture
def accord(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


def classes(base: type[AccordError] = AccordError) -> list[type[AccordError]]:
    return [base, *(one for child in base.__subclasses__() for one in classes(child))]


class TestExitCodes:
    @pytest.mark.parametrize("kind", [one for one in classes() if one is not ExportRefused])
    def test_each_class_ends_in_its_own(self, kind: type[AccordError], capsys: pytest.CaptureFixture[str]):
        def stop() -> None:
            raise kind("what is wrong and what to do")

        assert outcome(stop) == kind.exit_code
        assert capsys.readouterr() == ("", "accord: what is wrong and what to do\n")

    def test_they_are_documented(self):
        drawn = dict(re.findall(r"(\w+Error|\w+Refused|\w+Busy|\w+Differs) +(\d+) ", errors.__doc__ or ""))
        assert drawn == {one.__name__: str(one.exit_code) for one in classes() if one is not ExportRefused}
        assert set(re.findall(r"\d+", EXIT_CODES)) == {"0", *drawn.values()}

    def test_an_unforeseen_error_is_one_message(self, capsys: pytest.CaptureFixture[str]):
        assert outcome(lambda: {}[CANARY]) == 1
        _, err = capsys.readouterr()
        assert err.startswith("accord: the command stopped with KeyError")
        assert len(err.splitlines()) == 1
        assert CANARY not in err

    def test_nothing_went_wrong(self):
        assert outcome(lambda: None) == 0

    @pytest.mark.parametrize(
        "arguments",
        [["nightly", "--no-such-option"], ["no-such-command"], ["build"], ["nightly", "--as-of", "31.10.2026"],
         ["sample", "x", "--clinics", "0"], ["dashboard", "--port", "80"], ["quarantine", "no-such"]],
    )  # fmt: skip
    def test_a_wrong_word_on_the_line_is_2(self, accord: Said, arguments: list[str]):
        code, out, err = accord(*arguments)
        assert (code, out) == (2, [])
        assert "Usage:" in err

    def test_help_is_0_and_lists_every_command(self, accord: Said):
        code, out, _ = accord("--help")
        assert code == 0
        text = "\n".join(out)
        for command in ("init", "sample", "nightly", "build", "rerun", "runs", "export", "instruments", "quarantine",
                        "dashboard", "config"):  # fmt: skip
            assert f" {command} " in text
        assert all(
            command.callback is None or command.callback.__doc__ for command in app.registered_commands
        )


class TestSite:
    def test_it_is_named_by_option_variable_or_place(
        self, accord: Said, first_night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        expected = accord("runs", "--site", first_night)
        assert expected[0] == 0
        monkeypatch.setenv("ACCORD_SITE", str(first_night))
        assert accord("runs") == expected
        monkeypatch.setenv("ACCORD_SITE", str(tmp_path / "nowhere"))
        assert accord("runs", "--site", first_night) == expected
        monkeypatch.delenv("ACCORD_SITE")
        monkeypatch.chdir(first_night.parent)
        assert accord("runs") == expected

    @pytest.mark.parametrize(
        "command",
        [["nightly"], ["build", "--out", "x.duckdb"], ["runs"], ["config", "check"], ["dashboard"]],
    )
    def test_there_is_none(self, accord: Said, tmp_path: Path, command: list[str]):
        code, out, err = accord(*command, "--site", tmp_path / "nowhere")
        assert (code, out) == (2, [])
        assert "site.toml: there is none in" in err
        assert not (tmp_path / "nowhere").exists()

    def test_a_blank_variable(self, accord: Said, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("ACCORD_SITE", "")
        assert accord("runs")[0] == 2

    def test_a_wrong_key_is_never_shown(
        self, accord: Said, first_night: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("ACCORD_KEY", CANARY)
        code, _, err = accord("runs", "--site", first_night)
        assert (code, err) == (2, "accord: ACCORD_KEY must be 64 hex digits")


class TestInitAndSample:
    def test_a_new_site_is_private_and_checks(
        self, accord: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("ACCORD_KEY")
        site = tmp_path / "our site"
        code, out, err = accord("init", site, "--name", 'Zürich "Nord"', "--timezone", "Europe/Zurich")
        assert (code, err) == (0, "")
        assert "Back up" in out[0]
        assert f"accord config check --site {site}" in out[-1]
        assert (site / "secret.key").stat().st_mode & 0o777 == 0o600
        code, out, _ = accord("config", "check", "--site", site)
        assert code == 0
        assert out[0] == 'site.toml: Zürich "Nord", Europe/Zurich'
        assert accord.json("config", "check", "--site", site) == out

    def test_a_site_is_never_written_over(self, accord: Said, first_night: Path):
        before = tree(first_night)
        for command in ("init", "sample"):
            code, _, err = accord(command, first_night)
            assert (code, err != "") == (2, True)
        assert tree(first_night) == before

    def test_a_sample(self, accord: Said, tmp_path: Path):
        code, out, err = accord(
            "sample", tmp_path / "s", "--clinics", "1", "--clients", "10", "--months", "3"
        )
        assert (code, err) == (0, "")
        assert re.fullmatch(r".*/s: \d+ export files, [\d,]+ records of made-up clients \(seed 1\)", out[0])


class TestConfigCheck:
    def test_every_problem_at_once(self, accord: Said, site: Path):
        toml = site / "site.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("timezone =", "timezon ="), encoding="utf-8")
        code, out, err = accord("config", "check", "--site", site)
        assert (code, out) == (2, [])
        assert "2 problems in site.toml" in err
        assert "the nearest right key is 'timezone'" in err

    def test_a_night_with_a_broken_site_toml_is_recorded(self, accord: Said, site: Path):
        (site / "site.toml").write_text("[site\n", encoding="utf-8")
        code, out, err = accord("nightly", "--site", site, "--json")
        assert code == 2
        assert "site.toml" in err
        found = json.loads("\n".join(out))
        assert (found["state"], found["published"]) == ("failed", False)
        assert manifest.history(site)[-1].run == found["run"]
        assert manifest.history(site)[-1].message in err


class TestBusy:
    @pytest.mark.parametrize("command", [["nightly"], ["nightly", "--json"], ["build", "--out", "x.duckdb"]])
    def test_another_run_holds_the_site(self, accord: Said, site: Path, command: list[str]):
        with site_lock(site):
            before = tree(site)
            code, out, err = accord(*command, "--site", site)
            assert (code, out) == (11, [])
            assert "another run holds this site" in err
            assert tree(site) == before

    def test_reading_needs_no_lock(self, accord: Said, first_night: Path, tmp_path: Path):
        with site_lock(first_night):
            for command in (
                ["runs"],
                ["quarantine", "list"],
                ["export", "rows", "-o", str(tmp_path / "rows.csv")],
            ):
                assert accord(*command, "--site", first_night)[0] == 0


class TestRuns:
    def test_lines_and_json_tell_the_same(self, accord: Said, first_night: Path):
        _, out, _ = accord("runs", "--site", first_night)
        [found] = accord.json("runs", "--site", first_night)
        assert out[1].split()[:2] == [found["run"], "published"]
        assert (
            found["received"]
            == found["accepted"] + found["quarantined"] + found["excluded"] + found["superseded"]
        )

    def test_a_new_site(self, accord: Said, tmp_path: Path):
        make_site(tmp_path / "site")
        assert accord("runs", "--site", tmp_path / "site")[1] == ["no run yet: accord nightly"]
        assert accord.json("runs", "--site", tmp_path / "site") == []


class TestBuildAndExport:
    def test_a_build_and_its_exports(self, accord: Said, tmp_path: Path):
        site, built = tmp_path / "site", tmp_path / "built.duckdb"
        make_site(site)
        code, out, err = accord("build", "--site", site, "--out", built)
        assert code == 0
        assert re.fullmatch(
            r".*built\.duckdb: written \(archive .*, process .*, load .*, marts .* in all\)", out[0]
        )
        assert err.splitlines()[-1] == "Loading the warehouse and building marts ..."
        code, out, err = accord(
            "export", "scores", "--from", built, "-o", tmp_path / "scores.csv", "--site", site
        )
        assert (code, out) == (0, [])
        assert re.fullmatch(r".*scores\.csv: \d+ rows", err)
        assert {row["client"] for row in read_rows(tmp_path / "scores.csv")} >= {"C-001"}

    def test_a_build_says_of_files_and_records_what_the_night_says(
        self, accord: Said, first_night: Path, tmp_path: Path
    ):
        site, built = tmp_path / "site", tmp_path / "built.duckdb"
        make_site(site)
        _, out, _ = accord("build", "--site", site, "--out", built)
        night = list(run_lines(first_night, manifest.read(first_night, "latest")))
        kinds = ("  files ", "  records ", "  excluded ", "  refused: ")
        assert out[1:] == [line for line in night if line.startswith(kinds)]
        assert [line.split()[0] for line in out[1:]] == ["files", "records", "excluded", "refused:"]
        assert "gad-3.csv" in out[-1]
        assert "(missing_column)" in out[-1]

    def test_a_build_as_json_lists_each_file(self, accord: Said, first_night: Path, tmp_path: Path):
        site, built = tmp_path / "site", tmp_path / "built.duckdb"
        make_site(site)
        said = accord.json("build", "--site", site, "--out", built)
        night = summary(first_night, manifest.read(first_night, "latest"))
        assert list(said["seconds"]) == ["archive", "process", "load", "marts"]
        told = said.keys() - {"out", "seconds"}
        assert {name: said[name] for name in told} == {name: night[name] for name in told}
        assert [file["refused"] for file in said["files"] if file["refused"]] == ["missing_column"]

    def test_the_key_made_is_said(self, accord: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        make_site(tmp_path / "site")
        monkeypatch.delenv("ACCORD_KEY")
        _, out, _ = accord("build", "--site", tmp_path / "site", "--out", tmp_path / "built.duckdb")
        assert "a secret key was made" in out[0]

    def test_5_for_what_is_no_warehouse(self, accord: Said, first_night: Path, tmp_path: Path):
        (tmp_path / "x.duckdb").write_bytes(b"x")
        arguments = ["export", "scores", "--from", tmp_path / "x.duckdb", "-o", tmp_path / "o.csv"]
        assert accord(*arguments, "--site", first_night)[0] == 5

    def test_all_problems_for_the_clinics(self, accord: Said, first_night: Path, tmp_path: Path):
        assert accord("quarantine", "export", "-o", tmp_path / "q.csv", "--site", first_night)[0] == 0
        assert {row["rule"] for row in read_rows(tmp_path / "q.csv")}


class TestRerun:
    def test_0_when_nothing_differs(self, accord: Said, first_night: Path):
        code, out, _ = accord("rerun", "--site", first_night)
        assert code == 0
        assert re.fullmatch(r"0 differences in \d+ tables, [\d,]+ rows", out[-1])

    def test_14_when_an_archived_byte_was_changed(self, accord: Said, site: Path):
        [entry] = [one for one in archive.deliveries(site) if one.file == "gad-2.csv"]
        path = archive.locate(site, entry)
        path.write_bytes(path.read_bytes().replace(b"0,0,0,0,0,0,0", b"0,0,1,0,0,0,0"))
        code, out, err = accord("rerun", "latest", "--site", site)
        assert code == 14
        assert [line for line in out if entry.entry in line]
        assert err.endswith("tables differ: core_total_check, administration_gad_7")
        code, out, _ = accord("rerun", "latest", "--site", site, "--json")
        assert code == 14
        assert json.loads("\n".join(out))["differs"] is True

    def test_2_for_a_run_that_is_not_there(self, accord: Said, first_night: Path):
        assert accord("rerun", "20200101T000000Z-00000000", "--site", first_night)[0] == 2

    def test_4_when_the_run_s_own_record_is_damaged(self, accord: Said, site: Path):
        run = manifest.read(site, "latest").run
        (site / "runs" / f"{run}.json").write_text("{", encoding="utf-8")
        code, _, err = accord("rerun", run, "--site", site)
        assert code == 4
        assert f"runs/{run}.json cannot be read" in err


class TestLists:
    def test_quarantine(self, accord: Said, first_night: Path):
        listed = accord.json("quarantine", "list", "--site", first_night)
        shown = accord.json("quarantine", "show", "--site", first_night)
        assert sum(row["problems"] for row in listed) == len(shown) > 0
        one = accord.json("quarantine", "show", "north-gad", "--file", "gad-3.csv", "--site", first_night)
        assert [row["rule"] for row in one] == ["missing_column"]
        code, out, _ = accord(
            "quarantine", "show", "north-gad", "--rule", "missing_column", "--site", first_night
        )
        assert (code, len(out)) == (0, 2)

    def test_only_a_held_file_is_released(self, accord: Said, first_night: Path):
        for what, said in (("gad-1.csv", "is not held"), ("no-such.csv", "no delivery has this entry")):
            code, _, err = accord(
                "quarantine", "release", what, "--reason", "it is right as it is", "--site", first_night
            )
            assert code == 2
            assert said in err

    def test_instruments(self, accord: Said, first_night: Path):
        assert accord("instruments", "--site", first_night)[0] == 0
        assert accord.json("instruments", "show", "srs", "--site", first_night)[0]["id"] == "srs"
        assert accord("instruments", "show", "--site", first_night)[0] == 2


class TestProcess:
    """As an installed command: what it makes is private whatever the shell's umask, and quick to say help."""

    def run(self, *arguments: str | Path, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows.cli", *map(str, arguments)],
            cwd=ROOT, capture_output=True, text=True, timeout=120, umask=umask, env={**os.environ, **KEY},
        )  # fmt: skip

    def test_files_of_a_sample_are_private(self, tmp_path: Path):
        site = tmp_path / "site"
        ran = self.run("sample", site, "--clinics", "1", "--clients", "10", "--months", "3")
        assert ran.returncode == 0, ran.stderr
        modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (site, *site.rglob("*"))}
        assert modes == {(True, 0o700), (False, 0o600)}

    def test_an_error_is_one_message_on_stderr(self, tmp_path: Path):
        ran = self.run("nightly", "--site", tmp_path / "nowhere")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.startswith("accord: site.toml: there is none in")
        assert len(ran.stderr.splitlines()) == 1

    def test_help_loads_nothing_heavy(self):
        code = "import sys; from flows.cli import main; main(['--help']); print(sorted(sys.modules))"
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        loaded = ran.stdout.splitlines()[-1]
        for heavy in ("'prefect'", "'great_expectations'", "'duckdb'", "'pandera'"):
            assert heavy not in loaded

    @pytest.mark.skipif(shutil.which("head") is None, reason="no head here")
    def test_a_reader_that_goes_away(self, first_night: Path):
        command = f"{sys.executable} -m flows.cli instruments show wai_sr | head -1"
        ran = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert "Traceback" not in ran.stderr
        assert ran.stdout.startswith("wai_sr")


def test_files_are_not_named_where_they_need_not_be(first_night: Path, accord: Said):
    _, out, err = accord("runs", "--site", first_night)
    assert not [name for name in FILES if name in "\n".join(out) + err]
