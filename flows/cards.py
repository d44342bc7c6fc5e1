"""Instruments for people: the list with evidence, one card, and the check of a TOML."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from flows.config import SITE_FILE, load_site
from flows.score import score
from schemas.errors import ConfigError, RegistryError
from schemas.instrument import Instrument
from schemas.registry import Registry, instrument_card, load, read_instrument


def _registry(site: Path) -> Registry:
    """The site's instruments, or the shipped ones where there is no site."""
    return load_site(site).registry if (site / SITE_FILE).exists() else load()


def instrument_lines(what: str, name: str, site: Path) -> Iterator[str]:
    """Lines of `accord instruments [list|show ID|check FILE]`."""
    if what == "list":
        yield from _list(_registry(site))
    elif what == "show":
        yield from instrument_card(_registry(site)[name]).splitlines()
    elif what == "check":
        instrument = _checked(Path(name))
        yield from instrument_card(instrument).splitlines()
        yield f"{len(instrument.vectors)} golden vectors hold"
    else:
        raise ConfigError(f"instruments takes list, show or check, not {what!r}")


def instruments_json(what: str, name: str, site: Path) -> list[dict[str, Any]]:
    """The same as data: the whole card of each instrument asked for."""
    if what == "list":
        return [instrument.canonical() for instrument in _registry(site).instruments]
    if what == "show":
        return [_registry(site)[name].canonical()]
    return [_checked(Path(name)).canonical()]


def _list(registry: Registry) -> Iterator[str]:
    width = max(len(id_) for id_ in registry.ids)
    for instrument in registry.instruments:
        scales = ", ".join(instrument.scale_ids)
        yield f"{instrument.id:<{width}}  {instrument.evidence:<12}  {instrument.n_items:>2} items  {scales:<24}  {instrument.title}"


def _checked(path: Path) -> Instrument:
    """The instrument of a TOML whose golden vectors hold. Raises RegistryError naming the first that does not."""
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError(f"{path}: cannot be read") from None
    instrument = read_instrument(content, path.name)
    for number, vector in enumerate(instrument.vectors, 1):
        steps = [None if answer is None else instrument.response.step(answer) for answer in vector.answers]
        row = dict(zip(instrument.item_columns, steps, strict=True))
        scored = score(pl.DataFrame([row], schema=dict.fromkeys(row, pl.Int8)), instrument, confirmed=True)
        for scale, expected in vector.scores:
            _compare(path.name, number, scale, expected, scored[f"score_{scale}"][0])
    return instrument


def _compare(file: str, number: int, scale: str, expected: Decimal | None, found: Decimal | None) -> None:
    if expected != found:
        raise RegistryError(f"{file}, [[vectors]] {number}, {scale}: the key gives {found}, the vector says {expected}")
