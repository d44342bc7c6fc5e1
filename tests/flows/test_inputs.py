"""What a run and a part are functions of: digests that change with each input, and with nothing else."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from unittest import mock

import pytest

from flows import inputs
from flows.inputs import ROOT, make_inputs, memo_key, process_modules
from schemas.registry import load
from tests.lib.exports import FEED, PAIR, SITE, SMALL, registry, site

TOML = """
dialect = "csv"
{more}
[feeds.columns]
client = "PID"
completed_at = "When"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = "Q{{n}}"
"""
FILE = "ab" * 32


def made(more="", id_="f", head=SITE, feeds="", forms=SMALL):
    return site(FEED.format(id=id_) + TOML.format(more=more) + feeds, forms, head)


def memo(of=None, file=FILE, forms=SMALL, key="k1", at=0):
    of = of or made()
    return memo_key(file, of.feeds[at], of, forms, key)


BASE = memo()


def test_the_same_inputs_give_the_same_key():
    assert memo() == BASE
    assert len(BASE) == 64
    assert memo(made(head=SITE + "# a remark\n")) == BASE


@pytest.mark.parametrize(
    "more",
    [
        'partials = "keep"', 'missing = ["9"]', 'timezone = "Europe/Berlin"', 'encoding = "cp1252"', 'delimiter = ";"',
        'decimal = ","', 'date_format = "%d/%m/%Y"', 'drop = ["Name"]',
    ],
)  # fmt: skip
def test_what_the_feed_says_changes_the_key(more):
    assert memo(made(more)) != BASE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('client = "PID"', 'client = "ID"'),
        ('client = "PID"', 'client = "PID"\nsession = "S"'),
        ('rater = "client"', 'rater = "therapist"'),
        ('items = "Q{{n}}"', 'items = ["Q2", "Q1"]'),
        ('items = "Q{{n}}"', 'items = "Q{{n}}"\nlabels = { "often" = 3 }'),
        ('items = "Q{{n}}"', 'items = "Q{{n}}"\nmissing = ["9"]'),
        ('items = "Q{{n}}"', 'items = "Q{{n}}"\nalready_keyed = true'),
        ('items = "Q{{n}}"', 'items = "Q{{n}}"\nstored_total = "Sum"'),
        ('dialect = "csv"', 'dialect = "qualtrics"'),
        ('id = "mini"', 'id = "duo"'),
    ],
)
def test_so_does_what_it_asks_for(old, new):
    toml = TOML.replace(old, new).replace("{more}", "").replace("{{n}}", "{n}")
    assert memo(site(FEED.format(id="f") + toml)) != BASE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('clinic = "north"', 'clinic = "south"'),
        ('timezone = "Europe/London"', 'timezone = "Europe/Paris"'),
        ("shared_ids = false", "shared_ids = true"),
        ("shared_ids = false", 'shared_ids = false\nconfirmed_instruments = ["mini"]'),
    ],
)
def test_so_does_what_the_site_says_of_its_people_and_keys(old, new):
    toml = (SITE + FEED.format(id="f") + TOML.format(more="")).replace(old, new)
    assert memo(site("", head=toml)) != BASE


def test_what_is_settled_after_processing_does_not_change_the_key():
    assert memo(made(id_="another-name-and-path")) == BASE
    assert memo(made('delivery = "snapshot"')) == BASE
    others = SITE.replace('"Test"', '"Renamed"') + "[disclosure]\nthreshold = 7\n"
    assert memo(made(head=others)) == BASE
    assert (
        memo(made(head=SITE.replace("[[clinics]]", 'confirmed_instruments = ["duo"]\n[[clinics]]', 1)))
        == BASE
    )
    other_feed = FEED.format(id="g") + TOML.format(more='missing = ["9"]')
    assert memo(made(feeds=other_feed)) == BASE


def test_the_bytes_and_the_key_change_it():
    assert memo(file="cd" * 32) != BASE
    assert memo(key="k2") != BASE


def test_the_cards_of_the_questionnaires_asked_change_it_and_no_others():
    card = PAIR.format(id="mini")
    duo = PAIR.format(id="duo").encode()
    for old, new in (
        ("reverse = []", "reverse = [1]"),
        ('"complete"', '"prorate", max_missing = 1'),
        ("A form", "The form"),
    ):
        other = inputs_registry(card.replace(old, new).encode(), duo)
        assert memo(forms=other) != BASE
    assert memo(forms=inputs_registry(card.encode() + b"# a remark\n", duo)) == BASE
    assert (
        memo(
            forms=inputs_registry(card.encode(), PAIR.format(id="duo").replace("A form", "Any form").encode())
        )
        == BASE
    )
    assert memo(forms=registry("mini", "duo", "solo")) == BASE


KEY = """
instrument = "vpps"
source = "a made-up manual"
recorded = 2026-11-23
[items]
"""
SCALES = load()["vpps"].scale_ids


def keyed(shift=0):
    items = "".join(f'{n} = "{SCALES[(n + shift) % 8]}"\n' for n in range(1, 81))
    return load({"vpps.key.toml": (KEY + items).encode()})


def test_a_site_s_key_and_a_response_scale_change_the_key():
    feed = made().feeds[0]
    vpps, k10 = (
        replace(feed, instruments=(replace(feed.instruments[0], id=id_),)) for id_ in ("vpps", "k10")
    )
    keys = {memo_key(FILE, vpps, made(), forms, "k1") for forms in (load(), keyed(), keyed(1))}
    assert len(keys) == 3
    coded = load().as_variants({"k10": "coded_0_4"})
    assert memo_key(FILE, k10, made(), load(), "k1") != memo_key(FILE, k10, made(), coded, "k1")
    assert memo_key(FILE, k10, made(), load(), "k1") == memo_key(FILE, k10, made(), keyed(), "k1")


def inputs_registry(mini, duo):
    return load({"instruments/mini.toml": mini, "instruments/duo.toml": duo})


@contextmanager
def copy_of_the_sources(tmp_path):
    """The digests of a copy of the sources, which may be changed."""
    for name in inputs.PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / inputs.LOCK, tmp_path)
    cached = (inputs.code_digest, inputs.lock_digest, inputs.process_digest)
    with mock.patch.object(inputs, "ROOT", tmp_path):

        def fresh():
            for one in cached:
                one.cache_clear()
            return memo()

        yield fresh
    for one in cached:
        one.cache_clear()


def test_the_code_that_processes_a_file_changes_the_key_and_no_other_code(tmp_path):
    with copy_of_the_sources(tmp_path) as fresh:
        assert fresh() == BASE
        for name in (
            "flows/process.py", "flows/clean.py", "flows/answers.py", "flows/score.py", "schemas/frames.py",
            "schemas/dialects/csv.toml", "warehouse/siphash.py", inputs.LOCK,
        ):  # fmt: skip
            (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n# changed\n")
            changed = fresh()
            assert changed != BASE, name
            shutil.copy(ROOT / name, tmp_path / name)
        for name in (
            "flows/build.py",
            "flows/cli.py",
            "warehouse/load.py",
            "warehouse/supersede.py",
            "schemas/dictionary/outcome.toml",
        ):
            (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n# changed\n")
            assert fresh() == BASE, name
    assert memo() == BASE


def test_the_modules_that_process_a_file_are_found_by_their_imports():
    names = {path.relative_to(ROOT).as_posix() for path in process_modules()}
    assert {
        "flows/process.py", "flows/read.py", "flows/split.py", "flows/clean.py", "flows/plan.py", "flows/answers.py",
        "flows/moments.py", "flows/cells.py", "flows/responses.py", "flows/administrations.py", "flows/tables.py",
        "flows/pseudonyms.py", "flows/validate.py", "flows/score.py", "schemas/dialect.py", "schemas/frames.py",
        "schemas/instrument.py", "schemas/site.py", "schemas/rules.py", "warehouse/parts.py", "warehouse/secret.py",
        "warehouse/siphash.py",
    } <= names  # fmt: skip
    assert not {
        name
        for name in names
        if name.startswith(("flows/build", "flows/nightly", "warehouse/load", "dashboards"))
    }


def run_inputs(**changes):
    given = {
        "as_of": date.fromisoformat("2026-10-31"), "decisions": "d1", "deliveries": 3, "registry": SMALL,
        "site": made(), "key_id": "k1",
    }  # fmt: skip
    return make_inputs(**{**given, **changes})


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": date.fromisoformat("2026-11-01")}, {"decisions": "d2"}, {"deliveries": 4}, {"key_id": "k2"},
        {"registry": registry("mini", "duo", "solo")}, {"site": made('partials = "keep"')},
        {"site": made(head=SITE.replace("North", "Norden"))},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_input_of_a_run_changes_its_digest(change):
    assert run_inputs().digest() == run_inputs().digest()
    assert run_inputs(**change).digest() != run_inputs().digest()


def test_other_code_or_another_lock_is_another_run():
    one = run_inputs()
    assert replace(one, code="x").digest() != one.digest() != replace(one, lock="x").digest()


def test_a_changed_instrument_can_be_named():
    changed = inputs_registry(
        PAIR.format(id="mini").replace("A form", "The form").encode(), PAIR.format(id="duo").encode()
    )
    before, after = run_inputs().instruments, run_inputs(registry=changed).instruments
    assert [name for name in before if before[name] != after[name]] == ["mini"]
