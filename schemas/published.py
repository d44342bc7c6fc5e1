"""Tables of the published file as data: all that leaves the warehouse, disclosure-controlled."""

from __future__ import annotations

from schemas.tables import CLINIC, FIGURE_COLUMNS, MART_FIGURE, Column, Table, required

# One line a column: a table is read as a table.
# fmt: off
PUBLISHED = (
    Table(
        "pub_figure", "one figure of one unit and period, disclosure-controlled", MART_FIGURE.key,
        (
            *FIGURE_COLUMNS,
            Column("numerator", "DECIMAL(18,4)", "Rounded count; empty where hidden, and for means"),
            Column("denominator", "BIGINT", "Rounded count; empty where hidden"),
            Column("value", "DECIMAL(18,4)", "Rounded count, per cent from rounded counts, or mean"),
            required("unit", "VARCHAR", "Unit of value"),
            Column("n", "BIGINT", "Rounded number of cases behind the value"),
            required("state", "VARCHAR",
                     "value, zero, suppressed, update_withheld, not_applicable or no_data"),
            Column("held", "BIGINT",
                   "Cases that held records could touch, rounded up; 0 of none; empty where none can say "
                   "and where no rate is shown"),
            Column("bound_low", "SMALLINT",
                   "The rate at the lowest, once held records are mended; empty where nothing is held", "%"),
            Column("bound_high", "SMALLINT",
                   "The rate at the highest, once held records are mended; empty where nothing is held", "%"),
        ),
    ),
    Table(
        "pub_metric", "a figure of the metric dictionary", ("figure", "definition"),
        (
            required("figure", "VARCHAR", "Figure id"),
            required("definition", "VARCHAR", "Definition id"),
            required("theme", "VARCHAR", "engagement, alliance, outcome or quality"),
            required("title", "VARCHAR", "Title shown to people"),
            required("kind", "VARCHAR", "count, rate or mean"),
            required("unit", "VARCHAR", "Unit of value"),
            required("better", "VARCHAR", "higher, lower or neither"),
            required("numerator", "VARCHAR", "Numerator in words"),
            required("denominator", "VARCHAR", "Denominator in words"),
            required("dated_by", "VARCHAR", "Event that decides the period"),
            required("source", "VARCHAR", "Source of the definition"),
        ),
    ),
    Table(
        "pub_unit", "a service or clinic that figures are published for", ("service", "clinic"),
        (
            required("service", "VARCHAR", "Service id, or all"),
            required("clinic", "VARCHAR", "Clinic id, or all"),
            required("title", "VARCHAR", "Name shown to people"),
        ),
    ),
    Table(
        "pub_period", "a period that figures are published for", ("grain", "period"),
        (
            required("grain", "VARCHAR", "month, quarter, year, rolling_12_months or all"),
            required("period", "VARCHAR", "Period id"),
            required("title", "VARCHAR", "Name shown to people"),
            required("first_day", "DATE", "First day"),
            required("last_day", "DATE", "Last day"),
            required("closed", "BOOLEAN", "Whether its last day is before as_of, or it is all time"),
        ),
    ),
    Table(
        "pub_instrument", "an instrument that figures are published for", ("instrument",),
        (
            required("instrument", "VARCHAR", "Instrument id"),
            required("title", "VARCHAR", "Full title"),
            required("construct", "VARCHAR", "alliance, outcome or process"),
            required("evidence", "VARCHAR", "Evidence tag of the key"),
            required("licence", "VARCHAR", "Licence note"),
        ),
    ),
    Table(
        "pub_quality", "a count line of one feed, rounded", ("clinic", "feed"),
        (
            CLINIC,
            required("feed", "VARCHAR", "Feed id"),
            required("kind", "VARCHAR", "responses, appointments or referrals"),
            required("files", "INTEGER", "Deliveries", "files"),
            required("files_refused", "INTEGER", "Deliveries refused whole", "files"),
            Column("received", "BIGINT", "Records, rounded; empty where hidden", "records"),
            Column("accepted", "BIGINT", "Records, rounded; empty where hidden", "records"),
            Column("quarantined", "BIGINT", "Records, rounded; empty where hidden", "records"),
            Column("excluded", "BIGINT", "Records, rounded; empty where hidden", "records"),
            Column("superseded", "BIGINT", "Records, rounded; empty where hidden", "records"),
            Column("totals_compared", "BIGINT", "Scores beside a total of the export, rounded", "scores"),
            Column("totals_differing", "BIGINT", "Of these, different from it, rounded; empty where hidden",
                   "scores"),
            Column("newest_arrival", "DATE", "Local date of the newest delivery"),
        ),
    ),
    Table(
        "pub_run", "an input or count of the run that made this publication", ("name",),
        (
            required("name", "VARCHAR",
                 "run, as_of, released_run, released_as_of, revised_as_of, site_name, timezone, received, "
                 "accepted, quarantined, excluded, superseded, files, files_refused, registry, site, code, "
                 "lock, disclosure_policy"),
            required("value", "VARCHAR", "Its value as text; counts are exact, for the whole site"),
        ),
    ),
)
"""The published file: these tables and no others."""
