from __future__ import annotations

import re
from importlib.resources import files

import pytest

from schemas.errors import RegistryError
from schemas.registry import load, read_instrument
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


KEY = """
instrument = "taqr"
source = "manual, page 12"
recorded = 2026-11-23
[items]
1 = "total"
2 = "total"
3 = "total"
4 = "total"
"""


def test_a_site_supplies_a_key():
    assert load()["taqr"].needs_key
    keyed = load({"instruments/taqr.key.toml": KEY.encode()})["taqr"]
    assert not keyed.needs_key
    assert keyed.scale("total").items == (1, 2, 3, 4)


def test_a_key_for_a_form_of_the_site_itself():
    form = toml("taqr").replace('id = "taqr"', 'id = "house_4"').encode()
    key = KEY.replace('"taqr"', '"house_4"').encode()
    assert not load({"house_4.key.toml": key, "house.toml": form})["house_4"].needs_key


@pytest.mark.parametrize(
    ("old", "new"),
    [("page 12", "page 13"), ("2026-11-23", "2026-11-24"), ("[items]", "reverse = [2]\n[items]")],
)
def test_a_key_file_is_part_of_the_digest(old, new):
    before, after = KEY.encode(), KEY.replace(old, new).encode()
    digests = {load(extra).digest for extra in ({}, {"taqr.key.toml": before}, {"taqr.key.toml": after})}
    assert len(digests) == 3


def test_a_registry_in_other_response_scales():
    other = load().as_variants({"k10": "coded_0_4"})
    assert (other["k10"].variant, other["k10"].scale("total").range) == ("coded_0_4", (0, 40))
    assert other["phq_9"] == load()["phq_9"]
    assert other.digest != load().digest
    assert load().as_variants({}).digest == load().digest


def test_the_file_name_does_not_change_the_digest():
    assert load({"a.toml": own()}).digest == load({"b.toml": own()}).digest
