"""Test cases of FHIR resources in YAML: anchors of one file, used in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

AUTHORED = "2026-04-18"
"""Some are dated years ahead, and would wait until then."""


def resources(folder: Path, common: str, case: str) -> list[dict[str, Any]]:
    """The resources of a case, their responses dated AUTHORED.

    A key written beside `<<` wins over the one it merges, as in YAML.
    """
    texts = [(folder / name).read_text(encoding="utf-8").removeprefix("---\n") for name in (common, case)]
    document = "\n".join(text.replace("\n---\n", "\n") for text in texts)
    found: list[dict[str, Any]] = _plain(yaml.safe_load(document)["data"])
    return [one | {"authored": AUTHORED} if "authored" in one else one for one in found]


def _plain(value: Any) -> Any:
    """As JSON has it: YAML reads days as dates."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)
