"""One feed of the sample: its tables in site.toml, and how its records come about and are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flows.sample.columns import Columns
from flows.sample.defects import BAD_TEXTS, BAD_TEXTS_DECIMAL, NOT_A_NUMBER, Survey
from flows.sample.layout import Layout
from flows.sample.model import Courses
from flows.sample.plan import ClinicPlan, Window
from flows.sample.questionnaires import (
    ABSENT,
    BLANK,
    CODED_MISSING,
    NOT_SHOWN,
    REFUSED,
    Questionnaire,
    Sheet,
)

Value = str | int | bool | date | Sequence[str] | Mapping[str, int]
Table = Mapping[str, Value]
"""Entries of one table of site.toml."""

MISSING_TEXT, REFUSED_TEXT, NOT_SHOWN_TEXT = "-99", "-88", "N/A"


@dataclass(frozen=True)
class FeedPlan:
    """A [[feeds]] table of site.toml. settings: keys beside those that every feed has."""

    clinic: ClinicPlan
    name: str
    kind: str
    dialect: str
    columns: Mapping[str, str]
    settings: Table = field(default_factory=dict)
    instruments: Sequence[Table] = ()
    attention: Table | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.clinic.id}-{self.name}"

    @property
    def folder(self) -> str:
        return f"inbox/{self.clinic.id}"


@dataclass(frozen=True)
class ResponseFeed:
    """A feed of questionnaires: who fills in what, what goes wrong, and the vendor's order and form."""

    plan: FeedPlan
    sheets: tuple[Sheet, ...]
    survey: Survey
    place: Callable[[Columns, Courses, Window], Columns]
    layout: Callable[[Columns], Layout]


def answer_texts(form: Questionnaire, number: Callable[[int], str]) -> dict[int, str]:
    """The text of every answer and of everything that stands in place of one."""
    beyond = 10
    texts = {value: number(value) for value in range(form.low, form.high + beyond)}
    texts |= {
        BLANK: "",
        ABSENT: "",
        CODED_MISSING: MISSING_TEXT,
        REFUSED: REFUSED_TEXT,
        NOT_SHOWN: NOT_SHOWN_TEXT,
    }
    bad = BAD_TEXTS_DECIMAL if form.high == 100 else BAD_TEXTS
    return texts | {NOT_A_NUMBER - at: text for at, text in enumerate(bad)}


def decimal(tenths: int) -> str:
    """Tenths as a number with one decimal."""
    return f"{tenths // 10}.{tenths % 10}"
