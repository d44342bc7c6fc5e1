"""What every test may rely on: no setting of the developer's, and Chromium where there is one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
REAL_DATA = "ACCORD_REAL_DATA"
SITE_SETTINGS = ("ACCORD_SITE", "ACCORD_KEY", "PREFECT_API_URL", "PREFECT_HOME", "PREFECT_PROFILE")

# The same examples on every machine; a busy machine is no failure.
settings.register_profile("accord", derandomize=True, deadline=None, database=None)
settings.load_profile("accord")


def find_chromium() -> Path | None:
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return Path(found) if found else None


def pytest_configure(config: pytest.Config) -> None:
    for name in SITE_SETTINGS:
        os.environ.pop(name, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser_missing = find_chromium() is None and os.environ.get("ACCORD_BROWSER") != "required"
    for item in items:
        if browser_missing and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))
        if REAL_DATA not in os.environ and item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason=f"{REAL_DATA} is not set"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if "browser" in report.keywords]
    if missed:
        terminalreporter.section("BROWSER TESTS NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(missed)} tests of what a person sees were not run: no Chromium was found."
        )
        terminalreporter.line("Debian and Ubuntu: apt-get install chromium; then make test-browser")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium's executable, for Playwright's executable_path."""
    found = find_chromium()
    if found is None:
        pytest.fail(f"Chromium is required, and none of {', '.join(CHROMIUM_NAMES)} is on PATH")
    return found


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real exports; only for tests marked `real`."""
    return Path(os.environ[REAL_DATA])
