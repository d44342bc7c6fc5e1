"""write_sample: the same bytes for the same arguments, and what it refuses."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.sample import write_sample
from schemas.errors import ConfigError
from tests.flows.sample.conftest import Site
from tests.flows.sample.reading import digests

SMALL = {"clients": 15, "months": 4, "seed": 9}

SMALL_DIGEST = "2d77fce31f63e90e2e7426441620112a7d2c257d1cb21e5331bc97cd8fe2fe1d"
"""Changes with the model, on purpose; with a machine or a library, never."""
ROOT = Path(__file__).parents[3]


def test_equal_arguments_give_equal_bytes_and_times(tmp_path):
    write_sample(tmp_path / "a", **SMALL)
    write_sample(tmp_path / "b", **SMALL)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert times(tmp_path / "a") == times(tmp_path / "b")


def test_the_sample_is_the_same_on_every_machine(tmp_path):
    write_sample(tmp_path / "site", **SMALL)
    listed = "\n".join(f"{digest} {name}" for name, digest in digests(tmp_path / "site").items())
    assert hashlib.sha256(listed.encode()).hexdigest() == SMALL_DIGEST


def test_neither_locale_nor_time_zone_nor_hash_seed_matter(tmp_path):
    write_sample(tmp_path / "here", **SMALL)
    code = f"from pathlib import Path; from flows.sample import write_sample; write_sample(Path('there'), **{SMALL})"
    far = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ | far, check=True)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")
    assert times(tmp_path / "here") == times(tmp_path / "there")


def test_another_seed_gives_another_sample(tmp_path):
    write_sample(tmp_path / "a", **SMALL)
    write_sample(tmp_path / "b", **{**SMALL, "seed": 10})
    a, b = digests(tmp_path / "a"), digests(tmp_path / "b")
    same = {name for name in a if a[name] == b[name]}
    assert same == {"site.toml", "sample/canaries.txt"}


def test_more_clinics_change_nothing_in_the_others(tmp_path):
    write_sample(tmp_path / "one", clinics=1, **SMALL)
    write_sample(tmp_path / "three", clinics=3, **SMALL)
    one, three = digests(tmp_path / "one"), digests(tmp_path / "three")
    inbox = {name for name in one if name.startswith("inbox/")}
    assert inbox
    assert {name: one[name] for name in inbox} == {name: three[name] for name in inbox}


def test_files_are_delivered_in_order_on_the_evening_of_the_last_day_they_cover(sample: Site):
    for feed in sample.truth["feeds"]:
        files = sample.files(feed)
        delivered = [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in files]
        assert delivered == sorted(delivered)
        local = [moment.astimezone(ZoneInfo("Europe/London")).date() for moment in delivered]
        assert local == [date.fromisoformat(path.stem[-10:]) for path in files]


def test_no_two_files_have_the_same_time(sample: Site):
    inbox = [path.stat().st_mtime for path in (sample.folder / "inbox").rglob("*.csv")]
    assert len(inbox) == len(set(inbox)) == sample.report.files


def test_a_site_is_never_overwritten(sample: Site):
    with pytest.raises(ConfigError, match="there is a site already"):
        write_sample(sample.folder)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clinics": 0}, "clinics"),
        ({"clinics": 100}, "clinics"),
        ({"clients": 0}, "clients"),
        ({"months": 0}, "months"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_out_of_range_are_named(tmp_path, wrong, message):
    with pytest.raises(ConfigError, match=f"^{message}: "):
        write_sample(tmp_path / "site", **wrong)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("until", [date(2024, 2, 29), date(2025, 3, 30), date(2026, 1, 1)])
def test_any_last_day_will_do(tmp_path, until):
    report = write_sample(tmp_path / "site", clients=5, months=5, until=until)
    assert (
        report.received
        == report.accepted + report.quarantined + sum(report.excluded.values()) + report.superseded
    )


def test_the_smallest_site_has_all_its_files(tmp_path):
    report = write_sample(tmp_path / "site", clinics=1, clients=1, months=1)
    assert (report.feeds, report.files) == (5, 5)


def test_the_secret_key_is_left_to_the_first_run(sample: Site):
    assert {path.name for path in sample.folder.iterdir()} == {"site.toml", "inbox", "sample"}


def test_the_default_site_is_written_in_seconds(tmp_path):
    start = time.perf_counter()
    report = write_sample(tmp_path / "site")
    assert time.perf_counter() - start < 10
    assert report.files < 100
    assert report.received > 100_000


def times(site: Path) -> dict[str, float]:
    return {str(path.relative_to(site)): path.stat().st_mtime for path in site.rglob("*.csv")}
