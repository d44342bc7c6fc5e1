"""Whether an instrument's scales share items as its card declares; what stands for task, bond and goal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from schemas.instrument_form import Form
from schemas.instrument_scales import Scale
from schemas.raw_table import nearest


def structure_problems(instrument: Form) -> Iterator[str]:
    """Declared and found, scale by scale.

    Scales over the whole form, and other scores of the same items, need no mention. A site's key file
    must keep to a declared partition; else it may put an item into several scales.
    """
    named = [*instrument.structure.partition, *instrument.structure.overlap]
    unknown = [id_ for id_ in named if id_ not in instrument.scale_ids]
    for id_ in unknown:
        near = nearest(id_, instrument.scale_ids)
        yield f"structure: there is no scale {id_!r}; the nearest is {near!r}"
    if both := set(instrument.structure.partition) & set(instrument.structure.overlap):
        yield f"structure: {min(both)!r} stands in partition and in overlap"
    if not unknown and instrument.scales:
        yield from _partition_problems(instrument)
        yield from _sharing_problems(instrument)
    yield from _component_problems(instrument)


def _partition_problems(instrument: Form) -> Iterator[str]:
    scales = [instrument.scale(id_) for id_ in instrument.structure.partition]
    if not scales or any(scale.from_key and not scale.items for scale in scales):
        return
    times = Counter(number for scale in scales for number in scale.items)
    for number in instrument.items:
        if times[number] > 1:
            holders = " and ".join(scale.id for scale in scales if number in scale.items)
            yield f"structure, partition: item {number} is in {holders}"
        elif not times[number]:
            yield f"structure, partition: item {number} is in no scale of it"


def _sharing_problems(instrument: Form) -> Iterator[str]:
    parts = [scale for scale in instrument.scales if not scale.from_key and not _whole(scale, instrument)]
    sharing = [(one, two) for one, two in combinations(parts, 2) if _share(one, two)]
    for one, two in sharing:
        if not _declared(one, two, instrument):
            yield f"structure: {one.id} and {two.id} share items; declare one of them in overlap"
    sharers = {scale.id for pair in sharing for scale in pair}
    for id_ in instrument.structure.overlap:
        if id_ not in sharers and not instrument.scale(id_).from_key:
            yield f"structure, overlap: {id_} shares no item with another part of the form"


def _whole(scale: Scale, instrument: Form) -> bool:
    return set(scale.items) == set(instrument.items)


def _share(one: Scale, two: Scale) -> bool:
    """Whether they share items and are not two scores of the very same ones."""
    twins = set(one.items) == set(two.items) and one.method != two.method
    return bool(set(one.items) & set(two.items)) and not twins


def _declared(one: Scale, two: Scale, instrument: Form) -> bool:
    """Whether either, or another score of the same items, is declared to overlap; a sum shares its parts."""
    overlap = [set(instrument.scale(id_).items) for id_ in instrument.structure.overlap]
    return set(one.items) in overlap or set(two.items) in overlap or one.id in two.scales


def _component_problems(instrument: Form) -> Iterator[str]:
    for name, given in instrument.components:
        if isinstance(given, str) and given not in instrument.scale_ids:
            near = nearest(given, instrument.scale_ids)
            yield f"components, {name}: there is no scale {given!r}; the nearest is {near!r}"
    held = [(name, _items(given, instrument)) for name, given in instrument.components]
    for name, items in held:
        if not set(items) <= set(instrument.items):
            yield f"components, {name}: items must be 1 to {instrument.n_items}"
    for (one, ones), (two, twos) in combinations(held, 2):
        if set(ones) & set(twos):
            yield f"components: {one} and {two} share items"


def _items(given: str | tuple[int, ...], instrument: Form) -> Sequence[int]:
    if not isinstance(given, str):
        return given
    return instrument.scale(given).items if given in instrument.scale_ids else ()
