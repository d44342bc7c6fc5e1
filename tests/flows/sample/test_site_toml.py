"""The written site.toml is one that Accord reads."""

from __future__ import annotations

from schemas.registry import load
from schemas.site_parse import parse_site
from tests.flows.sample.conftest import Site


def parsed(sample: Site):
    registry = load()
    return parse_site(sample.raw, "site.toml", {id_: registry[id_] for id_ in registry.ids})


def test_it_parses_without_a_problem(sample: Site):
    site = parsed(sample)
    assert {feed.id for feed in site.feeds} == set(sample.truth["feeds"])
    assert site.timezone == "Europe/London"
    assert site.services == ("adult", "perinatal")
    assert site.confirmed_instruments == frozenset()


def test_each_feeds_path_finds_its_own_files_and_no_others(sample: Site):
    found = {feed.id: sorted(sample.folder.glob(feed.path)) for feed in parsed(sample).feeds}
    assert found == {feed: sorted(sample.files(feed)) for feed in sample.truth["feeds"]}
    assert sum(map(len, found.values())) == len(list(sample.folder.glob("inbox/*/*")))


def test_something_is_due_in_every_service(sample: Site):
    due = {(rule.service, rule.instrument) for rule in parsed(sample).due}
    assert {("adult", "wai_sr"), ("adult", "phq_9"), ("perinatal", "gad_7"), ("perinatal", "core_10")} <= due


def test_what_is_due_is_asked_in_every_clinic_of_the_service(sample: Site):
    site = parsed(sample)
    for rule in site.due:
        for clinic in (clinic for clinic in site.clinics if clinic.service == rule.service):
            asked = {one.id for feed in site.feeds if feed.clinic == clinic.id for one in feed.instruments}
            assert rule.instrument in asked
