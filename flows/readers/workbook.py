"""Workbooks, Office Open XML and OpenDocument: one sheet of a package as named columns of cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from flows.readers.cell_text import Texts
from flows.readers.header import header_names
from flows.readers.import_ids import said_by_header
from flows.readers.package import checked_package
from flows.readers.repeats import Sheet, with_parents
from flows.readers.sheet_records import Row, SheetRecords
from flows.readers.table import Table
from schemas.dialect import Dialect
from schemas.errors import ExportRefused
from schemas.site import Feed

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook


def open_workbook(stream: BinaryIO, feed: Feed, dialect: Dialect) -> Table:
    """The sheet that the feed names, else the only one with anything in it.

    Its header is the first row with content and those below it that the dialect counts to it; blank rows
    between records are records, those at the end are none.

    raises ExportRefused: empty_file, several_sheets, no_such_sheet, and what `checked_package` refuses
    """
    mark = feed.decimal or dialect.decimal
    texts = Texts(mark)
    with checked_package(stream) as package, _library(), _opened(package) as workbook:
        sheet = _read(_sheet(workbook, feed.sheet), dialect, texts)
        if dialect.repeats:
            sheet = with_parents(
                sheet, dialect.repeats, lambda name: _read(_above(workbook, name), dialect, texts), texts
            )
        records = SheetRecords(sheet.rows, mark)
        more, timezone = said_by_header(sheet.header, lambda: records.sample(1), feed, dialect)
    return Table(sheet.names, records, {**sheet.aliases, **more}, timezone=timezone)


def _read(sheet: CalamineSheet, dialect: Dialect, texts: Texts) -> Sheet:
    rows = _from_content(_rows(sheet))
    header = _header(rows, dialect, texts)
    names, aliases = header_names(header, dialect)
    return Sheet(names, aliases, _without_end(rows), header)


@contextmanager
def _library() -> Iterator[None]:
    """Whatever the library raises, as a refusal: its messages may hold cells."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError:
        raise ExportRefused("encrypted_workbook") from None
    except (CalamineError, ValueError, OverflowError, OSError):
        raise ExportRefused("damaged_workbook") from None
    except BaseException as error:
        # A panic of Rust is no Exception, and each library has a class of its own that it does not export.
        if type(error).__name__ != "PanicException":
            raise
        raise ExportRefused("damaged_workbook") from None


@contextmanager
def _opened(package: IO[bytes]) -> Iterator[CalamineWorkbook]:
    from python_calamine import CalamineWorkbook

    # By its number the library reads the file itself, twice as fast as through Python.
    path = Path(f"/dev/fd/{package.fileno()}")
    with (
        CalamineWorkbook.from_path(path) if path.exists() else CalamineWorkbook.from_filelike(package)
    ) as workbook:
        yield workbook


def _sheet(workbook: CalamineWorkbook, name: str | None) -> CalamineSheet:
    from python_calamine import SheetTypeEnum

    names = [one.name for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    if name is not None:
        found = [one for one in names if one.strip() == name.strip()]
        if len(found) != 1:
            raise ExportRefused("no_such_sheet")
        return workbook.get_sheet_by_name(found[0])
    # One sheet after the other: all of a workbook may be too much at a time.
    filled = list(islice((one for one in map(workbook.get_sheet_by_name, names) if one.height), 2))
    if len(filled) != 1:
        raise ExportRefused("several_sheets" if filled else "empty_file")
    return filled[0]


def _above(workbook: CalamineWorkbook, name: str) -> CalamineSheet:
    """The sheet of forms by its name; a sheet of no repeats names none, and forms come first."""
    return _sheet(workbook, name or workbook.sheet_names[0])


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    with _library():
        yield from sheet.iter_rows()


def _has_content(row: Row) -> bool:
    return any(value != "" and not (isinstance(value, str) and not value.strip()) for value in row)


def _from_content(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows from the first with content on."""
    for row in rows:
        if _has_content(row):
            return chain([row], rows)
    raise ExportRefused("empty_file")


def _without_end(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows up to the last with content."""
    blank: list[Row] = []
    for row in rows:
        if _has_content(row):
            yield from blank
            yield row
            blank = []
        else:
            blank.append(row)


def _header(rows: Iterator[Row], dialect: Dialect, texts: Texts) -> list[list[str]]:
    header = [[texts.of(value) or "" for value in row] for row in islice(rows, dialect.header_rows)]
    if len(header) < dialect.header_rows:
        raise ExportRefused("not_this_dialect")
    return header
