"""The report of one gate: a page that needs nothing but itself, and the same as JSON.

Each expectation in words, its verdict and counts; never a value of the data. Equal candidates give
equal bytes: no clock time is in it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from warehouse.checks import CRITICAL, WAREHOUSE, Expectation, counting_query
from warehouse.files import private_dir, write_private

PASSED, FAILED, NOT_RUN = "passed", "failed", "not_run"
STATE_WORDS = {PASSED: "holds", FAILED: "fails", NOT_RUN: "not run"}
DATABASE_WORDS = {WAREHOUSE: "Warehouse", "published": "Published file"}


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation. broken: how often it fails; None where it could not be run."""

    expectation: Expectation
    state: str
    broken: int | None


@dataclass(frozen=True)
class Failure:
    """One failed expectation, for people: place, what must hold, how often it does not."""

    table: str
    expectation: str
    column: str
    severity: str
    unexpected_count: int | None
    message: str

    @classmethod
    def of(cls, outcome: Outcome) -> Failure:
        one = outcome.expectation
        return cls(one.table, one.name, one.column, one.severity, outcome.broken, _message(outcome))


def _message(outcome: Outcome) -> str:
    one = outcome.expectation
    place = one.table or DATABASE_WORDS[one.database].lower()
    return f"{place}: expected that {one.words}; {_broken(outcome)}"


def _broken(outcome: Outcome) -> str:
    if outcome.state == NOT_RUN:
        return "not run: a table it reads is not as declared"
    if outcome.broken is None:
        return "it could not be run"
    return (
        ""
        if not outcome.broken
        else f"broken {outcome.broken:,} {'time' if outcome.broken == 1 else 'times'}"
    )


def write_report(
    folder: Path, run: str, as_of: dt.date, outcomes: Sequence[Outcome], rows: Mapping[str, Mapping[str, int]]
) -> Path:
    """Write gate.json and index.html into the folder, readable by their owner alone; the page's path.

    rows: rows of each table, by database
    """
    summary = _summary(run, as_of, outcomes)
    private_dir(folder)
    content = {**summary, "rows": rows, "expectations": [_as_json(outcome) for outcome in outcomes]}
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    write_private(folder / "gate.json", text.encode())
    return write_private(folder / "index.html", "".join(_page(summary, outcomes, rows)).encode())


def _summary(run: str, as_of: dt.date, outcomes: Sequence[Outcome]) -> dict[str, str | int]:
    failed = [outcome for outcome in outcomes if outcome.state == FAILED]
    critical = sum(outcome.expectation.severity == CRITICAL for outcome in failed)
    return {
        "schema": 1,
        "run": run,
        "as_of": as_of.isoformat(),
        "verdict": FAILED if critical else PASSED,
        "checked": sum(outcome.state != NOT_RUN for outcome in outcomes),
        "failed": len(failed),
        "critical_failed": critical,
        "not_run": sum(outcome.state == NOT_RUN for outcome in outcomes),
    }


def _as_json(outcome: Outcome) -> dict[str, str | int | None]:
    one = outcome.expectation
    return {
        "database": one.database,
        "table": one.table,
        "expectation": one.name,
        "column": one.column,
        "severity": one.severity,
        "words": one.words,
        "state": outcome.state,
        "broken": outcome.broken,
    }


def _page(
    summary: Mapping[str, str | int], outcomes: Sequence[Outcome], rows: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    title = f"Quality gate of run {escape(str(summary['run']))}"
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<style>{STYLE}</style>\n</head>\n"
    yield f"<body>\n<main>\n<h1>{title}</h1>\n{_verdict(summary)}"
    failed = sorted(
        (one for one in outcomes if one.state == FAILED), key=lambda one: one.expectation.severity
    )
    if failed:
        yield from _failures(failed)
    for database, group in groupby(outcomes, key=lambda outcome: outcome.expectation.database):
        yield f"<h2>{DATABASE_WORDS[database]}</h2>\n"
        by_table = sorted(group, key=lambda outcome: outcome.expectation.table)
        for table, its in groupby(by_table, key=lambda outcome: outcome.expectation.table):
            yield from _table(table, list(its), rows[database].get(table))
    yield "</main>\n</body>\n</html>\n"


def _verdict(summary: Mapping[str, str | int]) -> str:
    verdict = summary["verdict"]
    meaning = (
        "Every critical expectation holds: the candidate may be published."
        if verdict == PASSED
        else "A critical expectation fails: the candidate is refused and the last publication stays in place."
    )
    failed, critical = int(summary["failed"]), int(summary["critical_failed"])
    not_run = f", {summary['not_run']} not run" if summary["not_run"] else ""
    return (
        f'<p class="verdict {verdict}"><strong>{str(verdict).capitalize()}.</strong> {meaning}</p>\n'
        f"<p>As of {summary['as_of']}: {int(summary['checked']):,} expectations checked, "
        f"{critical:,} critical and {failed - critical:,} warnings failed{not_run}. "
        "This page holds no value of the data, only counts.</p>\n"
    )


def _failures(failed: Iterable[Outcome]) -> Iterator[str]:
    rows = [
        [
            f"{escape(one.expectation.words)}{_query(one)}",
            _code(one.expectation.table or DATABASE_WORDS[one.expectation.database].lower()),
            _code(one.expectation.column),
            one.expectation.severity,
            _broken(one),
        ]
        for one in failed
    ]
    yield "<h2>What fails</h2>\n"
    yield from _grid("Failed expectations", ("Expected", "Table", "Column", "Severity", "Result"), rows)


def _query(outcome: Outcome) -> str:
    query = escape(counting_query(outcome.expectation))
    return f'<details><summary>Query that counts it</summary><code class="query">{query}</code></details>'


def _table(table: str, outcomes: Sequence[Outcome], rows: int | None) -> Iterator[str]:
    """One table's expectations, folded unless one of them does not hold."""
    name = _code(table) if table else "The whole file"
    amiss = sum(outcome.state != PASSED for outcome in outcomes)
    size = "" if rows is None else f", {rows:,} {'row' if rows == 1 else 'rows'}"
    hold = f"{len(outcomes) - amiss} of {len(outcomes)} hold" if amiss else f"all {len(outcomes)} hold"
    yield f"<details{' open' if amiss else ''}>\n<summary>{name}{size}: {hold}</summary>\n"
    cells = [
        [
            escape(outcome.expectation.words),
            _code(outcome.expectation.column),
            outcome.expectation.severity,
            f'<span class="{outcome.state}">{STATE_WORDS[outcome.state]}</span>',
            _broken(outcome),
        ]
        for outcome in outcomes
    ]
    label = f"Expectations on {table or 'the whole file'}"
    yield from _grid(label, ("Expected", "Column", "Severity", "Verdict", "Result"), cells)
    yield "</details>\n"


def _grid(label: str, headings: Iterable[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table that scrolls by itself on a narrow screen, by keyboard too."""
    yield f'<div class="grid" role="region" tabindex="0" aria-label="{escape(label)}">\n<table>\n'
    yield f'<caption class="unseen">{escape(label)}</caption>\n<thead><tr>'
    yield "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _code(name: str) -> str:
    return f"<code>{escape(name)}</code>" if name else ""


STYLE = """
:root { color-scheme: light dark; --text: #1c2430; --back: #ffffff; --soft: #f3f5f8; --line: #cfd6df;
  --good: #14633a; --bad: #a3182b; --dim: #55606e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaf0; --back: #14181e; --soft: #1e242c;
  --line: #3a4350; --good: #7fd6a4; --bad: #ff9aa6; --dim: #a5b0bd; } }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.verdict { padding: .75rem 1rem; background: var(--soft); border-left: .35rem solid var(--good); }
.verdict.failed { border-left-color: var(--bad); }
.passed strong, span.passed { color: var(--good); }
.failed strong, span.failed { color: var(--bad); font-weight: 600; }
span.not_run { color: var(--dim); }
main > details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
td summary { color: var(--dim); font-size: .9em; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.grid { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; width: 100%; min-width: 36rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--line); }
thead th { background: var(--soft); white-space: nowrap; }
code { font: .9em/1.4 ui-monospace, monospace; white-space: nowrap; }
code.query, summary > code { white-space: normal; overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
"""
