"""Warehouse and published tables as data: name, grain, key, columns with type, unit and comment.

The DDL, the comments inside the database, the digests (key order), the generated expectations and the
documentation come from here. Core and marts stay in the warehouse; `schemas.published` is what is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

RATER = "ENUM('client', 'therapist', 'observer', 'caregiver')"
STATUS = "ENUM('scored', 'prorated', 'too_many_missing', 'key_not_confirmed')"
"""Closed vocabularies of large tables, which load twice as fast as text."""

PACKED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "DECIMAL", "DATE", "TIMESTAMP", "ENUM")
"""Types stored bit-packed: DuckDB else tries every compression on every column, a quarter of the load."""


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, what it holds, its unit where it has one."""

    name: str
    type: str
    comment: str
    unit: str = ""
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """One table: what one row is, and the columns that tell rows apart, in digest order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def ddl(self) -> Iterator[str]:
        """CREATE TABLE and its comments, one statement each."""
        body = ", ".join(_column_ddl(column) for column in self.columns)
        yield f'CREATE TABLE "{self.name}" ({body})'
        yield f'COMMENT ON TABLE "{self.name}" IS {_literal("One row: " + self.grain)}'
        for column in self.columns:
            text = f"{column.comment} [{column.unit}]" if column.unit else column.comment
            yield f'COMMENT ON COLUMN "{self.name}"."{column.name}" IS {_literal(text)}'


def _column_ddl(column: Column) -> str:
    packed = " USING COMPRESSION bitpacking" if column.type.startswith(PACKED) else ""
    return f'"{column.name}" {column.type}{packed}{"" if column.nullable else " NOT NULL"}'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def required(name: str, type_: str, comment: str, unit: str = "") -> Column:
    """A column that is never empty."""
    return Column(name, type_, comment, unit, nullable=False)


ENTRY_NO = required("entry_no", "INTEGER", "Place of the delivery in the ledger, from 1")
SOURCE_ROW = required("source_row", "INTEGER", "Data row in the export, from 1")
FORM_NO = required(
    "form_no", "SMALLINT", "Which of the feed's questionnaires, as site.toml lists them, from 1"
)
CLINIC = required("clinic", "VARCHAR", "Clinic id of site.toml")
CLIENT = required("client_key", "UBIGINT", "Keyed pseudonym of the client within its clinic")
CLINICIAN = Column("clinician_key", "UBIGINT", "Keyed pseudonym of the clinician")
SESSION = Column("session", "SMALLINT", "Session number in the export", "sessions")

ADMINISTRATION_COLUMNS = (
    ENTRY_NO,
    SOURCE_ROW,
    FORM_NO,
    CLINIC,
    CLIENT,
    CLINICIAN,
    required("instrument", "VARCHAR", "Instrument id of the registry"),
    required("rater", RATER, "client, therapist, observer or caregiver"),
    Column("rater_id", "VARCHAR", "Which of several raters, where the feed says"),
    SESSION,
    Column("segment", "VARCHAR", "Part of the session that was rated"),
    Column("episode", "VARCHAR", "Episode id, keyed, where the feed has one"),
    Column("started_at", "TIMESTAMP", "When the respondent began", "UTC"),
    Column("completed_at", "TIMESTAMP", "When the respondent finished", "UTC"),
    Column("completed_on", "DATE", "Local date of completed_at in the site's time zone"),
)
"""Columns every administration has, whatever the instrument."""

# One line a column: a table is read as a table.
# fmt: off
CORE = (
    Table(
        "core_run", "the run that built this warehouse", ("name",),
        (
            required("name", "VARCHAR", "Input of the run: as_of, archive, registry, site, code, lock"),
            required("value", "VARCHAR", "Its date, digest or id"),
        ),
    ),
    Table(
        "core_clinic", "a clinic of the site", ("clinic",),
        (
            CLINIC,
            required("clinic_name", "VARCHAR", "Name shown to people"),
            required("service", "VARCHAR", "Service the clinic belongs to"),
        ),
    ),
    Table(
        "core_due", "a rule of what is due when", ("service", "instrument", "rater", "rule_no", "session"),
        (
            required("service", "VARCHAR", "Service the rule is for"),
            required("instrument", "VARCHAR", "Instrument due"),
            required("rater", "VARCHAR", "Who should answer"),
            required("rule_no", "INTEGER", "Place of the rule in site.toml, from 1"),
            required("due_when", "VARCHAR", "all, listed or first_last"),
            Column("session", "SMALLINT", "For listed: one row per session number", "sessions"),
        ),
    ),
    Table(
        "core_instrument", "an instrument of the registry", ("instrument",),
        (
            required("instrument", "VARCHAR", "Instrument id"),
            required("title", "VARCHAR", "Full title"),
            required("construct", "VARCHAR", "alliance, outcome or process"),
            required("outcome_scale", "VARCHAR", "Scale that stands for the instrument"),
            required("n_items", "SMALLINT", "Items on the form", "items"),
            required("evidence", "VARCHAR", "verified, derived, unconfirmed, licensed or site_key"),
            Column("measure_for", "VARCHAR", "Problems it is the NHS anxiety measure for, commas between"),
        ),
    ),
    Table(
        "core_scale", "a scale of an instrument", ("instrument", "scale"),
        (
            required("instrument", "VARCHAR", "Instrument id"),
            required("scale", "VARCHAR", "Scale id"),
            required("scale_no", "SMALLINT", "Place on the card, from 1"),
            required("n_items", "SMALLINT", "Items in the scale", "items"),
            required("method", "VARCHAR", "How items become the score: sum, mean, ..."),
            required("minimum", "DECIMAL(9,4)", "Lowest possible score", "points"),
            required("maximum", "DECIMAL(9,4)", "Highest possible score", "points"),
            required("direction", "VARCHAR", "higher_better or higher_worse"),
            required("unit", "VARCHAR", "Unit of the score"),
            Column("steps_per_point", "DECIMAL(9,4)",
                   "Smallest steps of the keyed answers, summed, in one point of the score; "
                   "empty where a table gives the score", "steps"),
        ),
    ),
    Table(
        "core_item", "an item of a scale", ("instrument", "scale", "item"),
        (
            required("instrument", "VARCHAR", "Instrument id"),
            required("scale", "VARCHAR", "Scale id"),
            required("item", "SMALLINT", "Number of the item on the form, from 1"),
            required("reverse", "BOOLEAN", "Whether the key turns its answers round"),
        ),
    ),
    Table(
        "core_threshold", "a cut-off, criterion of change or alliance marker, in use or recorded beside it",
        ("instrument", "scale", "kind", "name"),
        (
            required("instrument", "VARCHAR", "Instrument id"),
            required("scale", "VARCHAR", "Scale id"),
            required("kind", "VARCHAR", "caseness, reliable_change, alliance_concern or alliance_drop"),
            required("name", "VARCHAR", "Name of the convention, e.g. nhs_talking_therapies"),
            required("value", "DECIMAL(9,4)", "Threshold", "points"),
            required("comparison", "VARCHAR", "How a score is compared: >= > <= <"),
            required("evidence", "VARCHAR", "Evidence tag of the threshold"),
            Column("level", "VARCHAR", "Interval of a criterion of change: 90 % or 95 %"),
            Column("sd", "DECIMAL(9,4)", "Standard deviation the criterion is computed from", "points"),
            Column("reliability", "DECIMAL(9,4)", "Reliability the criterion is computed from"),
            Column("recorded", "DATE", "Day the threshold was written into the registry"),
            required("is_on", "BOOLEAN", "Whether it is the convention in use, or an alternative"),
        ),
    ),
    Table(
        "core_export", "a delivery: one export file of one feed", ("entry_no",),
        (
            ENTRY_NO,
            required("entry", "VARCHAR", "Delivery id: 16 hex digits of feed and content"),
            required("feed", "VARCHAR", "Feed id of site.toml"),
            CLINIC,
            required("kind", "VARCHAR", "responses, appointments or referrals"),
            required("file", "VARCHAR", "File name as delivered"),
            required("sha256", "VARCHAR", "Digest of the bytes"),
            required("bytes", "BIGINT", "Size", "bytes"),
            required("arrived_at", "TIMESTAMP", "When it was archived", "UTC"),
            Column("refused", "VARCHAR", "Rule that refused the whole file"),
            required("received", "INTEGER", "Records in the file", "records"),
            required("accepted", "INTEGER", "Records that stand", "records"),
            required("quarantined", "INTEGER", "Records waiting to be mended", "records"),
            required("excluded", "INTEGER", "Records left out by rule", "records"),
            required("superseded", "INTEGER", "Records replaced by a later one", "records"),
            required("administrations", "INTEGER", "Administrations that stand", "administrations"),
            Column("forms", "VARCHAR", "Instruments a record of the feed may hold, commas between"),
            Column("snapshot", "BOOLEAN", "Whether it takes the place of the feed's earlier deliveries"),
            Column("unread", "INTEGER", "Records of a refused file; 0 if not countable", "records"),
            Column("closed", "BOOLEAN", "Of a refused file: it was released, or a newer snapshot came"),
        ),
    ),
    Table(
        "core_record", "a source record that was not accepted", ("entry_no", "source_row"),
        (
            ENTRY_NO,
            SOURCE_ROW,
            required("fate", "VARCHAR", "quarantined, excluded or superseded"),
            required("reason", "VARCHAR", "Rule or reason of the fate"),
        ),
    ),
    Table(
        "core_quarantine", "a problem of a quarantined record or administration",
        ("entry_no", "source_row", "instrument", "column_name", "rule"),
        (
            ENTRY_NO,
            SOURCE_ROW,
            required("instrument", "VARCHAR", "Instrument concerned; empty when the whole record"),
            required("column_name", "VARCHAR", "Column of the export; empty when the whole row"),
            required("rule", "VARCHAR", "Rule of schemas/rules.toml that failed"),
        ),
    ),
    Table(
        "core_held", "a quarantined administration, or a record that is none, as far as it can be read",
        ("entry_no", "source_row", "form_no"),
        (
            ENTRY_NO,
            SOURCE_ROW,
            required("form_no", "SMALLINT", "Which of the feed's questionnaires, from 1; 0 for others"),
            CLINIC,
            required("kind", "VARCHAR", "responses, appointments or referrals"),
            required("instrument", "VARCHAR", "Instrument id; empty for a record that is no questionnaire"),
            Column("client_key", "UBIGINT", "Keyed pseudonym of the client; empty where it cannot be read"),
            Column("rater", "VARCHAR", "client, therapist, observer or caregiver; empty where unknown"),
            SESSION,
            Column("episode", "VARCHAR", "Episode id, keyed, where the feed has one"),
            Column("happened_on", "DATE",
                   "Local date of completion, appointment or referral; empty where it cannot be read"),
            Column("elsewhere", "BOOLEAN",
                   "Whether, once mended, it may take the place of a form of another client or day"),
        ),
    ),
    Table(
        "core_remark", "a warning about a record that counts, or about a whole delivery",
        ("entry_no", "source_row", "instrument", "rule"),
        (
            ENTRY_NO,
            required("source_row", "INTEGER", "Data row in the export, from 1; 0 for the whole delivery"),
            required("instrument", "VARCHAR", "Instrument concerned; empty for others"),
            required("rule", "VARCHAR", "Rule of schemas/rules.toml, of level warning"),
        ),
    ),
    Table(
        "core_total_check", "a score, or none, beside another total that its export carried",
        ("entry_no", "source_row", "form_no", "scale"),
        (
            ENTRY_NO, SOURCE_ROW, FORM_NO, CLINIC,
            required("instrument", "VARCHAR", "Instrument id"),
            required("scale", "VARCHAR", "Scale id"),
            required("status", "VARCHAR", "scored, prorated or too_many_missing"),
            Column("score", "DECIMAL(9,4)", "Score computed from the answers, the one used", "points"),
            required("stored_total", "DECIMAL(9,4)", "Total of the export, kept and never used", "points"),
            Column("difference", "DECIMAL(9,4)", "Score less stored total; empty without a score", "points"),
        ),
    ),
    Table(
        "core_appointment", "an appointment that stands", ("entry_no", "source_row"),
        (
            ENTRY_NO, SOURCE_ROW, CLINIC, CLIENT, CLINICIAN, SESSION,
            required("starts_at", "TIMESTAMP", "When it was to start", "UTC"),
            required("starts_on", "DATE", "Local date of starts_at"),
            required("kind", "VARCHAR", "assessment, treatment, both, review, follow_up or other"),
            required("status", "VARCHAR",
                 "booked, attended, late, late_not_seen, dna, cancelled_by_client or cancelled_by_provider"),
        ),
    ),
    Table(
        "core_referral", "a referral that stands", ("entry_no", "source_row"),
        (
            ENTRY_NO, SOURCE_ROW, CLINIC, CLIENT,
            Column("episode", "VARCHAR", "Episode id, keyed, where the feed has one"),
            required("received_on", "DATE", "Local date the referral was received"),
            Column("ended_on", "DATE", "Local date it ended; empty while open"),
            Column("ending", "VARCHAR",
                   "completed, dropped_out, declined, referred_on, deceased or unknown; empty while open"),
            Column("problem", "VARCHAR", "Presenting problem"),
            Column("modality", "VARCHAR", "Kind of therapy"),
            Column("age_years", "SMALLINT", "Age at referral", "years"),
            Column("age_band", "VARCHAR", "Age band at referral"),
            Column("sex", "VARCHAR", "As recorded"),
            Column("ethnicity", "VARCHAR", "As recorded"),
        ),
    ),
)
"""Tables filled by the load; `ADMINISTRATION_VIEW` and `SCORE_VIEW` are views over one wide table a form."""

ADMINISTRATION_VIEW = Table(
    "core_administration", "one questionnaire completed once, that stands",
    ("entry_no", "source_row", "form_no"),
    (
        *ADMINISTRATION_COLUMNS,
        Column("answers", "SMALLINT[]",
               "Answers as captured, in the form's order; NULL missing, -102 refused, "
               "-103 not shown, -104 not applicable; decimal scales in their smallest step"),
    ),
)

SCORE_VIEW = Table(
    "core_score", "a scale of an administration that stands",
    ("entry_no", "source_row", "form_no", "scale"),
    (
        *ADMINISTRATION_COLUMNS,
        required("scale", "VARCHAR", "Scale id"),
        Column("score", "DECIMAL(9,4)", "Score; empty unless scored or prorated", "points"),
        required("n_answered", "SMALLINT", "Items answered", "items"),
        required("n_items", "SMALLINT", "Items in the scale", "items"),
        required("status", "VARCHAR", "scored, prorated, too_many_missing or key_not_confirmed"),
        Column("stored_total", "DECIMAL(9,4)", "Total the export itself carried", "points"),
    ),
)

FIGURE_COLUMNS = (
    required("figure", "VARCHAR", "Figure id of the metric dictionary"),
    required("definition", "VARCHAR", "Definition id where a figure has several; else standard"),
    required("service", "VARCHAR", "Service id, or all"),
    required("clinic", "VARCHAR", "Clinic id, or all"),
    required("grain", "VARCHAR", "month, quarter, year, rolling_12_months, all, session or stage"),
    required("period", "VARCHAR", "2026-03 (a month, or twelve to it), 2026-Q1, 2026, all, session or stage"),
    required("instrument", "VARCHAR", "Instrument id, or empty"),
    required("scale", "VARCHAR", "Scale id, or empty"),
)
"""What tells one figure from another, in exact and in published form."""

MART_FIGURE = Table(
    "mart_figure", "one exact figure of one unit and period", tuple(c.name for c in FIGURE_COLUMNS),
    (
        *FIGURE_COLUMNS,
        Column("numerator", "DECIMAL(18,4)", "Count, or sum of scores for a mean"),
        Column("denominator", "BIGINT", "What the numerator is a part of; empty for a count"),
        Column("value", "DECIMAL(18,4)", "Count, per cent, or mean"),
        required("unit", "VARCHAR", "Unit of value: referrals, %, points, ..."),
        Column("n", "BIGINT", "Cases behind the value"),
        required("state", "VARCHAR", "value, zero, not_applicable or no_data"),
    ),
)

MART_DISCLOSED = Table(
    "mart_disclosed", "what may be told of one exact figure, or why not", MART_FIGURE.key,
    (
        *FIGURE_COLUMNS,
        required("state", "VARCHAR", "value, zero, suppressed, update_withheld, not_applicable or no_data"),
        required("cause", "VARCHAR", "primary, within, secondary, dominance or history; empty if it is told"),
    ),
)

MART_BOUND = Table(
    "mart_bound", "how far held records could move one rate of a unit and period, if mended", MART_FIGURE.key,
    (
        *FIGURE_COLUMNS,
        Column("held", "BIGINT", "Cases that held records could touch at most; empty if unknown", "cases"),
        required("low_percent", "DECIMAL(7,4)", "The rate at the lowest, rounded down", "%"),
        required("high_percent", "DECIMAL(7,4)", "The rate at the highest, rounded up", "%"),
    ),
)

# fmt: on


def administration_table(instrument: str, n_items: int, scales: tuple[str, ...]) -> Table:
    """The wide physical table of one instrument: answers and scores of an administration.

    Wide, because five million administrations load and aggregate several times faster so than as twenty
    million long rows; the long `core_score` is a view that prunes to the columns a query asks for.
    """
    items = tuple(
        Column(f"item_{n:02}", "TINYINT", f"Answer to item {n}, coded as in core_administration.answers")
        for n in range(1, n_items + 1)
    )
    scored = tuple(column for scale in scales for column in _scale_columns(scale))
    return Table(
        f"administration_{instrument}",
        f"an administration of {instrument} that stands",
        ("entry_no", "source_row", "form_no"),
        (*(c for c in ADMINISTRATION_COLUMNS if c.name != "instrument"), *items, *scored),
    )


def _scale_columns(scale: str) -> tuple[Column, ...]:
    return (
        Column(f"score_{scale}", "DECIMAL(9,4)", f"Score of {scale}", "points"),
        Column(f"answered_{scale}", "TINYINT", f"Items of {scale} answered", "items"),
        Column(f"status_{scale}", STATUS, f"Status of {scale}"),
        Column(f"stored_{scale}", "DECIMAL(9,4)", f"Total of {scale} that the export carried", "points"),
    )
