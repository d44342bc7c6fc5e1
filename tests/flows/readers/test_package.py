"""What a workbook's package must not be: packed by a password, a bomb, or with declarations in its XML."""

from __future__ import annotations

import errno
import io
import struct
import zipfile

import pytest

from flows.readers import package as module
from flows.readers.package import checked_package
from schemas.errors import ExportRefused
from tests.lib.workbooks import ods, package, parts_of, with_cells, xlsx

WELL = xlsx([["a", "b"], [1, "x"]])
PARTS = parts_of(WELL)


def refusal(content: bytes):
    with pytest.raises(ExportRefused) as refused, checked_package(io.BytesIO(content)):
        pass
    return refused.value.rule


@pytest.mark.parametrize("content", [WELL, ods([["a"], [1]])])
def test_the_parts_come_as_they_were(content):
    with checked_package(io.BytesIO(content)) as checked:
        assert parts_of(checked.read()) == parts_of(content)


def test_what_is_no_xml_is_left_behind():
    with checked_package(io.BytesIO(package({**PARTS, "xl/media/image1.png": b"\x89PNG"}))) as checked:
        assert parts_of(checked.read()) == PARTS


DOCTYPE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize(
    "name", [*PARTS, "customXml/item1.xml", "xl/drawings/vmlDrawing1.vml", "anything.bin"]
)
@pytest.mark.parametrize("how", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_a_document_type_is_refused_in_any_part(name, how):
    assert refusal(package({**PARTS, name: DOCTYPE.encode(how)})) == "xml_doctype"


def test_a_document_type_across_two_blocks_is_found(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert refusal(package({**PARTS, "xl/styles.xml": DOCTYPE})) == "xml_doctype"


def test_what_people_write_is_no_declaration():
    with checked_package(io.BytesIO(xlsx([["a"], ["<!DOCTYPE html>"]]))):
        pass


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (module.OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted_workbook"),
        (module.OLE + b"\0" * 600, "old_workbook"),
        (package({"xl/workbook.bin": b""}), "old_workbook"),
        (package({"word/document.xml": "<a/>"}), "not_this_dialect"),
        (WELL[:-30], "damaged_workbook"),
        (b"PK\x03\x04", "damaged_workbook"),
    ],
    ids=["password", "before 2007", "binary", "another document", "cut", "four bytes"],
)
def test_another_file_is_refused(content, rule):
    assert refusal(content) == rule


def test_an_entry_with_a_password_and_a_part_that_is_there_twice():
    locked = bytearray(WELL)
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(locked)) == "encrypted_workbook"
    out = io.BytesIO(WELL)
    with zipfile.ZipFile(out, "a") as written, pytest.warns(UserWarning, match="Duplicate"):
        written.writestr("xl/workbook.xml", PARTS["xl/workbook.xml"])
    assert refusal(out.getvalue()) == "damaged_workbook"


def test_a_part_that_is_larger_than_it_says(monkeypatch):
    content = package({**PARTS, "xl/media/big.bin": bytes(3_000_000)})
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    assert refusal(content) == "too_large_workbook", "by its own word"
    size = (3_000_000).to_bytes(4, "little")
    assert refusal(content.replace(size, (10).to_bytes(4, "little"))) in {
        "too_large_workbook",
        "damaged_workbook",
    }


def test_very_many_parts(monkeypatch):
    monkeypatch.setattr(module, "MOST_PARTS", 20)
    assert refusal(package({**PARTS, **{f"{n}.xml": "<a/>" for n in range(20)}})) == "too_large_workbook"


CELL = '<c r="{}"><v>1</v></c>'


@pytest.mark.parametrize(
    "cells",
    [
        f'<row r="1">{CELL.format("A1")}</row><row r="1048576">{CELL.format("XFD1048576")}</row>',
        f'<row r="1">{CELL.format("A1")}{CELL.format("ZZZZZZZ1")}</row>',
        f'<row r="99999999999">{CELL.format("A99999999999")}</row>',
        f"<row>{CELL.format('XFD1')}</row>" + "<row/>" * 2000,
        f'<row r="1048576">{CELL.format("A1048576")}{"<c/>" * 50}</row>',
    ],
)
def test_a_sheet_that_spans_more_than_fits(cells):
    assert refusal(with_cells(cells)) == "too_large_workbook"


@pytest.mark.parametrize(
    ("count", "rule"),
    [
        ('"4294967295"', "too_large_workbook"),
        ("'+100000000'", "too_large_workbook"),
        ('"&#52;294967295"', "damaged_workbook"),
    ],
)
def test_a_list_that_says_it_is_endless(count, rule):
    strings = PARTS["xl/sharedStrings.xml"].replace(b'uniqueCount="3"', b"uniqueCount=" + count.encode())
    assert strings != PARTS["xl/sharedStrings.xml"]
    assert refusal(package({**PARTS, "xl/sharedStrings.xml": strings})) == rule


def test_one_long_text_in_very_many_cells():
    strings = f"<si><t>{'x' * 2_000_000}</t></si><si><t>y</t></si>"
    row = '<row r="{0}"><c r="A{0}" t="s"><v>{1}</v></c></row>'
    many = "".join(row.format(n, 0) for n in range(1, 1000))
    assert refusal(with_cells(many, strings)) == "too_large_workbook"
    odd = "".join(row.format(n, 0).replace("<v>", "<f/><v>") for n in range(1, 1000))
    assert refusal(with_cells(odd, strings)) == "too_large_workbook"
    few = row.format(1, 0) + "".join(row.format(n, 1) for n in range(2, 1000))
    with checked_package(io.BytesIO(with_cells(few, strings))):
        pass


def test_a_part_before_the_beginning_of_the_file_is_damage(tmp_path):
    shifted = bytearray(WELL)
    at = shifted.rindex(b"PK\x05\x06") + 16
    struct.pack_into("<I", shifted, at, struct.unpack_from("<I", shifted, at)[0] + 1000)
    (tmp_path / "book.xlsx").write_bytes(shifted)
    with (tmp_path / "book.xlsx").open("rb") as stream, pytest.raises(ExportRefused) as refused:
        checked_package(stream).__enter__()
    assert refused.value.rule == "damaged_workbook"


def test_text_without_end_is_no_sheet():
    """One cell has thirty thousand signs at most; nothing looks through hundreds of megabytes for a tag."""
    sheet = PARTS["xl/worksheets/sheet1.xml"] + b" " * (module._LONGEST_TEXT + 2 * module._BLOCK)
    assert refusal(package({**PARTS, "xl/worksheets/sheet1.xml": sheet})) == "too_large_workbook"
    with checked_package(io.BytesIO(package({**PARTS, "xl/media/a.bmp": sheet}))) as checked:
        assert parts_of(checked.read()) == PARTS


def test_a_package_unpacks_to_a_multiple_of_its_size_at_most(monkeypatch):
    monkeypatch.setattr(module, "FREE_BYTES", 1024**2)
    sheet = PARTS["xl/worksheets/sheet1.xml"] + b"<a/>" * 500_000
    assert refusal(package({**PARTS, "xl/worksheets/sheet1.xml": sheet})) == "too_large_workbook"


def test_a_full_disk_is_no_damage(monkeypatch):
    def full(package, written):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(module, "_copy", full)
    with pytest.raises(OSError, match="no space left"), checked_package(io.BytesIO(WELL)):
        pass
