"""Which figures may be told: states and causes of the rows that the policy publishes, and of no others."""

from __future__ import annotations

import duckdb
import pytest

from schemas import quantities
from schemas.site import Disclosure
from tests.lib.attacker import Publication, attack
from tests.lib.service_warehouse import figures_of, run_of, warehouse_of
from tests.lib.small_services import Service, given
from tests.lib.statements import rows_of
from warehouse.disclosed import disclose_figures
from warehouse.disclosure import publish_tables

POLICY = Disclosure()
REFERRALS = [("referrals_received", "standard")]


def referrals(*clinics: list[int], services: str = "s1") -> Service:
    """Referrals by clinic and month from January 2024; each clinic is of the service at its place."""
    return given({"received": clinics}, REFERRALS, services)


def disclosed(service: Service, policy: Disclosure = POLICY, where: str = "true") -> list[str]:
    """Rows of mart_disclosed as `service clinic period: state cause`."""
    with warehouse_of(service) as con:
        disclose_figures(con, policy, quantities.load())
        return [
            " ".join(filter(None, row))
            for row in con.execute(
                "SELECT service || ' ' || clinic || ' ' || period || ': ' || state, cause FROM mart_disclosed"
                f" WHERE {where} ORDER BY ALL"
            ).fetchall()
        ]


def test_states_and_causes():
    """One is hidden for itself; were the other clinic's five told beside the service's six, it would be 2 at most."""
    found = disclosed(referrals([1, 12], [5, 0]), where="grain = 'month' AND service = 's1'")
    assert "s1 c1 2024-01: suppressed primary" in found
    assert [line for line in found if "2024-01: suppressed secondary" in line]
    assert "s1 c1 2024-02: value" in found


def test_how_it_was_done_is_on_record_in_the_warehouse():
    """How many cells are protected, and whether a limit was reached: beside the table, for who asks."""
    with warehouse_of(referrals([1, 12], [5, 0])) as con:
        account = disclose_figures(con, POLICY, quantities.load())
        of = "SELECT comment FROM duckdb_tables() WHERE table_name = 'mart_disclosed'"
        assert con.execute(of).fetchone() == (account.words(),)
    assert account.protected
    assert account.steps
    assert "past the limit of steps 0, groups of figures of which nothing is told: 0" in account.words()


def test_a_period_that_is_not_over_has_no_state_of_its_own():
    found = disclosed(referrals([30, 30]), where="grain = 'quarter'")
    assert {line.split(": ")[1] for line in found} == {"update_withheld"}


GRAINS = {"month", "quarter", "year", "rolling_12_months", "all"}


@pytest.mark.parametrize(
    ("policy", "grains", "clinics"),
    [
        (Disclosure(), GRAINS, {"all", "c1", "c2"}),
        (Disclosure(grains=("year", "all")), {"year", "all"}, {"all", "c1", "c2"}),
        (Disclosure(by_clinic=False), GRAINS, {"all"}),
    ],
)
def test_what_the_policy_leaves_out_is_nowhere(policy, grains, clinics, tmp_path):
    service = referrals([20, 30, 25], [40, 50, 45])
    with warehouse_of(service) as con:
        publish_tables(con, tmp_path / "out.duckdb", policy, run_of(service), figures_of(service), [])
        of = "SELECT DISTINCT grain, clinic FROM mart_disclosed"
        found = set(con.execute(of).fetchall())
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as con:
        assert set(con.execute("SELECT DISTINCT grain, clinic FROM pub_figure").fetchall()) == found
        assert {row[0] for row in con.execute("SELECT grain FROM pub_period").fetchall()} == grains
        assert {row[0] for row in con.execute("SELECT clinic FROM pub_unit").fetchall()} == clinics
        assert con.execute("SELECT count(*) FROM pub_figure WHERE state = 'value'").fetchone() != (0,)
    assert {grain for grain, _ in found} == grains
    assert {clinic for _, clinic in found} == clinics


@pytest.mark.parametrize("by_session", [True, False])
def test_figures_by_session_are_told_where_the_policy_has_them(by_session):
    sessions = [[30] * 12]
    service = given(
        {"received": [[30]], "due_at": sessions, "returned_at": sessions},
        [*REFERRALS, ("questionnaire_completion_by_session", "standard")],
    )
    found = disclosed(service, Disclosure(by_session=by_session), "grain = 'session' AND clinic = 'c1'")
    assert set(found) == ({f"s1 c1 {n}: value" for n in range(1, 13)} if by_session else set())


@pytest.mark.parametrize(
    "policy",
    [Disclosure(by_clinic=False), Disclosure(grains=("rolling_12_months", "all"))],
    ids=["services", "long periods"],
)
def test_what_is_left_out_does_not_follow(policy, tmp_path):
    """A service of one clinic is told of without its clinic; months are differences of long periods."""
    service = referrals([9, 3, 20], [30, 12, 2], services="s1 s2")
    with warehouse_of(service) as con:
        publish_tables(con, tmp_path / "out.duckdb", policy, run_of(service), figures_of(service), [])
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as con:
        public = Publication(rows_of(con, "pub_figure"), service.known)
    assert any(row["state"] == "value" for row in public.rows)
    assert not attack([public], Publication(service.rows, service.known), policy, enough=3)


def test_a_unit_is_hidden_with_the_clinic_that_stands_for_it():
    service = referrals([90], [7], [3], services="s1 s1 s1")
    told = disclosed(service, Disclosure(by_clinic=False), "grain = 'month'")
    assert told == ["all all 2024-01: value", "s1 all 2024-01: value"]
    stood_for = disclosed(service, Disclosure(by_clinic=False, dominance_percent=80), "grain = 'month'")
    assert stood_for == ["all all 2024-01: suppressed dominance", "s1 all 2024-01: suppressed dominance"]


def test_without_figures_nothing_is_told():
    with warehouse_of(referrals([9])) as con:
        con.execute("DELETE FROM mart_figure")
        account = disclose_figures(con, POLICY, quantities.load())
        assert con.execute("SELECT count(*) FROM mart_disclosed").fetchone() == (0,)
    assert account.protected == 0
