"""What exports are recognised by: the data is whole, and names are compared as people would."""

from __future__ import annotations

import pytest

from schemas.dialect import DIALECT_NAMES
from schemas.recognition import Mark, columns, forms, squeezed, systems, vocabulary, words_of
from schemas.registry import load
from schemas.site import VOCABULARY, fold

REGISTRY = load()


def test_every_system_is_a_dialect_and_every_dialect_has_marks():
    assert set(systems()) == set(DIALECT_NAMES)
    assert all(any(not mark.supports for mark in marks) for marks in systems().values())


def test_every_form_is_known_by_a_stem():
    assert set(forms()) == set(REGISTRY.ids)
    assert all(hints.stems for hints in forms().values())


@pytest.mark.parametrize("id_", forms())
def test_hints_fit_the_form(id_: str):
    hints, form = forms()[id_], REGISTRY[id_]
    assert len(hints.labels) in (0, len(form.response.steps))
    assert len(hints.keywords) in (0, form.n_items)
    assert len(hints.codes) in (0, form.n_items)
    assert all(text == fold(text) for texts in (*hints.labels, *hints.keywords) for text in texts)
    assert all(stem == squeezed(stem) for stem in hints.stems)


@pytest.mark.parametrize("ours", [ours for ours in VOCABULARY if ours in vocabulary().words])
def test_words_mean_one_of_ours(ours: str):
    known = vocabulary()
    assert set(known.words[ours].values()) <= set(VOCABULARY[ours])
    assert set(known.lists.get(ours, {}).values()) <= set(VOCABULARY[ours])


def test_a_text_of_no_answer_is_of_one_kind():
    texts = [text for listed in vocabulary().no_answer.values() for text in listed]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SessionNo", ("session", "no")),
        ("out_phq9_total", ("out", "phq9", "total")),
        ("PHQ[SQ001]", ("phq", "sq001")),
        ("Client ID", ("client", "id")),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("ours", "name", "found"),
    [
        ("client", "PID", True),
        ("client", "Client code", True),
        ("client", "PatientName", False),
        ("client", "Client's email", False),
        ("session", "outcomes_session", True),
        ("session", "SessionDate", False),
        ("attention", "ATT1", True),
        ("clinician", "Therapist", True),
        ("status", "BMI", False),
    ],
)
def test_names_of_columns(ours: str, name: str, found: bool):
    assert (columns()[ours].rank(name) is not None) is found


def test_a_whole_name_is_surer_than_a_word_of_one():
    words = columns()["client"]
    assert words.rank("client") < words.rank("id") < words.rank("my client")


def test_a_mark_of_names_needs_as_many_as_it_says():
    mark = Mark(10, "", names=frozenset({"a", "b", "c"}), least=2)
    assert not mark.fits(frozenset(), ["A", "x"], ())
    assert mark.fits(frozenset(), ["A", "x", "b"], ())
    assert Mark(10, "", pattern="_complete$").fits(frozenset(), ["x_complete"], ())
    assert Mark(10, "", second_row=frozenset({"response"})).fits(frozenset(), (), ["", "Response"])
    assert Mark(10, "", first_name=frozenset({"timestamp"})).fits(frozenset(), ["Timestamp"], ())
    assert not Mark(10, "", first_name=frozenset({"timestamp"})).fits(frozenset(), (), ())
