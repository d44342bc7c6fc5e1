"""Files that cannot be read

A file that is not what its feed declares is refused whole, with one message that says what to do. Nothing is
guessed: not the delimiter, not the encoding, not which column was meant. Other files go on.
"""

from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from tests.lib.bad_input import assert_refused, form, part_of


def test_a_column_that_the_feed_maps_is_missing():
    """Every missing column is named; the records are counted, and none is taken."""
    content = "PID,When,Q1\nCANARY,2026-05-01 10:00:00,1\nCANARY,2026-05-01 10:00:00,1\n"
    message = assert_refused(content, "missing_column", "Q2", unread=2)
    assert message == (
        "f: export.csv, column Q2: a column that the feed maps is not in the header (missing_column). "
        "Correct [feeds.columns] or [[feeds.instruments]] items to the names in the header, or export the column."
    )
    assert_refused("Q1,Q2\n1,1\n", "missing_column", "PID, When", unread=1)


def test_a_column_in_other_letters_is_another_column():
    assert_refused("pid,when,q1,q2\n", "missing_column", "PID, When, Q1, Q2")


def test_an_unknown_dialect():
    """The configuration is wrong: nothing runs until it is corrected, and the nearest right word is told."""
    for wrong, nearest in (("qualtric", "qualtrics"), ("CSV", "csv"), ("excel", "xlsx")):
        with pytest.raises(
            ConfigError, match=rf"\[\[feeds\]\] f, dialect: '{wrong}' is not known; nearest is '{nearest}'"
        ):
            form(dialect=wrong)


def test_an_empty_file():
    for content in (b"", b"\xef\xbb\xbf", b"\n\n", b"  \r\n"):
        assert_refused(content, "empty_file")


def test_a_header_and_nothing_else():
    """No records, no refusal: the clinic had no answers. A warning is shown, in case it had."""
    for content in ("PID,When,Q1,Q2\n", "PID,When,Q1,Q2", "PID,When,Q1,Q2\n\n\n"):
        counts = part_of(content).counts
        assert (counts.received, counts.refused, counts.warnings) == (0, None, ["header_only"])


def test_another_delimiter():
    for content in (
        "PID;When;Q1;Q2\nCANARY;2026-05-01 10:00:00;1;1\n",
        "PID\tWhen\tQ1\tQ2\n",
        '"PID";"When";"Q1";"Q2"\n',
    ):
        assert_refused(content, "wrong_delimiter")
    assert_refused("PID,When,Q1,Q2\n", "wrong_delimiter", more='delimiter = ";"')


def test_another_encoding():
    """What is not text in the declared encoding is never made text of."""
    assert_refused("PID,When,Q1,Q2,Größe\n".encode("cp1252"), "undecodable_header")
    assert_refused("PID,When,Q1,Q2\n".encode("utf-16"), "undecodable_header")
    assert_refused("PID,When,Q1,Q2\n", "undecodable_header", more='encoding = "utf-16"')


def test_another_dialect():
    """A file of Qualtrics is known by its third row, whatever language the second is in."""
    content = "PID,When,Q1,Q2\nCANARY,2026-05-01 10:00:00,1,1\nCANARY,2026-05-01 10:00:00,1,1\n"
    assert_refused(content, "not_this_dialect", dialect="qualtrics")
    assert_refused("PID,When,Q1,Q2\n", "not_this_dialect", dialect="qualtrics")


def test_lines_of_old_macintoshes():
    assert_refused("PID,When,Q1,Q2\rCANARY,2026-05-01 10:00:00,1,1\r", "line_endings")


def test_a_quote_in_the_header_that_is_not_closed():
    assert_refused('PID,"When,Q1,Q2\nCANARY,2026-05-01 10:00:00,1,1\n', "header_quote")
