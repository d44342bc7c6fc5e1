"""The nightly run in Prefect: a task a step, a task a delivery. Thin: the work is in `flows.run`.

Only this module imports Prefect. Tasks take no parameters; states, names and logs carry feed
ids, eight hex digits and counts, never a file name, an id or an answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

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

from prefect import Flow, flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.futures import PrefectFuture, wait  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from flows import run as steps  # noqa: E402
from flows.build import Tell, process_work, silent  # noqa: E402
from schemas.errors import AccordError, GateRefused  # noqa: E402
from warehouse.manifest import Manifest  # noqa: E402
from warehouse.publish import site_lock  # noqa: E402

T = TypeVar("T")
WORKERS = 2


def _now() -> datetime:
    """The clock, read here at the rim and handed down."""
    return datetime.now(UTC).replace(microsecond=0)


def _step(name: str, work: Callable[[], T], label: str = "") -> PrefectFuture[T]:
    """Submit one step as a task without parameters, cached and kept nowhere."""
    made = task(_guarded(label or name, work), name=name, task_run_name=label or name,
                cache_policy=NO_CACHE, persist_result=False)
    return made.submit()


def _guarded(label: str, work: Callable[[], T]) -> Callable[[], T]:
    """The work, with unforeseen errors named by kind alone: a library's message may hold a value."""

    def guarded() -> T:
        try:
            return work()
        except AccordError:
            raise
        except Exception as error:
            raise AccordError(f"{label} stopped with {type(error).__name__}{_place(error)}") from None

    return guarded


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"


def _process_all(run: steps.Run, tell: Tell) -> None:
    """One task a delivery. The others go on when one fails; then the run stops."""
    waiting = run.waiting()
    futures: Sequence[PrefectFuture[Path]] = [
        _step("process", lambda work=work: process_work(run.setup, work, run.store), f"process {work.tag}")  # type: ignore[misc]  # a default binds the loop's work
        for work in waiting
    ]
    for done, future in enumerate(futures, 1):
        future.wait()
        tell("process", done, len(futures))
    wait(list(futures))
    for future in futures:
        future.result()


def _steps(run: steps.Run, tell: Tell) -> Manifest:
    _process_all(run, tell)
    tell("load", 0, 1)
    _step("load", lambda: steps.make_candidate(run)).result()
    tell("gate", 0, 1)
    verdict = _step("gate", lambda: steps.check(run)).result()
    tell("publish", 0, 1)
    return _step("publish", lambda: steps.finish(run, verdict, _now())).result()


def _night(site: Path, as_of: date | None, tell: Tell) -> Manifest:
    tell("archive", 0, 1)
    run = _step("archive", lambda: steps.begin(site, os.environ, _now(), as_of)).result()
    if run.idle_as:
        return steps.idle(run, _now())
    try:
        return _steps(run, tell)
    except AccordError as error:
        steps.fail(run, str(error), _now())
        raise


def make_flow(tell: Tell = silent) -> Flow[[str, str | None], str]:
    """The flow; `tell` is told of progress. Its result is the run id."""

    @flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=WORKERS), persist_result=False)
    def nightly(site: str = "site", as_of: str | None = None) -> str:
        """Archive, process, load, gate and publish one site. Raises the AccordError that ended it."""
        with site_lock(Path(site)):
            found = _night(Path(site), date.fromisoformat(as_of) if as_of else None, tell)
        if found.state == "refused":
            raise GateRefused(found.message)
        return found.run

    return nightly


nightly = make_flow()
