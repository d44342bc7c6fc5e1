"""The secret key and its pseudonyms: the same everywhere, telling nothing."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from tests.warehouse.test_siphash import one_at_a_time
from warehouse.secret import key_of, load_or_make, pseudonyms

KEY = key_of("0f" * 32, "test")


def test_a_new_key_is_written_for_its_owner_alone_and_found_again(tmp_path):
    site = tmp_path / "site"
    made = load_or_make(site, {})
    path = site / "secret.key"
    assert made.made
    assert path.stat().st_mode & 0o777 == 0o600
    assert site.stat().st_mode & 0o777 == 0o700
    again = load_or_make(site, {})
    assert not again.made
    assert again == made
    assert [found.name for found in site.iterdir()] == ["secret.key"]


def test_the_environment_wins_and_writes_nothing(tmp_path):
    assert load_or_make(tmp_path, {"ACCORD_KEY": "0F" * 32}) == KEY
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "0f" * 31, "0f" * 33, "zz" * 32])
def test_a_key_that_is_none_is_refused_without_showing_it(tmp_path, text):
    for source, environ in (("ACCORD_KEY", {"ACCORD_KEY": text}), ("secret.key", {})):
        (tmp_path / "secret.key").write_text(text)
        (tmp_path / "secret.key").chmod(0o600)
        with pytest.raises(ConfigError, match=source) as error:
            load_or_make(tmp_path, environ)
        assert not text or text not in str(error.value)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    (tmp_path / "secret.key").write_text("0f" * 32)
    (tmp_path / "secret.key").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_or_make(tmp_path, {})


def test_a_lost_key_is_never_made_anew(tmp_path):
    with pytest.raises(ConfigError, match="restore it from backup"):
        load_or_make(tmp_path, {}, expected_id=KEY.id)
    assert list(tmp_path.iterdir()) == []


def test_the_key_shows_in_no_representation():
    assert KEY.secret.hex() not in repr(KEY)
    assert len(KEY.id) == 8
    assert KEY.id not in KEY.secret.hex()


def test_pseudonyms_are_fixed_for_ever():
    """These numbers stand in parts and warehouses: a change of them makes every client a new person."""
    found = pseudonyms(pl.Series("client", ["A-1", "B-2"]), KEY, "client\0northvale")
    scope_key = hashlib.blake2b(b"client\0northvale", key=KEY.secret, digest_size=16).digest()
    expected = [one_at_a_time(text, scope_key) for text in (b"A-1", b"B-2")]
    assert found.to_list() == expected == [15755317234542156596, 1435377270746247914]
    assert (found.name, found.dtype) == ("client", pl.UInt64)


@given(st.lists(st.none() | st.text(max_size=5), max_size=30))
def test_equal_texts_and_only_those_have_equal_pseudonyms(texts):
    found = pseudonyms(pl.Series("x", texts, dtype=pl.String), KEY, "a").to_list()
    assert [one is None for one in found] == [text is None for text in texts]
    assert len(set(found)) == len(set(texts))
    alone = [pseudonyms(pl.Series("x", [text], dtype=pl.String), KEY, "a")[0] for text in texts]
    assert found == alone


def test_scope_and_key_make_other_people():
    texts = pl.Series("x", ["1", "2"])
    other = key_of("f0" * 32, "test")
    found = [pseudonyms(texts, key, scope).to_list() for key in (KEY, other) for scope in ("a", "b")]
    assert len({number for numbers in found for number in numbers}) == 8


def test_numbers_are_read_as_they_are_written():
    assert pseudonyms(pl.Series("x", [7, None]), KEY, "a").to_list() == [
        pseudonyms(pl.Series("x", ["7"]), KEY, "a")[0],
        None,
    ]
