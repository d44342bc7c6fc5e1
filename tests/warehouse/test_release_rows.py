"""What a night's published file says once earlier releases are taken into account."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas import metrics
from schemas.site import Disclosure
from tests.lib.small_warehouse import Site, instruments, warehouse
from tests.lib.tables import rows
from warehouse.disclosure import publish_tables
from warehouse.release_rows import release_rows, release_words, settle
from warehouse.releases import NO_RELEASE, History, Plan, earlier, facts_of, keep

POLICY = Disclosure()
CLINICS = {"north": "adult", "south": "adult"}
UNITS = (("adult", "north"), ("adult", "south"))
UNREVISED = Plan(True, False, "closed")
BUILT = ("core_clinic", "mart_applicable", "mart_unit", "mart_period")


@cache
def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """Built once: each night puts its own figures in."""
    return warehouse(Site(CLINICS), date(2026, 5, 20))


class Nights:
    """Nights over a clinic's attendance rates or referrals, one for each scale."""

    def __init__(self, site: Path, grain: str = "month") -> None:
        self.site, self.grain, self.number = site, grain, 0

    def night(self, figures: list[tuple[int, int | None]], plan: Plan, closed: bool = True) -> Path:
        """The published file of a night with these numerators and denominators; none makes a count."""
        self.number += 1
        made, built = (self.site / f"{name}{self.number}.duckdb" for name in ("made", "built"))
        con = self._warehouse(figures, closed)
        publish_tables(con, made, POLICY, {"run": self.run}, metrics.load(), instruments())
        con.execute(f"ATTACH '{built}' AS built")
        for name in BUILT:
            con.execute(f"CREATE TABLE built.{name} AS FROM memory.{name}")
        con.execute("DETACH built")
        history = earlier(self.site)
        settle(made, history, plan)
        if plan.is_release:
            kept = release_rows(built, made, history, plan)
            facts = facts_of(plan, date(2026, self.number, 1), POLICY, UNITS)
            keep(self.site, self.run, kept, release_words(made), facts)
        return made

    @property
    def run(self) -> str:
        return f"2026070{self.number}T020000Z-1a2b3c4d"

    def _warehouse(self, figures: list[tuple[int, int | None]], closed: bool) -> duckdb.DuckDBPyConnection:
        con = empty_warehouse()
        con.execute("UPDATE mart_period SET closed = ? WHERE scaffold = 'period'", [closed])
        con.execute("DELETE FROM mart_figure")
        [(period,)] = con.execute(
            f"SELECT min(period) FROM mart_period WHERE grain = '{self.grain}'"
        ).fetchall()
        for scale, (numerator, denominator) in enumerate(figures):
            figure = "referrals_received" if denominator is None else "attendance_rate"
            n = numerator if denominator is None else denominator
            state = "no_data" if denominator == 0 else "value" if numerator else "zero"
            con.execute(
                "INSERT INTO mart_figure BY NAME SELECT ? AS figure, 'standard' AS definition, 'adult' AS service, "
                "'all' AS clinic, ? AS grain, ? AS period, '' AS instrument, ? AS scale, ? AS numerator, "
                "? AS denominator, '' AS unit, ? AS n, ? AS state",
                [figure, self.grain, period, f"{scale:02}", numerator, denominator, n, state],
            )
        return con


def shown(file: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as con:
        query = "SELECT state, value::INTEGER, denominator, n FROM pub_figure ORDER BY scale"
        return con.execute(query).fetchall()


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(file), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


SPEC = """
    before | now   || state           | value | n
    40     | 40    || value           | 40    | 40
    40     | 41    || value           | 40    | 40
    40     | 60    || update_withheld | 40    | 40
    40     | 2     || update_withheld | 40    | 40
    2      | 40    || suppressed      |       |
    2      | 3     || suppressed      |       |
    0      | 0     || zero            | 0     | 0
    0      | 10    || update_withheld | 0     | 0
    20/40  | 20/40 || value           | 50    | 40
    20/40  | 30/40 || update_withheld | 50    | 40
    0/0    | 0/0   || no_data         |       | 0
    0/0    | 20/40 || update_withheld |       |
"""


def cell(text: str) -> tuple[int, int | None]:
    numerator, _, denominator = text.partition("/")
    return int(numerator), int(denominator) if denominator else None


def number(text: str) -> int | None:
    return int(text) if text else None


class TestUnrevised:
    def test_closed_periods_keep_what_was_told(self, tmp_path: Path):
        spec = rows(SPEC.replace("||", "|"))
        nights = Nights(tmp_path)
        nights.night([cell(row["before"]) for row in spec], Plan(True, True, "first"))
        found = shown(nights.night([cell(row["now"]) for row in spec], UNREVISED))
        expected = [(row["state"], number(row["value"]), number(row["n"])) for row in spec]
        assert [(state, value, n) for state, value, _, n in found] == expected

    def test_what_comes_back_to_what_was_told_is_told(self, tmp_path: Path):
        nights = Nights(tmp_path)
        for figure, plan, state in (
            (40, Plan(True, True, "first"), "value"),
            (60, UNREVISED, "update_withheld"),
            (70, UNREVISED, "update_withheld"),
            (40, UNREVISED, "value"),
        ):
            assert shown(nights.night([(figure, None)], plan)) == [(state, 40, None, 40)]

    @pytest.mark.parametrize(("grain", "closed"), [("month", False), ("all", True), ("session", True)])
    def test_periods_that_were_open_or_never_close_are_new(self, tmp_path: Path, grain: str, closed: bool):
        nights = Nights(tmp_path, grain)
        nights.night([(40, None)], Plan(True, True, "first"), closed)
        assert shown(nights.night([(60, None)], UNREVISED)) == [("value", 60, None, 60)]

    def test_a_figure_that_was_in_no_release_is_new(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], Plan(True, True, "first"))
        found = shown(nights.night([(60, None), (80, None)], UNREVISED))
        assert [(state, value) for state, value, *_ in found] == [("update_withheld", 40), ("value", 80)]


def test_a_revision_tells_all_anew(tmp_path: Path):
    nights = Nights(tmp_path)
    nights.night([(40, None)], Plan(True, True, "first"))
    assert shown(nights.night([(60, None)], Plan(True, True, "closed"))) == [("value", 60, None, 60)]


def test_no_release_leaves_figures_and_their_words(tmp_path: Path):
    nights = Nights(tmp_path)
    first = tables(nights.night([(40, None), (20, 40)], Plan(True, True, "first")))
    file = nights.night([(60, None)], NO_RELEASE, closed=False)
    found = tables(file)
    assert {name for name in found if found[name] != first[name]} == {"pub_run"}
    assert found.keys() == first.keys()
    assert ("run", nights.run) in found["pub_run"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("made*")) == ["made1.duckdb", "made2.duckdb"]


def test_columns_and_comments_are_those_of_a_publication(tmp_path: Path):
    def declared(file: Path) -> list[tuple[object, ...]]:
        with duckdb.connect(str(file), read_only=True) as con:
            query = "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() ORDER BY ALL"
            return con.execute(query).fetchall()

    nights = Nights(tmp_path)
    first = nights.night([(40, None)], Plan(True, True, "first"))
    assert declared(nights.night([(60, None)], NO_RELEASE)) == declared(first)


class TestKept:
    def test_rows_say_whom_and_which_months_they_tell_of(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], Plan(True, True, "first"))
        [row] = pl.read_parquet(earlier(tmp_path).releases[0].rows).to_dicts()
        assert (row["kind"], row["closed"], row["clinics"]) == ("count", True, [])
        assert row["first_slot"] == row["last_slot"] == 2026 * 12 + 4

    def test_the_first_needs_no_history(self, tmp_path: Path):
        file = Nights(tmp_path).night([(40, None)], Plan(True, True, "first"))
        before = file.read_bytes()
        settle(file, History(), Plan(True, True, "first"))
        assert file.read_bytes() == before
