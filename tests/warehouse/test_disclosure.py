"""What leaves the warehouse: small numbers hidden, counts rounded, and nothing else said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest

from schemas import metrics
from schemas.errors import ConfigError, WarehouseError
from schemas.published import PUBLISHED
from schemas.site import Disclosure
from schemas.tables import MART_FIGURE
from tests.lib.course_site import course_site
from tests.lib.exact_figures import AS_OF, COURSES, ONE_CLINIC, courses
from tests.lib.random_site import THREE_QUARTERS, random_site
from tests.lib.small_warehouse import Site, instruments, warehouse
from tests.lib.tables import rows
from warehouse.disclosure import publish_tables
from warehouse.marts import mart_sql

POLICY = Disclosure(threshold=5, round_to=5)
RUN = {"run": "20260701T020000Z-1a2b3c4d", "as_of": "2026-06-30", "site_name": "North Vale"}
FEW = ("referrals_received", "appointments_held", "attendance_rate", "alliance_mean")
"""Figures of the tests that are not about single ones: all of them take long to disclose."""

FIGURES = {"count": "questionnaires_due", "rate": "questionnaire_completion_rate", "mean": "alliance_mean"}
"""Of one instrument each, so that as many as are wanted tell nothing of each other."""


def published(
    con: duckdb.DuckDBPyConnection, out: Path, policy: Disclosure = POLICY
) -> duckdb.DuckDBPyConnection:
    publish_tables(con, out, policy, RUN, metrics.load(), instruments())
    return duckdb.connect(str(out), read_only=True)


def with_few(site: Site, as_of: date = AS_OF, figures: Collection[str] = FEW) -> duckdb.DuckDBPyConnection:
    """A warehouse with the exact figures of these names."""
    return warehouse(site, as_of, metrics=[one for one in metrics.load() if one.figure in figures])


def with_figures(figures: list[dict[str, str]]) -> duckdb.DuckDBPyConnection:
    """A warehouse whose exact figures, in this order, are these: kind, numerator, denominator; each of a form of its own."""
    con = with_few(Site(ONE_CLINIC), figures=FIGURES.values())
    con.execute("DELETE FROM mart_figure")
    # The empty site has the one month of as_of.
    con.execute("UPDATE mart_period SET period = '2026-05', closed = TRUE WHERE grain = 'month'")
    cells = [(f"{number:05}", *exact_figure(row)) for number, row in enumerate(figures)]
    con.execute(
        "INSERT INTO mart_figure BY NAME SELECT unnest(?) AS instrument, unnest(?) AS figure, unnest(?) AS numerator, "
        "unnest(?) AS denominator, unnest(?) AS n, unnest(?) AS state, 'standard' AS definition, 'adult' AS service, "
        "'north' AS clinic, 'month' AS grain, '2026-05' AS period, '' AS scale, '' AS unit",
        [list(column) for column in zip(*cells, strict=True)],
    )
    return con


def exact_figure(row: dict[str, str]) -> tuple[object, ...]:
    kind, numerator = row["kind"], Decimal(row["numerator"])
    if kind == "count":
        return FIGURES[kind], numerator, None, int(numerator), "value" if numerator else "zero"
    denominator = int(row["denominator"])
    state = "no_data" if denominator == 0 else "zero" if kind == "rate" and numerator == 0 else "value"
    return FIGURES[kind], numerator, denominator, denominator, state


def shown(number: Decimal | int | None) -> str:
    return "" if number is None else f"{Decimal(number).normalize():f}"


SPEC = """
    kind  | numerator | denominator || numerator | denominator | value | n   | state
    count | 0         |             || 0         |             | 0     | 0   | zero
    count | 1         |             ||           |             |       |     | suppressed
    count | 4         |             ||           |             |       |     | suppressed
    count | 5         |             || 5         |             | 5     | 5   | value
    count | 7         |             || 5         |             | 5     | 5   | value
    count | 8         |             || 10        |             | 10    | 10  | value
    count | 412       |             || 410       |             | 410   | 410 | value
    rate  | 48        | 100         || 50        | 100         | 50    | 100 | value
    rate  | 34        | 61          || 35        | 60          | 58.3  | 60  | value
    rate  | 0         | 40          || 0         | 40          | 0     | 40  | zero
    rate  | 40        | 40          || 40        | 40          | 100   | 40  | value
    rate  | 0         | 17          ||           |             |       |     | suppressed
    rate  | 9         | 17          ||           |             |       |     | suppressed
    rate  | 9         | 18          || 10        | 20          | 50    | 20  | value
    rate  | 4         | 100         ||           |             |       |     | suppressed
    rate  | 100       | 102         ||           |             |       |     | suppressed
    rate  | 97        | 102         || 95        | 100         | 95    | 100 | value
    rate  | 0         | 0           || 0         | 0           |       | 0   | no_data
    mean  | 120       | 3           ||           |             |       |     | suppressed
    mean  | 405       | 9           ||           |             |       |     | suppressed
    mean  | 405       | 10          ||           | 10          | 40.5  | 10  | value
    mean  | 1000.5    | 23          ||           | 25          | 43.5  | 25  | value
    mean  | -26.5     | 10          ||           | 10          | -2.7  | 10  | value
    mean  | 0         | 0           ||           | 0           |       | 0   | no_data
"""


def test_the_rules_of_disclosure(tmp_path):
    """98 % of 102 tells of two people; a mean of three is nobody's business; no recovery is 0 %."""
    given, _, expected = zip(*(line.partition("||") for line in SPEC.strip().splitlines()), strict=True)
    con = published(with_figures(rows("\n".join(given))), tmp_path / "out.duckdb")
    found = con.execute(
        "SELECT numerator, denominator, value, n, state FROM pub_figure ORDER BY instrument"
    ).fetchall()
    assert [[*map(shown, row[:4]), row[4]] for row in found] == [
        list(row.values()) for row in rows("\n".join(expected))
    ]


def test_no_rate_that_is_shown_can_stand_for_a_small_group(tmp_path):
    """Numerators and complements at both ends: whatever fits a published rate includes no count of 1 to 4."""
    wholes = (0, 1, 4, 5, 9, 17, 18, 22, 23, 40, 102, 130)
    exact = [(part, whole) for whole in wholes for part in range(whole + 1) if min(part, whole - part) < 7]
    given = [{"kind": "rate", "numerator": str(a), "denominator": str(b)} for a, b in exact]
    found = (
        published(with_figures(given), tmp_path / "out.duckdb")
        .execute("SELECT numerator, denominator, value, n, state FROM pub_figure ORDER BY instrument")
        .fetchall()
    )
    assert len(found) == len(exact)
    for (part, whole), (numerator, denominator, value, n, state) in zip(exact, found, strict=True):
        if state in ("value", "zero"):
            assert part not in range(1, 5)
            assert whole - part not in range(1, 5)
            assert (state == "zero") == (part == 0) == (value == 0)
            assert numerator % 5 == denominator % 5 == 0
            assert denominator >= 20
            assert value == (100 * numerator / denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)
        elif state == "suppressed":
            assert (numerator, denominator, value, n) == (None, None, None, None)


@pytest.mark.parametrize(("threshold", "round_to"), [(2, 5), (1, 3), (4, 10)])
def test_a_policy_that_would_round_people_away_is_refused(tmp_path, threshold, round_to):
    with pytest.raises(ConfigError, match="threshold"):
        published(
            warehouse(Site(ONE_CLINIC), AS_OF), tmp_path / "out.duckdb", Disclosure(threshold, round_to)
        )
    assert not (tmp_path / "out.duckdb").exists()


@pytest.mark.parametrize(("threshold", "round_to"), [(3, 5), (5, 10), (8, 5), (1, 1)])
def test_other_policies(tmp_path, threshold, round_to):
    given = [{"kind": "count", "numerator": str(n), "denominator": ""} for n in range(60)]
    con = published(with_figures(given), tmp_path / "out.duckdb", Disclosure(threshold, round_to))
    for n, (value, state) in enumerate(
        con.execute("SELECT value, state FROM pub_figure ORDER BY instrument").fetchall()
    ):
        if 1 <= n < threshold:
            assert (value, state) == (None, "suppressed")
        else:
            assert value == (2 * n + round_to) // (2 * round_to) * round_to
            assert (value == 0) == (n == 0)


def test_a_period_that_is_not_over_is_held_back(tmp_path):
    con = published(with_few(courses(COURSES), date(2026, 3, 25)), tmp_path / "out.duckdb")
    held = con.execute(
        "SELECT DISTINCT grain, period FROM pub_figure WHERE state = 'update_withheld' ORDER BY grain, period"
    ).fetchall()
    assert held == [
        ("month", "2026-03"),
        ("quarter", "2026-Q1"),
        ("rolling_12_months", "2026-03"),
        ("year", "2026"),
    ]
    numbers = "coalesce(numerator, denominator, value, n) IS NOT NULL"
    assert con.execute(
        f"SELECT count(*) FROM pub_figure WHERE state = 'update_withheld' AND {numbers}"
    ).fetchall() == [(0,)]


def test_the_published_file_has_the_declared_tables_in_key_order(tmp_path):
    exact = with_few(random_site(1), THREE_QUARTERS)
    con = published(exact, tmp_path / "out.duckdb")
    assert {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()} == {
        table.name for table in PUBLISHED
    }
    for table in PUBLISHED:
        found = con.execute(f"SELECT * FROM {table.name}").fetchall()
        assert found, table.name
        assert found == con.execute(f"SELECT * FROM {table.name} ORDER BY {', '.join(table.key)}").fetchall()
        ((comment,),) = con.execute(
            "SELECT comment FROM duckdb_tables() WHERE table_name = ?", [table.name]
        ).fetchall()
        assert comment == f"One row: {table.grain}"
    keys = ", ".join(MART_FIGURE.key)
    estimated = "SELECT figure, definition FROM mart_metric WHERE kind = 'model'"
    between = "grain = 'rolling_12_months' AND right(period, 2) NOT IN ('03', '06', '09', '12')"
    told = f"mart_figure ANTI JOIN ({estimated}) USING (figure, definition) WHERE NOT ({between})"
    assert (
        con.execute(f"SELECT {keys} FROM pub_figure").fetchall()
        == exact.execute(f"SELECT {keys} FROM {told} ORDER BY {keys}").fetchall()
    )


def test_estimates_are_not_published(tmp_path):
    estimated = {metric.figure for metric in metrics.load() if metric.kind == "model"}
    exact = with_few(course_site(1), date(2026, 3, 31), figures={"referrals_received"} | estimated)
    assert exact.execute("SELECT count(*) > 100 FROM mart_model").fetchone() == (True,)
    con = published(exact, tmp_path / "out.duckdb")
    shown = con.execute("SELECT figure FROM pub_figure UNION SELECT figure FROM pub_metric").fetchall()
    assert estimated.isdisjoint(figure for (figure,) in shown)


def test_every_instrument_that_has_a_figure_is_described(tmp_path):
    con = published(with_few(random_site(1), THREE_QUARTERS), tmp_path / "out.duckdb")
    assert (
        con.execute("SELECT instrument FROM pub_instrument").fetchall()
        == con.execute(
            "SELECT DISTINCT instrument FROM pub_figure WHERE instrument <> '' ORDER BY instrument"
        ).fetchall()
    )


def with_records(**fates: tuple[int, int, int, int]) -> duckdb.DuckDBPyConnection:
    """A warehouse whose feeds, by kind, have delivered so many: accepted, quarantined, excluded, superseded."""
    con = warehouse(Site(ONE_CLINIC), AS_OF)
    for kind, counts in fates.items():
        con.execute(
            "UPDATE core_export SET received = ?, accepted = ?, quarantined = ?, excluded = ?, superseded = ? "
            "WHERE kind = ?",
            [sum(counts), *counts, kind],
        )
    return con


def lines(
    con: duckdb.DuckDBPyConnection, out: Path, select: str = "FROM"
) -> dict[str, tuple[int | None, ...]]:
    """Published lines by kind of feed, with mart_quality made anew: received, fates, compared and differing."""
    con.execute("DROP TABLE mart_quality")
    con.execute(f"CREATE TABLE mart_quality AS {select} ({mart_sql('mart_quality')})")
    numbers = "received, accepted, quarantined, excluded, superseded, totals_compared, totals_differing"
    found = published(con, out).execute(f"SELECT kind, {numbers} FROM pub_quality ORDER BY feed").fetchall()
    return {kind: tuple(counts) for kind, *counts in found}


def test_quality_is_rounded_by_feed_and_exact_for_the_whole_site(tmp_path):
    """Four superseded forms would be the site's less those of the others: the smallest other line goes with them."""
    con = with_records(responses=(388, 9, 11, 4), appointments=(603, 12, 8, 0), referrals=(290, 11, 0, 0))
    assert lines(con, tmp_path / "out.duckdb") == {
        "appointments": (625, 605, 10, 10, 0, 0, 0),
        "referrals": (300, None, None, None, None, 0, 0),
        "responses": (410, None, None, None, None, 0, 0),
    }
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as out:
        assert dict(out.execute("SELECT * FROM pub_run").fetchall()) == RUN | {
            "received": "1336",
            "accepted": "1281",
            "quarantined": "32",
            "excluded": "19",
            "superseded": "4",
            "files": "3",
            "files_refused": "0",
            "disclosure_policy": "counts below 5 hidden, others rounded to 5",
        }


def test_the_line_of_a_refused_feed_is_told_and_hides_nothing(tmp_path):
    con = with_records(responses=(2, 0, 0, 0), appointments=(603, 12, 8, 0))
    con.execute("UPDATE core_export SET refused = 'empty_file', received = 7 WHERE kind = 'referrals'")
    assert lines(con, tmp_path / "out.duckdb") == {
        "appointments": (None, None, None, None, None, 0, 0),
        "referrals": (0, 0, 0, 0, 0, 0, 0),
        "responses": (None, None, None, None, None, 0, 0),
    }


@pytest.mark.parametrize(
    ("quarantined", "compared", "differing", "expected"),
    [
        (0, 40, 10, (40, 10)),
        (0, 40, 3, (40, None)),
        (0, 40, 38, (40, None)),
        (0, 3, 0, (None, None)),
        (3, 40, 10, (None, None)),
    ],
)
def test_compared_scores(tmp_path, quarantined, compared, differing, expected):
    """Hidden where they are few, and where the records that they are of are hidden."""
    con = with_records(responses=(100, quarantined, 0, 0), appointments=(603, 12, 8, 0))
    changed = f"{compared} AS totals_compared, {differing} AS totals_differing"
    found = lines(con, tmp_path / "out.duckdb", f"SELECT * REPLACE ({changed}) FROM")
    assert found["responses"][5:] == expected


def test_deliveries_are_dated_in_the_time_zone_of_the_site():
    con = warehouse(Site(ONE_CLINIC), AS_OF)
    con.execute("UPDATE core_export SET arrived_at = TIMESTAMP '2026-06-30 23:30:00'")
    assert con.execute(f"SELECT DISTINCT newest_arrival FROM ({mart_sql('mart_quality')})").fetchall() == [
        (date(2026, 7, 1),)
    ]


def test_a_publication_is_a_new_file(tmp_path):
    con = warehouse(Site(ONE_CLINIC), AS_OF)
    published(con, tmp_path / "out.duckdb").close()
    with pytest.raises(WarehouseError, match=r"out\.duckdb"):
        published(con, tmp_path / "out.duckdb")


def test_the_warehouse_is_left_as_it_was_but_for_what_may_be_told(tmp_path):
    con = with_figures([{"kind": "count", "numerator": "4", "denominator": ""}])
    tables = "SELECT current_database(), table_name FROM duckdb_tables() ORDER BY ALL"
    before = con.execute(tables).fetchall()
    for name in ("first", "second"):
        published(con, tmp_path / f"{name}.duckdb").close()
        assert con.execute(tables).fetchall() == before
        assert con.execute("SELECT state, cause FROM mart_disclosed").fetchall() == [
            ("suppressed", "primary")
        ]


def test_the_publication_is_the_same_for_any_number_of_threads_and_any_order_of_rows(tmp_path):
    con, contents = with_few(random_site(4), THREE_QUARTERS), []
    for threads, order in ((1, "ASC"), (8, "DESC")):
        con.execute(f"SET threads = {threads}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE again AS SELECT * FROM mart_figure ORDER BY ALL {order}")
        con.execute("DELETE FROM mart_figure")
        con.execute("INSERT INTO mart_figure FROM again")
        out = published(con, tmp_path / f"{threads}.duckdb")
        contents.append({table.name: out.execute(f"FROM {table.name}").fetchall() for table in PUBLISHED})
    assert contents[0] == contents[1]
