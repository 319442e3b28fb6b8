"""What an engine is: independent pieces of work in, their answers out, wherever they are done.

A benchmark's trainings, a prediction's parts and a search's trials are such pieces. Each leaves its result in a file
that appears whole, and knows by that file whether it was done before. So a piece may be done twice, by a worker that
was lost and by another, and an engine has only to do each until one answers.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from weft.errors import UserError
from weft.registry import registered

if TYPE_CHECKING:
    from weft.training.run import Report

#: Name on the command line -> module and class. A new engine is one file and one line here.
REGISTRY: dict[str, str] = {
    "local": "weft.engines.local:LocalProcesses",
    "ray": "weft.engines.on_ray:RayTasks",
}
#: How often a piece of work is begun whose worker is lost: the first time may be chance, the third is the work itself.
TRIES = 3


@dataclass(frozen=True)
class Work:
    """An independent piece of work.

    Attributes:
        words: what it is, for people.
        target: `module:function`, which is given `spec`; what it returns is the answer.
        spec: what the function needs to know; travels pickled, as the answer does.
        tries: how often it is begun when its worker is lost.
        alone: whether its process must be there for it alone, so that the process's memory is its own; else a worker
            may go on to the next piece.
    """

    words: str
    target: str
    spec: Any
    tries: int = TRIES
    alone: bool = False


@dataclass(frozen=True)
class Ended:
    """A piece of work that has ended.

    Attributes:
        work: which.
        answer: what it returned; None if it failed.
        fault: why it failed, '' if it did not: what a `UserError` says, another error's traceback, or how its worker
            was lost the last time.
        lost: whether its worker was, every time that it was begun.
    """

    work: Work
    answer: Any = None
    fault: str = ""
    lost: bool = False


class Engine(Protocol):
    """Does pieces of work, some at a time."""

    def run(self, work: Iterable[Work], total: int, stage: str, report: Report) -> Iterator[Ended]:
        """Give every piece of work as it ends.

        The next piece is asked for when there is room for it, after those that have ended were given: what is still to
        come may depend on them.

        Args:
            work: what is to be done, in the order of beginning.
            total: how many pieces there will be, for progress.
            stage: name of the whole, for progress.
            report: told how many ended and what is at work.
        """
        ...


def engine(name: str, count: int = 0, threads: int = 1) -> Engine:
    """Return an engine by its name.

    Args:
        name: one of `REGISTRY`.
        count: pieces of work at a time; 0 for as many as the processors have room for.
        threads: that each computes with.

    Raises:
        UserError: for an unknown name, or a count that is not one.
        MissingExtraError: when the engine's library is not installed.
    """
    if count < 0:
        raise UserError(f"{count} pieces of work at a time", where="--jobs", mend="Use 1 or more.")
    make: Callable[[int, int], Engine] = registered("engine", name, REGISTRY)
    return make(count, threads)


def places() -> dict[str, str]:
    """Return the variables by which a worker, wherever it is, looks for data where the command does."""
    return {name: value for name, value in os.environ.items() if name.startswith("WEFT_")}


def done(target: str, spec: Any, threads: int) -> tuple[Any, str]:
    """Do a piece of work in this process and return its answer and fault; what is raised becomes the fault."""
    name, _, function = target.partition(":")
    try:
        module = importlib.import_module(name)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)
        return getattr(module, function)(spec), ""
    except UserError as error:
        return None, str(error)
    except Exception:
        return None, traceback.format_exc()
