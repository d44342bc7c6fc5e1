"""One night of a site, in order: whatever happens, the run is recorded and the last publication stays.

The steps are started by a function that is handed in: Prefect's in production (`flows.nightly`), a plain
call in tests. Logs and labels name feeds and eight hex digits, never a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from flows import run as steps
from flows.build import Tell, Work, process_work
from flows.config import SITE_FILE
from flows.faults import fault, told
from flows.run import Run
from schemas.errors import AccordError, SiteBusy
from warehouse.manifest import Manifest
from warehouse.publish import site_lock

T = TypeVar("T")
Result = TypeVar("Result", covariant=True)

ENDED = "the run was ended from outside before it was done"


class Pending(Protocol[Result]):
    """A step that was started."""

    def result(self) -> Result:
        """Wait for it. Raises what ended it."""


class Step(Protocol):
    """Starts a step. name: of the kind of step; label: of this one, for logs."""

    def __call__(self, name: str, work: Callable[[], T], label: str = "") -> Pending[T]: ...


@dataclass(frozen=True)
class Rim:
    """What a night gets from outside.

    clock:    the time, UTC
    step:     starts a step
    tell:     told of progress
    recorded: told of the run's record as soon as it is written, also of a failed one
    """

    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    step: Step
    tell: Tell
    recorded: Callable[[Manifest], None]


def night(site: Path, as_of: date | None, rim: Rim) -> Manifest:
    """Archive, process, load, gate and publish; the record of the run, which may be refused.

    raises: SiteBusy, and then nothing is recorded; any other AccordError after recording a failed run
    """
    with told("the run"), site_lock(site):
        started = rim.clock()
        run: Run | None = None
        try:
            run = _begun(site, as_of, rim, started)
            found = steps.idle(run, run.idle_as, rim.clock()) if run.idle_as else _made(run, rim)
        except BaseException as error:
            rim.recorded(_failure(site, run, error, started, rim.clock()))
            raise
        rim.recorded(found)
        return found


def _begun(site: Path, as_of: date | None, rim: Rim, started: datetime) -> Run:
    rim.tell("archive", 0, 1)
    return rim.step("archive", lambda: steps.begin(site, rim.environ, started, as_of)).result()


def _made(run: Run, rim: Rim) -> Manifest:
    _process_all(run, rim)
    run = steps.compared(run)
    if run.waiting():
        _process_all(run, rim)
    rim.tell("load", 0, 1)
    rim.step("load", lambda: steps.make_candidate(run)).result()
    rim.tell("gate", 0, 1)
    verdict = rim.step("gate", lambda: steps.check(run)).result()
    rim.tell("publish", 0, 1)
    return rim.step("publish", lambda: steps.finish(run, verdict, rim.clock())).result()


def _process_all(run: Run, rim: Rim) -> None:
    """One step a delivery. The others go on when one fails; then the run stops."""
    waiting = run.waiting()
    rim.tell("process", 0, len(waiting))
    pending = [rim.step("process", partial(_process, run, work), f"process {work.tag}") for work in waiting]
    problems = list(filter(None, (_problem(one, rim, n, pending) for n, one in enumerate(pending, 1))))
    if problems:
        raise problems[0]


def _process(run: Run, work: Work) -> None:
    process_work(run.setup, work, run.store)


def _problem(
    one: Pending[None], rim: Rim, number: int, pending: Sequence[Pending[None]]
) -> AccordError | None:
    try:
        one.result()
    except AccordError as error:
        return error
    rim.tell("process", number, len(pending))
    return None


def _failure(site: Path, run: Run | None, error: BaseException, started: datetime, now: datetime) -> Manifest:
    message = _message(error)
    return steps.fail(run, message, now) if run else steps.fail_early(site, message, started, now)


def _message(error: BaseException) -> str:
    if isinstance(error, AccordError):
        return str(error)
    return str(fault("the run", error)) if isinstance(error, Exception) else ENDED


def record_failure(site: Path, error: AccordError, now: datetime) -> Manifest | None:
    """Record a run that could not even begin; None where there is no site, or another run holds it."""
    if isinstance(error, SiteBusy) or not (site / SITE_FILE).exists():
        return None
    with suppress(SiteBusy), site_lock(site):
        return steps.fail_early(site, str(error), now, now)
    return None
