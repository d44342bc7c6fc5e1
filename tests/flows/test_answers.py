"""Answer texts to item codes, against a second, plain reading of one cell."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.answers import (
    NOT_AN_ANSWER,
    NOT_APPLICABLE,
    NOT_SHOWN,
    REFUSED,
    TOO_FAR,
    answer_key,
    codes,
    normalise,
)
from flows.clean import Shape, read_clean
from schemas.dialect import load_dialects
from schemas.instrument import MISSING_CODES
from schemas.registry import load
from schemas.site import Feed, FeedInstrument, fold
from tests.lib.plain_answers import plain_answer, plain_number, same

REGISTRY = load()
CODE_OF = {
    "missing": None,
    "refused": REFUSED,
    "not_shown": NOT_SHOWN,
    "not_applicable": NOT_APPLICABLE,
    "no answer": NOT_AN_ANSWER,
    "too far": TOO_FAR,
}


def key(form="phq_9", dialect="csv", decimal=None, feed_missing=(), **asked):
    feed = Feed("f", "c", "responses", "inbox/*", dialect, decimal=decimal, missing=tuple(feed_missing))
    labels = {fold(text): answer for text, answer in asked.pop("labels", {}).items()}
    one = FeedInstrument(form, "client", None, "Q{n}", labels=labels, **asked)
    return answer_key(feed, one, REGISTRY[form], load_dialects()[dialect])


def read(texts, **how):
    return codes(pl.Series("item_01", texts, dtype=pl.String), key(**how)).to_list()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", 0), ("3", 3), ("7.0", 7), ("7.", 7), ("7.000", 7), (" 5 ", 5), ("+5", 5), ("007", 7), ("-1", -1),
        ("\u00a05\u00a0", 5), ("\t5", 5), ("-0", 0), ("127", 127), ("-100", -100),
        ("", None), ("   ", None), (None, None),
        ("7.9", NOT_AN_ANSWER), ("1e3", NOT_AN_ANSWER), ("0x10", NOT_AN_ANSWER), ("1_000", NOT_AN_ANSWER),
        ("７", NOT_AN_ANSWER), ("٣", NOT_AN_ANSWER), ("²", NOT_AN_ANSWER), ("--5", NOT_AN_ANSWER),
        ("5-", NOT_AN_ANSWER), ("+", NOT_AN_ANSWER), (".", NOT_AN_ANSWER), (".5", NOT_AN_ANSWER),
        ("1 000", NOT_AN_ANSWER), ("1,0", NOT_AN_ANSWER), ("1/2", NOT_AN_ANSWER), ("=1", NOT_AN_ANSWER),
        ("NaN", NOT_AN_ANSWER), ("inf", NOT_AN_ANSWER), ("true", NOT_AN_ANSWER), ("5 times", NOT_AN_ANSWER),
        ("128", TOO_FAR), ("-101", TOO_FAR), ("-102", TOO_FAR), ("-103", TOO_FAR), ("-104", TOO_FAR),
        ("-128", TOO_FAR), ("32768", TOO_FAR), ("99999999999999999999", TOO_FAR),
        pytest.param("9" * 5000, TOO_FAR, id="five thousand digits"),
        pytest.param("0" * 5000 + "7", 7, id="five thousand zeros"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [[], ["1"], ["x"], [None]], ids=["alone", "number", "text", "blank"])
def test_one_text(text, code, beside):
    assert read([text, *beside])[0] == code


def test_no_answer_becomes_a_mark_of_a_missing_one():
    marks = [str(code) for code in MISSING_CODES] + ["-127", "-128"]
    assert set(read(marks)) <= {TOO_FAR}
    assert set(read([f"{code}.0" for code in marks])) <= {TOO_FAR}
    assert set(read(marks, labels={"x": -102})) <= {TOO_FAR}
    assert read(["x"], labels={"x": -102}) == [TOO_FAR]


def test_missing_codes_are_compared_after_the_same_reading():
    assert read(["9", "9.0", " 9 ", "09", "+9", "9.00", "8"], missing=("9",)) == [None] * 6 + [8]
    assert read(["9"], missing=("9.0",)) == [None]
    assert read(["n/a", "N/A ", "na"], missing=("N/A",)) == [None, None, NOT_AN_ANSWER]
    assert read(["-99", "-99.0"], feed_missing=("-99",)) == [None, None]


def test_the_four_ways_of_no_answer_stay_different():
    how = {"missing": ("a",), "refused": ("b", "7"), "not_shown": ("c",), "not_applicable": ("d",)}
    assert read(["a", "b", "7.0", "c", "d", "1"], **how) == [
        None, REFUSED, REFUSED, NOT_SHOWN, NOT_APPLICABLE, 1,
    ]  # fmt: skip


def test_what_a_dialect_writes_for_a_question_not_shown():
    assert read(["N/A", "2"], dialect="limesurvey") == [NOT_SHOWN, 2]
    assert read(["N/A", "2"], dialect="qualtrics") == [NOT_AN_ANSWER, 2]


def test_a_label_wins():
    labels = {"Several days": 1, "Nearly every day": 3}
    assert read(["several DAYS ", "2", "Nearly every\u00a0day"], labels=labels) == [1, 2, 3]
    assert read(["N/A"], labels={"n/a": 0}, feed_missing=("N/A",)) == [0]


def test_labels_that_are_integers_are_all_there_is():
    shifted = {"1": 0, "2": 1, "3": 2, "4": 3}
    assert read(["1", "4", "4.0", "0", "5", "9"], labels=shifted, missing=("9",)) == [
        0, 3, 3, NOT_AN_ANSWER, NOT_AN_ANSWER, None,
    ]  # fmt: skip
    assert read(["often", "2"], labels={"often": 3, "1": 0}) == [3, NOT_AN_ANSWER]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9.5", 95), ("9", 90), ("10", 100), ("10.0", 100), ("0.0", 0), (" 9.50 ", 95), ("+1.5", 15),
        ("9.55", NOT_AN_ANSWER), ("9,5", NOT_AN_ANSWER), ("1e1", NOT_AN_ANSWER), (".5", NOT_AN_ANSWER),
        ("12.8", TOO_FAR), ("1000", TOO_FAR), ("-10.2", TOO_FAR), ("9" * 5000, TOO_FAR),
    ],
)  # fmt: skip
def test_decimals_are_kept_in_smallest_steps(text, code):
    assert read([text], form="srs") == [code]


def test_decimal_comma():
    assert read(["9,5", "9,50", "9", "9.5", "99,0", "99"], form="srs", decimal=",", missing=("99",)) == [
        95, 95, 90, NOT_AN_ANSWER, None, None,
    ]  # fmt: skip
    assert read(["2,0", "2", "2,5", "1.000"], decimal=",") == [2, 2, NOT_AN_ANSWER, NOT_AN_ANSWER]


def test_columns_without_an_answer():
    assert read([]) == []
    assert read([None, None]) == [None, None]
    assert codes(pl.Series("item_01", [None, "1", "x"], dtype=pl.String), key()).dtype == pl.Int8
    assert codes(pl.Series("item_07", ["1"]), key()).name == "item_07"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("9.0", "9"), ("009", "9"), ("+9", "9"), ("-0.0", "0"), ("-9.50", "-9.5"), (" Selten ", "selten"),
        ("1\u00a0- Several", "1 - several"), ("1e3", "1e3"), ("", ""), ("0" * 9000, "0"), ("ẞ", "ss"),
    ],
)  # fmt: skip
def test_normalise(text, reading):
    assert normalise(text) == reading
    assert normalise(reading) == reading


def test_normalise_is_quick_on_hostile_texts():
    for text in ("0" * 200_000 + "x", "1." + "0" * 200_000 + "x", "+" * 200_000):
        assert normalise(text) == text


# --- any text ------------------------------------------------------------------------------------

numbers = st.from_regex(r"[ \u00a0]?[+-]?[0-9]{1,4}([.,][0-9]{0,3})?[ ]?", fullmatch=True)
texts = st.one_of(
    numbers,
    st.sampled_from(
        ["", " ", "N/A", "n/a", "9", "9.0", "-9", "selten", "Selten ", "oft", "7.9", "1e3", "２"]
    ),
    st.text(max_size=4),
)
listed = st.lists(texts.filter(str.strip), max_size=3)


@settings(max_examples=250)
@given(
    st.lists(texts, max_size=8),
    st.dictionaries(texts.filter(str.strip), st.integers(-200, 200), max_size=3),
    st.tuples(listed, listed, listed, listed),
    st.sampled_from([("phq_9", 0), ("srs", 1)]),
    st.sampled_from([".", ","]),
)
@example(["9.0", "8"], {}, (["9"], [], [], []), ("phq_9", 0), ".")
@example(["-102"], {}, ([], [], [], []), ("phq_9", 0), ".")
def test_any_text_is_read_as_the_plain_reading_says(cells, labels, lists, form, mark):
    words = ("missing", "refused", "not_shown", "not_applicable")
    given_codes = dict(zip(words, lists, strict=True))
    everything = [*labels, *(text for texts in lists for text in texts)]
    if any(same(left, right, mark) for at, left in enumerate(everything) for right in everything[:at]):
        return
    found = read(
        cells,
        form=form[0],
        decimal=mark,
        labels=labels,
        **{word: tuple(lists[at]) for at, word in enumerate(words)},
    )
    expected = [plain_answer(text, labels, given_codes, form[1], mark) for text in cells]
    assert found == [CODE_OF.get(answer, answer) for answer in expected]


@given(st.lists(numbers, max_size=12))
def test_numbers_are_cast_at_once_as_they_are_read_one_by_one(cells):
    plain, slow = read(cells), read(cells, missing=("555",))
    assert plain == [None if code is None else code for code in slow] or "555" in str(cells)


@given(texts, texts)
def test_equal_numbers_are_one_code(left, right):
    alike = normalise(left) == normalise(right)
    assert alike == same(left, right, ".")
    assert plain_number(normalise(left)) == plain_number(left)


@given(
    st.lists(
        st.one_of(numbers, st.sampled_from(["", " ", " 5", "5 ", "\t5", "007", "+5", "-0", "x"])), max_size=6
    )
)
def test_cells_that_a_clean_stretch_gives_as_numbers_have_the_same_codes(cells):
    cells = [cell for cell in cells if not set(cell) & set(",\n")]
    data = "".join(f"{cell},x\n" for cell in cells).encode()
    as_numbers, as_texts = (read_cells(data, types) for types in (pl.Int16, pl.String))
    assert codes(as_numbers, key()).to_list() == codes(as_texts, key()).to_list()
    assert as_texts.dtype == pl.String


def read_cells(data, dtype):
    if not data:
        return pl.Series("0", [], dtype=dtype)
    return read_clean(data, Shape(",", '"', "utf-8"), {"0": dtype, "1": pl.String}, [0], 1).rows["0"]
