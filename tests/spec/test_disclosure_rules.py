"""What is published of few people

Nothing that is published tells of one person. A count of 1 to 4 is `suppressed`, and so is every rate that would
tell it, by its numerator or by the rest of its denominator: 98 % of 102 tells of the two others. A rate needs a
denominator of 20, a mean ten cases. Nobody is nobody: no recovery of 40 is 0 %, said as `zero`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

import duckdb
import pytest

from schemas import metrics
from schemas.site import Disclosure
from tests.lib.small_warehouse import Site, instruments, warehouse
from tests.lib.tables import rows
from warehouse.disclosure import publish_tables

AS_OF = date(2026, 7, 1)
POLICY = Disclosure()
MAY = {"clinic": "north", "grain": "month", "period": "2026-05"}
NUMBERS = ("numerator", "denominator", "value", "n")


def published(site: Site, tmp_path: Path, *figures: str) -> duckdb.DuckDBPyConnection:
    """What is published of a site, when these figures are given and no others."""
    dictionary = [one for one in metrics.load() if one.figure in figures]
    con = warehouse(site, AS_OF, metrics=dictionary)
    publish_tables(con, tmp_path / "out.duckdb", POLICY, {}, dictionary, instruments())
    return duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True)


def told(con: duckdb.DuckDBPyConnection, figure: str, definition: str = "standard", **where: str) -> str:
    """One published figure as `numerator/denominator = value, n, state`; of north in May where nothing is said."""
    key = {"figure": figure, "definition": definition, **MAY, **where}
    (row,) = con.execute(
        f"SELECT {', '.join(NUMBERS)}, state FROM pub_figure WHERE {' AND '.join(f'{one} = ?' for one in key)}",
        list(key.values()),
    ).fetchall()
    numerator, denominator, value, n = map(plain, row[:4])
    return f"{numerator}/{denominator} = {value}, {n}, {row[4]}"


def plain(number: Decimal | int | None) -> str:
    return "-" if number is None else f"{Decimal(number).normalize():f}"


HIDDEN = "-/- = -, -, suppressed"


def appointments(**statuses: int) -> Site:
    """A clinic with so many appointments of each status in May, one client each."""
    each = [status for status, times in statuses.items() for _ in range(times)]
    return Site(
        {"north": "adult"},
        appointments=[
            {
                "clinic": "north",
                "client": str(client),
                "starts_at": f"2026-05-{1 + client % 28:02} 10:00",
                "status": status,
            }
            for client, status in enumerate(each)
        ],
    )


class TestCounts:
    """Referrals received in May."""

    @pytest.mark.parametrize(
        ("received", "expected"),
        [
            (0, "0/- = 0, 0, zero"),
            (1, HIDDEN),
            (4, HIDDEN),
            (5, "5/- = 5, 5, value"),
            (8, "10/- = 10, 10, value"),
        ],
    )
    def test_one_to_four_are_hidden_and_five_are_five(self, tmp_path, received, expected):
        site = Site(
            {"north": "adult"},
            referrals=[
                {"clinic": "north", "client": str(number), "received_on": "2026-05-11"}
                for number in range(received)
            ],
            # So that May is a month of the site even where nobody was referred.
            appointments=rows(
                "clinic | client | starts_at | status\nnorth | 99 | 2026-05-04 10:00 | attended"
            ),
        )
        con = published(site, tmp_path, "referrals_received")
        assert told(con, "referrals_received") == expected
        # The same people under other names: the service, the site, the quarter and all time.
        for where in (
            {"clinic": "all", "service": "adult"},
            {"clinic": "all", "service": "all"},
            {"grain": "quarter", "period": "2026-Q2"},
            {"grain": "all", "period": "all"},
        ):
            assert told(con, "referrals_received", **where) == expected, where


RATES = (
    ("attendance_rate", "standard"),
    ("attendance_rate", "of_booked"),
    ("dna_rate", "nhs_pdt"),
    ("dna_rate", "of_expected"),
    ("cancelled_by_client_rate", "standard"),
)


@pytest.fixture(scope="module", params=[0, 12], ids=["none cancelled", "twelve cancelled"])
def two_missed(tmp_path_factory, request) -> duckdb.DuckDBPyConnection:
    """98 % of 102: two did not come."""
    site = appointments(attended=100, dna=2, cancelled_by_client=request.param)
    return published(site, tmp_path_factory.mktemp("rates"), *{figure for figure, _ in RATES})


class TestTheRestOfARate:
    """A rate tells how many were not counted, too: it is hidden where these are few."""

    def test_98_per_cent_of_102_is_not_told(self, two_missed):
        assert told(two_missed, "attendance_rate") == HIDDEN
        assert told(two_missed, "dna_rate", "nhs_pdt") == HIDDEN
        assert told(two_missed, "dna_rate", "of_expected") == HIDDEN

    def test_no_other_definition_tells_it(self, two_missed):
        """Whoever tries all numbers finds worlds with one who did not come, and with four, that look the same."""
        shown = two_missed.execute(
            "SELECT figure, definition, numerator::INTEGER, denominator FROM pub_figure"
            " WHERE clinic = 'north' AND grain = 'month' AND period = '2026-05' AND denominator > 0"
        ).fetchall()
        missed = {
            dna
            for attended, dna, cancelled in product(range(90, 111), range(12), range(20))
            if all(
                looks_like(counted(figure, definition, attended, dna, cancelled), row)
                for figure, definition, *row in shown
                if (figure, definition) in RATES
            )
        }
        assert missed >= {1, 2, 3, 4}

    def test_97_of_102_leave_five_and_are_told(self, tmp_path):
        con = published(appointments(attended=97, dna=5), tmp_path, "attendance_rate", "dna_rate")
        assert told(con, "attendance_rate") == "95/100 = 95, 100, value"
        assert told(con, "dna_rate", "of_expected") == "5/100 = 5, 100, value"

    def test_all_of_40_leave_nobody_and_are_told(self, tmp_path):
        con = published(appointments(attended=40), tmp_path, "attendance_rate", "dna_rate")
        assert told(con, "attendance_rate") == "40/40 = 100, 40, value"
        assert told(con, "dna_rate", "of_expected") == "0/40 = 0, 40, zero"


def counted(figure: str, definition: str, attended: int, dna: int, cancelled: int) -> tuple[int, int]:
    """Numerator and denominator in a world of so many appointments."""
    everyone = attended + dna + (0 if definition == "of_expected" else cancelled)
    if figure == "attendance_rate":
        return attended, attended + dna if definition == "standard" else everyone
    return (dna if figure == "dna_rate" else cancelled), everyone


def looks_like(world: tuple[int, int], shown: list[int]) -> bool:
    """Whether a rate of this world would be told by these rounded counts: none of 1 to 4, zero for nobody."""
    part, whole = world
    small = range(1, POLICY.threshold)
    rounded = [(2 * count + POLICY.round_to) // (2 * POLICY.round_to) * POLICY.round_to for count in world]
    return rounded == shown and part not in small and whole - part not in small


class TestDenominators:
    @pytest.mark.parametrize(
        ("attended", "dna", "expected"),
        [
            (9, 8, HIDDEN),
            (0, 17, HIDDEN),
            (10, 10, "10/20 = 50, 20, value"),
            (0, 20, "0/20 = 0, 20, zero"),
            (0, 0, "0/0 = -, 0, no_data"),
        ],
    )
    def test_a_rate_needs_twenty(self, tmp_path, attended, dna, expected):
        """A rate of fewer is hidden, whatever it is: of 17 one person is six per cent."""
        site = appointments(attended=attended, dna=dna, cancelled_by_provider=30)
        assert told(published(site, tmp_path, "attendance_rate"), "attendance_rate") == expected


class TestMeans:
    @pytest.mark.parametrize(
        ("forms", "expected"),
        [
            (3, HIDDEN),
            (9, HIDDEN),
            (12, "-/10 = 40, 10, value"),
        ],
    )
    def test_a_mean_of_three_people_is_not_told(self, tmp_path, forms, expected):
        """Ten forms are needed, and a mean never comes with its sum."""
        site = Site(
            {"north": "adult"},
            scores=[
                {
                    "clinic": "north",
                    "client": str(client),
                    "instrument": "wai_sr",
                    "completed_at": "2026-05-11 09:50",
                    "total": "40",
                }
                for client in range(forms)
            ],
        )
        con = published(site, tmp_path, "alliance_mean")
        assert told(con, "alliance_mean", instrument="wai_sr", scale="total") == expected


@pytest.fixture(scope="module")
def no_recovery(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    who = [{"clinic": "north", "client": str(number)} for number in range(40)]
    days = ("2026-04-13", "2026-05-11")
    site = Site(
        {"north": "adult"},
        referrals=[
            one | {"received_on": "2026-04-06", "ended_on": "2026-05-20", "ending": "completed"}
            for one in who
        ],
        appointments=[
            one | {"starts_at": f"{day} 10:00", "status": "attended"} for one in who for day in days
        ],
        scores=[
            one | {"instrument": instrument, "completed_at": f"{day} 09:50", "total": "15"}
            for one in who
            for day in days
            for instrument in ("phq_9", "gad_7")
        ],
    )
    return published(site, tmp_path_factory.mktemp("zero"), "recovery_rate", "finished_course")


class TestZero:
    """Forty courses, each a case at the first score, none below the cut-offs at the last."""

    @pytest.mark.parametrize("definition", ["standard", "completers", "intention_to_treat"])
    def test_no_recovery_of_forty_is_0_per_cent(self, no_recovery, definition):
        assert told(no_recovery, "recovery_rate", definition) == "0/40 = 0, 40, zero"

    def test_those_it_is_of_are_told(self, no_recovery):
        assert told(no_recovery, "finished_course") == "40/- = 40, 40, value"

    def test_a_month_without_courses_has_no_rate(self, no_recovery):
        assert told(no_recovery, "recovery_rate", period="2026-04") == "0/0 = -, 0, no_data"
