"""What the checkout promises besides its code: lock files, commands, documents, nothing of a machine."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-duckdb2.txt", "requirements-uv.txt")

HOMES = ("home", "root", "work", "Users", "private")
MACHINE_PATH = re.compile(rf"(?<![\w.*~-])/(?:{'|'.join(HOMES)}|tmp/\w)(?=/|\b)")
REGISTRY_HOST = re.compile(
    r"\b(?:[\w-]+\.)*\w*(?:pypi|pythonhosted|npmjs|artifactory|nexus)\w*\.[a-z]{2,}\b", re.I
)
REGISTRY_SETTING = re.compile(r"(?:index-url|find-links|trusted-host|index_url)[\s=\"']+[a-z]+://", re.I)

LONGEST_DECISION = 5
LONGEST_LINE = 120


@cache
def tracked() -> dict[str, str]:
    """Text of every tracked file that is text; a file deleted but not yet committed is left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    files = (ROOT / name.decode() for name in listed.split(b"\0") if name)
    contents = {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in files if file.is_file()}
    return {name: raw.decode("utf-8", "replace") for name, raw in contents.items() if b"\0" not in raw}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(lock: str) -> list[str]:
    """The lock's requirements, each with its continuation lines."""
    logical = re.sub(r"\\\n\s*", " ", read(lock))
    return [line for line in logical.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: str) -> set[str]:
    return {requirement.partition(" --hash")[0].strip() for requirement in requirements(lock)}


def targets() -> dict[str, str]:
    """Commands of the Makefile and the line that `make` lists them with."""
    rules = re.findall(r"^([a-z][a-z-]*):(?!=)(?:.*?## (.*))?", read("Makefile"), re.M)
    return dict(rules)


def documented_targets() -> set[str]:
    """Commands that the README tells people to type."""
    code = re.findall(r"^```.*?^```|`[^`\n]+`", read("README.md"), re.M | re.S)
    return set(re.findall(r"(?<!\S)`?(?:\$ )?make ([a-z][a-z-]*)", "\n".join(code)))


def headings(document: str) -> dict[str, list[str]]:
    """Second-level headings and the lines under each that are not blank."""
    sections = re.split(r"^## ", read(document), flags=re.M)[1:]
    lines = ([line for line in section.splitlines() if line.strip()] for section in sections)
    return {first: rest for first, *rest in lines}


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, REGISTRY_HOST, REGISTRY_SETTING], ids=["path", "host", "setting"]
)
def test_nothing_of_a_machine_is_tracked(pattern: re.Pattern[str]):
    found = [
        f"{name}:{number}: {match[0]}"
        for name, text in tracked().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := pattern.search(line))
    ]
    assert not found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str):
    form = re.compile(r"[a-z0-9][a-z0-9.-]*==\S+( ; [^#]+?)?( --hash=sha256:[0-9a-f]{64})+")
    assert requirements(lock)
    assert [line[:60] for line in requirements(lock) if not form.fullmatch(re.sub(r" +", " ", line))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_address(lock: str):
    assert not re.search(r"://|^-", read(lock), re.M)


def test_development_installs_what_runs():
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_locks_hold_the_declared_versions():
    declared = tomllib.loads(read("pyproject.toml"))
    wanted = [*declared["project"]["dependencies"], *chain(*declared["dependency-groups"].values())]
    locked = {pin.partition("==")[0]: pin for pin in pins("requirements-dev.txt")}
    names = {re.match(r"[\w-]+", requirement)[0]: requirement for requirement in wanted}
    assert names.keys() <= locked.keys()
    exact = {re.sub(r"\[.*?\]", "", requirement) for requirement in wanted if "==" in requirement}
    assert exact <= set(locked.values())


def test_duckdb_2_is_locked_beside():
    assert [pin.partition(".")[0] for pin in pins("requirements-duckdb2.txt")] == ["duckdb==2"]


def test_make_alone_lists_every_command():
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    listed = subprocess.run(
        ["make"], cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    ).stdout
    lines = [re.fullmatch(r"  make (\S+) +(\S.*)", line) for line in listed.splitlines()]
    assert {line[1]: line[2] for line in lines if line} == targets()
    assert all(lines)
    assert all(targets().values())


def test_commands_are_phony():
    assert set(re.search(r"^\.PHONY: (.*)", read("Makefile"), re.M)[1].split()) == set(targets())


def test_readme_names_the_two_commands_and_every_other():
    assert {"run", "test"} <= documented_targets()
    assert documented_targets() == targets().keys() - {"help"}


def test_ci_runs_the_readmes_test_command_last():
    commands = re.findall(r"^[^#\n]*?\b(make [a-z-]+)\b(?!\")", read(".ci/run"), re.M)
    assert commands == ["make check", "make test"]


def test_glossary_is_sorted_and_says_each_term_once():
    terms = re.findall(r"^- \*\*(.+?)\*\*: \S", read("GLOSSARY.md"), re.M)
    assert len(terms) == len(re.findall(r"^- ", read("GLOSSARY.md"), re.M))
    assert [term.casefold() for term in terms] == sorted({term.casefold() for term in terms})


def test_decisions_are_dated_and_short():
    entries = headings("DECISIONS.md")
    assert entries
    dates = [datetime.date.fromisoformat(heading.split(" ", 1)[0]) for heading in entries]
    assert dates == sorted(dates)
    assert [heading for heading in entries if not re.fullmatch(r"\S+ \S.*", heading)] == []
    assert [heading for heading, lines in entries.items() if not 1 <= len(lines) <= LONGEST_DECISION] == []
    long = [line for lines in entries.values() for line in lines if len(line) > LONGEST_LINE]
    assert not long


def test_changelog_has_unreleased_changes():
    assert "[Unreleased]" in headings("CHANGELOG.md")


def test_real_exports_and_sites_are_not_tracked():
    assert [name for name in tracked() if re.match(r"(site|bench-data|\.venv)", name)] == []
