"""A clinic's page: every text is text, nothing is asked of any address, and it can be printed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from flows.quarantine_page import page

FACTS = {"Clinic": "<North> & co", "Run": "r1"}
EVIL = '"><script>alert(1)</script><img src=x onerror=y>'


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def read(*tables, facts=FACTS) -> Tags:
    found = Tags()
    found.feed(page(facts, "a note", *tables).decode())
    return found


def test_names_are_never_markup():
    found = read(("Every <problem>", ("File", "Row"), [(EVIL, 3), ("a\x00b\u202e", 4)]))
    assert {"script", "img"}.isdisjoint(found.tags)
    assert EVIL in found.text
    assert "<North> & co" in found.text
    assert "\x00" not in found.text
    assert "\u202e" not in found.text


def test_nothing_is_asked_of_any_address():
    found = read(("Every problem", ("File",), [("http://example.org/x",)]))
    assert found.attributes.isdisjoint({"src", "href", "action", "background"})
    assert {"script", "link", "iframe", "form", "base"}.isdisjoint(found.tags)
    content = page(FACTS, "").decode()
    assert "default-src 'none'" in content
    assert not re.search(r"url\(|@import", content)


def test_a_table_has_a_heading_for_each_column_and_a_cell_for_each_value():
    found = read(("One", ("File", "Row"), [("a", 1), ("b", 2)]), ("Empty", ("File",), []))
    assert (found.tags.count("th"), found.tags.count("td"), found.tags.count("table")) == (2, 4, 1)
    assert "a note" in found.text


def test_where_nothing_waits_it_says_so():
    assert "Nothing waits to be mended." in read(("One", ("File",), [])).text


def test_it_is_for_light_dark_and_paper():
    content = page(FACTS, "").decode()
    assert "prefers-color-scheme: dark" in content
    assert "@media print" in content
