"""The splitter against a second, plain reading; block by block, whatever the blocks; encodings; refusals."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import contextmanager, nullcontext
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows import split
from flows.clean import Shape
from flows.split import Records
from schemas.errors import ExportRefused
from tests.lib.plain_records import plain_records

COMMA = Shape(",", '"', "utf-8")
WIDEST = 4


@contextmanager
def limits(block: int, record: int = split.RECORD_BYTES):
    """Blocks and longest records of other sizes, so that small files cross their borders."""
    with mock.patch.multiple(split, BLOCK_BYTES=block, RECORD_BYTES=record, ROWS_PER_BATCH=3, HEADER_BYTES=4):
        yield


def split_records(data: bytes, shape: Shape = COMMA, header_rows: int = 1):
    """Every record in source-row order: its cells, or the rule it breaks; rows must be 1..n."""
    records = Records(io.BytesIO(data), shape, header_rows)
    found: dict[int, list[str] | str] = {}
    for batch in records.batches(range(records.width)):
        for row, *cells in batch.rows.iter_rows():
            assert row not in found
            found[row] = ["" if cell is None else cell for cell in cells]
        for row, rule in batch.broken:
            assert row not in found
            found[row] = rule
    assert sorted(found) == list(range(1, len(found) + 1)), "no row is lost and none is told twice"
    return [found[row] for row in sorted(found)]


def header(width: int, delimiter: str = ",") -> bytes:
    return delimiter.join("abcd"[:width]).encode() + b"\n"


def refusal(data: bytes, shape: Shape = COMMA, header_rows: int = 1) -> str:
    with pytest.raises(ExportRefused) as refused:
        split_records(data, shape, header_rows)
    assert refused.value.__cause__ is None
    assert str(refused.value) == refused.value.rule
    return refused.value.rule


# --- any bytes -----------------------------------------------------------------------------------

PIECES = [
    b"a", b"1", b",", b",", b'"', b'"', b'""', b'","', b'"\n', b"\n", b"\n", b"\r\n", b"\r", b" ", b";",
    b"\xff", b"\xc3", "é".encode(), codecs.BOM_UTF8, b"\0", b"a,b", b"a,b,c\n", b'"x\ny"',
]  # fmt: skip

anything = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)

cell = st.sampled_from(["", "1", "7.0", "a b", 'say "hi"', "a,b", "two\nlines", "two\r\nlines", "é", "x" * 9])


@st.composite
def tables(draw):
    """Rows as a program writes them, some of them cut, lengthened or spoiled by hand."""
    width = draw(st.integers(1, WIDEST))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    always = draw(st.booleans())
    lines = []
    for row in draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=12)):
        lines.append(quoted(row, always) + end)
        match draw(st.sampled_from(["", "", "", "", "cut", "longer", "blank", "open", "byte"])):
            case "cut":
                lines[-1] = lines[-1][: draw(st.integers(0, len(lines[-1])))].rstrip(b"\r") + end
            case "longer":
                lines[-1] = lines[-1].removesuffix(end) + b",more" + end
            case "blank":
                lines.append(end)
            case "open":
                lines[-1] = b'"' + lines[-1]
            case "byte":
                lines[-1] = b"\xe9" + lines[-1]
    body = b"".join(lines)
    return width, body.removesuffix(end) if draw(st.booleans()) else body


def quoted(row: list[str], always: bool) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL, lineterminator="").writerow(row)
    return out.getvalue().encode()


@given(anything, st.integers(1, WIDEST), st.integers(1, 30), st.sampled_from([9, 20, 10**6]))
@example(b'5,"oops,3\n6,1,2\n7,"a, b",1\n', 3, 4, 10**6)
@example(b'1,2,"two\nlines",too many\n4,5,6\n', 3, 4, 10**6)
@example(codecs.BOM_UTF8 + b"1,2\n", 2, 30, 10**6)
@example(b"x" * 60 + b"\n1,2\n", 2, 5, 20)
def test_any_bytes_are_read_as_the_plain_reading_says(data, width, block, most):
    expected = plain_records(data, ",", width, most)
    with limits(block, most):
        assert split_records(header(width) + data) == expected


@given(tables(), st.integers(1, 60), st.sampled_from([25, 10**6]))
def test_tables_with_damage_are_read_as_the_plain_reading_says(table, block, most):
    width, body = table
    expected = plain_records(body, ",", width, most)
    with limits(block, most):
        assert split_records(header(width) + body) == expected


NASTY = [
    b"",
    b"a",
    b"7.0",
    b" ",
    b"x\ry",
    b"\r",
    b"\xff",
    b"\xc3",
    "é".encode(),
    codecs.BOM_UTF8,
    b"\0",
    b'"',
]


@given(
    st.lists(st.tuples(*[st.sampled_from(NASTY)] * 2, st.sampled_from([b"\n", b"\n", b"\r\n"])), max_size=12),
    st.integers(1, 30),
    st.sampled_from([6, 10**6]),
)
def test_regular_lines_of_odd_cells_are_read_as_the_plain_reading_says(rows, block, most):
    body = b"".join(left + b"," + right + end for left, right, end in rows)
    expected = plain_records(body, ",", 2, most)
    with limits(block, most):
        assert split_records(header(2) + body) == expected


@given(st.one_of(anything.map(lambda data: (3, data)), tables()), st.integers(1, 40))
def test_both_paths_give_the_same_records(table, block):
    width, data = table
    with limits(block):
        either = split_records(header(width) + data)
    for fast in (("proven_clean",), ("proven_clean", "proven_quoted")):
        with limits(10**6), mock.patch.multiple(split, **dict.fromkeys(fast, lambda *_, **__: None)):
            assert split_records(header(width) + data) == either


@given(st.lists(st.lists(cell.filter(lambda text: "\r" not in text), min_size=3, max_size=3), min_size=1, max_size=20),
       st.integers(20, 200), st.sampled_from([b"\n", b"\r\n"]), st.booleans())  # fmt: skip
def test_quoted_cells_take_the_fast_path_and_keep_every_cell(rows, block, end, cut):
    data = b"".join(quoted(row, always=True) + end for row in rows)
    proofs = []

    def spy(*arguments, **named):
        proofs.append(proven(*arguments, **named))
        return proofs[-1]

    proven = split.proven_quoted
    with limits(block), mock.patch.object(split, "proven_quoted", side_effect=spy):
        assert split_records(header(3) + (data.removesuffix(end) if cut else data)) == rows
    assert any(proofs)


@given(st.lists(st.lists(st.sampled_from(["", " ", "1", "-9", "7.0", "NA", "é", "#", "\\N", "null"]),
                         min_size=3, max_size=3), max_size=30), st.integers(7, 50),
       st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([",", ";", "\t", "|", " "]))  # fmt: skip
def test_clean_lines_take_the_fast_path_and_keep_every_cell(rows, block, end, delimiter):
    data = b"".join(delimiter.join(row).encode() + end for row in rows if delimiter not in "".join(row))
    kept = [row for row in rows if delimiter not in "".join(row)]
    proofs = []

    def spy(*arguments):
        proofs.append(proven(*arguments))
        return proofs[-1]

    proven = split.proven_clean
    with limits(block), mock.patch.object(split, "proven_clean", side_effect=spy):
        assert split_records(header(3, delimiter) + data, Shape(delimiter, '"', "utf-8")) == kept
    assert len(kept) < 3 or any(proofs)


@given(tables())
def test_quote_of_a_dialect_without_quotes_is_a_character(table):
    width, body = table
    shape = Shape(",", "", "utf-8")
    with limits(16):
        found = split_records(header(width) + body.replace(b"\r\n", b"\n"), shape)
    for record in found:
        assert record in ("short_row", "long_row", "undecodable") or len(record) == width


# --- what a person sees ------------------------------------------------------------------------


def test_source_rows_count_records_and_not_lines():
    data = b'a,b\n1,"one\ntwo\nthree"\n\n2,x\n  \n3,y\n'
    assert split_records(data) == [["1", "one\ntwo\nthree"], ["2", "x"], ["3", "y"]]


def test_an_unclosed_quote_costs_its_own_row_only():
    data = b'a,b\n1,"left open\n2,"sound"\n3,sound\n4,"sound, too"\n'
    assert split_records(data) == ["unclosed_quote", ["2", "sound"], ["3", "sound"], ["4", "sound, too"]]


def test_two_unclosed_quotes_do_not_swallow_the_rows_between_them():
    data = b'a,b,c\n1,"open,x\n2,b,c\n3,b,c\n4,x,"\n5,b,c\n'
    found = split_records(data)
    assert found == ["unclosed_quote", ["2", "b", "c"], ["3", "b", "c"], "unclosed_quote", ["5", "b", "c"]]


def test_an_inch_sign_is_no_quote():
    data = b'a,b\n1,5" disk\n2,a 5" disk and a 3" disk\n3,c\n'
    assert split_records(data) == [["1", '5" disk'], ["2", 'a 5" disk and a 3" disk'], ["3", "c"]]


def test_a_ragged_row_is_one_record_however_many_lines_it_has():
    data = b'a,b\n1,"two\nlines",3\n"two\nlines"\n2,b\n'
    assert split_records(data) == ["long_row", "short_row", ["2", "b"]]


def test_bytes_that_are_no_text_cost_one_record():
    data = b'a,b\n1,\xe9t\xe9\n2,"two\nlines \xff"\n3,b\n'
    assert split_records(data) == ["undecodable", "undecodable", ["3", "b"]]


def test_a_bare_return_is_named():
    assert split_records(b"a,b\n1,x\ry\n2,b\n") == ["bare_return", ["2", "b"]]
    assert split_records(b'a,b\n1,"x\ry"\n2,b\n') == [["1", "x\ry"], ["2", "b"]]


def test_a_row_of_blank_cells_is_a_record_and_a_blank_line_is_none():
    assert split_records(b"a,b\n,\n\n , \n   \n\r\n") == [["", ""], [" ", " "]]


def test_a_line_longer_than_a_record_is_one_broken_record_and_is_never_held_whole():
    data = b"a,b\n1,x\n" + b"y" * 5000 + b"\n2,x\n3," + b"z" * 5000
    held = 0

    class Watched(Records):
        def _more(self):
            nonlocal held
            more = super()._more()
            held = max(held, len(self._buffer))
            return more

    with limits(64, 100):
        assert split_records(data) == [["1", "x"], "record_too_long", ["2", "x"], "record_too_long"]
        list(Watched(io.BytesIO(data), COMMA, 1).batches([0]))
    assert held <= 100 + 2 * 64 + 64


@pytest.mark.parametrize("size", [19, 20, 21])
def test_the_longest_record_is_the_same_on_both_paths(size):
    line = b"1," + b"x" * (size - 3) + b"\n"
    assert len(line) == size
    expected = ["record_too_long"] if size > 20 else [["1", "x" * (size - 3)]]
    for fast in ((), ("proven_clean",), ("proven_clean", "proven_quoted")):
        paths = dict.fromkeys(fast, lambda *_, **__: None)
        with limits(1000, 20), mock.patch.multiple(split, **paths) if paths else nullcontext():
            assert split_records(b"a,b\n" + line) == expected
            assert split_records(b"a,b\n" + line + b"3,4\n") == [*expected, ["3", "4"]]


# --- encodings ---------------------------------------------------------------------------------

TEXT = 'näme,b\nJosé,"zwei\nZeilen"\n,œ\n'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "mac-roman"]
)
@pytest.mark.parametrize("block", [4, 7, 10**6])
def test_every_encoding_gives_the_same_records(encoding, block):
    data = TEXT.encode(encoding)
    with limits(block):
        records = Records(io.BytesIO(data), Shape(",", '"', encoding), 1)
        assert records.header == [["näme", "b"]]
        assert split_records(data, Shape(",", '"', encoding)) == [["José", "zwei\nZeilen"], ["", "œ"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_not_part_of_the_first_name(encoding):
    data = ("\ufeff" + TEXT).encode(encoding.removesuffix("-sig"))
    assert Records(io.BytesIO(data), Shape(",", '"', encoding), 1).header[0][0] == "näme"


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [
        ("ascii", "é".encode()),
        ("cp1252", b"\x81"),
        ("euc_jp", b"\xc3\x81"),
        ("shift_jis", b"\xfd"),
        ("utf-16-le", b"\x41\xd8\x42\x00"),
        ("utf-16-le", b"\x00\xdc"),
        ("utf-7", b"+2AA-"),
    ],
)
def test_bytes_an_encoding_does_not_know_break_their_record_and_no_other(encoding, bad):
    good = "a,b\n1,x\n".encode(encoding)
    data = good + "2,".encode(encoding) + bad + "\n3,y\n".encode(encoding)
    assert split_records(data, Shape(",", '"', encoding)) == [["1", "x"], "undecodable", ["3", "y"]]


def test_utf_16_that_ends_in_half_a_character_says_so():
    data = "a,b\n1,x\n".encode("utf-16") + b"\x33"
    assert split_records(data, Shape(",", '"', "utf-16")) == [["1", "x"], "undecodable"]


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty_file"),
        (codecs.BOM_UTF8, "empty_file"),
        (b"\n\r\n  \n", "empty_file"),
        (b"a\rb\r1\r2\r", "line_endings"),
        (b'"a","b"\r"1","2"\r', "line_endings"),
        (b"n\xe4me,b\n1,2\n", "undecodable_header"),
        ("a,b\n".encode("utf-16"), "undecodable_header"),
        ("a,b\n".encode("utf-16-le"), "undecodable_header"),
        (b'a,"b\n1,2\n3,4\n', "header_quote"),
        (b'a,"b\r\n1,2\r\n3,4\r\n', "header_quote"),
        (b'"a"x,b\n', "header_quote"),
        (b'"a";"b"\n1;2\n', "wrong_delimiter"),
        (b'"a, b"\t"c"\n', "wrong_delimiter"),
    ],
)
@pytest.mark.parametrize("block", [3, 10**6])
def test_a_header_that_cannot_be_read_refuses_the_file(data, rule, block):
    with limits(block):
        assert refusal(data) == rule


def test_a_file_in_utf_16_needs_its_mark():
    assert refusal("a,b\n".encode("utf-16-be"), Shape(",", '"', "utf-16")) == "undecodable_header"


def test_a_file_with_fewer_header_rows_than_its_dialect_is_of_another():
    assert refusal(b"a,b\n", header_rows=3) == "not_this_dialect"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"a\rb\r" * 100, "line_endings"),
        (b"\x50" * 500, "not_this_dialect"),
        (b'a,"b\n' + b"1,2\n" * 100, "header_quote"),
    ],
)
def test_a_header_is_never_sought_through_the_whole_file(data, rule):
    read = 0

    class Stream(io.BytesIO):
        def read(self, size=-1):
            nonlocal read
            block = super().read(size)
            read += len(block)
            return block

    with limits(16, 64), pytest.raises(ExportRefused) as refused:
        Records(Stream(data), COMMA, 1)
    assert refused.value.rule == rule
    assert read <= 64 + 2 * 16


def test_blank_lines_before_the_header_are_passed_over_quickly():
    data = b" \r\n" * 200_000 + b"\n" * 200_000 + b"  a,b\n1,2\n"
    for block in (50_000, 10**7):
        with limits(block):
            records = Records(io.BytesIO(data), COMMA, 1)
            assert records.header == [["  a", "b"]]
    assert refusal(data[:-9]) == "empty_file"


def test_a_header_may_span_lines():
    data = b'Q1,Q2\n"How are you,\n""today""?",b\n1,2\n'
    records = Records(io.BytesIO(data), COMMA, 2)
    assert records.header == [["Q1", "Q2"], ['How are you,\n"today"?', "b"]]
    assert split_records(data, header_rows=2) == [["1", "2"]]
