"""Whatever happens in a night: the run is recorded, status.json says so, and the last publication stays."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.config import init_site
from schemas.errors import ArchiveError, ConfigError, SiteBusy
from tests.lib.handmade_site import FILES, KEY, NOW, make_site
from tests.lib.nights import Night, copied, run_night, status, tree
from warehouse import ledger, manifest
from warehouse.publish import site_lock

NEXT = NOW + timedelta(days=1)
CANARY = "CANARY-4711"


def current(site: Path) -> str:
    """The run both links lead to."""
    runs = {(site / part / "current").resolve().stem for part in ("warehouse", "published")}
    assert len(runs) == 1
    return runs.pop()


def leftovers(site: Path) -> list[Path]:
    return [
        path for path in site.rglob("*") if path.name.startswith((".candidate", ".new", ".parts", ".rerun"))
    ]


def damage_candidate(site: Path) -> None:
    """Break the conservation equation of the warehouse that is about to be checked."""
    [path] = (site / "warehouse").glob(".candidate-*.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE core_export SET accepted = accepted + 1 WHERE entry_no = 1")


def deliver(site: Path, name: str, of: str) -> None:
    """A new file with the header of another and its last record, as somebody else's."""
    head, *_, record = FILES[of].splitlines(keepends=True)
    record = record.replace("r13", "r99").replace("C-013", "C-099")
    (site / "inbox" / name).write_text(head + record, encoding="utf-8")


class TestPublished:
    def test_steps_in_order_each_delivery_its_own(self, first: tuple[Path, Night]):
        _, night = first
        names = [name for name, _ in night.steps]
        assert names == ["archive", *["process"] * len(FILES), "load", "gate", "publish"]
        assert night.record is not None
        assert night.record.state == "published"
        assert [stage for stage, done, _ in night.told if not done] == [
            "archive",
            "process",
            "load",
            "gate",
            "publish",
        ]
        assert ("process", len(FILES), len(FILES)) in night.told
        labels = " ".join(label for _, label in night.steps)
        assert "process north-gad-" in labels
        assert ".csv" not in labels

    def test_everything_is_in_place(self, first_night: Path):
        [run] = manifest.history(first_night)
        assert current(first_night) == run.run
        assert (first_night / str(run.gate["report"])).is_file()
        assert status(first_night)["published_run"] == run.run
        assert leftovers(first_night) == []

    def test_the_record_says_what_the_run_was_a_function_of(self, first_night: Path):
        [run] = manifest.history(first_night)
        assert set(run.inputs) >= {"as_of", "decisions", "registry", "site", "key_id", "code", "lock"}
        assert run.inputs["decisions"] == ledger.head(ledger.read(first_night))
        assert run.as_of == "2026-10-31"
        assert run.site_toml == (first_night / "site.toml").read_text(encoding="utf-8")
        assert set(run.versions) >= {"python", "duckdb", "polars", "prefect"}
        assert {"core_export", "administration_gad_7", "mart_figure", "pub_figure"} <= set(run.digests)

    def test_no_record_names_a_file(self, first_night: Path):
        kept = b"".join(path.read_bytes() for path in (first_night / "runs").iterdir())
        kept += (first_night / "published" / "status.json").read_bytes()
        assert not [name for name in FILES if name.encode() in kept]

    def test_all_that_is_made_is_private(self, first_night: Path):
        made = ("archive", "ledger", "parts", "runs", "warehouse", "published", "quality")
        paths = [path for name in made for path in (first_night / name, *(first_night / name).rglob("*"))]
        modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in paths if not path.is_symlink()}
        assert modes == {(True, 0o700), (False, 0o600)}

    def test_a_new_delivery_is_published_the_next_night(self, site: Path):
        before = current(site)
        deliver(site, "gad-9.csv", "gad-2.csv")
        night = run_night(site, NEXT, gate=False)
        assert [name for name, _ in night.steps].count("process") == 1
        assert night.record is not None
        assert (night.record.state, night.record.as_of) == ("published", "2026-11-01")
        assert current(site) == night.record.run != before
        assert (site / "warehouse" / f"{before}.duckdb").exists()

    def test_the_date_can_be_given(self, site: Path):
        night = run_night(site, NEXT, as_of=date(2026, 9, 30), gate=False)
        assert night.record is not None
        assert (night.record.state, night.record.as_of) == ("published", "2026-09-30")
        assert "process" not in [name for name, _ in night.steps]

    def test_a_night_of_refused_files_alone_is_published(self, tmp_path: Path):
        make_site(tmp_path / "site")
        for name in FILES:
            (tmp_path / "site" / "inbox" / name).write_bytes(b"")
        night = run_night(tmp_path / "site")
        assert night.error is None
        assert night.record is not None
        assert night.record.state == "published"
        assert night.record.counts is not None
        assert night.record.counts.files == night.record.counts.files_refused > 0
        assert night.record.counts.received == 0

    def test_a_site_of_appointments_alone_is_published(self, tmp_path: Path):
        make_site(tmp_path / "site")
        toml = tmp_path / "site" / "site.toml"
        head, *feeds = toml.read_text(encoding="utf-8").split("[[feeds]]")
        [appointments] = [feed for feed in feeds if 'kind = "appointments"' in feed]
        toml.write_text(f"{head}[[feeds]]{appointments}", encoding="utf-8")
        night = run_night(tmp_path / "site")
        assert night.record is not None
        assert night.record.state == "published"


class TestIdle:
    def test_equal_inputs_are_one_line_and_nothing_else(self, site: Path):
        before = tree(site)
        night = run_night(site, NEXT)
        after = tree(site)
        assert night.record is not None
        run = night.record.run
        assert night.record.state == "idle"
        assert night.record.same_as == current(site)
        assert set(after) - set(before) == {f"runs/{run}.json"}
        changed = {name for name in before if after.get(name) != before[name]}
        assert changed == {"published/status.json"}
        assert [one.state for one in manifest.history(site)] == ["published", "idle"]
        assert [name for name, _ in night.steps] == ["archive"]

    def test_counts_are_those_of_the_figures_in_place(self, site: Path):
        before = status(site)["last_run"]
        run_night(site, NEXT)
        after = status(site)["last_run"]
        assert after["state"] == "idle"
        same = (
            "received",
            "accepted",
            "quarantined",
            "excluded",
            "superseded",
            "files",
            "files_refused",
            "gate",
        )
        assert {name: after[name] for name in same} == {name: before[name] for name in same}

    def test_a_night_after_an_idle_one_is_idle(self, site: Path):
        first = current(site)
        for days in (1, 2):
            night = run_night(site, NOW + timedelta(days=days))
            assert night.record is not None
            assert night.record.same_as == first


@pytest.fixture(scope="module")
def refused(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose second night was refused. Only to be read."""
    site = copied(first_night, tmp_path_factory.mktemp("refused") / "site")
    before = current(site)
    deliver(site, "gad-9.csv", "gad-2.csv")
    night = run_night(site, NEXT, before={"gate": lambda: damage_candidate(site)})
    assert night.error is None
    assert night.record is not None
    assert night.record.state == "refused"
    assert current(site) == before
    return site


class TestRefused:
    def test_it_is_said(self, refused: Path):
        last = status(refused)["last_run"]
        assert last["state"] == "refused"
        assert last["gate"]["verdict"] == "failed"
        assert last["gate"]["critical_failed"] >= 1
        assert "the last publication stays" in last["message"]
        assert status(refused)["published_run"] == current(refused)

    def test_the_candidate_is_kept_aside(self, refused: Path):
        run = status(refused)["last_run"]["run"]
        assert (refused / "warehouse" / f"rejected-{run}.duckdb").is_file()
        assert not list((refused / "published").glob(f"*{run}*"))
        assert leftovers(refused) == []


class TestFailed:
    def test_an_unforeseen_error_is_told_without_its_message(self, site: Path):
        deliver(site, "gad-9.csv", "gad-2.csv")
        before = current(site)

        def break_down() -> None:
            raise ZeroDivisionError(CANARY)

        night = run_night(site, NEXT, before={"load": break_down})
        assert type(night.error).exit_code == 1
        assert str(night.error).startswith("load stopped with ZeroDivisionError")
        last = status(site)["last_run"]
        assert (last["state"], last["message"]) == ("failed", str(night.error))
        assert (last["received"], last["gate"]["verdict"]) == (None, "not_run")
        assert current(site) == before == status(site)["published_run"]
        assert CANARY not in str(night.error) + str(status(site))
        assert leftovers(site) == []

    def test_other_deliveries_are_processed_when_one_fails(self, tmp_path: Path):
        make_site(tmp_path / "site")
        count = 0

        def third() -> None:
            nonlocal count
            count += 1
            if count == 3:
                raise OSError(28, "No space left on device", CANARY)

        night = run_night(tmp_path / "site", before={"process": third})
        assert count == len(FILES)
        assert "OSError (No space left on device)" in str(night.error)
        assert CANARY not in str(night.error)
        assert len(list((tmp_path / "site" / "parts").glob("*/*"))) == len(FILES) - 1
        again = run_night(tmp_path / "site", NEXT, gate=False)
        assert [name for name, _ in again.steps].count("process") == 1
        assert again.record is not None
        assert again.record.state == "published"

    def test_a_damaged_ledger(self, site: Path):
        text = (site / "ledger").read_bytes()
        (site / "ledger").write_bytes(text.replace(b"north-gad", b"north-gat", 1))
        before = status(site)
        night = run_night(site, NEXT)
        assert isinstance(night.error, ArchiveError)
        assert night.record is not None
        assert (night.record.state, night.record.as_of) == ("failed", "")
        now = status(site)
        assert now["last_run"]["message"] == str(night.error)
        assert now["last_run"]["as_of"] is None
        assert now["published_run"] == before["published_run"]
        assert now["freshness"] == before["freshness"]

    def test_nothing_was_ever_delivered(self, tmp_path: Path):
        init_site(tmp_path / "site", "Empty", "Europe/London", {})
        night = run_night(tmp_path / "site", environ={})
        assert isinstance(night.error, ConfigError)
        assert "nothing was delivered yet" in str(night.error)
        assert status(tmp_path / "site")["last_run"]["state"] == "failed"
        with_date = run_night(tmp_path / "site", NEXT, as_of=date(2026, 10, 31), environ={})
        assert with_date.record is not None
        assert with_date.record.state == "published"

    def test_an_end_from_outside_is_recorded(self, site: Path):
        deliver(site, "gad-9.csv", "gad-2.csv")

        def interrupt() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_night(site, NEXT, before={"load": interrupt})
        assert status(site)["last_run"]["message"] == "the run was ended from outside before it was done"

    def test_what_a_killed_run_left_is_removed(self, site: Path):
        for left in (
            "warehouse/.candidate-x.duckdb",
            "warehouse/.candidate-x.duckdb.wal",
            "parts/.new-x/part/a",
        ):
            (site / left).parent.mkdir(parents=True, exist_ok=True)
            (site / left).write_bytes(b"half")
        (site / "published" / ".candidate-x.duckdb").write_bytes(b"half")
        run_night(site, NEXT)
        assert leftovers(site) == []

    def test_a_damaged_record_of_an_old_run_stops_no_night(self, site: Path):
        run_night(site, NEXT)
        [idle] = [one.run for one in manifest.history(site) if one.state == "idle"]
        (site / "runs" / f"{idle}.json").write_text("{", encoding="utf-8")
        night = run_night(site, NEXT + timedelta(days=1))
        assert night.record is not None
        assert night.record.state == "idle"
        assert night.record.warnings == (f"runs/{idle}.json cannot be read: restore it from the backup",)


class TestBusy:
    HOLD = (
        "import sys; from pathlib import Path; from warehouse.publish import site_lock\n"
        "with site_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )

    def test_another_process_holds_the_site(self, site: Path):
        before = tree(site)
        with subprocess.Popen(
            [sys.executable, "-c", self.HOLD, str(site)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            night = run_night(site, NEXT)
            other.communicate(timeout=30)
        assert isinstance(night.error, SiteBusy)
        assert night.record is None
        assert tree(site) == before

    def test_the_lock_is_free_after_each_end(self, site: Path):
        run_night(site, NEXT)
        run_night(site, NEXT, as_of=date(2026, 9, 1), before={"load": lambda: 1 / 0})
        with site_lock(site):
            pass


class TestKey:
    def test_the_run_that_makes_the_key_says_so(self, tmp_path: Path):
        make_site(tmp_path / "site")
        night = run_night(tmp_path / "site", environ={}, before={"load": lambda: 1 / 0})
        assert night.record is not None
        [said] = [one for one in night.record.warnings if "secret key" in one]
        assert "back it up" in said
        assert (tmp_path / "site" / "secret.key").stat().st_mode & 0o777 == 0o600
        secret = (tmp_path / "site" / "secret.key").read_text(encoding="ascii").strip()
        assert secret not in said

    def test_a_lost_key_is_never_made_anew(self, site: Path):
        """The site was run with ACCORD_KEY; without it there is no key, and a new one would be a disaster."""
        night = run_night(site, NEXT, environ={})
        assert isinstance(night.error, ConfigError)
        assert "restore it from backup" in str(night.error)
        assert not (site / "secret.key").exists()
        assert night.record is not None
        assert night.record.state == "failed"


def test_times_are_those_of_the_clock(tmp_path: Path):
    make_site(tmp_path / "site")
    now = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    night = run_night(tmp_path / "site", now, environ=KEY, before={"load": lambda: 1 / 0})
    assert night.record is not None
    assert night.record.run.startswith("20270328T003000Z-")
    assert night.record.started_at == night.record.finished_at == "2027-03-28T00:30:00+00:00"
    assert night.record.as_of == "2027-03-28"
