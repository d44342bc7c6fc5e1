"""A site's own key of a form whose key is not public: SITE/instruments/<id>.key.toml.

instrument = "vpps"
source = "manual, page ..."
recorded = 2026-11-23
reverse = [ ... ]                # optional
[items]                          # every item: its subscale, a list of them, or "" for none
1 = "patient_participation"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from schemas.errors import RegistryError
from schemas.instrument import Instrument, Scale
from schemas.instrument_checks import disagreements
from schemas.instrument_parts import KeySource
from schemas.instrument_reading import day, optional_items
from schemas.instrument_scales import SITE_KEY
from schemas.raw_table import RawTable

SUFFIX = ".key.toml"


@dataclass(frozen=True)
class KeyFile:
    """items: item number to the ids of its subscales."""

    instrument: str
    source: str
    recorded: date
    reverse: tuple[int, ...]
    items: Mapping[int, tuple[str, ...]]


def wanted(instrument: Instrument) -> str:
    """What a site must supply for a form without a public key, in one sentence."""
    scales = _keyed_scales(instrument)
    each = f"for each of its {instrument.n_items} items the subscale ({', '.join(scales)})" if scales else ""
    parts = filter(None, ("its source", each, "the reversed items"))
    return f"supply instruments/{instrument.id}{SUFFIX} with {_listed(tuple(parts))}"


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _keyed_scales(instrument: Instrument) -> tuple[str, ...]:
    return tuple(scale.id for scale in instrument.scales if scale.from_key)


def with_key(raw: Mapping[str, Any], file: str, instruments: Mapping[str, Instrument]) -> Instrument:
    """The instrument that a parsed key file is for, with the key applied.

    raises RegistryError: file, key and the nearest right word of everything wrong in it, also where
    the form takes no key file
    """
    problems: list[str] = []
    table = RawTable(raw, file, problems)
    instrument = _instrument(table, file, instruments)
    key = _read(table, instrument) if instrument else None
    if instrument is None or key is None or problems:
        raise RegistryError("\n".join(problems))
    keyed = _applied(key, instrument)
    # The golden vectors show the refusal, which a key ends.
    problems.extend(f"{file}, {problem}" for problem in disagreements(replace(keyed, vectors=())))
    if problems:
        raise RegistryError("\n".join(problems))
    return keyed


def _instrument(table: RawTable, file: str, instruments: Mapping[str, Instrument]) -> Instrument | None:
    id_ = table.choice("instrument", instruments)
    if id_ not in instruments:
        return None
    if not file.endswith(f"{id_}{SUFFIX}"):
        table.problem("instrument", f"a key file of {id_} is called {id_}{SUFFIX}")
    if instruments[id_].evidence != SITE_KEY:
        table.problem("instrument", f"the key of {id_} is in its own TOML, so it takes no key file")
    return instruments[id_]


def _read(table: RawTable, instrument: Instrument) -> KeyFile:
    key = KeyFile(
        instrument.id,
        table.text("source"),
        day(table, "recorded"),
        optional_items(table, "reverse"),
        _items(table, instrument),
    )
    table.close()
    return key


def _items(table: RawTable, instrument: Instrument) -> dict[int, tuple[str, ...]]:
    given, scales = table.table("items", "[items]"), _keyed_scales(instrument)
    names = {str(number): number for number in instrument.items}
    texts = given.keys()
    if not texts:
        if scales:
            table.problem("[items]", "is missing: it gives each item's subscale")
        return {}
    for text in (text for text in texts if text not in names):
        given.problem(text, f"items are 1 to {instrument.n_items}")
    for name in (name for name in names if name not in texts):
        given.problem(name, 'is missing: name its subscale, or "" for none')
    found = {names[text]: _subscales(given, text, scales) for text in texts if text in names}
    for scale in scales:
        if not any(scale in ids for ids in found.values()):
            table.problem("[items]", f"no item is in {scale}")
    return found


def _subscales(given: RawTable, text: str, scales: Sequence[str]) -> tuple[str, ...]:
    if given.value(text) == "":
        return ()
    return tuple(given.known(text, word, scales) for word in given.texts(text))


def _applied(key: KeyFile, instrument: Instrument) -> Instrument:
    return replace(
        instrument,
        reverse=frozenset(key.reverse),
        scales=tuple(_with_items(scale, key, instrument) for scale in instrument.scales),
        site_key=KeySource(key.source, key.recorded),
    )


def _with_items(scale: Scale, key: KeyFile, instrument: Instrument) -> Scale:
    if not scale.from_key:
        return scale
    filled = replace(scale, items=tuple(sorted(n for n, ids in key.items.items() if scale.id in ids)))
    ends = [instrument.response_of(number) for number in filled.items]
    return replace(filled, range=filled.implied_range(ends))
