"""All instruments of a site: the shipped ones and its own, by id, with one digest over their content."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType

from schemas.errors import RegistryError
from schemas.instrument import Instrument, Scale
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


def load(extra: Mapping[str, bytes] = NO_EXTRA) -> Registry:
    """The shipped instruments and the site's own.

    extra:  the site's own TOML files by file name
    raises: RegistryError naming file, table and key; an own form may not shadow a shipped one
    """
    origins: dict[str, str] = {}
    instruments: dict[str, Instrument] = {}
    for file, content in (*_shipped(), *sorted(extra.items())):
        instrument = read_instrument(content, file)
        if instrument.id in origins:
            taken = origins[instrument.id]
            raise RegistryError(f"{file}, id: {instrument.id!r} is taken by {taken}; choose another id")
        origins[instrument.id] = file
        instruments[instrument.id] = instrument
    return Registry(tuple(instruments[id_] for id_ in sorted(instruments)))


def _shipped() -> Iterator[tuple[str, bytes]]:
    for entry in sorted((files("schemas") / "instruments").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield f"{SHIPPED}/{entry.name}", entry.read_bytes()


def read_instrument(content: bytes, file: str) -> Instrument:
    """One instrument from the bytes of its TOML file; raises RegistryError."""
    try:
        raw = tomllib.loads(content.decode(), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RegistryError(f"{file}: is not TOML: {error}") from None
    return Instrument.build(raw, file)


def instrument_card(instrument: Instrument) -> str:
    """What a person checks an instrument by: one plain-text block, a heading and labelled lines."""
    sections = {
        "version": [instrument.version],
        "construct": [instrument.construct],
        "raters": [", ".join(instrument.raters)],
        "evidence": [_evidence(instrument)],
        "items": [str(instrument.n_items)],
        "response": [_response(instrument)],
        "reverse": [_numbers(sorted(instrument.reverse))],
        "risk items": [_numbers(instrument.risk_items)],
        "scales": [_scale(scale, instrument) for scale in instrument.scales],
        "missing": [_missing(scale) for scale in instrument.scales],
        "thresholds": list(_thresholds(instrument)) or ["none"],
        "bands": list(_bands(instrument)) or ["none"],
        "given": [instrument.given],
        "licence": [instrument.licence],
        "sources": list(instrument.sources),
    }
    return "\n".join([f"{instrument.id}: {instrument.title}", *_labelled(sections)])


def _labelled(sections: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for label, lines in sections.items():
        for place, line in enumerate(lines):
            yield f"  {label if place == 0 else '':<12}{line}"


def _evidence(instrument: Instrument) -> str:
    if instrument.needs_confirmation:
        return f"{instrument.evidence}; no score until the site lists it in confirmed_instruments"
    return instrument.evidence


def _response(instrument: Instrument) -> str:
    response = instrument.response
    digits = f", {response.decimals} decimal" if response.decimals else ""
    return f"{response.min} to {response.max}{digits}"


def _numbers(items: Iterable[int]) -> str:
    return ", ".join(map(str, items)) or "none"


def _scale(scale: Scale, instrument: Instrument) -> str:
    better = "better" if scale.direction == "higher_better" else "worse"
    return (
        f"{scale.id}: {scale.method} of {_items(scale, instrument)}, "
        f"{scale.minimum} to {scale.maximum} {scale.unit}, higher is {better}"
        f"{'; stands for the form' if scale.id == instrument.outcome_scale else ''}"
    )


def _items(scale: Scale, instrument: Instrument) -> str:
    if scale.items == tuple(instrument.items):
        return f"all {scale.n_items} items"
    return f"{scale.n_items} items ({_numbers(scale.items)})"


def _missing(scale: Scale) -> str:
    missing = scale.missing
    if missing.rule == "complete":
        return f"{scale.id}: no score unless all {scale.n_items} items are answered"
    share = f"prorated with up to {missing.max_missing} of {scale.n_items} items missing"
    return f"{scale.id}: {share} ({missing.evidence}: {missing.source})"


def _thresholds(instrument: Instrument) -> Iterator[str]:
    for threshold in instrument.thresholds:
        level = f", {threshold.level}" if threshold.level else ""
        yield (
            f"{'on ' if threshold.on else 'off'} {threshold.kind} {threshold.scale} {threshold.comparison} "
            f"{threshold.value} {threshold.name}{level} ({threshold.evidence}: {threshold.source})"
        )


def _bands(instrument: Instrument) -> Iterator[str]:
    for band in instrument.bands:
        yield f"{band.scale} from {band.start}: {band.label} ({band.evidence}: {band.source})"
