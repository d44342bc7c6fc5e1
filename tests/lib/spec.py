"""What spec tests say: tables of a form's manual, checked against the form as shipped."""

from __future__ import annotations

from decimal import Decimal

from flows.score import score
from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN, REFUSED, Instrument
from schemas.registry import load
from tests.lib.forms import answers_frame
from tests.lib.tables import rows

REGISTRY = load()
WORDS = {"x": None, "refused": REFUSED, "not_shown": NOT_SHOWN, "not_applicable": NOT_APPLICABLE}


def assert_scores(form: Instrument | str, table: str, confirmed: bool = False, already_keyed: bool = False):
    """Score the table's answers; the other columns are scales, or `answered`/`status` of the outcome scale.

    answers: one by one in printed units, `x` or a word where there is none; or `all 4`
    """
    instrument = REGISTRY[form] if isinstance(form, str) else form
    examples = rows(table)
    answers = answers_frame((given(row["answers"], instrument) for row in examples), instrument.n_items)
    scored = score(answers, instrument, confirmed, already_keyed)
    found = [
        {
            "answers": row["answers"],
            **{name: shown(at, name, instrument) for name in row if name != "answers"},
        }
        for row, at in zip(examples, scored.iter_rows(named=True), strict=True)
    ]
    assert found == [{name: plain(cell) for name, cell in row.items()} for row in examples]


def given(answers: str, instrument: Instrument) -> list[int | None]:
    """Item codes of a table's answers."""
    words = answers.split()
    if words[0] == "all":
        words = words[1:] * instrument.n_items
    return [WORDS[word] if word in WORDS else instrument.response.step(Decimal(word)) for word in words]


def shown(row: dict[str, object], column: str, instrument: Instrument) -> str:
    if column in ("answered", "status"):
        return str(row[f"{column}_{instrument.outcome_scale}"])
    score_ = row[f"score_{column}"]
    return "x" if score_ is None else plain(str(score_))


def plain(cell: str) -> str:
    """A number as it is printed, without trailing zeros; other cells as they are."""
    try:
        return f"{Decimal(cell).normalize():f}"
    except ArithmeticError:
        return cell


def assert_bands(form: str, table: str):
    """The band of each score: the last that starts at or below it."""
    instrument = REGISTRY[form]
    for row in rows(table):
        starts = [band for band in instrument.bands if band.start <= Decimal(row["score"])]
        assert (row["score"], starts[-1].label) == (row["score"], row["band"])


def assert_thresholds(form: str, table: str):
    """All thresholds of a form, on and off."""
    found = [
        {
            "kind": threshold.kind,
            "name": threshold.name,
            "when": f"{threshold.comparison} {threshold.value}",
            "level": threshold.level,
            "used": "yes" if threshold.on else "no",
            "evidence": threshold.evidence,
        }
        for threshold in REGISTRY[form].thresholds
    ]
    assert found == rows(table)


def assert_scales(form: str, table: str):
    """Every scale: how many items, its range, its direction, how many items may be missing."""
    found = [
        {
            "scale": scale.id,
            "items": str(scale.n_items),
            "method": scale.method,
            "range": f"{scale.minimum}-{scale.maximum}",
            "direction": scale.direction,
            "may be missing": str(scale.missing.max_missing),
        }
        for scale in REGISTRY[form].scales
    ]
    assert found == rows(table)
