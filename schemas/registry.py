"""All instruments of a site: the shipped ones and its own, by id, with one digest over their content."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from schemas.errors import RegistryError
from schemas.instrument import Instrument
from schemas.key_file import SUFFIX, with_key
from schemas.raw_table import nearest

SHIPPED = "schemas/instruments"
"""Where shipped instruments stand, as messages name it."""

NO_EXTRA: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Registry:
    """Instruments in order of their ids."""

    instruments: tuple[Instrument, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(instrument.id for instrument in self.instruments)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, over the content of all instruments; layout and comments do not count."""
        content = [instrument.canonical() for instrument in self.instruments]
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def __getitem__(self, id_: str) -> Instrument:
        """An instrument by id; raises RegistryError naming the nearest."""
        for instrument in self.instruments:
            if instrument.id == id_:
                return instrument
        raise RegistryError(f"there is no instrument {id_!r}; the nearest is {nearest(id_, self.ids)!r}")

    def __contains__(self, id_: object) -> bool:
        return id_ in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.instruments)

    def as_variants(self, variants: Mapping[str, str]) -> Registry:
        """The registry with some instruments in another of their response scales.

        variants: instrument to variant. raises RegistryError: no such variant
        """
        return Registry(
            tuple(
                one.as_variant(variants[one.id]) if variants.get(one.id) else one for one in self.instruments
            )
        )


def load(extra: Mapping[str, bytes] = NO_EXTRA) -> Registry:
    """The shipped instruments and the site's own, with the keys the site supplies.

    extra:  the site's own TOML files by file name, forms and *.key.toml
    raises: RegistryError naming file, table and key; an own form may not shadow a shipped one
    """
    origins: dict[str, str] = {}
    instruments: dict[str, Instrument] = {}
    keys = {file: content for file, content in sorted(extra.items()) if file.endswith(SUFFIX)}
    forms = {file: content for file, content in sorted(extra.items()) if file not in keys}
    for file, content in (*_shipped(), *forms.items()):
        instrument = read_instrument(content, file)
        if instrument.id in origins:
            taken = origins[instrument.id]
            raise RegistryError(f"{file}, id: {instrument.id!r} is taken by {taken}; choose another id")
        origins[instrument.id] = file
        instruments[instrument.id] = instrument
    keyed = [with_key(read_toml(content, file), file, instruments) for file, content in keys.items()]
    instruments |= {instrument.id: instrument for instrument in keyed}
    return Registry(tuple(instruments[id_] for id_ in sorted(instruments)))


def _shipped() -> Iterator[tuple[str, bytes]]:
    for entry in sorted((files("schemas") / "instruments").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield f"{SHIPPED}/{entry.name}", entry.read_bytes()


def read_instrument(content: bytes, file: str) -> Instrument:
    """One instrument from the bytes of its TOML file; raises RegistryError."""
    return Instrument.build(read_toml(content, file), file)


def read_toml(content: bytes, file: str) -> dict[str, Any]:
    """A TOML file with exact decimals; raises RegistryError."""
    try:
        return tomllib.loads(content.decode(), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RegistryError(f"{file}: is not TOML: {error}") from None
