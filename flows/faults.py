"""Unforeseen errors, told without what they may hold: a library's message can carry an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

from schemas.errors import AccordError

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def told(what: str) -> Iterator[None]:
    """Let AccordErrors pass and tell of any other error as one, by kind and place alone."""
    try:
        yield
    except AccordError:
        raise
    except Exception as error:  # noqa: BLE001 - told of, and raised again as an error for people
        raise fault(what, error) from None


def fault(what: str, error: Exception) -> AccordError:
    """The error for people. An operating system's reason is told too: it names no content of a file."""
    reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    return AccordError(f"{what} stopped with {type(error).__name__}{reason}{_place(error)}")


def _place(error: Exception) -> str:
    """The innermost line of ours."""
    files = [
        (Path(frame.f_code.co_filename), line)
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename != __file__
    ]
    ours = [(path.relative_to(ROOT), line) for path, line in files if _is_ours(path)]
    return f" in {ours[-1][0].as_posix()}, line {ours[-1][1]}" if ours else ""


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(ROOT) and not any(
        part.startswith(".") for part in path.relative_to(ROOT).parts
    )
