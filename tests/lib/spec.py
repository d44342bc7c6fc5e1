"""What spec tests say: tables of a form's manual, checked against the form as shipped.

A table may leave columns out; what it names must agree, in every row and in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from flows.score import score
from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN, REFUSED, Instrument, Response, Scale, Threshold
from schemas.registry import load
from tests.lib.forms import answers_frame
from tests.lib.tables import rows

REGISTRY = load()
WORDS = {
    "x": None,
    "refused": REFUSED,
    "not_shown": NOT_SHOWN,
    "not_applicable": NOT_APPLICABLE,
    "na": NOT_APPLICABLE,
}


def assert_scores(form: Instrument | str, table: str, confirmed: bool = False, already_keyed: bool = False):
    """Score the table's answers; the other columns are scales, or `answered`/`status` of the outcome scale.

    answers: one by one in printed units, `x` or a word where there is none; or `all 4`
    columns: `status p` and `answered p` are those of scale p
    """
    instrument = form_of(form)
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


def form_of(form: Instrument | str) -> Instrument:
    return REGISTRY[form] if isinstance(form, str) else form


def given(answers: str, instrument: Instrument) -> list[int | None]:
    """Item codes of a table's answers."""
    words = answers.split()
    if words[0] == "all":
        words = words[1:] * instrument.n_items
    numbered = zip(instrument.items, words, strict=True)
    return [
        WORDS[word] if word in WORDS else instrument.response_of(n).step(Decimal(word))
        for n, word in numbered
    ]


def shown(row: dict[str, object], column: str, instrument: Instrument) -> str:
    what, _, scale = column.partition(" ")
    if what in ("answered", "status"):
        return str(row[f"{what}_{scale or instrument.outcome_scale}"])
    score_ = row[f"score_{column}"]
    return "x" if score_ is None else plain(str(score_))


def plain(cell: str) -> str:
    """A number as it is printed, without trailing zeros; other cells as they are."""
    try:
        return f"{Decimal(cell).normalize():f}"
    except ArithmeticError:
        return cell


def assert_named(found: list[dict[str, str]], table: str):
    """The table's columns of what was found, row by row."""
    expected = rows(table)
    assert [{name: row[name] for name in expected[0]} for row in found] == expected


def assert_answers(form: Instrument | str, text: str):
    """What each item may be answered: `0 to 3`, or every answer with its anchor: `1 never, 2 rarely, ...`."""
    assert answers_text(form_of(form).response) == " ".join(text.split())


def answers_text(response: Response) -> str:
    if response.labels:
        return ", ".join(f"{response.min + at} {label}" for at, label in enumerate(response.labels))
    left_out = "".join(f" without {value}" for value in response.skip)
    tenths = " in tenths" if response.decimals == 1 else ""
    return f"{response.min} to {response.max}{tenths}{left_out}"


def assert_key(form: Instrument | str, table: str):
    """Items of the table's scales, as a manual prints them: `r` behind a reversed one."""
    instrument = form_of(form)
    found = [
        {"scale": id_, "items": key_text(instrument.scale(id_), instrument)}
        for id_ in [row["scale"] for row in rows(table)]
    ]
    assert found == rows(table)


def key_text(scale: Scale, instrument: Instrument) -> str:
    return " ".join(f"{number}{'r' if number in instrument.reverse else ''}" for number in scale.items)


def assert_bands(form: str, table: str, scale: str = "", used: bool = True, evidence: str = "verified"):
    """The band of each score, the last that starts at or below it; or, by `from`, where each begins.

    scale: the outcome scale where it is not named; used, evidence: of all its bands
    """
    instrument = REGISTRY[form]
    bands = [band for band in instrument.bands if band.scale == (scale or instrument.outcome_scale)]
    assert {(band.on, band.evidence) for band in bands} == {(used, evidence)}
    if "from" in rows(table)[0]:
        assert_named([{"from": plain(str(band.start)), "band": band.label} for band in bands], table)
        return
    for row in rows(table):
        starts = [band for band in bands if band.start <= Decimal(row["score"])]
        assert (row["score"], starts[-1].label) == (row["score"], row["band"])


def assert_thresholds(form: Instrument | str, table: str):
    """All thresholds of a form, on and off.

    A table without a column of scales is about the outcome scale; one without level, SD, reliability or what
    is compared says that there is none, and that scores are compared.
    """
    instrument = form_of(form)
    usual = {"scale": instrument.outcome_scale, "of": "score", "level": "", "sd": "", "reliability": ""}
    found = [threshold_row(threshold) for threshold in instrument.thresholds]
    left_out = usual.keys() - rows(table)[0].keys()
    assert [{name: row[name] for name in left_out} for row in found] == [
        {name: usual[name] for name in left_out} for _ in found
    ]
    assert_named(found, table)


def threshold_row(threshold: Threshold) -> dict[str, str]:
    return {
        "scale": threshold.scale,
        "kind": threshold.kind,
        "name": threshold.name,
        "when": f"{threshold.comparison} {threshold.value}",
        "of": threshold.per or "score",
        "level": threshold.level,
        "sd": "" if threshold.sd is None else plain(str(threshold.sd)),
        "reliability": "" if threshold.reliability is None else plain(str(threshold.reliability)),
        "used": "yes" if threshold.on else "no",
        "evidence": threshold.evidence,
    }


def assert_scales(form: Instrument | str, table: str):
    """Every scale: how many items, its range, its direction, how many items may be missing and who says so."""
    assert_named([scale_row(scale) for scale in form_of(form).scales], table)


def scale_row(scale: Scale) -> dict[str, str]:
    return {
        "scale": scale.id,
        "items": str(scale.n_items),
        "method": scale.method,
        "range": f"{plain(str(scale.minimum))}-{plain(str(scale.maximum))}",
        "direction": scale.direction,
        "may be missing": str(scale.missing.max_missing),
        "evidence": scale.missing.evidence,
    }


def keyed(form: str, subscales: Mapping[str, Sequence[int]], reverse: Sequence[int] = ()) -> Instrument:
    """A form without a public key under a key file made up here: which items each subscale has."""
    inside = {number: scale for scale, numbers in subscales.items() for number in numbers}
    lines = [
        f'instrument = "{form}"',
        'source = "made up, to show how a key file is used"',
        "recorded = 2026-11-23",
        f"reverse = {list(reverse)}",
        "[items]",
        *(f'{number} = "{inside.get(number, "")}"' for number in REGISTRY[form].items),
    ]
    return load({f"{form}.key.toml": "\n".join(lines).encode()})[form]
