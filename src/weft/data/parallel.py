"""Work on rows in other processes, which may crash or hang without losing a row.

RDKit is C++: a nonsense molecule can end the process that reads it. So rows go in chunks to worker processes
that are fresh interpreters (no fork, which threads make unsafe, and no second import of the
caller's script). When a worker dies or is too slow, its chunk is done again row by row, and only the row that
fails is given up, with a reason.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, cast

from numpy.typing import NDArray

LOG = logging.getLogger(__name__)
Rows = Sequence[str | None]

CHUNK_ROWS = 200
#: Up to this many rows, starting processes costs more than it saves.
LOCAL_ROWS = 400
#: No SMILES this short was seen to hurt RDKit, so it may be read in the calling process.
SAFE_CHARS = 1000
START_SECONDS = 60.0
CHUNK_SECONDS = 60.0
ROW_SECONDS = 20.0


@dataclass
class Part:
    """What a function makes of some rows.

    Attributes:
        arrays: named arrays; what their first axis counts is the function's affair.
        status: `ok` or why the row failed, one per row.
        keys: one per row, or empty when the function makes none.
        lost: whether the function crashed or hung, so that this is what it makes of a missing row.
    """

    arrays: dict[str, NDArray[Any]]
    status: list[str]
    keys: list[str] = field(default_factory=list[str])
    lost: bool = False


Function = Callable[[Rows], Part]


def run_rows(function: str, rows: Rows, workers: int = 2, chunk_rows: int | None = None) -> list[Part]:
    """Apply a function to rows in parallel.

    Args:
        function: `module:name` of a function from rows to their `Part`; a row None must be a failed one.
        rows: the rows.
        workers: number of processes; 0 works in this process and has no protection from crashes.
        chunk_rows: rows of one task, for a function so slow that processes pay from more rows than that on; by
            default `CHUNK_ROWS`, and processes from more than `LOCAL_ROWS` on.

    Returns:
        The parts, which joined in order speak of every row.
    """
    size, local = (CHUNK_ROWS, LOCAL_ROWS) if chunk_rows is None else (chunk_rows, chunk_rows)
    short = len(rows) <= local and all(row is None or len(row) <= SAFE_CHARS for row in rows)
    if workers < 1 or short or not sys.executable:
        return [_resolve(function)(rows)]
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    crew = _Chunks(min(workers, len(chunks)))
    try:
        with ThreadPoolExecutor(crew.size) as threads:
            done = list(threads.map(lambda chunk: crew.work(function, chunk), chunks))
    finally:
        crew.close()
    return [part for parts in done for part in parts]


def _resolve(function: str) -> Function:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)


class DiedError(Exception):
    """A worker ended, failed or was stopped for being too slow; the text says which."""


class Worker:
    """A process that answers one chunk at a time."""

    def __init__(self) -> None:
        # -P: a user's file rdkit.py in the current folder must not be imported for RDKit.
        command = [sys.executable, "-P", "-c", "from weft.data.parallel import serve; serve()"]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, env=env)
        self._in, self._out = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._late = False
        try:
            self._receive(START_SECONDS)
        except DiedError:
            self.close()
            raise

    def call(self, function: str, given: object, seconds: float) -> Any:
        """Return what `function` (`module:name`) makes of `given`.

        Raises:
            DiedError: when the process ends, or takes more than `seconds`.
        """
        # A worker that is gone is told by the answer it does not give.
        with contextlib.suppress(OSError):
            pickle.dump((function, given), self._in, protocol=5)
            self._in.flush()
        return self._receive(seconds)

    def _receive(self, seconds: float) -> Any:
        timer = threading.Timer(seconds, self._stop)
        timer.start()
        try:
            return pickle.load(self._out)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            reason = f"took more than {seconds:g} s" if self._late else "crashed the chemistry library"
            raise DiedError(reason) from error
        finally:
            timer.cancel()

    def _stop(self) -> None:
        self._late = True
        self._process.kill()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for stream in (self._in, self._out):
            with contextlib.suppress(OSError):
                stream.close()
        self._process.wait()


class Crew:
    """Some workers, started when first needed and replaced when they die.

    Args:
        size: how many work at a time; each is one thread's of the caller while it works.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._hired: list[Worker] = []
        self._seats: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
        for _ in range(size):
            self._seats.put(None)

    def call(self, function: str, given: Any, seconds: float) -> Any:
        """Return what `function` (`module:name`) makes of `given`, here where no process can be started.

        Raises:
            DiedError: when the process ends, or takes more than `seconds`.
        """
        worker = self._seats.get()
        try:
            if worker is None:
                if (worker := hire()) is None:
                    return _resolve(function)(given)
                self._hired.append(worker)
            return worker.call(function, given, seconds)
        except DiedError:
            if worker is not None:
                self._hired.remove(worker)
                worker.close()
            worker = None
            raise
        finally:
            self._seats.put(worker)

    def close(self) -> None:
        """End all workers, those at work too."""
        for worker in tuple(self._hired):
            worker.close()


class _Chunks(Crew):
    """Workers that are given chunks of rows."""

    def work(self, function: str, chunk: Rows) -> list[Part]:
        """Return the parts of a chunk: one, or one per row when the whole could not be done."""
        try:
            return [self.call(function, list(chunk), CHUNK_SECONDS)]
        except DiedError:
            return [self._single(function, row) for row in chunk]

    def _single(self, function: str, row: str | None) -> Part:
        try:
            return self.call(function, [row], ROW_SECONDS)
        except DiedError as error:
            failed = _resolve(function)([None])
            return Part(failed.arrays, [str(error)], failed.keys, lost=True)


def hire() -> Worker | None:
    """Start a worker process, or return None where none can be started."""
    try:
        return Worker()
    except (OSError, DiedError) as error:
        LOG.warning("no worker process could be started (%s): working in this one", error)
        return None


def serve() -> None:
    """Answer chunks from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    answer: Any = Part({}, [])
    while True:
        pickle.dump(answer, answers, protocol=5)
        answers.flush()
        try:
            function, given = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer = _resolve(function)(given)
