"""The pages of docs/instruments: the card of each form, and an index."""

from __future__ import annotations

from schemas.cards import card_sections
from schemas.pages import pages
from schemas.registry import load
from tests.lib.forms import FORMS


def test_a_page_for_each_form_and_an_index_that_leads_to_it():
    made = pages(load())
    assert set(made) == {"index.md", *(f"{id_}.md" for id_ in FORMS)}
    for id_ in FORMS:
        assert f"[{id_}]({id_}.md)" in made["index.md"]


def test_a_page_holds_the_card_and_the_golden_vectors():
    page = pages(load())["wsas.md"]
    for label, values in card_sections(load()["wsas"]).items():
        assert f"## {label.capitalize()}" in page
        assert all(value in page for value in values)
    assert "| na 3 5 2 4 | total none, total_4 14" in page
    assert "refused: key not public" in pages(load())["vpps.md"]
    assert "(four_point)" in pages(load())["haq_1.md"]


def test_the_index_says_which_forms_give_scores():
    index = pages(load())["index.md"].splitlines()
    said = {
        line.split("](")[0][3:]: line.split(" | ")[-1].rstrip(" |")
        for line in index
        if line.startswith("| [")
    }
    assert said["phq_9"] == "yes"
    assert said["sdq"] == "once the site has confirmed its key"
    assert said["oq_45"] == "when the site supplies its key"
