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
from warehouse.release_rows import release_rows, release_words
from warehouse.releases import FIRST, NO_RELEASE, Plan, earlier, facts_of, keep

POLICY = Disclosure()
CLINICS = {"north": "adult", "south": "adult"}
UNITS = (("adult", "north"), ("adult", "south"))
UNREVISED = Plan(True, False, "closed")
BUILT = ("core_clinic", "mart_unit", "mart_period", "mart_metric", "mart_figure")


@cache
def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """Built once: each night puts its own figures in."""
    con = warehouse(Site(CLINICS), date(2026, 5, 20))
    con.execute("""
        INSERT INTO mart_period BY NAME
        SELECT * EXCLUDE (day, ago) REPLACE (
            strftime(day, '%Y-%m') AS period, day AS first_day, last_day(day) AS last_day,
            month_number(day) AS first_slot, month_number(day) AS last_slot
        )
        FROM (
            SELECT *, (first_day - INTERVAL (ago) MONTH)::DATE AS day
            FROM mart_period CROSS JOIN range(1, 20) AS back(ago) WHERE grain = 'month'
        )
    """)
    return con


class Nights:
    """Nights over a clinic's attendance rates or referrals, one for each month up to May 2026."""

    def __init__(self, site: Path, grain: str = "month") -> None:
        self.site, self.grain, self.number = site, grain, 0

    def night(
        self,
        figures: list[tuple[int, int | None]],
        plan: Plan,
        closed: bool = True,
        policy: Disclosure = POLICY,
    ) -> Path:
        """The published file of a night with these numerators and denominators; none makes a count."""
        self.number += 1
        made, built = (self.site / f"{name}{self.number}.duckdb" for name in ("made", "built"))
        con = self._warehouse(figures, closed)
        history = earlier(self.site)
        publish_tables(con, made, policy, {"run": self.run}, metrics.load(), instruments(), history, plan)
        con.execute(f"ATTACH '{built}' AS built")
        for name in BUILT:
            con.execute(f"CREATE TABLE built.{name} AS FROM memory.{name}")
        con.execute("DETACH built")
        if plan.is_release:
            kept = release_rows(built, made, history, plan)
            facts = facts_of(plan, date(2026, self.number, 1), policy, UNITS)
            keep(self.site, self.run, kept, release_words(made), facts)
        return made

    @property
    def run(self) -> str:
        return f"2026070{self.number}T020000Z-1a2b3c4d"

    def _warehouse(self, figures: list[tuple[int, int | None]], closed: bool) -> duckdb.DuckDBPyConnection:
        con = empty_warehouse()
        con.execute("DELETE FROM mart_figure")
        con.execute("UPDATE mart_period SET closed = ? WHERE scaffold = 'period'", [closed])
        periods = con.execute(
            "SELECT period FROM mart_period WHERE grain = ? ORDER BY first_slot DESC LIMIT ?",
            [self.grain, len(figures)],
        ).fetchall()
        for (period,), (numerator, denominator) in zip(periods[::-1], figures, strict=True):
            figure = "referrals_received" if denominator is None else "attendance_rate"
            n = numerator if denominator is None else denominator
            state = "no_data" if denominator == 0 else "value" if numerator else "zero"
            con.execute(
                "INSERT INTO mart_figure BY NAME SELECT ? AS figure, 'standard' AS definition, 'adult' AS service, "
                "'north' AS clinic, ? AS grain, ? AS period, '' AS instrument, '' AS scale, ? AS numerator, "
                "? AS denominator, '' AS unit, ? AS n, ? AS state",
                [figure, self.grain, period, numerator, denominator, n, state],
            )
        return con


def shown(file: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as con:
        query = "SELECT state, value::INTEGER, denominator, n FROM pub_figure ORDER BY period"
        return con.execute(query).fetchall()


def causes() -> list[tuple[object, ...]]:
    """Of the last night, what stays in its warehouse."""
    return empty_warehouse().execute("SELECT state, cause FROM mart_disclosed ORDER BY period").fetchall()


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
        nights.night([cell(row["before"]) for row in spec], FIRST)
        found = shown(nights.night([cell(row["now"]) for row in spec], UNREVISED))
        expected = [(row["state"], number(row["value"]), number(row["n"])) for row in spec]
        assert [(state, value, n) for state, value, _, n in found] == expected

    def test_what_comes_back_to_what_was_told_is_told(self, tmp_path: Path):
        nights = Nights(tmp_path)
        for figure, plan, state in (
            (40, FIRST, "value"),
            (60, UNREVISED, "update_withheld"),
            (70, UNREVISED, "update_withheld"),
            (40, UNREVISED, "value"),
        ):
            assert shown(nights.night([(figure, None)], plan)) == [(state, 40, None, 40)]

    @pytest.mark.parametrize(("grain", "closed"), [("month", False), ("all", True), ("session", True)])
    def test_periods_that_were_open_or_never_close_are_new(self, tmp_path: Path, grain: str, closed: bool):
        nights = Nights(tmp_path, grain)
        nights.night([(40, None)], FIRST, closed)
        assert shown(nights.night([(60, None)], UNREVISED)) == [("value", 60, None, 60)]

    def test_a_figure_that_was_in_no_release_is_new(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], FIRST)
        found = shown(nights.night([(80, None), (60, None)], UNREVISED))
        assert [(state, value) for state, value, *_ in found] == [("value", 80), ("update_withheld", 40)]


def test_a_revision_tells_all_anew(tmp_path: Path):
    nights = Nights(tmp_path)
    nights.night([(40, None)], FIRST)
    assert shown(nights.night([(60, None)], Plan(True, True, "closed"))) == [("value", 60, None, 60)]


REVISED = Plan(True, True, "closed")


class TestRevised:
    """A number that was told is not taken back; what is hidden now is not told anew."""

    @pytest.mark.parametrize(
        ("before", "now"), [("40", "2"), ("20/40", "2/40"), ("20/40", "39/40"), ("0", "3")]
    )
    def test_what_may_not_be_told_now_stays_as_it_was(self, tmp_path: Path, before: str, now: str):
        nights = Nights(tmp_path)
        [(_, *told)] = shown(nights.night([cell(before)], FIRST))
        assert told[-1] is not None
        for _ in range(2):
            assert shown(nights.night([cell(now)], REVISED)) == [("update_withheld", *told)]
        assert causes() == [("update_withheld", "primary")]
        assert shown(nights.night([(60, None)], REVISED)) == [("value", 60, None, 60)]
        assert causes() == [("value", "")]

    def test_what_was_hidden_before_has_no_number(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(2, None)], FIRST)
        assert shown(nights.night([(3, None)], REVISED)) == [("suppressed", None, None, None)]

    def test_under_another_policy_nothing_stays(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], FIRST)
        found = nights.night([(2, None)], Plan(True, True, "policy"), policy=Disclosure(threshold=6))
        assert shown(found) == [("suppressed", None, None, None)]

    def test_of_other_months_nothing_stays(self, tmp_path: Path):
        """All months to a later date are another sum."""
        nights = Nights(tmp_path, "all")
        nights.night([(40, None)], FIRST)
        [release] = earlier(tmp_path).releases
        rows_then = pl.read_parquet(release.rows).with_columns(pl.col("last_slot") - 1)
        keep(tmp_path, release.run, rows_then, release.words, facts_of(FIRST, release.as_of, POLICY, UNITS))
        assert shown(nights.night([(2, None)], REVISED)) == [("suppressed", None, None, None)]

    def test_a_kept_row_tells_why(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], FIRST)
        nights.night([(60, None)], UNREVISED)
        assert causes() == [("update_withheld", "history")]


def test_no_release_leaves_figures_and_their_words(tmp_path: Path):
    nights = Nights(tmp_path)
    first = tables(nights.night([(40, None), (20, 40)], FIRST))
    file = nights.night([(60, None)], NO_RELEASE, closed=False)
    found = tables(file)
    assert {name for name in found if found[name] != first[name]} == {"pub_run"}
    assert found.keys() == first.keys()
    assert causes() == []
    assert ("run", nights.run) in found["pub_run"]
    assert sorted(path.name for path in tmp_path.glob("made*")) == ["made1.duckdb", "made2.duckdb"]


def test_columns_and_comments_are_those_of_a_publication(tmp_path: Path):
    def declared(file: Path) -> list[tuple[object, ...]]:
        with duckdb.connect(str(file), read_only=True) as con:
            query = "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() ORDER BY ALL"
            return con.execute(query).fetchall()

    nights = Nights(tmp_path)
    first = nights.night([(40, None)], FIRST)
    assert declared(nights.night([(60, None)], NO_RELEASE)) == declared(first)


class TestKept:
    def test_rows_say_whom_and_which_months_they_tell_of(self, tmp_path: Path):
        nights = Nights(tmp_path)
        nights.night([(40, None)], FIRST)
        [row] = pl.read_parquet(earlier(tmp_path).releases[0].rows).to_dicts()
        assert (row["kind"], row["closed"], row["clinics"]) == ("count", True, ["north"])
        assert row["first_slot"] == row["last_slot"] == 2026 * 12 + 4
