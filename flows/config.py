"""A site's folder: made, read and checked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from schemas.cards import why_no_score
from schemas.errors import ConfigError
from schemas.key_file import SUFFIX
from schemas.registry import Registry, load
from schemas.site import Feed, Site
from schemas.site_checks import OWN_FOLDERS
from schemas.site_parse import parse_site
from warehouse import archive
from warehouse.files import private_dir, write_private
from warehouse.secret import KEY_FILE, KEY_VARIABLE, Key, load_or_make

SITE_FILE = "site.toml"
OWN_FORMS = "instruments"
INBOX = "inbox"


class SiteConfig(NamedTuple):
    """A site and its instruments, with the texts they were read from, which a run records."""

    site: Site
    registry: Registry
    toml: str
    forms: Mapping[str, str]
    asides: Mapping[str, str] = {}


def load_site(folder: Path) -> SiteConfig:
    """Read site.toml and the site's own instruments.

    raises: ConfigError naming file, table and key, all problems of a file at once
    """
    forms = sorted((folder / OWN_FORMS).glob("*.toml"))
    toml = _text(folder / SITE_FILE, SITE_FILE, f"there is none in {folder}; make one with `accord init`")
    config = read_config(
        toml, {path.name: _text(path, f"{OWN_FORMS}/{path.name}", "is gone") for path in forms}
    )
    return _with_asides(
        config,
        {name: _text(folder / name, name, "is not there; a feed names it") for name in config.site.asides},
    )


def _with_asides(config: SiteConfig, asides: Mapping[str, str]) -> SiteConfig:
    return config._replace(site=config.site.with_asides(asides), asides=asides)


def read_config(toml: str, forms: Mapping[str, str], asides: Mapping[str, str] | None = None) -> SiteConfig:
    """The same from texts, as a run recorded them.

    forms: the site's own instruments and key files by file name
    asides: dictionaries and questionnaires of feeds by path
    """
    registry = load({f"{OWN_FORMS}/{name}": text.encode() for name, text in forms.items()})
    try:
        raw = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{SITE_FILE}: is no TOML: {error}") from None
    site = parse_site(raw, SITE_FILE, {id_: registry[id_] for id_ in registry.ids})
    return _with_asides(SiteConfig(site, registry.as_variants(site.variants), toml, forms), asides or {})


def init_site(folder: Path, name: str, timezone: str, environ: Mapping[str, str]) -> Key:
    """Make a site's folders, a commented site.toml and its secret key; the key.

    raises: ConfigError when there is a site.toml already, which stays as it is
    """
    path = folder / SITE_FILE
    if path.exists():
        raise ConfigError(f"{SITE_FILE}: is already there, and nothing was changed")
    starter = (files("flows") / "starter.toml").read_text(encoding="utf-8")
    for mark, text in (("@NAME@", name), ("@TIMEZONE@", timezone)):
        starter = starter.replace(f'"{mark}"', json.dumps(text, ensure_ascii=False))
    read_config(starter, {})
    for part in (INBOX, *OWN_FOLDERS):
        private_dir(folder / part)
    write_private(path, starter.encode())
    return load_or_make(folder, environ)


def check(folder: Path, environ: Mapping[str, str]) -> list[str]:
    """What `accord config check` prints: the site as it was understood, then remarks.

    raises: ConfigError for anything that would stop a run
    """
    site, registry, _, forms, _ = load_site(folder)
    lines = [
        f"{SITE_FILE}: {site.name}, {site.timezone}",
        f"clinics: {', '.join(clinic.id for clinic in site.clinics)}",
        f"services: {', '.join(site.services)}",
        _forms_line(registry, forms),
        _key_line(folder, environ),
        *(_feed_line(folder, feed) for feed in site.feeds),
    ]
    return [*lines, *(f"remark: {remark}" for remark in _remarks(folder, site, registry))]


def _text(path: Path, name: str, without: str) -> str:
    """Text of a file; a byte order mark, as Windows editors leave it, is no part of it."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{name}: {without}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: is not in UTF-8; save it as UTF-8") from None
    except OSError:
        raise ConfigError(f"{name}: cannot be read") from None


def _forms_line(registry: Registry, forms: Mapping[str, str]) -> str:
    keys = sum(name.endswith(SUFFIX) for name in forms)
    own = f"instruments: {len(registry)}, of which {len(forms) - keys} of this site"
    return f"{own}; key files {keys}" if keys else own


def _key_line(folder: Path, environ: Mapping[str, str]) -> str:
    if KEY_VARIABLE not in environ and not (folder / KEY_FILE).exists():
        return "key: none yet; the first run makes it"
    source = KEY_VARIABLE if KEY_VARIABLE in environ else KEY_FILE
    return f"key: {load_or_make(folder, environ).id} from {source}"


def _feed_line(folder: Path, feed: Feed) -> str:
    forms = ", ".join(f"{one.id} by {one.rater or one.rater_column}" for one in feed.instruments)
    found = archive.count_files(folder, feed.path)
    return f"feed {feed.id}: {feed.kind}, {feed.dialect}, files {found}" + (f"; {forms}" if forms else "")


def unscored(site: Site, registry: Registry) -> list[str]:
    """A line for each instrument of the feeds that gives no score, with what the site must do."""
    asked = sorted({one.id for feed in site.feeds for one in feed.instruments})
    return [
        f"instrument {id_}: gives no score; {why_no_score(registry[id_])}"
        for id_ in asked
        if not registry[id_].gives_scores(id_ in site.confirmed_instruments)
    ]


def _remarks(folder: Path, site: Site, registry: Registry) -> Iterator[str]:
    """Things that are no errors and yet seldom meant."""
    if not site.feeds:
        yield "there are no feeds yet, so nothing is read"
    for feed in site.feeds:
        if not archive.count_files(folder, feed.path):
            yield f"feed {feed.id}: no file matches its path"
    yield from unscored(site, registry)
    for due in site.due:
        clinics = {clinic.id for clinic in site.clinics if clinic.service == due.service}
        answered = {one.id for feed in site.feeds if feed.clinic in clinics for one in feed.instruments}
        if due.instrument not in answered:
            yield f"due {due.instrument} in {due.service}: no feed of the service brings it"
