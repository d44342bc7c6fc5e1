"""Quantities: all that is published counts something that is declared, and a wrong declaration is named."""

from __future__ import annotations

import pytest

from schemas import metrics, quantities
from schemas.errors import ConfigError
from schemas.metrics import Metric
from schemas.quantities import AtInstrument, Balance, Counted, Ordered, Partition, Quantity, Supposed, Total
from tests.lib.tables import rows

TEXT = """
[[quantities]]
id = "due"
by = "instrument"
raters = ["client", "therapist"]
within = ["held"]

[[quantities]]
id = "returned"
by = "instrument"
raters = ["client", "therapist"]
within = ["due"]

[[quantities]]
id = "not_returned"
by = "instrument"
within = ["due"]

[[quantities]]
id = "held"

[[quantities]]
id = "seen"
within = ["held"]
additive = false

[[quantities]]
id = "open"

[[counted]]
figure = "held_count"
numerator = "held"

[[counted]]
figure = "returned_rate"
numerator = "returned"
denominator = "due"
raters = ["client", "therapist"]

[[counted]]
figure = "days_mean"
definition = "of_held"
denominator = "held"

[[counted]]
figure = "open_count"
numerator = "open"

[[partitions]]
whole = "due"
parts = ["returned", "not_returned"]

[[totals]]
part = "returned"
whole = "due"
exact = true

[[at_instrument]]
part = "seen"
whole = "due"
instrument = "phq_9"

[[balances]]
stock = "open"
entered = "held"
left = "seen"
exact = true

[[ordered]]
quantities = ["held", "seen"]

[[supposed]]
part = "returned"
whole = "seen"
raters = ["therapist"]
"""


def metric(figure: str, kind: str, definition: str = "standard", scaffold: str = "period") -> Metric:
    text = dict.fromkeys(
        ("theme", "title", "unit", "better", "numerator", "dated_by", "source", "series"), ""
    )
    return Metric(
        **text, figure=figure, definition=definition, kind=kind, denominator="", needs=(), scaffold=scaffold,
        rater="client",
    )  # fmt: skip


DICTIONARY = (
    metric("held_count", "count"),
    metric("returned_rate", "rate"),
    metric("returned_rate", "rate", "therapist_rated"),
    metric("days_mean", "mean", "of_held"),
    metric("open_count", "count", scaffold="period_end"),
    metric("an_estimate", "model"),
)


def test_a_file_is_read():
    found = quantities.parse(TEXT, DICTIONARY)
    assert found.quantities == (
        Quantity("due", ("held",), "instrument"),
        Quantity("due:therapist", ("held",), "instrument"),
        Quantity("returned", ("due",), "instrument"),
        Quantity("returned:therapist", ("due:therapist",), "instrument"),
        Quantity("not_returned", ("due",), "instrument"),
        Quantity("held", (), "whole"),
        Quantity("seen", ("held",), "whole", additive=False),
        Quantity("open", (), "whole"),
    )
    assert found.counted == (
        Counted("held_count", "standard", "held", ""),
        Counted("returned_rate", "standard", "returned", "due"),
        Counted("returned_rate", "therapist_rated", "returned:therapist", "due:therapist"),
        Counted("days_mean", "of_held", "", "held"),
        Counted("open_count", "standard", "open", ""),
    )
    assert found.partitions == (Partition("due", ("returned", "not_returned")),)
    assert found.totals == (Total("returned", "due", exact=True),)
    assert found.at_instrument == (AtInstrument("seen", "due", "phq_9"),)
    assert found.balances == (Balance("open", "held", "seen", exact=True),)
    assert found.ordered == (Ordered(("held", "seen")),)
    assert found.supposed == (Supposed("returned:therapist", "seen"),)


WRONG = rows("""
    instead of                              | there is                                | problem
    within = ["held"]\\nadditive            | within = ["hled"]\\nadditive            | quantities.toml: [[quantities]] seen, within: 'hled' is not known; the nearest is 'held'
    id = "held"                             | id = "held"\\nwithin = ["held"]         | quantities.toml: [[quantities]] held, within: a circle, held within held
    id = "held"                             | id = "held"\\nwithin = ["seen"]         | within: a circle
    id = "open"                             | id = "open"\\nwithin = ["due"]          | quantities.toml: [[quantities]] open, within: 'due' is by instrument
    id = "held"                             | id = "held"\\nwithin = ["open"]         | quantities.toml: [[quantities]] held, within: 'open' is over period_end
    id = "open"                             | id = "seen"                             | quantities.toml: [[quantities]] seen, id: is there twice, rated by client
    id = "open"                             | id = "open"\\nraters = ["clint"]        | quantities.toml: [[quantities]] open, raters: 'clint' is not known; the nearest is 'client'
    id = "open"                             | id = "open"\\nby = "clinic"             | quantities.toml: [[quantities]] open, by: 'clinic' is not known
    id = "open"                             | id = "open"\\nwhithin = ["held"]        | quantities.toml: [[quantities]] open, whithin: unknown key; the nearest right key is 'within'
    id = "open"                             | id = 7                                  | id: must be a text that is not blank
    id = "held"                             | id = "held"\\nwithin = ["returned"]\\nraters = ["observer"] | quantities.toml: returned: has raters, but not observer, and is named for observer
    figure = "held_count"                   | figure = "hold_count"                   | quantities.toml: [[counted]] hold_count, definition 'standard': no count, rate or mean of the dictionary
    figure = "held_count"                   | figure = "hold_count"                   | quantities.toml: [[counted]] held_count, definition 'standard': is missing
    figure = "held_count"                   | figure = "an_estimate"                  | quantities.toml: [[counted]] an_estimate, definition 'standard': no count, rate or mean of the dictionary
    figure = "held_count"                   | figure = "open_count"                   | quantities.toml: [[counted]] open_count, definition 'standard': is there twice
    definition = "of_held"                  | definition = "of_hold"                  | quantities.toml: [[counted]] days_mean, definition 'of_held': is missing
    numerator = "held"                      | numerator = "hold"                      | quantities.toml: [[counted]] held_count, numerator: 'hold' is not known; the nearest is 'held'
    numerator = "held"                      | numerator = "open"                      | quantities.toml: [[counted]] open_count, definition 'standard': 'open' is over period elsewhere, not over period_end
    numerator = "held"                      | numerator = "held"\\ndenominator = "held" | quantities.toml: [[counted]] held_count, definition 'standard': a count has a numerator and nothing else
    denominator = "held"                    | numerator = "held"                      | quantities.toml: [[counted]] days_mean, definition 'of_held': a mean has a denominator and nothing else
    parts = ["returned", "not_returned"]    | parts = ["returned", "seen"]            | quantities.toml: [[partitions]] due, parts: 'seen' is not within the whole
    parts = ["returned", "not_returned"]    | parts = ["returned", "seem"]            | quantities.toml: [[partitions]] due, parts: 'seem' is not known; the nearest is 'seen'
    part = "seen"                           | part = "seem"                           | quantities.toml: [[at_instrument]] seem, part: 'seem' is not known; the nearest is 'seen'
    left = "seen"                           | leaves = "seen"                         | quantities.toml: [[balances]] open, left: is missing
    [[supposed]]                            | [[suposed]]                             | quantities.toml: suposed: unknown key; the nearest right key is 'supposed'
""")


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["problem"])
def test_what_is_wrong_is_named(case: dict[str, str]):
    before, after = (case[key].replace("\\n", "\n") for key in ("instead of", "there is"))
    assert TEXT.count(before) == 1
    with pytest.raises(ConfigError) as raised:
        quantities.parse(TEXT.replace(before, after), DICTIONARY)
    assert case["problem"] in str(raised.value)


def test_every_published_figure_tells_of_quantities():
    published = [(one.figure, one.definition) for one in metrics.load() if one.kind != "model"]
    assert sorted((one.figure, one.definition) for one in quantities.load().counted) == sorted(published)


@pytest.mark.parametrize(
    "case",
    rows("""
        quantity                  | figures
        finished                  | finished_course standard, recovery_rate -, outcome_mean_first -, instrument_paired_rate standard
        pairs                     | outcome_mean_first standard, instrument_paired_rate standard, instrument_improved_rate own_baseline
        held                      | appointments_held standard, attendance_rate standard, attendance_rate of_booked
        scores                    | alliance_mean standard, alliance_ceiling_rate standard, alliance_by_session -
        scores:therapist          | alliance_mean therapist_rated, alliance_ceiling_rate therapist_rated, alliance_mean -
        treated                   | dropout_rate standard, finished_course_rate of_treated, finished_course_rate -
    """),
    ids=lambda case: case["quantity"],
)
def test_the_same_thing_has_the_same_id(case: dict[str, str]):
    """And another thing, marked by a dash, has not."""
    told = {
        (one.figure, one.definition)
        for one in quantities.load().counted
        if case["quantity"] in (one.numerator, one.denominator)
    }
    for figure, definition in (named.split() for named in case["figures"].split(", ")):
        key = (figure, "standard" if definition == "-" else definition)
        assert (key in told) == (definition != "-"), key
