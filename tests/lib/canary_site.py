"""A site whose exports name people wherever an export can: what may be told of it holds none of these words.

The people are made up; NHS numbers are of the range kept for tests, with right check digits. Places where they
stand: columns that are dropped or not mapped, client ids, clinicians, answers, dates, codes, headers, labels,
texts of questions, free text, file names, rows that wait, files that are refused.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

from tests.lib.spss import sav

SITE = """
[site]
name = "Watched"
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
id = "north-forms"
clinic = "northvale"
kind = "responses"
path = "inbox/north/*.csv"
dialect = "csv"
drop = ["Name", "Mail", "NHS", "Phone", "Postcode", "Born"]
[feeds.columns]
client = "PID"
clinician = "Therapist"
response = "RID"
rater_id = "By"
completed_at = "Done"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"

[[feeds]]
id = "south-forms"
clinic = "southmere"
kind = "responses"
path = "inbox/south/*.csv*"
dialect = "qualtrics"
[feeds.columns]
client = "PID"
clinician = "Therapist"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "p{n}"

[[feeds]]
id = "north-diary"
clinic = "northvale"
kind = "appointments"
path = "inbox/diary/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
clinician = "Therapist"
episode = "Course"
starts_at = "Start"
status = "Status"
[feeds.values.status]
"5" = "attended"
"Yellowhammer" = "dna"

[[feeds]]
id = "south-survey"
clinic = "southmere"
kind = "responses"
path = "inbox/survey/*.sav"
dialect = "spss"
undated = true
[feeds.columns]
client = "pid"
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = "g{n}"

[[feeds]]
id = "north-referrals"
clinic = "northvale"
kind = "referrals"
path = "inbox/referrals/*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
episode = "Course"
received_at = "In"
ended_at = "Out"
ending = "Ending"
modality = "Kind"
sex = "Sex"
ethnicity = "Ethnicity"
age_band = "Age"
"""

PERSON = "Zephalinda Quillwhistle"
THERAPIST = "Bartholomeus Marrowfinch"
NAMES = ("Zephalinda", "Quillwhistle", "Bartholomeus", "Marrowfinch", "thelswy", "Ottilienne")
"""Of one, only the letters that are the same in every encoding."""
CELLS = {
    "Name": PERSON,
    "Mail": "zephalinda.q@mailbox.example",
    "NHS": "9990004870",
    "Phone": "07700 900461",
    "Postcode": "ZQ9 7WX",
    "Born": "1951-03-17",
}
NUMBERS = ("9990004870", "999 000 4870", "07700 900461", "07700900461", "ZQ9 7WX", "ZQ97WX", "1951-03-17")
MARK = "CANARY-7F"
"""Begins every client id, response id, course and code that was made up for this site."""
IDENTIFIERS = (*NUMBERS, "mailbox.example", "198.51.100.77", f"{MARK}3A", f"{MARK}R", f"{MARK}C")
"""Of people; the other canaries stand also in what a referral keeps as it was recorded."""
CANARIES = (*NAMES, *IDENTIFIERS, MARK)
LISTED = "Yellowhammer"
"""A code that site.toml lists; records of runs keep that file whole, and nothing else has it."""
CLIENTS = 36
"""Of each clinic; no table that is published has as many rows."""
FORMS = 5
FORMS_FILE = "forms-of-Zephalinda-Quillwhistle.csv"
REFUSED_FILE = "wide-Ottilienne.csv"
NEVER_READ = ("Remark", "Best time for Ottilienne")

NORTH = ("RID", "PID", "Therapist", "By", "Done", *(f"g{n}" for n in range(1, 8)), *CELLS, *NEVER_READ)
SOUTH = ("StartDate", "EndDate", "Status", "IPAddress", "Progress", "Finished", "ResponseId", "RecipientLastName",
         "RecipientEmail", "PID", "Therapist", *(f"p{n}" for n in range(1, 10)), "Q99_TEXT")  # fmt: skip


def make_site(folder: Path) -> None:
    """Write the site with its first deliveries. The key is not there yet: the first run makes it."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    for number, (name, content) in enumerate(deliveries()):
        deliver(folder, name, content, number)


def deliver(folder: Path, name: str, content: bytes, number: int) -> None:
    path = folder / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_793_500_000 + number, 1_793_500_000 + number))


def deliveries() -> Iterator[tuple[str, bytes]]:
    yield f"north/{FORMS_FILE}", north([*sound_north(), *broken_north()])
    yield f"north/{REFUSED_FILE}", refused_north()
    yield "south/export.csv", south()
    yield f"south/{PERSON}.csv.gz", gzip.compress(south()[:-400], mtime=0)[:-40]
    yield f"diary/diary-{THERAPIST}.csv", diary()
    yield "referrals/referrals.csv", referrals()
    yield f"survey/{NAMES[2]}.sav", survey()


def mended() -> tuple[str, bytes]:
    """The file with bad rows again, and these right."""
    rows = [row | {"g3": "1", "Done": row["Done"][:19]} for row in broken_north() if "QX" not in row["RID"]]
    return "north/mended-for-Quillwhistle.csv", north([*sound_north(), *rows])


def client(number: int) -> str:
    return f"{MARK}3A-{number:03}"


def sound_north() -> Iterator[dict[str, str]]:
    for number in range(CLIENTS):
        for form in range(FORMS):
            yield north_row(number, form)


def north_row(number: int, form: int) -> dict[str, str]:
    return {
        "RID": f"{MARK}R{number:03}{form}", "PID": client(number), "Therapist": THERAPIST, "By": "Ottilienne",
        "Done": f"2026-0{form + 4}-{number % 28 + 1:02} 10:00:00",
        **{f"g{n}": f"{(number + n) % max(4 - form, 1)}" for n in range(1, 8)},
        **CELLS, "Remark": f"Please ring Æthelswyð {CELLS['Phone']} or {PERSON}, when it is not too late today",
        "Best time for Ottilienne": f"{MARK}TIME",
    }  # fmt: skip


def broken_north() -> Iterator[dict[str, str]]:
    """Each waits: names where answers, dates and ids should stand."""
    for number, changed in enumerate(
        (
            {"g3": PERSON},
            {"g3": CELLS["NHS"]},
            {"g3": f"{MARK}ANSWER"},
            {"Done": f"2026-09-01 10:00:00 {PERSON}"},
            {"PID": "", "RID": f"{MARK}QX1"},
            {"Done": "1951-03-17 Æthelswyð", "RID": f"{MARK}QX2"},
        )
    ):
        yield north_row(100 + number, 4) | changed


def north(rows: list[dict[str, str]]) -> bytes:
    return lines([NORTH, *([row[column] for column in NORTH] for row in rows)])


def refused_north() -> bytes:
    """Without an item, and with a name in its header."""
    columns = [column for column in NORTH if column != "g5"] + [PERSON, f"{MARK}HEADER"]
    row = north_row(7, 3) | {PERSON: "1", f"{MARK}HEADER": THERAPIST}
    return lines([columns, [row[column] for column in columns]])


def south() -> bytes:
    texts = [f"{column}: what {PERSON} was asked" for column in SOUTH]
    ids = [f'{{"ImportId":"{column}_{MARK}"}}' for column in SOUTH]
    return lines([SOUTH, texts, ids, *south_rows()])


def south_rows() -> Iterator[list[str]]:
    for number in range(CLIENTS):
        for form in range(FORMS):
            day = f"2026-0{form + 4}-{number % 28 + 1:02}"
            answers = [f"{(number + n) % max(4 - form, 1)}" for n in range(1, 10)]
            note = f"{PERSON} would like to be called on {CELLS['Phone']} at home"
            yield [f"{day} 09:00:00", f"{day} 09:05:00", "IP Address", "198.51.100.77", "100", "True",
                   f"R_{MARK}{number:03}{form}", "Quillwhistle", CELLS["Mail"], client(500 + number), THERAPIST,
                   *answers, note]  # fmt: skip


def diary() -> bytes:
    rows = [
        [
            client(number),
            THERAPIST,
            f"{MARK}C{number}",
            f"2026-0{visit + 4}-{number % 28 + 1:02} 09:00",
            "5",
            PERSON,
        ]
        for number in range(CLIENTS)
        for visit in range(FORMS)
    ]
    rows[2][4] = LISTED
    rows[3][4], rows[4][4], rows[5][3] = f"{MARK}STATUS", PERSON, f"at home of {PERSON}"
    return lines([["PID", "Therapist", "Course", "Start", "Status", f"{MARK}WHO"], *rows])


def survey() -> bytes:
    """With labels of the file, of variables and of values; one answer is labelled with a name and no answer."""
    items = {
        f"g{n}": [float(number % 3 + (number + n) % 2) for number in range(CLIENTS)] for n in range(1, 8)
    }
    items["g2"][5] = 7.0
    columns = {"pid": [client(700 + number) for number in range(CLIENTS)], **items, "who": [PERSON] * CLIENTS}
    return sav(
        columns,
        file_label=f"Survey of {PERSON}",
        column_labels=[f"{name}, asked by {THERAPIST}" for name in columns],
        variable_value_labels={name: {0: f"{MARK}LABEL", 3: "Ottilienne", 7: PERSON} for name in items},
        note=f"for {THERAPIST}",
    )


def referrals() -> bytes:
    """What is kept as recorded holds them as well: it is for the warehouse, and not told."""
    rows = [
        [client(number), f"{MARK}C{number}", "2026-03-02", "2026-09-30" if number % 2 else "", "",
         f"{MARK}KIND", "Zephalinda", f"{MARK}ETHNICITY", "Quillwhistle"]
        for number in range(CLIENTS)
    ]  # fmt: skip
    rows[1][4] = f"{MARK}ENDING"
    return lines([["PID", "Course", "In", "Out", "Ending", "Kind", "Sex", "Ethnicity", "Age"], *rows])


def lines(rows: list[object]) -> bytes:
    """As CSV; quotes only where they are needed."""
    return "".join(",".join(quoted(cell) for cell in row) + "\n" for row in rows).encode()


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',"\n') else cell
