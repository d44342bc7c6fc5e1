"""What the bytes of a file say by themselves."""

from __future__ import annotations

import codecs
import io

import pytest

from flows.inspect_bytes import look


def seen(content: str | bytes):
    return look(io.BytesIO(content.encode() if isinstance(content, str) else content))


@pytest.mark.parametrize(
    ("content", "container"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"PAR1rest", "parquet"),
        (b"$FL2@(#) SPSS", "spss"),
        (b'<?xml version="1.0"?><ODM xmlns="x">', "odm"),
        (b'{"resourceType": "Bundle", "entry": []}', "fhir"),
        (b'{"resourceType":"QuestionnaireResponse"}\n', "fhir"),
        (b'{"responses":[{"responseId":"R_1","values":{}}]}', "qualtrics_json"),
        (b"a,b\n1,2\n", "text"),
        (b"", "text"),
        (b"\xd0\xcf\x11\xe0old", ""),
        (b"<html></html>", ""),
        (b'[{"a": 1}]', ""),
        (b'{"resourceType": "Questionnaire"}', ""),
    ],
)
def test_container(content: bytes, container: str):
    assert seen(content).container == container


def test_what_is_no_export_is_told_in_words():
    assert "without a password" in seen(b"\xd0\xcf\x11\xe0").says
    assert "`questionnaire`" in seen('{"resourceType": "Questionnaire"}').says


def test_two_kinds_of_workbook():
    assert "xlsx" in seen(b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml").features
    ods = b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
    assert "ods" in seen(ods).features


@pytest.mark.parametrize(
    ("content", "encoding", "sure"),
    [
        ("a,b\nMüller,2\n".encode(), "utf-8", True),
        (codecs.BOM_UTF8 + b"a,b\n", "utf-8-sig", True),
        ("a\tb\nx\ty\n".encode("utf-16"), "utf-16", True),
        ("a,b\nx,y\n".encode("utf-16-le"), "utf-16-le", True),
        ("a,b\nx,y\n".encode("utf-16-be"), "utf-16-be", True),
        ("a,b\nMüller,André\n".encode("cp1252"), "cp1252", False),
        ("a,b\nMüller,André\n".encode("mac_roman"), "mac_roman", False),
    ],
)
def test_encoding(content: bytes, encoding: str, sure: bool):
    found = seen(content).encoding
    assert found is not None
    assert (found.value, found.sure) == (encoding, sure)


def test_a_byte_that_is_no_utf8_is_found_far_into_the_file():
    found = seen(b"a,b\n" + b"x,y\n" * 300_000 + "é,y\n".encode("cp1252")).encoding
    assert found is not None
    assert found.value == "cp1252"


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ('a;b;c\n1;"x, y, z";3\n2;"p, q";3\n', ";"),
        ("a\tb\n1\t2,5\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('a,b\n"first\nsecond; third; fourth",2\n', ","),
        ("Q1, how; often,Q2\n1,2\n3,4\n", ","),
    ],
)
def test_the_delimiter_is_told_by_whole_records(content: str, delimiter: str):
    found = seen(content).delimiter
    assert found is not None
    assert found.value == delimiter


def test_one_column_has_no_delimiter_for_sure():
    found = seen("a\n1\n2\n").delimiter
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize(
    "row", ['"{""ImportId"":""a""}","{""ImportId"":""b""}"', "{'ImportId':'a'},{'ImportId':'b'}"]
)
def test_import_ids(row: str):
    assert "import_ids" in seen(f"a,b\nA,B\n{row}\n1,2\n").features
    assert "import_ids" not in seen("a,b\nA,B\n1,2\n").features


def test_the_first_rows_are_records_and_not_lines():
    assert seen('a,"b\nc"\n\n1,2\n').rows == (("a", "b\nc"), ("1", "2"))
