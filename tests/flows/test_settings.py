"""The environment: read once, every mistake named at once, no secret shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import Settings
from schemas.errors import ConfigError


def test_nothing_set_is_the_default():
    assert Settings.from_env({}) == Settings(Path("site"), {})


def test_the_command_line_wins_over_the_environment():
    environ = {"ACCORD_SITE": "/srv/accord", "HOME": "/srv/home"}
    assert Settings.from_env(environ).site == Path("/srv/accord")
    assert Settings.from_env(environ, Path("here")).site == Path("here")


def test_the_key_is_handed_down_and_never_shown():
    settings = Settings.from_env({"ACCORD_KEY": "0f" * 32, "OTHER": "x"})
    assert settings.environ == {"ACCORD_KEY": "0f" * 32}
    assert "0f0f" not in repr(settings)


def test_every_wrong_variable_is_named_at_once():
    with pytest.raises(ConfigError) as error:
        Settings.from_env({"ACCORD_SITE": " ", "ACCORD_KEY": "secret words"})
    assert "ACCORD_SITE is blank" in str(error.value)
    assert "ACCORD_KEY must be 64 hex digits" in str(error.value)
    assert "secret words" not in str(error.value)
