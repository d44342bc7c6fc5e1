"""Which of a dialect's containers a file is, by the first bytes that every file of that kind has."""

from __future__ import annotations

from typing import BinaryIO

from schemas.dialect import Dialect
from schemas.errors import ExportRefused

SIGNATURES = (
    (b"PK\x03\x04", "workbook"),
    (b"\xd0\xcf\x11\xe0", "workbook"),  # with a password, or of before 2007: its reader says which
    (b"PAR1", "parquet"),
    (b"$FL2", "spss"),
    (b"$FL3", "spss"),
)
"""First bytes of containers that are no text."""


def container_of(stream: BinaryIO, dialect: Dialect) -> str:
    """One of the dialect's containers; text where no signature says otherwise.

    raises ExportRefused: not_this_dialect for a file of a container that the dialect does not have
    """
    stream.seek(0)
    first = stream.read(8)
    stream.seek(0)
    signed = [container for signature, container in SIGNATURES if first.startswith(signature)]
    found = [one for one in dialect.containers if one in signed] if signed else _unsigned(dialect)
    if not found:
        raise ExportRefused("not_this_dialect" if first else "empty_file")
    return found[0]


def _unsigned(dialect: Dialect) -> list[str]:
    signatures = {container for _, container in SIGNATURES}
    return [one for one in dialect.containers if one not in signatures]
