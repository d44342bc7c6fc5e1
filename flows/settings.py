"""What the environment says, read once at the rim and handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import ConfigError
from warehouse.secret import KEY_VARIABLE, key_of

SITE_VARIABLE = "ACCORD_SITE"
DEFAULT_SITE = "site"


@dataclass(frozen=True)
class Settings:
    """site: the site's folder; environ: the variables about secrets, for warehouse.secret."""

    site: Path = Path(DEFAULT_SITE)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str], site: Path | None = None) -> Settings:
        """Settings of an environment; `site` is the command's own --site, which wins.

        raises: ConfigError naming every variable that is wrong, and never a secret
        """
        problems = []
        if environ.get(SITE_VARIABLE, DEFAULT_SITE).strip() == "":
            problems.append(f"{SITE_VARIABLE} is blank: unset it, or name the site's folder")
        secrets = {KEY_VARIABLE: environ[KEY_VARIABLE]} if KEY_VARIABLE in environ else {}
        try:
            for name, text in secrets.items():
                key_of(text, name)
        except ConfigError as error:
            problems.append(str(error))
        if problems:
            raise ConfigError("\n".join(problems))
        return cls(site or Path(environ.get(SITE_VARIABLE, DEFAULT_SITE)), secrets)
