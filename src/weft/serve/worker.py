"""One thread owns the model; requests queue for it, and small ones that wait together are answered together."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from weft.errors import WeftError

#: How long a request waits for others to be answered with it.
GATHER_SECONDS = 0.003


class BusyError(WeftError):
    """More requests wait than the queue holds."""


class SlowError(WeftError):
    """A request took longer than it may."""


P = TypeVar("P")
T = TypeVar("T")
Together = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(eq=False)
class _Job:
    """A call, or (`together`) a payload that may be answered with others of the same function."""

    run: Callable[[], Any] | None
    together: Together | None = None
    payload: Any = None
    size: int = 1
    future: Future[Any] = field(default_factory=lambda: Future[Any]())


class Worker:
    """A thread that runs one job at a time, in order of arrival.

    Args:
        waiting: jobs that may wait.
        most: total size of the payloads that are answered together.
    """

    def __init__(self, waiting: int, most: int) -> None:
        self._waiting, self._most = waiting, most
        self._jobs: deque[_Job] = deque()
        self._there = threading.Condition()
        self._closed = False
        self.batches = 0
        self.batched = 0
        self._thread = threading.Thread(target=self._work, name="weft-model", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return len(self._jobs)

    @property
    def full(self) -> bool:
        """Whether the next request would be turned away."""
        return self.waiting >= self._waiting

    async def ask(self, run: Callable[[], T], seconds: float) -> T:
        """Run a function on the model's thread.

        Raises:
            BusyError: when the queue is full.
            SlowError: when it is not answered in time; it is then not begun, or its answer is thrown away.
        """
        return cast("T", await self._answer(_Job(run), seconds))

    async def ask_together(
        self, together: Callable[[Sequence[P]], Sequence[T]], payload: P, size: int, seconds: float
    ) -> T:
        """Answer a payload with others that wait for the same function; raises as `ask`."""
        return cast("T", await self._answer(_Job(None, cast("Together", together), payload, size), seconds))

    async def _answer(self, job: _Job, seconds: float) -> Any:
        with self._there:
            if self._closed or self.full:
                raise BusyError(f"{self.waiting} requests are waiting already")
            self._jobs.append(job)
            self._there.notify()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(job.future), seconds)
        except TimeoutError:
            raise SlowError(f"this took longer than {seconds:g} s") from None

    def close(self) -> None:
        """Finish the job at hand and drop the others."""
        with self._there:
            self._closed = True
            for job in self._jobs:
                job.future.cancel()
            self._jobs.clear()
            self._there.notify()
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while (jobs := self._next()) is not None:
            live = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if live:
                _run(live)
            del jobs, live  # or the last answer stays in memory until the next request

    def _next(self) -> list[_Job] | None:
        """Wait for work; return one job, or several that are answered together."""
        with self._there:
            while not self._jobs and not self._closed:
                self._there.wait()
            if self._closed:
                return None
            first = self._jobs.popleft()
            if first.together is None:
                return [first]
            self._gather(first)
            found = self._mates(first)
            self.batches += 1
            self.batched += len(found)
            return found

    def _gather(self, first: _Job) -> None:
        """Wait a moment for others like `first`."""
        until = time.monotonic() + GATHER_SECONDS
        while not self._closed and (left := until - time.monotonic()) > 0:
            if first.size + sum(job.size for job in self._jobs) >= self._most:
                return
            self._there.wait(left)

    def _mates(self, first: _Job) -> list[_Job]:
        found, size, others = [first], first.size, list[_Job]()
        for job in self._jobs:
            if job.together == first.together and size + job.size <= self._most:
                found.append(job)
                size += job.size
            else:
                others.append(job)
        self._jobs = deque(others)
        return found


def _run(jobs: list[_Job]) -> None:
    first = jobs[0]
    try:
        if first.run is not None:
            answers: Sequence[Any] = [first.run()]
        else:
            answers = cast("Together", first.together)([job.payload for job in jobs])
    except BaseException as error:
        if len(jobs) > 1:  # find whose fault it was
            for job in jobs:
                _run([job])
            return
        first.future.set_exception(error)
        return
    for job, answer in zip(jobs, answers, strict=True):
        job.future.set_result(answer)
