"""A proposed feed and the site it is for: where it would stand, and its addition to site.toml."""

from __future__ import annotations

from pathlib import Path

from flows.config import SITE_FILE, load_site, read_config
from flows.inspect_file import Inspection, Where, general_name
from flows.inspect_toml import Line as TomlLine
from flows.inspect_toml import TomlTable, toml_text
from schemas.errors import ConfigError
from schemas.registry import Registry, load
from schemas.site import Site
from warehouse.files import write_private

SERVICE = "adult"


def surroundings(site: Path, file: Path, clinic: str) -> tuple[Registry, Where]:
    """The registry of the site, else the shipped one, and what is known of a file beside it.

    clinic: as the caller named it; "" for the site's only one
    raises ConfigError: a site.toml that is there and wrong
    """
    if not (site / SITE_FILE).exists():
        return load(), Where(clinic or "main", bool(clinic))
    config = load_site(site)
    named = clinic or _only_clinic(config.site)
    taken = frozenset(feed.id for feed in config.site.feeds)
    return config.registry, Where(named or "main", bool(named), _path(site, file), taken)


def _only_clinic(site: Site) -> str:
    return site.clinics[0].id if len(site.clinics) == 1 else ""


def _path(site: Path, file: Path) -> str:
    """The file's place as a glob relative to the site; "" for one that lies elsewhere."""
    try:
        inside = file.resolve().relative_to(site.resolve())
    except ValueError:
        return ""
    return (inside.parent / general_name(inside.name)).as_posix()


def added(site: Path, found: Inspection, clinic: str) -> str:
    """The text of site.toml with the proposed feed at its end, as it would be read without a complaint.

    raises ConfigError: there is nothing to add, the clinic is not said, or the site would not accept it
    """
    if not found.tables:
        raise ConfigError(f"{found.file}: there is no feed to add")
    config = load_site(site)
    named = clinic or _only_clinic(config.site)
    if not named:
        several = ", ".join(one.id for one in config.site.clinics)
        raise ConfigError(f"which clinic? Say --clinic, one of {several}, or a new one")
    tables = [] if any(one.id == named for one in config.site.clinics) else [_clinic(named)]
    text = f"{config.toml.rstrip()}\n\n{toml_text([*tables, *found.tables])}"
    try:
        read_config(text, config.forms)
    except ConfigError as error:
        told = "".join(f"\nto choose first: {edit}" for edit in found.edits)
        raise ConfigError(f"nothing was written: {SITE_FILE} would not be right\n{error}{told}") from None
    return text


def write_site(site: Path, text: str) -> None:
    """Replace site.toml at once."""
    write_private(site / SITE_FILE, text.encode())


def _clinic(id_: str) -> TomlTable:
    lines = (
        TomlLine("id", id_, ""),
        TomlLine("name", id_, "its name, as pages show it", sure=False),
        TomlLine("service", SERVICE, "the service it belongs to", sure=False),
    )
    return TomlTable("[[clinics]]", lines)
