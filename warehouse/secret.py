"""The site's secret key, and the pseudonyms made with it.

Whoever has the key and a list of client ids can find every client again, and nobody else can.
A lost key makes the same clients new people: it belongs in the site's backup, apart from the data.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from schemas.errors import ConfigError
from warehouse.files import private_dir, write_private
from warehouse.siphash import siphash

KEY_FILE = "secret.key"
KEY_VARIABLE = "ACCORD_KEY"

_KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_OTHERS = 0o077


@dataclass(frozen=True)
class Key:
    """The key and its public id. made: it was made by this very call, which people must be told."""

    secret: bytes = field(repr=False)
    id: str
    made: bool = field(default=False, compare=False)


def load_or_make(site: Path, environ: Mapping[str, str], expected_id: str | None = None) -> Key:
    """ACCORD_KEY if it is set, else SITE/secret.key, else a new key written there.

    expected_id: id of the key the site was last run with; with it a missing key is never made anew
    raises: ConfigError for a key that is not 64 hex digits, that others may read, or that is lost
    """
    path = site / KEY_FILE
    if KEY_VARIABLE in environ:
        return key_of(environ[KEY_VARIABLE], KEY_VARIABLE)
    if path.exists():
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"{KEY_FILE} can be read by others: chmod 600 {KEY_FILE}")
        return key_of(path.read_text(encoding="ascii", errors="replace"), KEY_FILE)
    if expected_id is not None:
        raise ConfigError(
            f"{KEY_FILE} is missing, and this site was run with key {expected_id}: restore it from backup "
            f"or set {KEY_VARIABLE}; a new key would make every client a new person"
        )
    return _make(path)


def key_of(text: str, source: str) -> Key:
    """The key that 64 hex digits stand for. Raises ConfigError naming the source, never the text."""
    digits = text.strip()
    if not _HEX.fullmatch(digits):
        raise ConfigError(f"{source} must be {2 * _KEY_BYTES} hex digits")
    secret = bytes.fromhex(digits)
    return Key(secret, _key_id(secret))


def _make(path: Path) -> Key:
    secret = secrets.token_bytes(_KEY_BYTES)
    private_dir(path.parent)
    write_private(path, secret.hex().encode() + b"\n")
    return Key(secret, _key_id(secret), made=True)


def _key_id(secret: bytes) -> str:
    """Eight hex digits that tell keys apart; 256 secret bits cannot be found from them."""
    return hashlib.sha256(b"accord key id\0" + secret).hexdigest()[:8]


def pseudonyms(texts: pl.Series, key: Key, scope: str) -> pl.Series:
    """UInt64 pseudonyms of texts, of the same length, name and order; null stays null.

    scope: within which equal texts are the same, e.g. a clinic; each scope has a key of its own
    SipHash-2-4 under BLAKE2b of the scope, keyed with the site's key: the same on every machine.
    Among a million clients two share one with a chance of about 1 in 37 million.
    """
    scope_key = hashlib.blake2b(scope.encode(), key=key.secret, digest_size=16).digest()
    return siphash(texts.cast(pl.String), scope_key)
