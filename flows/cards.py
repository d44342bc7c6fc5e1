"""Instruments for people: the list with evidence, one card, and the check of a TOML."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from flows.config import SITE_FILE, load_site
from flows.report import table
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
        yield from _list(site)
        return
    instrument = _asked(what, name, site)
    yield from instrument_card(instrument).splitlines()
    if what == "check":
        n = len(instrument.vectors)
        yield (
            f"{name}: {n} golden vector{'s hold' if n > 1 else ' holds'}"
            if n
            else f"{name}: no golden vectors"
        )


def instruments_json(what: str, name: str, site: Path) -> list[dict[str, Any]]:
    """The same as data: the whole card of each instrument asked for."""
    if what == "list":
        return [instrument.canonical() for instrument in _registry(site).instruments]
    return [_asked(what, name, site).canonical()]


def _asked(what: str, name: str, site: Path) -> Instrument:
    if what not in ("show", "check"):
        raise ConfigError(f"instruments takes list, show or check, not {what}")
    if not name:
        raise ConfigError(f"instruments {what} needs {'an id' if what == 'show' else 'a TOML file'}")
    return _registry(site)[name] if what == "show" else _checked(Path(name))


def _list(site: Path) -> Iterator[str]:
    confirmed = load_site(site).site.confirmed_instruments if (site / SITE_FILE).exists() else frozenset()
    rows = [
        [one.id, str(one.n_items), ", ".join(one.scale_ids), one.evidence, _state(one, confirmed), one.title]
        for one in _registry(site).instruments
    ]
    yield from table(rows, ["id", "items", "scales", "evidence", "scored", "title"])


def _state(instrument: Instrument, confirmed: Collection[str]) -> str:
    if not instrument.needs_confirmation:
        return "yes"
    return "yes, confirmed by the site" if instrument.id in confirmed else "no, until confirmed"


def _checked(path: Path) -> Instrument:
    """The instrument of a TOML whose golden vectors hold.

    raises: RegistryError naming the first that does not
    """
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
        raise RegistryError(
            f"{file}, [[vectors]] {number}, {scale}: the key gives {found}, the vector says {expected}"
        )
