"""A site written by hand: few records, every fate, and ids that are hard on an export.

Both clinics have a client C-001 and mean two people by it. Ids that begin like formulas, quoted newlines,
tenths, refusals, a feed without ids, and rows of several questionnaires are all there.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flows.build import Setup, build, open_site

KEY = {"ACCORD_KEY": "5a" * 32}
NOW = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
CANARY = "CANARY"

SITE = """
[site]
name = "Hand Made"
timezone = "Europe/London"

[[clinics]]
id = "northvale"
name = "North Vale"
service = "adult"

[[clinics]]
id = "southmere"
name = "South Mere"
service = "adult"

[[feeds]]
id = "north-gad"
clinic = "northvale"
kind = "responses"
path = "inbox/gad-*.csv"
dialect = "csv"
drop = ["Note"]
[feeds.columns]
client = "PID"
clinician = "Therapist"
session = "Session"
response = "RID"
completed_at = "Done"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"
missing = ["99"]
refused = ["R"]
not_shown = ["NS"]
not_applicable = ["NA"]
stored_total = "Sum"
[[feeds.attention]]
column = "ATT"
pass = ["3"]

[[feeds]]
id = "south-srs"
clinic = "southmere"
kind = "responses"
path = "inbox/srs-*.csv"
dialect = "csv"
delimiter = ";"
decimal = ","
[feeds.columns]
client = "PID"
completed_at = "Done"
[[feeds.instruments]]
id = "srs"
rater = "client"
items = "s{n}"

[[feeds]]
id = "south-wide"
clinic = "southmere"
kind = "responses"
path = "inbox/wide-*.csv"
dialect = "csv"
[feeds.columns]
client = ["Ward", "No"]
completed_at = "Done"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "p{n}"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"

[[feeds]]
id = "south-course"
clinic = "southmere"
kind = "responses"
path = "inbox/course-*.csv"
dialect = "csv"
undated = true
[feeds.columns]
client = "PID"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "last{n}"
session = 8
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "first{n}"
session = 1

[[feeds]]
id = "south-walk-in"
clinic = "southmere"
kind = "responses"
path = "inbox/walk-in-*.csv"
dialect = "csv"
undated = true
[feeds.columns]
client = "@row"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"

[[feeds]]
id = "north-appointments"
clinic = "northvale"
kind = "appointments"
path = "inbox/diary-*.csv"
dialect = "csv"
[feeds.columns]
client = "Client"
clinician = "Who"
starts_at = "Start"
status = "Status"
[feeds.values.status]
"5" = "attended"
"7" = "dna"
"""

FILES: Mapping[str, str] = {
    "gad-1.csv": """\
RID,PID,Therapist,Session,Done,g1,g2,g3,g4,g5,g6,g7,Sum,ATT,Note
r1,C-001,T1,1,2026-07-01 10:00:00,1,1,1,1,1,1,1,7,3,"CANARY, of
two lines"
r2,=SUM(A1),T1,1,2026-01-15 09:30:00,3,3,3,3,3,3,,-1,3,
r3,C-003,T2,2,2026-01-15 09:30:00,0,0,0,0,0,0,9,,3,
r4,C-001,T1,1,2026-07-01 10:00:00,1,1,1,1,1,1,1,7,3,
r5,C-005,T2,3,2026-02-02 12:00:00,2,2,2,2,2,2,2,,3,
r6,C-005,T2,3,2026-02-02 12:05:00,2,2,2,2,2,2,1,13,3,
r7,C-007
r8,C-008,T1,1,2026-02-03 12:00:00,,,,,,,,,3,
r9,C-009,T1,1,2026-02-03 12:00:00,1,1,1,1,1,1,1,,1,
r10,@CANARY,T1,1,2026-02-03 12:00:00,R,R,R,R,R,R,R,,3,
r11,,T1,1,2026-02-03 12:00:00,1,1,1,1,1,1,1,,3,
r12,"O""Neil, 'x",-T3,1,2026-02-04 12:00:00,0,NS,NA,R,99,,3,,3,
r13,C-013,T1,1,2026-02-05 12:00:00,1,1,1,1,1,1,1,,3,
""",
    "srs-1.csv": """\
PID;Done;s1;s2;s3;s4
C-001;2026-03-29 00:59:59;9,5;9;8,2;9,3
'=quoted;2026-03-29 02:00:00;10;0;;0,1
""",
    "wide-1.csv": """\
Ward,No,Done,p1,p2,p3,p4,p5,p6,p7,p8,p9,g1,g2,g3,g4,g5,g6,g7
A,1,2026-04-01,1,1,1,1,1,1,1,1,1,2,2,2,2,2,2,2
A,2,2026-04-01,1,1,1,1,1,1,1,1,1,2,2,2,2,2,2,7.9
A,3,1 April,1,1,1,1,1,1,1,1,1,2,2,2,2,2,2,2
A,,2026-04-01,1,1,1,1,1,1,1,1,1,2,2,2,2,2,2,2
""",
    "course-1.csv": """\
PID,first1,first2,first3,first4,first5,first6,first7,last1,last2,last3,last4,last5,last6,last7
C-020,3,3,3,3,3,3,3,0,0,0,0,0,0,1
""",
    "walk-in-1.csv": """\
g1,g2,g3,g4,g5,g6,g7
1,0,1,0,1,0,1
1,0,1,0,1,0,1
""",
    "diary-1.csv": """\
Client,Who,Start,Status
C-001,T1,2026-06-30 09:00,5
-7,+T2,2026-01-12 09:00,7
C-003,T1,,5
""",
    "gad-2.csv": """\
RID,PID,Therapist,Session,Done,g1,g2,g3,g4,g5,g6,g7,Sum,ATT,Note
r13,C-013,T1,1,2026-02-05 12:00:00,0,0,0,0,0,0,0,0,3,
""",
    "gad-3.csv": "RID,PID,Therapist,Session,Done,g1\nr14,C-014,T1,1,2026-02-05 12:00:00,1\n",
}
"""In the order in which they were written; the last one lacks columns and is refused."""


def make_site(folder: Path) -> Setup:
    """Write the site and open it; nothing is archived yet."""
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    for number, (name, text) in enumerate(FILES.items()):
        (inbox / name).write_text(text, encoding="utf-8", newline="")
        os.utime(inbox / name, (1_780_000_000 + number, 1_780_000_000 + number))
    return open_site(folder, KEY)


def build_site(folder: Path) -> tuple[Setup, Path]:
    """The site, and the file that a build of it wrote."""
    setup = make_site(folder)
    out = folder / "built.duckdb"
    build(setup, out, NOW)
    return setup, out


def is_published(row: dict[str, str]) -> bool:
    """Of all figures those that a policy that leaves out nothing publishes: rolling years to the ends of quarters."""
    return row["grain"] != "rolling_12_months" or row["period"][-2:] in ("03", "06", "09", "12")


def read_rows(path: Path) -> list[dict[str, str]]:
    """A CSV by the standard library's strict reader."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def delivered(name: str, delimiter: str = ",") -> dict[str, dict[str, str]]:
    """Records of a file of FILES by their source row, as text."""
    rows = csv.DictReader(FILES[name].splitlines(keepends=True), delimiter=delimiter)
    return {str(number): row for number, row in enumerate(rows, start=1)}
