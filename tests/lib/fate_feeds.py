"""Feeds of many kinds, each told twice: as site.toml has it and as the plain second implementation wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from schemas.site import Feed
from tests.lib.exports import csv_text, feed
from tests.lib.fate_rows import PlainFeed, PlainForm, Row

ITEMS = ("Q1", "Q2")
CODES = {"missing": ("9",), "refused": ("R",), "not_shown": ("NS",), "not_applicable": ("NA",)}
CODES_TOML = 'missing = ["9"]\nrefused = ["R"]\nnot_shown = ["NS"]\nnot_applicable = ["NA"]\n'

ANSWERS = (
    "0",
    "1",
    "1",
    "2",
    "3",
    "3.0",
    " 2 ",
    "9",
    "9.0",
    "R",
    "NS",
    "NA",
    "",
    "",
    "7",
    "-102",
    "7.9",
    "x",
)
MOSTLY = ("1", "1", "1", "1", "2", "3")
CLIENTS = ("c1", "c1", "c2", " c2 ", "")
TIMES = (
    "2026-05-01 10:00:00",
    "2026-05-01 10:00:00",
    "2026-05-02 10:00:00",
    "",
    "2026-03-29 01:30:00",
    "soon",
)
SESSIONS = ("1", "1", "1.0", "2", "", "x")
RESPONSES = ("R1", "R1", "R2", "R3", "")


@dataclass(frozen=True)
class Variant:
    """One kind of feed. pools: what a cell of each column may hold; steady: what it mostly holds."""

    toml: str
    plain: PlainFeed
    pools: dict[str, tuple[str, ...]]
    dialect: str = "csv"
    steady: dict[str, str] = attribute(default_factory=dict)

    def feed(self, id_: str) -> Feed:
        return feed(self.toml, id_)

    def text(self, rows: Sequence[Row]) -> str:
        """The rows as this kind of system writes them; a broken row has a cell too few or too many."""
        header = tuple(self.pools)
        delimiter = ";" if self.dialect == "limesurvey" else ","
        lines = [csv_text(header, [], delimiter)]
        if self.dialect == "qualtrics":
            lines += [lines[0], ",".join(['"{""ImportId"":""x""}"'] * len(header)) + "\n"]
        for row in rows:
            if isinstance(row, str):
                lines.append(delimiter.join(["x"] * (len(header) + (-1 if row == "short_row" else 1))) + "\n")
            else:
                lines.append(csv_text(header, [row], delimiter).split("\n", 1)[1])
        return "".join(lines)


def _form(id_: str, items: str, more: str = "") -> str:
    rater = "" if "rater_column" in more else 'rater = "client"\n'
    return f'[[feeds.instruments]]\nid = "{id_}"\nitems = "{items}"\n{rater}{CODES_TOML}{more}'


def _plain_form(id_: str, items: tuple[str, ...], **more: Any) -> PlainForm:
    rater = None if "rater_column" in more else "client"
    return PlainForm(id_, items, rater=rater, codes=CODES, **more)


MINI = _plain_form("mini", ITEMS)
POOL = {"PID": CLIENTS, "When": TIMES, "Q1": ANSWERS, "Q2": ANSWERS}

PLAIN = """dialect = "csv"
{top}
[feeds.columns]
client = "PID"
completed_at = "When"
session = "S"
response = "RID"
"""
PLAIN_FEED = PlainFeed("f", "north", (MINI,), completed="When", session="S", response=("RID",))
PLAIN_POOL = {**POOL, "S": SESSIONS, "RID": RESPONSES}

QUALTRICS_POOL = {
    "EndDate": TIMES, "Status": ("0", "0", "0", "1", "2", "8", ""), "Finished": ("1", "1", "True", "0", ""),
    "ResponseId": RESPONSES, "ATT": ("3", "3", "3", "2"), "PID": CLIENTS, "Q1": ANSWERS, "Q2": ANSWERS,
}  # fmt: skip

VARIANTS = {
    "plain": Variant(PLAIN.format(top="") + _form("mini", "Q{n}"), PLAIN_FEED, PLAIN_POOL),
    "snapshot": Variant(
        PLAIN.format(top='delivery = "snapshot"') + _form("mini", "Q{n}"),
        PlainFeed("f", "north", (MINI,), completed="When", session="S", response=("RID",), snapshot=True),
        PLAIN_POOL,
    ),
    "two forms": Variant(
        PLAIN.format(top='missing = ["-99"]').replace('"PID"', '["Site", "PID"]')
        + _form("mini", "Q{n}") + _form("duo", "D{n}", 'session = "V"\ncompleted_at = "Done"\n'),
        PlainFeed(
            "f", "north",
            (MINI, _plain_form("duo", ("D1", "D2"), session="V", completed="Done")),
            client=("Site", "PID"), completed="When", session="S", response=("RID",), missing=("-99",),
        ),
        {"Site": ("N", "N", "-99", ""), **PLAIN_POOL, "D1": ANSWERS, "D2": ANSWERS, "V": SESSIONS, "Done": TIMES},
    ),
    "twice in a row": Variant(
        'dialect = "csv"\n[feeds.columns]\nclient = "PID"\ncompleted_at = "When"\nresponse = "RID"\n'
        + _form("mini", "Q{n}", "session = 1\n") + _form("mini", "D{n}", "session = 2\n"),
        PlainFeed(
            "f", "north", (_plain_form("mini", ITEMS, session=1), _plain_form("mini", ("D1", "D2"), session=2)),
            completed="When", response=("RID",),
        ),
        {**POOL, "RID": RESPONSES, "D1": ANSWERS, "D2": ANSWERS},
    ),
    "twice on one day": Variant(
        'dialect = "csv"\n[feeds.columns]\nclient = "PID"\ncompleted_at = "When"\n'
        + _form("mini", "Q{n}") + _form("mini", "D{n}", 'completed_at = "Done"\n'),
        PlainFeed(
            "f", "north", (MINI, _plain_form("mini", ("D1", "D2"), completed="Done")), completed="When",
        ),
        {**POOL, "Done": TIMES, "D1": ANSWERS, "D2": ANSWERS},
    ),
    "qualtrics": Variant(
        'dialect = "qualtrics"\n[feeds.columns]\nclient = "PID"\n' + _form("mini", "Q{n}")
        + '[[feeds.attention]]\ncolumn = "ATT"\npass = ["3"]\n',
        PlainFeed(
            "f", "north", (MINI,), completed="EndDate", response=("ResponseId",),
            excluded=(("Status", "preview", ("1",)), ("Status", "test", ("2",)), ("Status", "spam", ("8",))),
            finished=("Finished", ("1", "True")), attention=(("ATT", ("3",)),),
        ),
        QUALTRICS_POOL, dialect="qualtrics",
    ),
    "limesurvey, partials kept": Variant(
        'dialect = "limesurvey"\npartials = "keep"\n[feeds.columns]\nclient = "PID"\n' + _form("mini", "Q{n}"),
        PlainFeed(
            "f", "north",
            (PlainForm("mini", ITEMS, rater="client", codes={**CODES, "not_shown": ("NS", "N/A")}),),
            completed="submitdate", last_touch="datestamp", no_date=("1980-01-01 00:00:00",), response=("id",),
        ),
        {"id": RESPONSES, "submitdate": (*TIMES, "1980-01-01 00:00:00"), "datestamp": TIMES, "PID": CLIENTS,
         "Q1": (*ANSWERS, "N/A"), "Q2": (*ANSWERS, "N/A")},
        dialect="limesurvey",
    ),
    "limesurvey": Variant(
        'dialect = "limesurvey"\n[feeds.columns]\nclient = "PID"\n' + _form("mini", "Q{n}"),
        PlainFeed(
            "f", "north",
            (PlainForm("mini", ITEMS, rater="client", codes={**CODES, "not_shown": ("NS", "N/A")}),),
            completed="submitdate", no_date=("1980-01-01 00:00:00",), response=("id",),
            finished=("submitdate", None),
        ),
        {"id": RESPONSES, "submitdate": (*TIMES, "1980-01-01 00:00:00"), "PID": CLIENTS,
         "Q1": (*ANSWERS, "N/A"), "Q2": (*ANSWERS, "N/A")},
        dialect="limesurvey",
    ),
    "redcap": Variant(
        'dialect = "redcap"\n[feeds.columns]\nclient = "PID"\n' + _form("mini", "m{n}") + _form("duo", "d{n}"),
        PlainFeed(
            "f", "north",
            tuple(
                _plain_form(
                    id_, (f"{id_[0]}1", f"{id_[0]}2"), completed=f"{id_}_timestamp", finished=(f"{id_}_complete", ("1", "2")),
                    excluded=((f"{id_}_timestamp", "not_finished", ("[not completed]",)),),
                )
                for id_ in ("mini", "duo")
            ),
            response=("PID", "redcap_event_name"), no_date=("[not completed]",),
        ),
        {"PID": CLIENTS, "redcap_event_name": ("e1", "e1", "e2", ""),
         "mini_timestamp": (*TIMES, "[not completed]"), "m1": ANSWERS, "m2": ANSWERS, "mini_complete": ("2", "2", "1", "0", ""),
         "duo_timestamp": (*TIMES, "[not completed]"), "d1": ANSWERS, "d2": ANSWERS, "duo_complete": ("2", "2", "1", "0", "")},
    ),
    "every row a person": Variant(
        'dialect = "csv"\nundated = true\n[feeds.columns]\nclient = "@row"\nresponse = "RID"\n' + _form("mini", "Q{n}"),
        PlainFeed("f", "north", (MINI,), client=(), each_row=True, dated=False, response=("RID",)),
        {"RID": RESPONSES, "Q1": ANSWERS, "Q2": ANSWERS},
    ),
    "undated": Variant(
        'dialect = "csv"\nundated = true\n[feeds.columns]\nclient = "PID"\nresponse = "RID"\n' + _form("mini", "Q{n}"),
        PlainFeed("f", "north", (MINI,), dated=False, response=("RID",)),
        {"PID": CLIENTS, "RID": RESPONSES, "Q1": ANSWERS, "Q2": ANSWERS},
    ),
    "observers": Variant(
        'dialect = "csv"\n[feeds.columns]\nclient = "PID"\ncompleted_at = "When"\nsession = "S"\nresponse = "RID"\n'
        'rater_id = "Who"\nsegment = "Part"\nepisode = "E"\nclinician = "T"\n'
        + _form("mini", "Q{n}", 'rater_column = "Role"\n')
        + '[feeds.values.rater]\n"K" = "client"\n"O" = "observer"\n"A" = "caregiver"\n',
        PlainFeed(
            "f", "north", (_plain_form("mini", ITEMS, rater_column="Role"),), completed="When", session="S",
            response=("RID",), rater_id="Who", segment="Part", episode="E", clinician="T",
            raters={"k": "client", "o": "observer", "a": "caregiver"},
        ),
        {**PLAIN_POOL, "Role": ("K", "O", "O", " o ", "A", "", "z"), "Who": ("w1", "w2", ""), "Part": ("", "", "end"),
         "E": ("e1", "e1", "e2", ""), "T": ("t1", "t2", "")},
    ),
}  # fmt: skip
