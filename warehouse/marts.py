"""Core tables to marts: runs marts/*.sql in order, each a SELECT that stands on its own.

The marts are exact and stay in the warehouse. Whatever is published passes `warehouse.disclosure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.resources import files

from duckdb import DuckDBPyConnection

from schemas import metrics as dictionary
from schemas.metrics import Metric
from schemas.site import Rules
from schemas.tables import MART_BOUND, MART_DISCLOSED, MART_FIGURE
from warehouse import generated_marts
from warehouse.effect_bounds import create_touched
from warehouse.item_answers import item_answers_view
from warehouse.model_frames import estimate_models

MARTS = (
    "mart_unit",
    "mart_own_baseline",
    "mart_cut_off",
    "mart_criterion",
    "mart_source",
    "mart_quality",
    "mart_episode",
    "mart_session",
    "mart_treatment",
    "mart_course",
    "mart_response",
    "mart_due",
    "mart_covered",
    "mart_pair",
    "mart_anxiety",
    "mart_outcome",
    "mart_change",
    "mart_alliance",
    "mart_alliance_score",
    "mart_scale_score",
    "mart_segment_rating",
    "mart_segment",
    "mart_alliance_early",
    "mart_stage",
    "mart_alliance_stage",
    "mart_alliance_form_month",
    "mart_alliance_series",
    "mart_rupture_criterion",
    "mart_rupture_marker",
    "mart_rupture",
    "mart_rupture_judged",
    "mart_dyad",
    "mart_checklist",
    "mart_course_length",
    "mart_landmark",
    "mart_landmark_change",
    "mart_alliance_course",
    "mart_period",
    "mart_clients_seen",
    "mart_contact_month",
    "mart_received_month",
    "mart_treatment_month",
    "mart_open_month",
    "mart_outcome_month",
    "mart_change_month",
    "mart_class_month",
    "mart_due_month",
    "mart_due_session",
    "mart_coverage_month",
    "mart_fact_engagement",
    "mart_fact_outcome",
    "mart_fact_alliance",
    "mart_fact",
    "mart_series",
    "mart_applicable",
    "mart_figure",
    "mart_held",
    "mart_reach",
    "mart_held_reach",
    "mart_standing_case",
    "mart_case_period",
    "mart_held_client",
    "mart_held_most",
    "mart_held_case",
    "mart_held_baseline",
    "mart_bound",
)
"""In the order they are built; each reads only core tables and marts before it."""

AS_WRITTEN = frozenset({"mart_response"})
"""Marts whose joins keep the right-hand side in memory, as written: DuckDB expects a few thousand responses
where there may be millions, and would keep those."""

VIEWS = frozenset({"mart_alliance_score", "mart_scale_score", "mart_standing_case"})
"""Marts that are not stored: as many rows as there are questionnaires, and little to compute."""

DECLARED = {table.name: table for table in (MART_FIGURE, MART_BOUND)}
"""Marts with columns of their own declaration; the others have those of their SELECT."""

KEEP_JOINS = "join_order,build_side_probe_side"

MODEL_COLUMNS = (
    "figure VARCHAR, definition VARCHAR, service VARCHAR, clinic VARCHAR, grain VARCHAR, period VARCHAR, "
    "instrument VARCHAR, scale VARCHAR, value DECIMAL(18, 4), n BIGINT"
)
"""mart_model: one figure of kind `model` of one unit and period, where it could be estimated."""

MACROS = "mart_macros"
GRAIN = "-- Grain: "
PARAMETERS = (
    "coalesce((SELECT value FROM core_run WHERE name = 'timezone'), 'UTC') AS timezone",
    *(
        f"(SELECT nullif(value, '')::DATE FROM core_run WHERE name = '{name}') AS {name}"
        for name in ("baseline_from", "baseline_to")
    ),
    *(
        f"coalesce((SELECT value::INTEGER FROM core_run WHERE name = '{name}'), {default}) AS {name}"
        for name, default in asdict(Rules()).items()
        if isinstance(default, int)
    ),
)
"""Columns of mart_parameter: what the site declares, from core_run; the default of [rules] without it."""


def build_marts(con: DuckDBPyConnection, as_of: date, metrics: Sequence[Metric] | None = None) -> None:
    """All marts of a warehouse that has its core tables and views, as at the end of `as_of`.

    mart_disclosed is empty until the warehouse is published (`warehouse.disclosed`).
    core_run may name the site's timezone, which dates deliveries; without it they are dated in UTC.
    metrics: definitions to compute; the metric dictionary where not given.
    """
    _create_parameter(con, as_of)
    computed = dictionary.load() if metrics is None else metrics
    _create_metric(con, computed)
    create_touched(con, computed)
    con.execute(mart_sql(MACROS))
    generated_marts.create_views(con)
    con.execute(item_answers_view(con))
    con.execute(f"CREATE TABLE mart_model ({MODEL_COLUMNS})")
    for name in MARTS:
        if name == MART_FIGURE.name:
            estimate_models(con)
        _create(con, name)
    for statement in MART_DISCLOSED.ddl():
        con.execute(statement)
    con.execute("RESET disabled_optimizers")


def mart_sql(name: str) -> str:
    """The SELECT of a mart, as auditors read it."""
    return (files("warehouse") / "marts" / f"{name}.sql").read_text(encoding="utf-8")


def _create_parameter(con: DuckDBPyConnection, as_of: date) -> None:
    con.execute(
        f"CREATE TABLE mart_parameter AS SELECT ?::DATE AS as_of, {', '.join(PARAMETERS)}",
        [as_of.isoformat()],
    )


def _create_metric(con: DuckDBPyConnection, metrics: Sequence[Metric]) -> None:
    columns = ("figure", "definition", "kind", "unit", "needs", "series", "scaffold", "rater")
    con.execute(
        "CREATE TABLE mart_metric (figure VARCHAR, definition VARCHAR, kind VARCHAR, unit VARCHAR, "
        "needs VARCHAR[], series VARCHAR, scaffold VARCHAR, rater VARCHAR)"
    )
    rows = [[_plain(getattr(metric, column)) for column in columns] for metric in metrics]
    con.executemany("INSERT INTO mart_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return list(value) if isinstance(value, tuple) else value


def _create(con: DuckDBPyConnection, name: str) -> None:
    select = mart_sql(name)
    con.execute(f"SET disabled_optimizers = '{KEEP_JOINS if name in AS_WRITTEN else ''}'")
    if name in DECLARED:
        for statement in DECLARED[name].ddl():
            con.execute(statement)
        con.execute(f"INSERT INTO {name} {select}")
    else:
        kind = "VIEW" if name in VIEWS else "TABLE"
        con.execute(f"CREATE {kind} {name} AS {select}")
        grain = select.removeprefix(GRAIN).split("\n", 1)[0].replace("'", "''")
        con.execute(f"COMMENT ON {kind} {name} IS 'One row: {grain}'")
