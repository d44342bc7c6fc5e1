from __future__ import annotations

import re
from importlib.resources import files

import pytest

from schemas.errors import RegistryError
from schemas.registry import instrument_card, load, read_instrument
from tests.lib.forms import FORMS


def toml(id_: str) -> str:
    return (files("schemas") / "instruments" / f"{id_}.toml").read_text(encoding="utf-8")


def own(text: str = "") -> bytes:
    return (text or toml("phq_9")).replace('id = "phq_9"', 'id = "house_9"').encode()


def test_every_shipped_form_is_loaded():
    assert load().ids == FORMS
    assert [instrument.id for instrument in load().instruments] == list(FORMS)


def test_each_form_stands_in_the_file_of_its_name():
    for id_ in FORMS:
        assert read_instrument(toml(id_).encode(), f"{id_}.toml").id == id_


def test_ids_that_sites_rely_on():
    assert {"wai_36", "wai_sr", "srs", "phq_9", "gad_7", "core_10"} <= set(load().ids)


@pytest.mark.parametrize("id_", FORMS)
def test_every_form_has_golden_vectors_and_sources(id_):
    form = load()[id_]
    assert form.vectors
    assert all(form.sources)


def test_a_registry_is_looked_up_by_id():
    registry = load()
    assert registry["phq_9"].title == "Patient Health Questionnaire-9"
    assert "phq_9" in registry
    assert "phq_8" not in registry
    assert (list(registry), len(registry)) == (list(FORMS), len(FORMS))


def test_an_unknown_instrument_is_refused_with_the_nearest():
    with pytest.raises(RegistryError, match="there is no instrument 'phq9'; the nearest is 'phq_9'"):
        load()["phq9"]


def test_a_site_adds_its_own_forms():
    registry = load({"house.toml": own()})
    assert registry.ids == tuple(sorted([*FORMS, "house_9"]))


def test_an_own_form_may_not_shadow_a_shipped_one():
    with pytest.raises(RegistryError) as caught:
        load({"instruments/mine.toml": toml("phq_9").encode()})
    assert str(caught.value) == (
        "instruments/mine.toml, id: 'phq_9' is taken by schemas/instruments/phq_9.toml; choose another id"
    )


def test_two_own_forms_may_not_share_an_id():
    with pytest.raises(RegistryError, match=r"b\.toml, id: 'house_9' is taken by a\.toml"):
        load({"b.toml": own(), "a.toml": own()})


@pytest.mark.parametrize("content", [b"id = ", b'title = "\xff"'], ids=["no value", "no UTF-8"])
def test_what_is_not_toml_is_refused_by_file(content):
    with pytest.raises(RegistryError, match=r"^house\.toml: is not TOML: "):
        load({"house.toml": content})


def test_decimals_are_read_exactly():
    content = toml("srs").replace("value = 36\n", "value = 36.1\n").encode()
    assert str(read_instrument(content, "srs.toml").thresholds[0].value) == "36.1"


def test_the_digest_is_the_same_every_time():
    assert re.fullmatch("[0-9a-f]{64}", load().digest)
    assert load().digest == load().digest


def test_layout_does_not_change_the_digest():
    as_listed = 'raters = ["client"]'
    as_laid_out = 'raters = [\n    "client",   # who else\n]'
    numbered = toml("phq_9").replace('items = "all"', "items = [1, 2, 3, 4, 5, 6, 7, 8, 9]")
    assert as_listed in numbered
    other = {"house.toml": own(numbered.replace(as_listed, as_laid_out))}
    assert load({"house.toml": own()}).digest == load(other).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reverse = []", "reverse = [3]"),
        ("risk_items = [9]", "risk_items = []"),
        ("value = 10\n", "value = 11\n"),
        ("on = true", "on = false"),
        ('label = "mild"', 'label = "light"'),
        ("from = 5\n", "from = 6\n"),
        ('evidence = "verified"', 'evidence = "unconfirmed"'),
    ],
)
def test_content_changes_the_digest(old, new):
    before, after = own(), own(toml("phq_9").replace(old, new, 1))
    assert before != after
    assert load({"house.toml": before}).digest != load({"house.toml": after}).digest


def test_the_file_name_does_not_change_the_digest():
    assert load({"a.toml": own()}).digest == load({"b.toml": own()}).digest


def test_the_card_of_a_form():
    assert instrument_card(load()["core_10"]).splitlines() == [
        "core_10: Clinical Outcomes in Routine Evaluation-10",
        "  version     Barkham et al. 2013, 10 items",
        "  construct   outcome",
        "  raters      client",
        "  evidence    verified",
        "  items       10",
        "  response    0 to 4",
        "  reverse     2, 3",
        "  risk items  6",
        "  scales      total: sum of all 10 items, 0 to 40 points, higher is worse; stands for the form",
        "  missing     total: prorated with up to 1 of 10 items missing "
        "(unconfirmed: S13 code, S37 advice; the publisher's own limit was not seen)",
        "  thresholds  on  caseness total >= 11 general_distress "
        "(verified: S40; Jacobson-Truax c from the norms there is 10.46)",
        "              off caseness total >= 13 depression (verified: S40)",
        "              on  reliable_change total >= 6 rci_90, 90 % (unconfirmed: the literature, paper not "
        "seen; SD 7.7 and alpha .90 (S40) give 5.66)",
        "              off reliable_change total >= 7 rci_95, 95 % (derived: SD 7.7 and alpha .90 (S40) give 6.75)",
        "  bands       total from 0: healthy (verified: S12 citing O'Reilly 2016)",
        "              total from 6: low (verified: S12 citing O'Reilly 2016)",
        "              total from 11: mild (verified: S12 citing O'Reilly 2016, S38)",
        "              total from 15: moderate (verified: S12 citing O'Reilly 2016, S38)",
        "              total from 20: moderate-severe (verified: S12 citing O'Reilly 2016, S38)",
        "              total from 25: severe (verified: S12 citing O'Reilly 2016, S38)",
        "  given       every session (S37); age 17 and over",
        "  licence     CC BY-ND 4.0, free in software (S11); other pages say CC BY-NC-ND. "
        "Item texts are not shipped.",
        *(
            f"  {'sources' if place == 0 else '':<12}{source}"
            for place, source in enumerate(load()["core_10"].sources)
        ),
    ]


@pytest.mark.parametrize("id_", FORMS)
def test_every_card_says_how_the_form_is_licensed(id_):
    form = load()[id_]
    assert f"  licence     {form.licence}" in instrument_card(form).splitlines()


def test_the_card_of_an_unconfirmed_key_says_what_to_do():
    unconfirmed = own(toml("phq_9").replace('evidence = "verified"', 'evidence = "unconfirmed"', 1))
    card = instrument_card(load({"house.toml": unconfirmed})["house_9"])
    assert (
        "  evidence    unconfirmed; no score until the site lists it in confirmed_instruments"
        in card.splitlines()
    )


def test_the_card_names_the_items_of_a_subscale():
    lines = instrument_card(load()["wai_sr"]).splitlines()
    assert "              task: sum of 4 items (1, 2, 10, 12), 4 to 20 points, higher is better" in lines
