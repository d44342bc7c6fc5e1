"""All that a run is a function of, and the digests that say whether two runs had the same."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

from schemas.registry import Registry
from schemas.site import Feed, Site

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("schemas", "warehouse", "flows")
"""Packages that make figures; the dashboard only shows them."""
LOCK = "requirements.txt"
PROCESS = "flows.process"


@dataclass(frozen=True)
class Inputs:
    """Digests and ids of a run's inputs. Equal inputs give equal figures.

    decisions: head of the ledger, which chains all deliveries and decisions before it
    instruments: digest of each instrument, so that a changed one can be named
    """

    as_of: str
    decisions: str
    deliveries: int
    registry: str
    instruments: Mapping[str, str]
    site: str
    key_id: str
    code: str
    lock: str

    def digest(self) -> str:
        return hashlib.sha256(_canonical(asdict(self))).hexdigest()


def make_inputs(
    as_of: date, decisions: str, deliveries: int, registry: Registry, site: Site, key_id: str
) -> Inputs:
    """The inputs of a run about to start."""
    return Inputs(
        as_of=as_of.isoformat(),
        decisions=decisions,
        deliveries=deliveries,
        registry=registry.digest,
        instruments={i.id: _digest(_canonical(i.canonical())) for i in registry.instruments},
        site=site.digest,
        key_id=key_id,
        code=code_digest(),
        lock=lock_digest(),
    )


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def code_digest() -> str:
    """SHA-256 over all sources of the packages that make figures."""
    return _digest_files(
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".sql", ".toml")
    )


@cache
def lock_digest() -> str:
    """SHA-256 of the lock file: which versions of which libraries."""
    return _digest((ROOT / LOCK).read_bytes())


@cache
def process_digest() -> str:
    """SHA-256 over the modules that process one file, found by their imports, and what they read."""
    data = [ROOT / "schemas" / "identifiers.toml", *(ROOT / "schemas" / "dialects").glob("*.toml")]
    return _digest_files([*process_modules(), *data])


def process_modules() -> list[Path]:
    """Sources that `flows.process` imports, directly or not, itself included."""
    found: dict[str, Path] = {}
    waiting = [PROCESS]
    while waiting:
        name = waiting.pop()
        path = ROOT / (name.replace(".", "/") + ".py")
        if name not in found and path.is_file():
            found[name] = path
            waiting += _imports(path)
    return sorted(found.values())


def _imports(path: Path) -> list[str]:
    """Modules of ours that a source imports, anywhere in it."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names if alias.name.split(".")[0] in PACKAGES]
    return names


def _digest_files(paths: Iterable[Path]) -> str:
    state = hashlib.sha256()
    for path in sorted(paths):
        state.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        state.update(_digest(path.read_bytes()).encode())
    return state.hexdigest()


def memo_with(memo: str, decision: object) -> str:
    """What a file is known by that is processed under a decision about it."""
    return _digest(_canonical([memo, decision]))


def memo_key(sha256: str, feed: Feed, site: Site, registry: Registry, key_id: str) -> str:
    """What a processed file is known by: all that its parts are a function of."""
    asked: Sequence[str] = sorted({one.id for one in feed.instruments})
    content = {
        "file": sha256,
        "feed": site.canonical(feed),
        "instruments": {id_: registry[id_].canonical() for id_ in asked},
        "key": key_id,
        "code": process_digest(),
        "lock": lock_digest(),
    }
    return _digest(_canonical(content))
