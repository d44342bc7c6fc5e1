"""A file with eleven different defects and a diary with a twelfth, mended as the remedies say.

python -m tests.lib.walkthrough FOLDER      prints the transcript that docs/quarantine.md holds
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lib.command import ROOT, accord

SITE = """
[site]
name = "North Vale Talking Therapies"
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
id = "northvale-forms"
clinic = "northvale"
kind = "responses"
path = "inbox/northvale/forms*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
session = "Session"
completed_at = "Done"
[[feeds.instruments]]
id = "srs"
rater_column = "Who"
items = "s{n}"
[feeds.values.rater]
"P" = "client"

[[feeds]]
id = "southmere-diary"
clinic = "southmere"
kind = "appointments"
path = "inbox/southmere/diary*.csv"
dialect = "csv"
[feeds.columns]
client = "PID"
starts_at = "Start"
status = "Status"
[feeds.values.status]
"5" = "attended"
"""
HEADER = b"PID,Session,Done,Who,s1,s2,s3,s4\n"

BROKEN_AND_MENDED: tuple[tuple[bytes, bytes, str], ...] = (
    (b"C-1,1,2026-05-01 10:00:00,P,8.1,7.9,9.0,8.5", b"", ""),
    (b",1,2026-05-01 11:00:00,P,8.1,7.9,9.0,8.5", b"C-2,1,2026-05-01 11:00:00,P,8.1,7.9,9.0,8.5", "missing_client"),
    (b"C-3,1,2026-05-01 12:00:00,P,81,7.9,9.0,8.5", b"C-3,1,2026-05-01 12:00:00,P,8.1,7.9,9.0,8.5", "out_of_range"),
    (b"C-4,1,2026-05-01 13:00:00,P,good,7.9,9.0,8.5", b"C-4,1,2026-05-01 13:00:00,P,8,7.9,9.0,8.5", "not_an_answer"),
    (b"C-5,1,2026-02-30 10:00:00,P,8.1,7.9,9.0,8.5", b"C-5,1,2026-03-02 10:00:00,P,8.1,7.9,9.0,8.5", "invalid_date"),
    (b"C-6,1,,P,8.1,7.9,9.0,8.5", b"C-6,1,2026-05-02 10:00:00,P,8.1,7.9,9.0,8.5", "missing_date"),
    (b"C-7,eins,2026-05-02 11:00:00,P,8.1,7.9,9.0,8.5", b"C-7,1,2026-05-02 11:00:00,P,8.1,7.9,9.0,8.5", "invalid_session"),
    (b"C-8,1,2026-05-02 12:00:00,Q,8.1,7.9,9.0,8.5", b"C-8,1,2026-05-02 12:00:00,P,8.1,7.9,9.0,8.5", "unknown_rater"),
    (b"C-9,1,2026-05-02 13:00:00,P,8.1", b"C-9,1,2026-05-02 13:00:00,P,8.1,7.9,9.0,8.5", "short_row"),
    (b"C-10,1,2026-05-02 14:00:00,P,8,1,7,9,9,0,8,5", b"C-10,1,2026-05-02 14:00:00,P,8.1,7.9,9.0,8.5", "long_row"),
    (b"C-11,1,2026-05-02 15:00:00,P,8.1,7.9,9.0,8.5 \xfc", b"C-11,1,2026-05-02 15:00:00,P,8.1,7.9,9.0,8.5", "undecodable"),
    (b"C-12,2,2026-05-03 10:00:00,P,8.1,7.9,9.0,8.5", b"", ""),
    (b'C-13,2,2026-05-03 11:00:00,"P,8.1,7.9,9.0,8.5', b"C-13,2,2026-05-03 11:00:00,P,8.1,7.9,9.0,8.5", "unclosed_quote"),
)  # fmt: skip
"""Each row as it came, as it is mended (empty where it was right), and the rule that it breaks."""

DIARY = "PID,Start,Status\nC-1,2026-05-01 10:00:00,5\nC-2,2026-05-01 11:00:00,7\n"
"""Status 7 is not listed in site.toml: that is mended there."""

RULES = (*(rule for *_, rule in BROKEN_AND_MENDED if rule), "unknown_code")

COMMANDS = (
    "accord nightly",
    "accord quarantine list",
    "accord quarantine show northvale-forms",
    "accord quarantine export -o to-clinics",
    "accord quarantine replay northvale-forms --try mended.csv",
    "accord quarantine replay",
    "accord quarantine list",
    "accord quarantine show northvale-forms --mended",
)
MEND_BEFORE = 5
"""Place of the command before which the mended file is put into the inbox, and the code listed."""


def arrive(folder: Path) -> None:
    """A site, ./site, and its first deliveries; the mended file lies beside it."""
    for clinic in ("northvale", "southmere"):
        (folder / "site" / "inbox" / clinic).mkdir(parents=True)
    (folder / "site" / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "site" / "inbox" / "northvale" / "forms-may.csv").write_bytes(file(mended=False))
    (folder / "site" / "inbox" / "southmere" / "diary.csv").write_text(DIARY, encoding="utf-8")
    (folder / "mended.csv").write_bytes(file(mended=True))


def file(mended: bool) -> bytes:
    return HEADER + b"".join(
        (right if mended and right else row) + b"\n" for row, right, _ in BROKEN_AND_MENDED
    )


def mend(folder: Path) -> None:
    """The clinic's file comes again, and the data team lists the code."""
    (folder / "site" / "inbox" / "northvale" / "forms-may-2.csv").write_bytes(file(mended=True))
    listed = SITE.replace('"5" = "attended"', '"5" = "attended"\n"7" = "dna"')
    (folder / "site" / "site.toml").write_text(listed, encoding="utf-8")


def transcript(folder: Path) -> str:
    """What the commands say, run one after the other in an empty folder."""
    arrive(folder)
    said = []
    for place, command in enumerate(COMMANDS):
        if place == MEND_BEFORE:
            mend(folder)
        ran = accord(*command.split()[1:], cwd=folder, PYTHONPATH=str(ROOT))
        said.append(f"```\n$ {command}\n{ran.out.rstrip()}\n```\n")
    return "\n".join(said)


if __name__ == "__main__":
    sys.stdout.write(transcript(Path(sys.argv[1])))
