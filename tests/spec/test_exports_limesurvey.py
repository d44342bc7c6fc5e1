"""LimeSurvey: codes or full answers, headers of codes or of whole questions, semicolons or commas."""

from __future__ import annotations

import json

import pytest

from schemas.instrument import NOT_SHOWN
from schemas.registry import load
from tests.lib.exports import fates, feed, loaded, open_problems, process, standing

REGISTRY = load()
DONE = "2026-03-02 09:00:00"
TOML = """
dialect = "limesurvey"
{more}
[feeds.columns]
client = "{client}"
{columns}
[[feeds.instruments]]
id = "gad_7"
rater = "client"
items = {items}
{form}
"""


def survey(items='"GAD[{n}]"', client="pid", more="", columns="", form=""):
    toml = TOML.format(items=items, client=client, more=more, columns=columns, form=form)
    return feed(toml, forms=REGISTRY)


def exported(header, *rows, delimiter=";", mark=True):
    """Byte order mark, CRLF, every cell in quotes, a blank line at the end."""
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    return ("\ufeff" if mark else "").encode() + "\r\n".join([*lines, "", ""]).encode()


CODES = [
    "id",
    "submitdate",
    "lastpage",
    "startlanguage",
    "startdate",
    "datestamp",
    "ipaddr",
    "pid",
    *(f"GAD[{n}]" for n in range(1, 8)),
]


def answers(text, id_="1", done=DONE, pid="P1"):
    return [
        id_,
        done,
        "3",
        "de",
        "2026-03-02 08:55:00",
        "2026-03-02 09:00:00",
        "192.0.2.1",
        pid,
        *text.split(),
    ]


def scores(con):
    return con.execute(
        "SELECT source_row, score::INTEGER, status FROM core_score ORDER BY source_row"
    ).fetchall()


def test_question_codes_and_answer_codes(tmp_path):
    """Answers A1 to A4 are codes of LimeSurvey and no numbers: the feed says what they are."""
    of = survey(form='labels = { "A1" = 0, "A2" = 1, "A3" = 2, "A4" = 3 }')
    raw = exported(CODES, answers("A1 A2 A3 A4 A1 A2 A3"), answers("A9 A2 A3 A4 A1 A2 A3", "2"))
    with loaded(tmp_path, [(of, raw)], REGISTRY) as con:
        assert scores(con) == [(1, 9, "scored")]
        assert open_problems(con) == {(1, 2, "gad_7", "GAD[1]", "not_an_answer")}
        assert con.execute("SELECT started_at::VARCHAR FROM core_administration").fetchall() == [
            ("2026-03-02 08:55:00",)
        ]


def test_a_response_that_was_not_sent_is_not_finished(tmp_path):
    """submitdate is blank; lastpage says how far a respondent came. Kept, it is dated by its last touch."""
    raw = exported(CODES, answers("1 1 1 1 1 1 1", done=""), answers("1 1 1 1 1 1 1", "2", pid="P2"))
    with loaded(tmp_path, [(survey(), raw)], REGISTRY) as con:
        assert fates(con) == {(1, 1): ("excluded", "not_finished"), (1, 2): ("accepted", "")}
    assert process(tmp_path, survey(more='partials = "keep"'), raw, REGISTRY).counts.accepted == 2


def test_not_shown_and_no_answer_are_different(tmp_path):
    """N/A: the question was not shown. Blank: it was, and nothing was chosen."""
    row = answers("N/A . 1 1 1 1 1")
    row = ["" if cell == "." else cell for cell in row]
    with loaded(tmp_path, [(survey(), exported(CODES, row))], REGISTRY) as con:
        assert standing(con)[1, 1, 1] == [NOT_SHOWN, None, 1, 1, 1, 1, 1]


QUESTION = "Wie oft fühlten Sie sich im Verlauf der\nletzten 2 Wochen beeinträchtigt? "
ASKED = [
    f"{QUESTION}[{what}]"
    for what in ("Nervosität", "Sorgen", "Sorgen", "Entspannen", "Unruhe", "Reizbarkeit", "Angst")
]
FULL = {
    "Überhaupt nicht": 0,
    "An einzelnen Tagen": 1,
    "An mehr als der Hälfte der Tage": 2,
    "Beinahe jeden Tag": 3,
}
GERMAN = ["Antwort ID", "Datum Abgeschickt", "Letzte Seite"]
ENGLISH = ["Response ID", "Date submitted", "Last page"]


@pytest.mark.parametrize(("delimiter", "added"), [(";", GERMAN), (",", ENGLISH)])
def test_whole_questions_and_full_answers(tmp_path, delimiter, added):
    """Names are long texts with line breaks; a repeated one is Name#2, and one may be empty."""
    header = [*added, "Code", "", "Anmerkung", *ASKED, "Anmerkung"]
    listed = [f"{text}#2" if at == 2 else text for at, text in enumerate(ASKED)]
    labels = ", ".join(f"{json.dumps(text)} = {code}" for text, code in FULL.items())
    of = survey(json.dumps(listed), "Code", f'delimiter = "{delimiter}"', form=f"labels = {{ {labels} }}")
    words = [list(FULL)[n] for n in (0, 1, 2, 3, 0, 1, 2)]
    rows = [
        [str(n), done, "3", f"P{n}", "", "a; b, c", *words, 'so "la la"'] for n, done in ((1, DONE), (2, ""))
    ]
    with loaded(tmp_path, [(of, exported(header, *rows, delimiter=delimiter))], REGISTRY) as con:
        assert standing(con) == {(1, 1, 1): [0, 1, 2, 3, 0, 1, 2]}
        assert scores(con) == [(1, 9, "scored")]
        assert fates(con)[1, 2] == ("excluded", "not_finished")


def test_of_a_very_wide_export_no_column_is_lost(tmp_path):
    """646 columns, 17 of a name that another has, and one without any."""
    again = [f"Warum? [{n}]" for n in range(17)]
    others = [f"Frage {n}" for n in range(646 - 3 - 7 - 34 - 2)]
    header = [*ENGLISH, "Code", "", *again, *others, *again, *ASKED]
    listed = [*(f"Warum? [{n}]#2" for n in range(6)), "Warum? [16]"]
    cells = ["1", DONE, "3", "P1", "", *["3"] * 17, *["x"] * len(others), *["1"] * 17, *["0"] * 7]
    assert len(header) == len(cells) == 646
    of = survey(json.dumps(listed), "Code")
    with loaded(tmp_path, [(of, exported(header, cells))], REGISTRY) as con:
        assert standing(con) == {(1, 1, 1): [1, 1, 1, 1, 1, 1, 3]}


def test_another_answer_in_words_is_no_answer_of_the_form(tmp_path):
    """-oth- stands for "other", with the words in a column of its own: never a score, and never lost."""
    header = [*CODES, "GAD[1][other]"]
    raw = exported(header, [*answers("-oth- 1 1 1 1 1 1"), "manchmal"])
    with loaded(tmp_path, [(survey(), raw)], REGISTRY) as con:
        assert open_problems(con) == {(1, 1, "gad_7", "GAD[1]", "not_an_answer")}
    of = survey(form='missing = ["-oth-"]')
    assert process(tmp_path, of, raw, REGISTRY).counts.accepted == 1


def test_surveys_that_are_not_date_stamped(tmp_path):
    """Every finished response carries a date of 1980, which is none."""
    with loaded(
        tmp_path,
        [(survey(), exported(CODES, answers("1 1 1 1 1 1 1", done="1980-01-01 00:00:00")))],
        REGISTRY,
    ) as con:
        assert open_problems(con) == {(1, 1, "gad_7", "submitdate", "missing_date")}


@pytest.mark.parametrize(("raw", "rule"), [
    (exported(CODES, delimiter=","), "wrong_delimiter"), (exported(CODES[:-1]), "missing_column"), (b"\xef\xbb\xbf", "empty_file"),
])  # fmt: skip
def test_refusals(tmp_path, raw, rule):
    assert process(tmp_path, survey(), raw, REGISTRY).counts.refused == rule
