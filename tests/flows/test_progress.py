"""Progress: a bar that fills on a terminal, one line a stage elsewhere, nothing on demand."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from flows.progress import STAGES, bar, lines, nothing


def tell_all(tell) -> None:
    for stage in STAGES:
        tell(stage, 0, 3)
        tell(stage, 3, 3)


def test_lines_are_plain_and_each_is_said_once():
    out = StringIO()
    with lines(out) as tell:
        tell_all(tell)
    assert out.getvalue().splitlines() == [f"{words} ..." for words in STAGES.values()]
    assert "\x1b" not in out.getvalue()


def test_a_bar_names_the_stage_and_counts():
    out = StringIO()
    with bar(Console(file=out, force_terminal=True, width=100)) as tell:
        tell("process", 2, 5)
    shown = out.getvalue()
    assert STAGES["process"] in shown
    assert "2 of 5" in shown


def test_a_stage_of_one_step_has_no_count():
    out = StringIO()
    with bar(Console(file=out, force_terminal=True, width=100)) as tell:
        tell("process", 2, 5)
        tell("gate", 0, 1)
    shown = out.getvalue().rpartition(STAGES["gate"])[2]
    assert " of " not in shown


def test_a_bar_is_gone_when_it_is_done():
    """So that what a run says at its end stands alone."""
    out = StringIO()
    with bar(Console(file=out, force_terminal=True, width=100)) as tell:
        tell("load", 0, 1)
    assert out.getvalue().rstrip("\n").endswith("\x1b[2K")


def test_a_stage_without_deliveries(capsys):
    with bar(Console(file=StringIO(), force_terminal=True)) as tell:
        tell("process", 0, 0)
    with nothing() as tell:
        tell_all(tell)
    assert capsys.readouterr() == ("", "")
