"""How each survey system writes its exports, as data: one TOML per dialect in schemas/dialects.

A dialect says what a file of that system looks like and what its own columns mean; it reads nothing.
Column names in a dialect may be
    Name          a column of that name
    {form}_x      the column of the questionnaire's own form, see `Dialect.form`
    @first        the first column of the file
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files

from schemas.errors import ConfigError
from schemas.raw_table import RawTable
from schemas.site import COLUMNS, EACH_ROW, VOCABULARY, Feed, fold

DIALECT_NAMES = (
    "csv",
    "tsv",
    "xlsx",
    "ods",
    "parquet",
    "qualtrics",
    "qualtrics_legacy",
    "qualtrics_json",
    "redcap",
    "redcap_odm",
    "limesurvey",
    "surveymonkey",
    "google_forms",
    "ms_forms",
    "kobo",
    "spss",
    "fhir",
)
"""All names site.toml may use; `load_dialects` has those that can be read."""

OPEN_KEYS = (
    "timezone",
    "encoding",
    "delimiter",
    "decimal",
    "date_format",
    "sheet",
    "dictionary",
    "questionnaire",
)
"""Keys of a feed that a dialect may leave open."""

CONTAINERS = ("text", "workbook", "parquet", "spss", "odm", "qualtrics_json", "fhir")
"""How the bytes of a file hold its cells: each has a reader in flows/readers."""

FIRST_COLUMN = "@first"
REPEAT_NUMBER = "@repeat"
"""Column that counts the repeats of one form, of a sheet of them."""

_FORM = "{form}"


@dataclass(frozen=True)
class ExcludeRule:
    """A record whose cell in `column` is one of `values` (trimmed, as written) is excluded.

    reason: of schemas.rules.EXCLUDED_REASONS. A rule with the reason not_finished falls away in a feed
    with partials = "keep"; one on a column of the form is about that questionnaire alone.
    """

    column: str
    reason: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class FinishedRule:
    """A record is finished when its cell in `column` is one of `values`, or with `filled` not blank.

    A text of no_date is no date, and yet not blank.
    A rule on a column of the form is about that questionnaire alone, and only where it has an answer:
    the rows of other events carry a blank form, which is empty and not unfinished.
    """

    column: str
    values: tuple[str, ...]
    filled: bool


@dataclass(frozen=True)
class CodedQuestions:
    """Questions known by a public code, and what the codes of their answers count.

    title: of the list of answers; weights: answer code to number, as text
    """

    title: str
    questions: tuple[str, ...]
    weights: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class Repeats:
    """Columns by which a sheet of repeated groups names the form each belongs to.

    index: of the forms' sheet; parent: the same number in the repeats' sheet; table: name of the forms' sheet
    """

    index: str
    parent: str
    table: str


@dataclass(frozen=True)
class Dialect:
    """What a file of one survey system looks like.

    containers: of CONTAINERS, how bytes become cells; a file's first bytes tell several apart
    delimiter, quote, encoding, decimal: of the text; utf-8-sig reads with and without a byte order mark
    header_rows: rows before the data; header_row: which of them, from 1, has the names
    import_id_row: the last header row holds import ids as JSON, by which such a file is known
    alias_row: header row, from 1, whose texts are further names of the columns; 0 for none
    known_by: texts of which the alias row of every such file has one
    trailing_delimiter: the header may end in one, and rows without it lack nothing
    coded: questions and answers known by public codes, where the file itself gives no numbers
    under_question: where given, the row below the names says what stands under each question, and a column is
        called "question / text"; with one of these texts it is called as the question
    group_marks: between the groups a question is in and its name; it is found without them too
    repeats: of sheets of repeated groups, or None
    assumed_order: whether date_formats take for granted which of two numbers is the day, as no file says
    typed: cells may be dates by their type; those are read as ISO 8601 whatever date_format says of texts
    form_end: ending of the column that closes each form, where columns are grouped by form; else ""
    columns: our column to theirs, where the feed says nothing; several are joined with "/", and a
        column named here that the file does not have is left out
    values: our column to (text, folded, to our word), of columns that the feed does not map itself
    date_formats: strptime, tried strictly in this order; a date with a time zone keeps it
    no_date: texts in a date column that mean there is no date
    last_touch: column that dates a record whose completed_at is blank, in feeds that keep partials; else ""
    exclude, finished: which records are no answers of clients, and which are not complete
    spellings: name of a column in this dialect to other spellings that files have
    normal: by column of `exclude`, the values that need no remark; others are accepted with a warning
    missing, not_shown: texts that mean so in every answer column
    drop: identifiers the system adds by itself: never kept, whether a feed lists them or not
    open: keys of a feed this dialect leaves open
    """

    name: str
    title: str
    containers: tuple[str, ...]
    delimiter: str
    quote: str
    encoding: str
    decimal: str
    header_rows: int
    header_row: int
    import_id_row: bool
    alias_row: int
    known_by: tuple[str, ...]
    trailing_delimiter: bool
    coded: tuple[CodedQuestions, ...]
    under_question: tuple[str, ...]
    group_marks: tuple[str, ...]
    repeats: Repeats | None
    assumed_order: bool
    typed: bool
    form_end: str
    columns: Mapping[str, str | tuple[str, ...]] = field(hash=False)
    values: Mapping[str, Mapping[str, str]] = field(hash=False)
    date_formats: tuple[str, ...]
    no_date: tuple[str, ...]
    last_touch: str
    exclude: tuple[ExcludeRule, ...]
    finished: FinishedRule | None
    spellings: Mapping[str, tuple[str, ...]] = field(hash=False)
    normal: Mapping[str, tuple[str, ...]] = field(hash=False)
    missing: tuple[str, ...]
    not_shown: tuple[str, ...]
    drop: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def fate_columns(self) -> tuple[str, ...]:
        """Columns that decide preview, test, spam and finished; a file without one gets a warning."""
        rules = [rule.column for rule in self.exclude] + ([self.finished.column] if self.finished else [])
        return tuple(dict.fromkeys(rules))

    def form(self, header: Sequence[str], items: Sequence[str]) -> str:
        """Name of the form that holds these item columns; "" where columns are not grouped by form.

        Each form's columns stand together and end in the one that says whether it is complete: the form
        is that of the first such column after the last item.
        """
        places = [header.index(item) for item in items if item in header]
        if not self.form_end or not places:
            return ""
        closing = (name for name in header[max(places) :] if name.endswith(self.form_end))
        return next(closing, "").removesuffix(self.form_end)

    def column(self, name: str, header: Sequence[str], items: Sequence[str] = ()) -> str | None:
        """The file's column that a name of this dialect stands for; None where the file has none."""
        found = header[0] if name == FIRST_COLUMN and header else name
        if _FORM in found:
            form = self.form(header, items)
            found = found.replace(_FORM, form) if form else ""
        return found if found and found in header else None

    def columns_of(self, feed: Feed) -> dict[str, tuple[str, ...]]:
        """Our column to the feed's columns: what it says, else this dialect's own where the kind has it."""
        ours = {key: theirs for key, theirs in self.columns.items() if key in COLUMNS[feed.kind]}
        if feed.undated:
            ours = {key: theirs for key, theirs in ours.items() if not key.endswith("_at")}
        return {key: as_columns(theirs) for key, theirs in {**ours, **feed.columns}.items()}

    def values_of(self, feed: Feed, ours: str) -> Mapping[str, str]:
        """Text, folded, to our word: as this dialect says, and as the feed does, which wins."""
        return {**self.values.get(ours, {}), **feed.values.get(ours, {})}

    def dropped(self, feed: Feed) -> tuple[str, ...]:
        """Columns never kept of this feed: its own list and the system's identifiers, if not mapped."""
        mapped = {theirs for columns in self.columns_of(feed).values() for theirs in columns}
        return feed.drop + tuple(name for name in self.drop if name not in mapped | set(feed.drop))


def as_columns(theirs: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns of one mapping; none for "@row"."""
    if theirs == EACH_ROW:
        return ()
    return (theirs,) if isinstance(theirs, str) else theirs


@cache
def load_dialects() -> dict[str, Dialect]:
    """All dialects that can be read, by name. Raises ConfigError for a wrong dialect file."""
    folder = files("schemas") / "dialects"
    found = sorted((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir())
    dialects = (parse_dialect(text, name) for name, text in found if name.endswith(".toml"))
    return {dialect.name: dialect for dialect in dialects}


def digest(dialects: Mapping[str, Dialect]) -> str:
    """SHA-256 of what the dialects say, whatever the layout and comments of their files."""
    said = {name: asdict(dialects[name]) for name in sorted(dialects)}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def parse_dialect(text: str, file: str) -> Dialect:
    """The dialect a TOML file describes. Raises ConfigError naming file, table and key."""
    problems: list[str] = []
    top = RawTable(tomllib.loads(text), f"dialects/{file}:", problems)
    dialect = _read(top)
    top.close()
    if dialect.name not in DIALECT_NAMES or f"{dialect.name}.toml" != file:
        top.problem("name", "must be the file's own name and one of DIALECT_NAMES")
    if problems:
        raise ConfigError("\n".join(problems))
    return dialect


def _read(top: RawTable) -> Dialect:
    return Dialect(
        name=top.text("name"),
        title=top.text("title"),
        containers=_containers(top),
        delimiter=top.character("delimiter") or "",
        quote=top.character("quote") or "",
        encoding=top.optional_text("encoding") or "utf-8-sig",
        decimal=top.choice("decimal", (".", ","), "."),
        header_rows=top.whole("header_rows", 1, least=1),
        header_row=top.whole("header_row", 1, least=1),
        import_id_row=top.flag("import_id_row"),
        alias_row=top.whole("alias_row", 0, least=0),
        known_by=top.texts("known_by"),
        trailing_delimiter=top.flag("trailing_delimiter"),
        coded=tuple(_coded(one) for one in top.tables("coded", "[[coded]]", "title")),
        under_question=top.texts("under_question"),
        group_marks=top.texts("group_marks"),
        repeats=_repeats(top.table("repeats", "[repeats]")) if "repeats" in top else None,
        assumed_order=top.flag("assumed_order"),
        typed=top.flag("typed"),
        form_end=top.optional_text("form_end") or "",
        columns={key: _one_or_more(theirs) for key, theirs in _all_texts(top.table("columns", "[columns]"))},
        values=_values(top.table("values", "[values]")),
        date_formats=top.texts("date_formats"),
        no_date=top.texts("no_date"),
        last_touch=top.optional_text("last_touch") or "",
        exclude=tuple(_exclude(rule) for rule in top.tables("exclude", "[[exclude]]", "reason")),
        finished=_finished(top.table("finished", "[finished]")) if "finished" in top else None,
        spellings=dict(_all_texts(top.table("spellings", "[spellings]"))),
        normal=dict(_all_texts(top.table("normal", "[normal]"))),
        missing=top.texts("missing"),
        not_shown=top.texts("not_shown"),
        drop=top.texts("drop"),
        open=top.texts("open"),
    )


def _containers(top: RawTable) -> tuple[str, ...]:
    found = top.texts("containers")
    for one in found:
        top.known("containers", one, CONTAINERS)
    if not found:
        top.problem("containers", "is missing")
    return found


def _all_texts(table: RawTable) -> list[tuple[str, tuple[str, ...]]]:
    keys = table.keys()
    return [(key, table.texts(key)) for key in keys]


def _one_or_more(columns: tuple[str, ...]) -> str | tuple[str, ...]:
    return columns[0] if len(columns) == 1 else columns


def _values(tables: RawTable) -> dict[str, dict[str, str]]:
    found = {}
    for ours, words in VOCABULARY.items():
        if ours in tables:
            table = tables.table(ours, f"[values.{ours}]")
            texts = table.keys()
            found[ours] = {fold(text): table.choice(text, words) for text in texts}
    tables.close()
    return found


def _repeats(table: RawTable) -> Repeats:
    repeats = Repeats(table.text("index"), table.text("parent"), table.text("table"))
    table.close()
    return repeats


def _exclude(table: RawTable) -> ExcludeRule:
    rule = ExcludeRule(table.text("column"), table.text("reason"), table.texts("values"))
    table.close()
    return rule


def _coded(table: RawTable) -> CodedQuestions:
    weights = dict(_all_texts(table.table("weights", "weights")))
    coded = CodedQuestions(
        table.text("title"), table.texts("questions"), {code: weight[0] for code, weight in weights.items()}
    )
    table.close()
    return coded


def _finished(table: RawTable) -> FinishedRule:
    rule = FinishedRule(table.text("column"), table.texts("values"), table.flag("filled"))
    if bool(rule.values) == rule.filled:
        table.problem("values", "give either values or filled = true")
    table.close()
    return rule
