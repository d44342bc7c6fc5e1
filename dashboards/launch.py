"""How the pages are served: Streamlit on this machine only, telling nobody, watching no files.

Imports nothing of Streamlit: whoever starts the server does not pay for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboards import theme

APP = Path(__file__).with_name("app.py")
SITE_VARIABLE = "ACCORD_SITE"

OPTIONS: Mapping[str, str] = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "1",
    "server.enableXsrfProtection": "true",
    "server.enableStaticServing": "false",
    "browser.serverAddress": "127.0.0.1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.disableDataExport": "true",
}
"""Given as flags, so that no config file of the person or the folder can override them. Exports
built into Streamlit's charts and tables are off: they carry neither run id nor state."""


def command(port: int) -> list[str]:
    """Command line of the server at http://127.0.0.1:<port>; it runs until it is ended."""
    flags = [f"--{name}={value}" for name, value in {**OPTIONS, **theme.options()}.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}", *flags]


def environment(site: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment to run `command` in: `environ`, the site, and no Streamlit setting from outside."""
    kept = {name: value for name, value in environ.items() if not name.startswith("STREAMLIT_")}
    return {**kept, SITE_VARIABLE: str(site.resolve())}


def main(arguments: Sequence[str]) -> None:
    """`python -m dashboards.launch SITE PORT`: becomes the server."""
    site, port = arguments
    os.execve(sys.executable, command(int(port)), environment(Path(site), os.environ))


if __name__ == "__main__":
    main(sys.argv[1:])
