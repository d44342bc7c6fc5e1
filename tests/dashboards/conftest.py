"""A published site of synthetic figures, and the app run against a site without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.launch import APP, SITE_VARIABLE
from tests.lib.published import write_site

OpenApp = Callable[[Path], AppTest]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read only: a test that changes a site writes its own."""
    return write_site(tmp_path_factory.mktemp("sites") / "north_vale")


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> OpenApp:
    """The overview of a site, as a first visit shows it."""

    def opened(folder: Path) -> AppTest:
        monkeypatch.setenv(SITE_VARIABLE, str(folder))
        app = AppTest.from_file(str(APP), default_timeout=60).run()
        assert not app.exception
        return app

    return opened
