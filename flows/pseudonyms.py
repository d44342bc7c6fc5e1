"""Ids of people and responses to keyed pseudonyms, the moment they are read."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse.secret import Key, pseudonyms


@dataclass(frozen=True)
class Pseudonymiser:
    """Keys ids within one clinic, or the whole site where ids are shared.

    scope: clinic id, or "" with shared ids; zone: the site's IANA time zone, for local dates.
    """

    key: Key
    scope: str
    file_digest: str
    zone: str

    def keys(self, texts: pl.Series, kind: str) -> pl.Series:
        """UInt64 pseudonyms of texts; null stays null. The same text of another kind has another."""
        return pseudonyms(texts, self.key, f"{kind}\0{self.scope}")

    def rows(self, source_rows: pl.Series) -> pl.Series:
        """A person for each row of this file, for feeds without ids."""
        return pseudonyms(source_rows.cast(pl.String), self.key, f"row\0{self.scope}\0{self.file_digest}")
