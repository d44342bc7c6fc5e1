"""One run at a time, and what it leaves for others: `current` links, status.json, the last databases."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import SiteBusy, WarehouseError
from warehouse.files import FILE_MODE, private_dir, sync_dir, write_private

LOCK = ".lock"
CURRENT = "current"
PUBLISHED = "published"
STATUS = "status.json"


@contextmanager
def site_lock(site: Path) -> Iterator[None]:
    """Hold the site for one run. The lock ends with the process, however that ends.

    raises: SiteBusy when another process holds it
    """
    private_dir(site)
    # The descriptor is closed on exec: a server started meanwhile does not keep the site.
    descriptor = os.open(site / LOCK, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteBusy(_busy(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            # Closing alone would leave the lock to a child that was forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _busy(descriptor: int) -> str:
    holder = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    who = f" (process {holder})" if holder.isdigit() else ""
    return f"another run holds this site{who}; try again when it has ended"


def swap(link: Path, target: Path) -> None:
    """Point the link at the target, relative to its own folder, in one step: readers see old or new."""
    if not target.exists():
        raise WarehouseError(f"{target.name} is not there to be made {link.name}")
    beside = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent))
    beside.replace(link)
    sync_dir(link.parent)


def keep_last(folder: Path, n: int, pattern: str = "[0-9]*.duckdb") -> tuple[str, ...]:
    """Remove all but the n newest by name, and never what `current` points at; the names removed.

    Run ids begin with their time, so that names sort by age.
    """
    current = os.path.realpath(folder / CURRENT)
    found = sorted(folder.glob(pattern), reverse=True)
    old = [path for path in found[n:] if os.path.realpath(path) != current]
    for path in old:
        path.unlink()
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    sync_dir(folder)
    return tuple(path.name for path in old)


def write_status(site: Path, status: Mapping[str, Any]) -> Path:
    """Replace published/status.json at once."""
    text = json.dumps(status, ensure_ascii=False, indent=1, allow_nan=False)
    return write_private(private_dir(site / PUBLISHED) / STATUS, f"{text}\n".encode())


def read_status(site: Path) -> dict[str, Any] | None:
    """What write_status wrote last; None before the first run. Raises WarehouseError when it is no JSON."""
    path = site / PUBLISHED / STATUS
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError:
        raise WarehouseError(f"{PUBLISHED}/{STATUS} is no JSON; the next run writes it anew") from None
    return found
