"""A TOML table read key by key: all problems at once, each with its place."""

from __future__ import annotations

import pytest

from schemas.raw_table import RawTable, nearest


def table(**raw):
    return RawTable(raw, "x.toml:", [])


@pytest.mark.parametrize(
    ("read", "wrong", "problem"),
    [
        (lambda t: t.text("k"), [None, "", "  ", 3, ["a"]], "k: "),
        (lambda t: t.flag("k"), [0, "true"], "k: must be true or false"),
        (lambda t: t.whole("k", 5, least=3), [2, True, 4.0, "4"], "k: must be a whole number of at least 3"),
        (lambda t: t.choice("k", ("one", "two")), ["tow"], "k: 'tow' is not known; the nearest is 'two'"),
        (lambda t: t.character("k"), ["", "ab", 1, "\n"], "k: must be one character"),
        (lambda t: t.texts("k"), [True, [1.5], {"a": 1}], "k: must be a list of texts"),
        (lambda t: t.texts("k"), [[" "]], "k: holds a blank text"),
        (lambda t: t.texts("k"), [["a", "a"]], "k: names the same text twice"),
        (lambda t: list(t.tables("k", "[[k]]", "id")), [3, {"id": 1}], "k: must be written as [[k]]"),
        (lambda t: list(t.tables("k", "[[k]]", "id")), [[3]], "[[k]] no. 1: is not a table"),
        (lambda t: t.table("k", "[k]"), [3], "[k]: is not a table"),
    ],
)
def test_a_wrong_value_is_a_problem_and_never_an_exception(read, wrong, problem):
    for value in wrong:
        found = table(k=value) if value is not None else table()
        read(found)
        assert len(found.problems) == 1
        assert found.problems[0].startswith(f"x.toml: {problem}")


def test_right_values_are_no_problem():
    found = table(
        text="a", flag=True, whole=3, char="\t", texts=["a", 9], one="b", sub={}, many=[{"id": "z"}]
    )
    assert found.text("text") == "a"
    assert found.flag("flag")
    assert not found.flag("no flag")
    assert (found.whole("whole", 5, least=3), found.whole("none", 5, least=9)) == (3, 5)
    assert (found.character("char"), found.character("none")) == ("\t", None)
    assert (found.texts("texts"), found.texts("one"), found.texts("none")) == (("a", "9"), ("b",), ())
    assert found.choice("none", ("a", "b"), "b") == "b"
    assert found.optional_text("none") is None
    assert found.table("sub", "[sub]").place == "x.toml: [sub]"
    assert [part.place for part in found.tables("many", "[[many]]", "id")] == ["x.toml: [[many]] z"]
    found.close()
    assert found.problems == []


def test_what_nobody_asked_for_is_unknown():
    found = table(nmae="a", other=1)
    found.optional_text("name")
    found.close()
    assert found.problems == [
        "x.toml: nmae: unknown key; the nearest right key is 'name'",
        "x.toml: other: unknown key; the nearest right key is 'name'",
    ]


def test_places_nest():
    found = table(a=[{"id": "one", "b": {"c": 1}}])
    (part,) = found.tables("a", "[[a]]", "id")
    part.table("b", "[a.b]").text("c")
    assert found.problems == ["x.toml: [[a]] one, [a.b], c: must be a text that is not blank"]


def test_the_nearest_word_does_not_depend_on_order():
    assert (
        nearest("dilect", ["delivery", "dialect"]) == nearest("dilect", ["dialect", "delivery"]) == "dialect"
    )
    assert nearest("zzz", ["b", "a"]) == nearest("zzz", ["a", "b"])
