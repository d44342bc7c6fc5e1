"""A site's folder: made ready to run, read whole, checked in words."""

from __future__ import annotations

import re

import pytest

from flows.config import check, init_site, load_site, read_config
from schemas.dialect import load_dialects
from schemas.errors import ConfigError, RegistryError
from schemas.site import KINDS, Disclosure

KEY = {"ACCORD_KEY": "0f" * 32}


@pytest.fixture
def site(tmp_path):
    init_site(tmp_path / "site", 'Zürich "Nord"', "Europe/Zurich", {})
    return tmp_path / "site"


def uncommented(site):
    """The starter with its examples in force."""
    text = (site / "site.toml").read_text(encoding="utf-8")
    (site / "site.toml").write_text(re.sub(r"^#(?=\S)", "", text, flags=re.M), encoding="utf-8")
    return load_site(site)


def test_a_new_site_can_be_read_and_belongs_to_its_owner_alone(site):
    config = load_site(site)
    assert (config.site.name, config.site.timezone, config.site.feeds) == (
        'Zürich "Nord"',
        "Europe/Zurich",
        (),
    )
    assert config.forms == {}
    for path in [site, *site.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert {path.name for path in site.iterdir()} >= {"inbox", "instruments", "secret.key", "site.toml"}


def test_the_examples_of_the_starter_are_right(site):
    config = uncommented(site)
    assert [feed.kind for feed in config.site.feeds] == list(KINDS)
    assert len(config.site.due) == 1
    assert config.site.disclosure == Disclosure()
    starter = (site / "site.toml").read_text(encoding="utf-8")
    assert all(f"{name}" in starter for name in load_dialects())


def test_an_existing_site_is_left_alone(site):
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="already there"):
        init_site(site, "Other", "UTC", {})
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before


def test_nothing_is_made_of_a_wrong_time_zone(tmp_path):
    with pytest.raises(ConfigError, match="'Atlantis' is no IANA time zone"):
        init_site(tmp_path / "site", "X", "Atlantis", {})
    assert not (tmp_path / "site").exists()


def test_a_key_of_the_environment_is_not_written_down(tmp_path):
    init_site(tmp_path / "site", "X", "UTC", KEY)
    assert not (tmp_path / "site/secret.key").exists()


def test_a_missing_site_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match=r"site\.toml: there is none in .*accord init"):
        load_site(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[site]\nname = "x\n', r"site\.toml: is no TOML: .*line 2"),
        (b'[site]\nname = "\xfc"\n', r"site\.toml: is not in UTF-8"),
        (b"[site]\n[site]\n", r"site\.toml: is no TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_its_line(site, content, message):
    (site / "site.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_site(site)


def test_a_byte_order_mark_is_no_mistake(site):
    path = site / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_site(site).site.name == 'Zürich "Nord"'


def test_an_own_instrument_is_read_and_its_mistakes_name_the_file(site):
    own = site / "instruments" / "own.toml"
    own.write_text('id = "own"\n')
    with pytest.raises(RegistryError, match=r"instruments/own\.toml"):
        load_site(site)
    own.write_text("id = \n")
    with pytest.raises(RegistryError, match=r"instruments/own\.toml"):
        load_site(site)


def test_the_recorded_texts_give_the_same_site_again(site):
    config = uncommented(site)
    again = read_config(config.toml, config.forms)
    assert (again.site, again.registry.digest) == (config.site, config.registry.digest)


def test_check_says_what_was_understood_and_what_is_odd(site):
    uncommented(site)
    (site / "inbox/questionnaires-Jane Doe.csv").write_text("PID\n")
    lines = check(site, {})
    assert "feed main-questionnaires: responses, csv, files 1; phq_9 by client" in lines
    assert "feed main-referrals: referrals, csv, files 0" in lines
    assert "remark: feed main-referrals: no file matches its path" in lines
    assert any(re.fullmatch(r"key: [0-9a-f]{8} from secret\.key", line) for line in lines)
    assert not any("Jane" in line for line in lines)


def test_check_of_a_new_site(site):
    lines = check(site, KEY)
    assert "remark: there are no feeds yet, so nothing is read" in lines
    assert any(line.endswith("from ACCORD_KEY") for line in lines)
    (site / "secret.key").unlink()
    assert "key: none yet; the first run makes it" in check(site, {})
    assert not (site / "secret.key").exists()


KEY_FILE = """
instrument = "taqr"
source = "manual, page 12"
recorded = 2026-11-23
[items]
1 = "total"
2 = "total"
3 = "total"
4 = "total"
"""


def with_form(site, id_, more="", rater="client"):
    """The starter's examples, the questionnaires being another form."""
    uncommented(site)
    path = site / "site.toml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?s)^\[\[due\]\].*?(?=^# One feed)", "", text, flags=re.M)
    text = text.replace('id = "phq_9"', f'id = "{id_}"{more}').replace(
        'rater = "client"', f'rater = "{rater}"'
    )
    path.write_text(text, encoding="utf-8")
    return load_site(site)


def remarks(site):
    return [line for line in check(site, {}) if "gives no score" in line]


def test_check_says_what_an_unconfirmed_form_needs(site):
    with_form(site, "sdq")
    assert remarks(site) == [
        "remark: instrument sdq: gives no score; compare its key with the printed form, then list "
        '"sdq" in confirmed_instruments of site.toml'
    ]
    path = site / "site.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("confirmed_instruments = []", 'confirmed_instruments = ["sdq"]'), "utf-8")
    assert remarks(site) == []


def test_check_says_what_a_form_without_a_public_key_needs(site):
    with_form(site, "taqr", rater="therapist")
    assert remarks(site) == [
        "remark: instrument taqr: gives no score; supply instruments/taqr.key.toml with its source, "
        "for each of its 4 items the subscale (total) and the reversed items"
    ]
    (site / "instruments" / "taqr.key.toml").write_text(KEY_FILE, encoding="utf-8")
    assert remarks(site) == []
    n = len(load_site(site).registry)
    assert f"instruments: {n}, of which 0 of this site; key files 1" in check(site, {})


def test_a_key_file_is_read_with_the_forms_and_recorded_with_them(site):
    before = load_site(site)
    (site / "instruments" / "taqr.key.toml").write_text(KEY_FILE, encoding="utf-8")
    config = load_site(site)
    assert config.forms == {"taqr.key.toml": KEY_FILE}
    assert config.registry["taqr"].gives_scores(confirmed=False)
    assert config.registry.digest != before.registry.digest
    assert read_config(config.toml, config.forms).registry.digest == config.registry.digest


def test_a_mistake_in_a_key_file_names_it(site):
    wrong = KEY_FILE.replace('4 = "total"', '4 = "totl"')
    (site / "instruments" / "taqr.key.toml").write_text(wrong, encoding="utf-8")
    message = r"instruments/taqr\.key\.toml, \[items\], 4: 'totl' is not known; the nearest is 'total'"
    with pytest.raises(RegistryError, match=message):
        load_site(site)


def test_the_registry_of_a_site_is_in_the_response_scales_of_its_feeds(site):
    config = with_form(site, "haq_1", '\nvariant = "minus_3_to_3"')
    assert config.registry["haq_1"].response.steps == (-3, -2, -1, 1, 2, 3)
    assert config.registry["k10"].variant == ""


def test_check_remarks_on_what_is_due_and_never_brought(site):
    uncommented(site)
    path = site / "site.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"phq_9"', '"gad_7"', 1), encoding="utf-8")
    assert "remark: due gad_7 in adult: no feed of the service brings it" in check(site, {})
