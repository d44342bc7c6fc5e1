"""Who may import whom, by reading the source; and what an import really loads."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("flows", "schemas", "warehouse", "dashboards")

ARROWS: Mapping[str, tuple[str, ...]] = {
    "schemas": ("schemas",),
    "warehouse": ("warehouse", "schemas"),
    "flows": ("flows", "warehouse", "schemas"),
    "dashboards": ("dashboards", "warehouse.read", "schemas"),
}
"""Package or module -> what of ours it may import. A name stands for all beneath it."""

ONLY_IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "prefect": ("flows.nightly",),
    "duckdb": ("warehouse",),
    "duckdb_engine": ("warehouse",),
    "great_expectations": ("warehouse",),
    "highspy": ("warehouse.suppression_worlds",),
    "sqlalchemy": ("warehouse",),
    "streamlit": ("dashboards",),
    "altair": ("dashboards",),
    "pandera": ("schemas.frames",),
    "scipy": ("warehouse.models", "warehouse.suppression_lines", "warehouse.suppression_programme"),
    "statsmodels": ("warehouse.models",),
    "threadpoolctl": ("warehouse.models",),
    "typer": ("flows",),
}
"""Library -> the only ones of ours that import it."""

TESTS_OF_PREFECT = ("tests.flows.test_schedule", "tests.flows.test_nightly")
"""Prefect starts slowly and brings a server along: few tests pay for it."""

HEAVY = ("prefect", "great_expectations")
LIGHT_PACKAGES = ("dashboards", "schemas")
LONGEST_MODULE = 400


@cache
def modules() -> Mapping[str, Path]:
    """Every module of ours, the tests too: dotted name -> file."""
    files = (file for package in (*PACKAGES, "tests") for file in (ROOT / package).rglob("*.py"))
    return {dotted(file.relative_to(ROOT)): file for file in sorted(files)}


def dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def own() -> list[str]:
    return [name for name in modules() if within(name, PACKAGES)]


def within(name: str, prefixes: Collection[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports anywhere in it, lazily too; submodules of ours by their own name."""
    return frozenset(name for node in ast.walk(tree(module)) for name in imported(node))


def imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            submodules = {f"{module}.{alias.name}" for alias in names} & modules().keys()
            yield from submodules
            if len(submodules) < len(names):
                yield module
        case ast.ImportFrom():
            yield "(relative)"
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


def test_the_four_packages_have_modules():
    assert {name.partition(".")[0] for name in own()} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows(package: str):
    against = [
        f"{module} imports {name}"
        for module in own()
        if within(module, [package])
        for name in sorted(imports(module))
        if within(name, [*PACKAGES, "tests", "(relative)"]) and not within(name, ARROWS[package])
    ]
    assert not against


@pytest.mark.parametrize("library", ONLY_IMPORTERS)
def test_only_importers(library: str):
    against = [
        module
        for module in own()
        if not within(module, ONLY_IMPORTERS[library])
        and any(within(name, [library]) for name in imports(module))
    ]
    assert not against


def test_few_tests_import_prefect():
    importers = {name for name in modules() if any(within(i, ["prefect"]) for i in imports(name))}
    assert {name for name in importers if within(name, ["tests"])} <= set(TESTS_OF_PREFECT)


def test_what_is_imported_is_declared():
    """What another library happens to bring may go with its next version."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = declared["project"]["dependencies"]
    brought = {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements}
    distributions = packages_distributions()
    foreign = {name.partition(".")[0] for module in own() for name in imports(module)}
    foreign -= sys.stdlib_module_names | set(PACKAGES)
    assert [name for name in sorted(foreign) if brought.isdisjoint(map(normal, distributions[name]))] == []


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_no_import_cycle():
    graph = {module: {name for name in imports(module) if name in modules()} for module in own()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_module_is_too_long():
    lengths = {name: len(modules()[name].read_text(encoding="utf-8").splitlines()) for name in own()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


@pytest.mark.parametrize("package", LIGHT_PACKAGES)
def test_light_packages_load_nothing_heavy(package: str):
    """The imports alone are run, since a page is a script that draws as soon as it is imported."""
    statements = (
        ast.unparse(node)
        for module in own()
        if within(module, [package])
        for node in tree(module).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "__future__" not in ast.unparse(node)
    )
    report = "import json, sys; print(json.dumps([m for m in sys.modules if '.' not in m]))"
    loaded = json.loads(run_python("\n".join([*dict.fromkeys(statements), report]), cwd=ROOT))
    assert set(loaded).isdisjoint(HEAVY)


def test_the_packages_found_are_ours(tmp_path: Path):
    """An editable install is searched after site-packages: a stray `schemas` there would win."""
    code = (
        "import json, sys; from importlib.util import find_spec\n"
        f"sys.path = [p for p in sys.path if p != {str(ROOT)!r}] + [{str(ROOT)!r}]\n"
        f"print(json.dumps([find_spec(name).origin for name in {PACKAGES!r}]))"
    )
    origins = json.loads(run_python(code, cwd=tmp_path))
    assert origins == [str(ROOT / package / "__init__.py") for package in PACKAGES]


def run_python(code: str, cwd: Path) -> str:
    """Standard output's last line of a fresh interpreter that has no PYTHONPATH."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environ, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]
