"""Errors a person can act on, and the exit code each one ends in.

    AccordError                 1   base; shown without traceback
    ├── ConfigError             2   site.toml, a site instrument or an argument is wrong
    │   └── RegistryError       2   an instrument's TOML is wrong
    ├── ConservationError       3   the records of a run do not add up
    ├── ArchiveError            4   the archive or the ledger is damaged or was changed
    ├── WarehouseError          5   a warehouse or published file cannot be read or written
    ├── GateRefused            10   a critical expectation failed; the last publication stays
    ├── SiteBusy               11   another run holds the site
    └── RerunDiffers           14   a rerun did not give the same figures, or an input changed

`ExportRefused` never ends a run: it is the fate of one export file.
"""

from __future__ import annotations


class AccordError(Exception):
    """Base of all errors shown to people as one message, without traceback."""

    exit_code = 1


class ConfigError(AccordError):
    """The configuration is wrong: names file, table, key and the nearest right key."""

    exit_code = 2


class RegistryError(ConfigError):
    """An instrument's TOML is wrong, unknown, or shadows a shipped one."""


class ConservationError(AccordError):
    """received = accepted + quarantined + excluded + superseded does not hold."""

    exit_code = 3


class ArchiveError(AccordError):
    """An archived export or a ledger line is missing or is not what was archived."""

    exit_code = 4


class WarehouseError(AccordError):
    """A warehouse, part or published file is missing, locked or of another version."""

    exit_code = 5


class GateRefused(AccordError):
    """The candidate failed a critical expectation; the last publication stays in place."""

    exit_code = 10


class SiteBusy(AccordError):
    """Another run holds the site's lock."""

    exit_code = 11


class RerunDiffers(AccordError):
    """A rerun gave other figures, or an input is no longer what the manifest records."""

    exit_code = 14


class ExportRefused(AccordError):
    """One export file cannot be read at all; other files go on.

    rule: id in schemas/rules.toml, which gives the message and the remedy.
    column: column concerned, where there is one; never a value.
    unread: records of the file, where they could be counted.
    """

    def __init__(self, rule: str, column: str = "", row: int | None = None, unread: int = 0) -> None:
        super().__init__(rule)
        self.rule = rule
        self.column = column
        self.row = row
        self.unread = unread
