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
from schemas.cards import instrument_card
from schemas.errors import ConfigError, RegistryError
from schemas.instrument import Instrument, Vector
from schemas.key_file import SUFFIX, with_key
from schemas.registry import Registry, load, read_instrument, read_toml

WORDS = ("list", "show", "check")
NEEDED = {"show": "an id", "check": "a TOML file"}


def _registry(site: Path) -> Registry:
    """The site's instruments, or the shipped ones where there is no site."""
    return load_site(site).registry if (site / SITE_FILE).exists() else load()


def instrument_lines(what: str, name: str, site: Path) -> Iterator[str]:
    """Lines of `accord instruments [list|show ID|check FILE]`."""
    if what == "list":
        yield from _list(site)
    else:
        instrument = _asked(what, name, site)
        yield from instrument_card(instrument).splitlines()
        if what == "check":
            yield f"{name}: {_held(instrument)}"


def _held(instrument: Instrument) -> str:
    n = len(instrument.vectors)
    if instrument.site_key:
        return "the key file fits the form, which now gives scores; try it on answers scored by hand"
    if not n:
        return "no golden vectors"
    return f"{n} golden vector{'s hold' if n > 1 else ' holds'}"


def instruments_json(what: str, name: str, site: Path) -> list[dict[str, Any]]:
    """The same as data: the whole card of each instrument asked for."""
    if what == "list":
        return [instrument.canonical() for instrument in _registry(site).instruments]
    return [_asked(what, name, site).canonical()]


def _named(what: str, name: str) -> str:
    if what not in WORDS:
        raise ConfigError(f"instruments takes {', '.join(WORDS[:-1])} or {WORDS[-1]}, not {what}")
    if not name:
        raise ConfigError(f"instruments {what} needs {NEEDED[what]}")
    return name


def _asked(what: str, name: str, site: Path) -> Instrument:
    _named(what, name)
    return _registry(site)[name] if what == "show" else _checked(Path(name), site)


def _list(site: Path) -> Iterator[str]:
    confirmed = load_site(site).site.confirmed_instruments if (site / SITE_FILE).exists() else frozenset()
    rows = [
        [one.id, str(one.n_items), one.evidence, _state(one, confirmed), one.title, ", ".join(one.scale_ids)]
        for one in _registry(site).instruments
    ]
    yield from table(rows, ["id", "items", "evidence", "scored", "title", "scales"])


def _state(instrument: Instrument, confirmed: Collection[str]) -> str:
    if instrument.needs_key:
        return "no, until the site supplies its key"
    if instrument.site_key:
        return "yes, by the site's key"
    if not instrument.needs_confirmation:
        return "yes"
    return "yes, confirmed by the site" if instrument.id in confirmed else "no, until confirmed"


def _checked(path: Path, site: Path) -> Instrument:
    """The instrument of a TOML whose golden vectors hold, or of a key file that fits its form.

    raises: RegistryError naming the first that does not
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError(f"{path}: cannot be read") from None
    if path.name.endswith(SUFFIX):
        # By the shipped forms and the site's own, without the keys it has already.
        known = load(_own_forms(site))
        return with_key(read_toml(content, path.name), path.name, {id_: known[id_] for id_ in known})
    instrument = read_instrument(content, path.name)
    for number, vector in enumerate(instrument.vectors, 1):
        check_vector(instrument, vector, f"{path.name}, [[vectors]] {number}")
    return instrument


def _own_forms(site: Path) -> dict[str, bytes]:
    if not (site / SITE_FILE).exists():
        return {}
    forms = load_site(site).forms
    return {name: text.encode() for name, text in forms.items() if not name.endswith(SUFFIX)}


def check_vector(instrument: Instrument, vector: Vector, place: str) -> None:
    """Raises RegistryError where the key and a golden vector disagree; a refusal must give no score."""
    form = instrument.as_variant(vector.variant)
    row = dict(zip(form.item_columns, form.codes(vector), strict=True))
    scored = score(pl.DataFrame([row], schema=dict.fromkeys(row, pl.Int8)), form, confirmed=True)
    expected = dict(vector.scores)
    statuses = dict.fromkeys(form.scale_ids, "key_not_confirmed") if vector.refusal else dict(vector.statuses)
    for scale in form.scale_ids:
        _compare(f"{place}, {scale}", scored[f"score_{scale}"][0], expected.get(scale))
        if scale in statuses:
            _compare(f"{place}, {scale}, status", scored[f"status_{scale}"][0], statuses[scale])


def _compare(place: str, found: Decimal | str | None, expected: Decimal | str | None) -> None:
    if expected != found:
        said = ["no score" if one is None else one for one in (found, expected)]
        raise RegistryError(f"{place}: the key gives {said[0]}, the vector says {said[1]}")
