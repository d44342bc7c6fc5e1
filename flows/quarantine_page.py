"""A clinic's report as one page of HTML: by itself, printable, light and dark, without any request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

Table = tuple[str, Sequence[str], Sequence[tuple[str | int, ...]]]
"""Its title, its headings, its rows."""

STYLE = """
:root { color-scheme: light dark; --text: #1c2430; --back: #ffffff; --soft: #f3f5f8; --line: #cfd6df; }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaf0; --back: #14181e; --soft: #1e242c;
  --line: #3a4350; } }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
.grid { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 40rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { background: var(--soft); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
@media print { :root { --text: #000000; --back: #ffffff; --soft: #ffffff; --line: #888888; }
  main { max-width: none; padding: 0; } .grid { overflow: visible; } table { min-width: 0; }
  thead { display: table-header-group; } tr { break-inside: avoid; } }
"""

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
"""


def page(facts: Mapping[str, str], note: str, *tables: Table) -> bytes:
    """The page. Every text is escaped, so that a file or column name is never markup."""
    return "".join(_page(facts, note, tables)).encode("utf-8", "replace")


def _page(facts: Mapping[str, str], note: str, tables: Sequence[Table]) -> Iterator[str]:
    yield HEAD.format(title=escape(f"To mend: {facts['Clinic']}"), style=STYLE)
    yield "<dl>"
    yield from (f"<dt>{escape(name)}</dt><dd>{_text(value)}</dd>\n" for name, value in facts.items())
    yield "</dl>\n"
    filled = [table for table in tables if table[2]]
    yield f"<p>{escape(note) if filled else 'Nothing waits to be mended.'}</p>\n"
    for title, headings, rows in filled:
        yield from _table(title, headings, rows)
    yield "</main>\n</body>\n</html>\n"


def _table(title: str, headings: Sequence[str], rows: Sequence[tuple[str | int, ...]]) -> Iterator[str]:
    """A table that scrolls by itself on a narrow screen, by keyboard too."""
    name = escape(title)
    yield f'<h2>{name}</h2>\n<div class="grid" role="region" tabindex="0" aria-label="{name}">\n'
    yield "<table>\n<thead><tr>"
    yield "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _cell(value: str | int) -> str:
    return f'<td class="number">{value}</td>' if isinstance(value, int) else f"<td>{_text(value)}</td>"


def _text(value: str) -> str:
    """Escaped; a control character shows as one that is none."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value))
