"""What a warehouse holds beside its records: a run's inputs, the site's clinics, the instruments' cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

from flows.inputs import Inputs
from schemas.instrument import Instrument, Scale
from schemas.site import Site


def dimensions(
    site: Site, instruments: Sequence[Instrument], inputs: Inputs
) -> Mapping[str, list[tuple[object, ...]]]:
    """Rows of the small tables that come from configuration and registry."""
    said = {
        "as_of": inputs.as_of,
        "decisions": inputs.decisions,
        "registry": inputs.registry,
        "site": inputs.site,
        "key_id": inputs.key_id,
        "code": inputs.code,
        "lock": inputs.lock,
        "timezone": site.timezone,
        "site_name": site.name,
        "shared_ids": str(site.shared_ids),
        **{name: str(value) for name, value in asdict(site.rules).items()},
    }
    return {
        "core_run": list(said.items()),
        "core_clinic": [(clinic.id, clinic.name, clinic.service) for clinic in site.clinics],
        "core_due": [
            (
                due.service,
                due.instrument,
                due.rater,
                number,
                "listed" if isinstance(due.sessions, tuple) else due.sessions,
                session,
            )
            for number, due in enumerate(site.due, 1)
            for session in (due.sessions if isinstance(due.sessions, tuple) else (None,))
        ],
        "core_instrument": [
            (
                i.id,
                i.title,
                i.construct,
                i.outcome_scale,
                i.n_items,
                i.evidence,
                ",".join(i.measure_for) or None,
            )
            for i in instruments
        ],
        "core_scale": [
            (
                i.id,
                s.id,
                number,
                len(s.items),
                s.method,
                s.minimum,
                s.maximum,
                s.direction,
                s.unit,
                steps_per_point(i, s),
            )
            for i in instruments
            for number, s in enumerate(i.scales, 1)
        ],
        "core_item": [
            (i.id, s.id, item, item in i.reverse) for i in instruments for s in i.scales for item in s.items
        ],
        "core_threshold": [
            (
                i.id,
                t.scale,
                t.kind,
                t.name,
                t.value,
                t.comparison,
                t.evidence,
                t.level or None,
                t.sd,
                t.reliability,
                t.recorded,
                t.on,
            )
            for i in instruments
            for t in i.thresholds
        ],
    }


def steps_per_point(instrument: Instrument, scale: Scale) -> Decimal | None:
    """How many smallest steps the keyed answers, summed, rise for one point of the score.

    None where a table gives the score. Score times this is the keyed sum, however the feed captured the
    reversed items.
    """
    if scale.method == "table":
        return None
    return Decimal(instrument.response.steps_per_point * scale.n_items) / scale.weight
