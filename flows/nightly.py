"""The nightly run in Prefect: a task a step, a task a delivery. Thin: the work is in `flows.night`.

Only this module imports Prefect. Tasks take no parameters and keep no results; states, names and logs
carry feed ids, eight hex digits and counts, never a file name, an id or an answer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

# Prefect reads its settings when it is imported: from here on nothing is told to anybody.
for _name, _value in {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}.items():
    os.environ.setdefault(_name, _value)

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.futures import PrefectFuture  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from flows.build import Tell, silent  # noqa: E402
from flows.faults import fault, told  # noqa: E402
from flows.night import Rim, night, record_failure  # noqa: E402
from schemas.errors import AccordError, GateRefused  # noqa: E402
from warehouse.manifest import Manifest  # noqa: E402

T = TypeVar("T")
WORKERS = 2
PRIVATE = 0o077

RUNNER: Any = ThreadPoolTaskRunner(max_workers=WORKERS)
"""Prefect's own types do not agree on it."""

_listening: ContextVar[tuple[Tell, Callable[[Manifest], None]]] = ContextVar(
    "listening", default=(silent, lambda found: None)
)
"""Who is told of progress and of the run: the flow itself takes texts, so that a server can start it."""


def _now() -> datetime:
    """The clock, read here at the rim and handed down."""
    return datetime.now(UTC).replace(microsecond=0)


def _step(name: str, work: Callable[[], T], label: str = "") -> PrefectFuture[T]:
    """Submit one step as a task without parameters, cached and kept nowhere."""

    def guarded() -> T:
        with told(label or name):
            return work()

    as_task = task(name=name, task_run_name=label or name, cache_policy=NO_CACHE, persist_result=False)
    return as_task(guarded).submit()


@flow(name="nightly", task_runner=RUNNER, persist_result=False)
def nightly(site: str = "site", as_of: str | None = None) -> str:
    """Archive, process, load, gate and publish one site; the run id. Raises the AccordError that ended it."""
    os.umask(PRIVATE)
    tell, recorded = _listening.get()
    rim = Rim(os.environ, _now, _step, tell, recorded)
    found = night(Path(site), date.fromisoformat(as_of) if as_of else None, rim)
    if found.state == "refused":
        raise GateRefused(found.message)
    return found.run


def _end(number: int, frame: object) -> NoReturn:
    """End in order: else Prefect's server would stay behind and keep our output open."""
    raise SystemExit(128 + number)


def _remedy() -> str:
    if "PREFECT_API_URL" in os.environ:
        return "PREFECT_API_URL is set: is that server up?"
    return "the site's folder prefect may be removed, no figure comes from it"


def run_nightly(site: Path, as_of: date | None, tell: Tell) -> tuple[Manifest | None, AccordError | None]:
    """Run the flow once; the run's record, where there is one, and what ended it, if anything did."""
    signal.signal(signal.SIGTERM, _end)
    records: list[Manifest] = []
    _listening.set((tell, records.append))
    try:
        nightly(str(site), as_of.isoformat() if as_of else None)
    except AccordError as error:
        return (records[-1] if records else None), error
    # Prefect's own troubles have many kinds; the run is recorded as failed and the error is told.
    except Exception as error:  # noqa: BLE001 - recorded as a failed run, and told
        problem = AccordError(f"{fault('Prefect', error)}; {_remedy()}")
        return (records[-1] if records else record_failure(site, problem, _now())), problem
    return records[-1], None
