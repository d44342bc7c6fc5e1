from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit import config

from dashboards import launch


def test_the_server_listens_on_this_machine_only_and_tells_nobody():
    flags = launch.command(8765)
    assert flags[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert Path(flags[4]).is_file()
    for flag in (
        "--server.port=8765",
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--client.showErrorDetails=none",
    ):
        assert flag in flags


def test_every_option_is_known_to_streamlit():
    options = [flag.removeprefix("--").partition("=")[0] for flag in launch.command(8765)[5:]]
    for option in options:
        assert config.get_options_for_section(option.rpartition(".")[0]).keys() >= {option.rpartition(".")[2]}


def test_settings_from_outside_do_not_reach_the_server(tmp_path: Path):
    given = {"PATH": "/bin", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true"}
    assert launch.environment(tmp_path, given) == {"PATH": "/bin", "ACCORD_SITE": str(tmp_path.resolve())}


def test_starting_the_server_loads_nothing_heavy():
    code = "import sys, dashboards.launch; print('streamlit' in sys.modules, 'duckdb' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False"]


def test_site_and_port_are_both_asked_for():
    with pytest.raises(ValueError, match="unpack"):
        launch.main(["site"])


def test_no_folder_is_named_pages():
    """Streamlit would offer its files as pages of its own, to whoever asks before app.py has run once."""
    assert not (launch.APP.parent / "pages").exists()
