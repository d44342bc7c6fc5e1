"""An instrument's card: what a person checks it by, as labelled lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from schemas.instrument import Instrument, Missing, Response, Scale
from schemas.key_file import wanted


def card_sections(instrument: Instrument) -> dict[str, list[str]]:
    """The card as lines under their labels, in order; optional labels only where they have lines."""
    always = {
        "version": [instrument.version],
        "construct": [instrument.construct],
        "raters": [", ".join(instrument.raters)],
        "evidence": [_evidence(instrument)],
        "items": [str(instrument.n_items)],
        "response": list(_responses(instrument)),
        "reverse": [_reverse(instrument)],
        "risk items": [_numbers(instrument.risk_items)],
        "scales": [_scale(scale, instrument) for scale in instrument.scales],
        "missing": [line for scale in instrument.scales for line in _missing_rules(scale)],
        "thresholds": list(_thresholds(instrument)) or ["none"],
        "bands": list(_bands(instrument)) or ["none"],
        "given": [instrument.given],
        "licence": [instrument.licence],
        "sources": list(instrument.sources),
    }
    optional = {
        "item names": [", ".join(instrument.item_names)] if instrument.item_names else [],
        "variants": list(_variants(instrument)),
        "components": [f"{name}: {_component(of)}" for name, of in instrument.components],
        "structure": list(_structure(instrument)),
        "measure for": [", ".join(instrument.measure_for)] if instrument.measure_for else [],
        "notes": list(instrument.notes),
    }
    after = {
        "response": ("variants", "item names"),
        "scales": ("components", "structure", "measure for"),
        "bands": ("notes",),
    }
    sections: dict[str, list[str]] = {}
    for label, lines in always.items():
        sections[label] = lines
        sections |= {one: optional[one] for one in after.get(label, ()) if optional[one]}
    return sections


def instrument_card(instrument: Instrument) -> str:
    """One plain-text block: a heading and labelled lines."""
    lines = _labelled(card_sections(instrument))
    return "\n".join([f"{instrument.id}: {instrument.title}", *lines])


def _labelled(sections: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for label, lines in sections.items():
        for place, line in enumerate(lines):
            yield f"  {label if place == 0 else '':<12}{line}"


def why_no_score(instrument: Instrument) -> str:
    """What a site must do before the form gives scores; empty where it need do nothing."""
    if instrument.needs_key:
        return wanted(instrument)
    if instrument.needs_confirmation:
        return (
            "compare its key with the printed form, then list "
            f'"{instrument.id}" in confirmed_instruments of site.toml'
        )
    return ""


def _evidence(instrument: Instrument) -> str:
    if needed := why_no_score(instrument):
        return f"{instrument.evidence}; no score: {needed}"
    if instrument.site_key:
        key = instrument.site_key
        return f"{instrument.evidence}: {key.source}{_recorded(key.recorded)}"
    return instrument.evidence


def _recorded(day: date | None) -> str:
    return f", {day.isoformat()}" if day else ""


def _said(evidence: str, source: str, recorded: date | None) -> str:
    return f"({evidence}: {source}{_recorded(recorded)})"


def _responses(instrument: Instrument) -> Iterator[str]:
    form = f", response scale {instrument.variant}" if instrument.variant else ""
    yield f"{_response(instrument.response)}{form}"
    if instrument.response.labels:
        yield "; ".join(instrument.response.labels)
    for part in instrument.item_responses:
        yield f"items {_numbers(part.items)}: {_response(instrument.response_of(part.items[0]))}"


def _response(response: Response) -> str:
    digits = f", {response.decimals} decimal" if response.decimals else ""
    without = f", without {_numbers(response.skip)}" if response.skip else ""
    return f"{response.min} to {response.max}{digits}{without}"


def _variants(instrument: Instrument) -> Iterator[str]:
    for one in instrument.variants:
        said = _said(one.evidence, one.source, one.recorded)
        yield f'{one.id}: {_response(one.response)}, with variant = "{one.id}" in the feed {said}'


def _numbers(items: Iterable[int]) -> str:
    return ", ".join(map(str, items)) or "none"


def _reverse(instrument: Instrument) -> str:
    return "told by the site's key file" if instrument.needs_key else _numbers(sorted(instrument.reverse))


def _component(of: str | tuple[int, ...]) -> str:
    if isinstance(of, str):
        return f"scale {of}"
    return f"item{'' if len(of) == 1 else 's'} {_numbers(of)}"


def _structure(instrument: Instrument) -> Iterator[str]:
    structure = instrument.structure
    if structure.partition:
        yield f"{', '.join(structure.partition)}: every item in exactly one"
    if structure.overlap:
        yield f"{', '.join(structure.overlap)}: share items with others"


def _scale(scale: Scale, instrument: Instrument) -> str:
    words = {"higher_better": ", higher is better", "higher_worse": ", higher is worse", "neither": ""}
    return (
        f"{scale.id}: {_method(scale)} of {_items(scale, instrument)}, "
        f"{_range(scale)}{scale.unit}{words[scale.direction]}"
        f"{_only_where(scale)}"
        f"{'; stands for the form' if scale.id == instrument.outcome_scale else ''}"
    )


def _method(scale: Scale) -> str:
    return {
        "mean_x10": "10 times the mean",
        "table": "score by table of the sum",
        "sum_of_scales": "sum",
    }.get(scale.method, scale.method)


def _range(scale: Scale) -> str:
    return "" if scale.from_key and not scale.items else f"{scale.minimum} to {scale.maximum} "


def _items(scale: Scale, instrument: Instrument) -> str:
    if scale.scales:
        return " + ".join(scale.scales)
    if scale.from_key and not scale.items:
        return "the items that the site's key file names"
    if scale.items == tuple(instrument.items):
        return f"all {scale.n_items} items"
    if scale.n_items == 1:
        return f"item {scale.items[0]}"
    return f"{scale.n_items} items ({_numbers(scale.items)})"


def _only_where(scale: Scale) -> str:
    return (
        f"; only where item {_numbers(scale.not_applicable)} does not apply" if scale.not_applicable else ""
    )


def _missing_rules(scale: Scale) -> Iterator[str]:
    if scale.scales:
        yield f"{scale.id}: no score unless each of its scales has one"
        return
    if scale.from_key and not scale.items:
        yield f"{scale.id}: {_missing_in_words(scale.missing)}"
        return
    for rule in scale.missing_rules:
        since = f"from {rule.start.isoformat()} " if rule.start else ""
        said = f" {_said(rule.evidence, rule.source, rule.recorded)}" if rule.evidence else ""
        yield f"{scale.id}: {since}{_missing(rule, scale)}{said}"


def _missing(rule: Missing, scale: Scale) -> str:
    if rule.rule == "complete" and scale.n_items == 1:
        return "no score unless it is answered"
    if rule.rule == "complete":
        return f"no score unless all {scale.n_items} items are answered"
    rounded = "" if scale.round_to is None else f", rounded to {scale.round_to} decimals"
    return f"prorated with up to {rule.max_missing} of {scale.n_items} items missing{rounded}"


def _missing_in_words(rule: Missing) -> str:
    if rule.rule == "complete":
        return "no score unless all of its items are answered"
    return f"prorated with up to {rule.max_missing} items missing"


def _thresholds(instrument: Instrument) -> Iterator[str]:
    for one in instrument.thresholds:
        parts = [one.level, f"SD {one.sd}" if one.sd else ""]
        parts += [f"{one.reliability_kind} {one.reliability}" if one.reliability else ""]
        about = "".join(f", {part}" for part in parts if part)
        scale = f"any item of {one.scale}" if one.per else one.scale
        yield (
            f"{'on ' if one.on else 'off'} {one.kind} {scale} {one.comparison} "
            f"{one.value} {one.name}{about} {_said(one.evidence, one.source, one.recorded)}"
        )


def _bands(instrument: Instrument) -> Iterator[str]:
    for band in instrument.bands:
        off = "" if band.on else "off, "
        said = _said(band.evidence, band.source, band.recorded)
        yield f"{off}{band.scale} from {band.start}: {band.label} {said}"
