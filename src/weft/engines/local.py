"""Work in processes of this machine, one for each piece: a crash costs that piece, and its memory can be told.

Processes come from a server that was started fresh and has imported the libraries (`forkserver`), so that none
inherits threads or memory of this one, and none waits for imports.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from weft.engines.base import Ended, Work, done, places

if TYPE_CHECKING:
    from weft.training.run import Report

#: Where libraries take their number of threads from; read when they are imported.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PRELOADED = ["weft.engines.preloaded"]


@dataclass
class _Running:
    work: Work
    process: BaseProcess
    answers: Connection
    left: int

    def ended(self) -> Ended:
        """Return what the process answered before it ended, or how it ended without a word."""
        self.process.join()
        with contextlib.suppress(EOFError), self.answers:
            if self.answers.poll():
                return Ended(self.work, *self.answers.recv())
        code = self.process.exitcode or 0
        if code >= 0:
            return Ended(self.work, fault=f"its process ended with code {code}", lost=True)
        hint = ", perhaps for want of memory" if code == -9 else ""
        return Ended(self.work, fault=f"its process was ended by signal {-code}{hint}", lost=True)


class LocalProcesses:
    """Processes of this machine (implements `Engine`).

    Args:
        count: at a time; 0 for as many as the processors have room for.
        threads: that each computes with.
    """

    def __init__(self, count: int = 0, threads: int = 1) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count, self.threads = count or max(1, cores // threads), threads

    def run(self, work: Iterable[Work], total: int, stage: str, report: Report) -> Iterator[Ended]:
        """Give every piece of work as it ends; see `Engine`."""
        context, waiting = _context(), iter(work)
        running, again, n = list[_Running](), list[tuple[Work, int]](), 0
        try:
            while True:
                while len(running) < self.count:
                    one, left = again.pop() if again else _next(waiting)
                    if one is None:
                        break
                    running.append(self._start(context, one, left))
                if not running:
                    break
                report(stage, n, total, "; ".join(held.work.words for held in running))
                ready = wait([held.process.sentinel for held in running], timeout=5)
                for held in [held for held in running if held.process.sentinel in ready]:
                    running.remove(held)
                    ended = held.ended()
                    if ended.lost and held.left:
                        again.append((held.work, held.left))
                        continue
                    n += 1
                    yield ended
        finally:
            for held in running:
                held.process.terminate()
                held.process.join()
        report(stage, n, total, "")

    def _start(self, context: Any, work: Work, left: int) -> _Running:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(work.target, work.spec, self.threads, places(), theirs))
        with _limited(self.threads):
            process.start()
        theirs.close()
        return _Running(work, process, ours, left - 1)


def _next(waiting: Iterator[Work]) -> tuple[Work | None, int]:
    work = next(waiting, None)
    return work, 0 if work is None else work.tries


def _answer(target: str, spec: Any, threads: int, where: dict[str, str], answers: Connection) -> None:
    """Do a piece of work and send its answer; run in a process of its own."""
    os.environ.update(where)  # the server of processes has those of when it was started
    with contextlib.suppress(KeyboardInterrupt):  # the person stopped the command, which says so
        answers.send(done(target, spec, threads))


def _context() -> Any:
    if "forkserver" not in multiprocessing.get_all_start_methods():  # Windows
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


@contextmanager
def _limited(threads: int) -> Generator[None]:
    """Set the number of threads in the environment that new processes, or their server, are started with."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
