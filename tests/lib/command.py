"""The installed command as its own process: in a session of its own, and without a network where that can be had."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = 'ip link set lo up && exec "$@"'
HIDDEN = ("ACCORD_", "PREFECT_")

EXIT_NOISE = re.compile(r"(?m)^(nanobind: | - leaked | - \.\.\. skipped|See https://nanobind\.).*\n?")
"""What DuckDB 2.0 says of its own bindings as a process ends; nothing that a command said."""


@dataclass(frozen=True)
class Ran:
    """What a command said, how it ended, and the processes of its session that outlived it."""

    code: int
    out: str
    err: str
    left: tuple[str, ...]


@cache
def without_network() -> tuple[str, ...]:
    """What to put before a command so that it has the loopback device and nothing else; empty where not allowed."""
    for unshare in (("unshare", "-n"), ("unshare", "-r", "-n")):
        command = (*unshare, "sh", "-c", LOOPBACK, "sh")
        with suppress(OSError):
            if subprocess.run([*command, "true"], capture_output=True, timeout=30).returncode == 0:
                return command
    return ()


def accord(
    *arguments: str | Path,
    root: Path = ROOT,
    network: bool = True,
    timeout: float = 240,
    cwd: Path | None = None,
    **variables: str,
) -> Ran:
    """Run a command of the checkout `root`, and wait until nobody holds its output any more.

    cwd: where it is run, if not in the checkout; then PYTHONPATH must lead there
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    prefix = () if network else without_network()
    with subprocess.Popen(
        [*prefix, sys.executable, "-m", "flows.cli", *map(str, arguments)],
        cwd=cwd or root,
        env=inherited | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return Ran(process.returncode, out, EXIT_NOISE.sub("", err), processes_of(process.pid))


def processes_of(session: int, patience: float = 5) -> tuple[str, ...]:
    """Command lines of a session's processes that do not end in a moment."""
    deadline = time.monotonic() + patience
    while (left := _processes(session)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _processes(session: int) -> tuple[str, ...]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_text().replace("\0", " "))
    return tuple(found)
