"""What the command line shares: a site's own Prefect folder, progress, printing, and a night that cannot begin."""

from __future__ import annotations

import json
from pathlib import Path

from flows.cli_common import MOST_PREFECT_BYTES, now, prefect_home, print_json, progress, settings_of, tonight
from schemas.errors import ConfigError


def test_prefects_folder_is_the_sites_own_and_is_emptied_when_it_has_grown_large(tmp_path: Path):
    home = prefect_home(tmp_path)
    assert home == (tmp_path / "prefect").resolve()
    assert home.stat().st_mode & 0o777 == 0o700
    (home / "prefect.db").write_bytes(b"x")
    assert (prefect_home(tmp_path) / "prefect.db").exists()
    with (home / "prefect.db").open("wb") as database:
        database.truncate(MOST_PREFECT_BYTES + 1)
    assert list(prefect_home(tmp_path).iterdir()) == []


def test_a_night_without_a_site_is_no_run(tmp_path: Path):
    found, problem = tonight(tmp_path, None, lambda stage, done, total: None)
    assert found is None
    assert isinstance(problem, ConfigError)


def test_the_site_is_the_one_named_or_the_environments(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ACCORD_SITE", str(tmp_path))
    assert settings_of(None).site == tmp_path
    assert settings_of(Path("other")).site == Path("other")


def test_json_keeps_what_it_does_not_know_as_text(capsys):
    print_json({"at": now(), "to": Path("a"), "name": "Zürich"})
    found = json.loads(capsys.readouterr().out)
    assert found["at"].endswith("+00:00")
    assert (found["to"], found["name"]) == ("a", "Zürich")


def test_with_json_nothing_is_told_of_progress(capsys):
    with progress(quiet=True) as tell:
        tell("load", 0, 1)
    assert capsys.readouterr() == ("", "")
