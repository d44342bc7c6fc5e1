"""A site whose first night was published, made once; tests run on copies of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.handmade_site import make_site
from tests.lib.nights import Night, copied, run_night
from tests.lib.walkthrough import arrive


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Night]:
    """The site and its night. Only to be read."""
    site = tmp_path_factory.mktemp("first_night") / "site"
    make_site(site)
    night = run_night(site)
    assert night.error is None
    return site, night


@pytest.fixture(scope="session")
def first_night(first: tuple[Path, Night]) -> Path:
    """The site. Only to be read."""
    return first[0]


@pytest.fixture
def site(first_night: Path, tmp_path: Path) -> Path:
    """To run on, and to damage."""
    return copied(first_night, tmp_path / "site")


@pytest.fixture(scope="session")
def broken_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site after a night with twelve defects in two clinics, without a gate. Only to be read."""
    folder = tmp_path_factory.mktemp("broken")
    arrive(folder)
    assert run_night(folder / "site", gate=False).error is None
    return folder / "site"


@pytest.fixture
def broken(broken_site: Path, tmp_path: Path) -> Path:
    """To run on."""
    return copied(broken_site, tmp_path / "site")
