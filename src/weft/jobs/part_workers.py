"""Parts of a table shared out to processes of this machine, each with one thread and a model of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from weft.data.parallel import Crew, DiedError
from weft.errors import UserError
from weft.jobs.part_job import PartDone, PartJob, forget, work

#: What runs all parts of a table and tells of each as it is done, in any order.
Engine = Callable[[Sequence[PartJob], Callable[[PartDone], None]], None]

_WORK = "weft.jobs.part_job:work"
#: A part may take this many seconds, and as many more a row; then its process counts as stuck.
_SECONDS, _ROW_SECONDS = 120.0, 0.1
#: A part that had to be done again is given this many times as long, and so are all after it.
_PATIENCE = 10


def run_parts(jobs: Sequence[PartJob], done: Callable[[PartDone], None], workers: int) -> None:
    """Predict parts; what a process leaves behind when it dies is done again, its molecules under guard.

    Args:
        jobs: the parts.
        done: told of each, in this thread, in the order in which they are done.
        workers: processes; 0 does all the work in this one.

    Raises:
        UserError: for the first part that cannot be done.
    """
    if workers < 1:
        forget()
        for job in jobs:
            done(good(work(job)))
        return
    crew = _Parts(max(1, min(workers, len(jobs))))
    with ThreadPoolExecutor(crew.size) as threads:
        futures = [threads.submit(crew.work, job) for job in jobs]
        try:
            for future in as_completed(futures):
                done(good(future.result()))
        finally:
            crew.stopped = True
            for future in futures:
                future.cancel()
            crew.close()


def good(found: PartDone) -> PartDone:
    """Return a part that was done.

    Raises:
        UserError: when it could not be done.
    """
    if found.trouble is not None:
        what, where, mend = found.trouble
        raise UserError(what, where=where, mend=mend)
    return found


class _Parts(Crew):
    """Workers that are given parts of a table."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.stopped = False
        self._patience = 1

    def work(self, job: PartJob) -> PartDone:
        """Return what became of a part."""
        try:
            return self._part(job)
        except DiedError:
            if self.stopped:
                raise
        self._patience = _PATIENCE
        try:
            return self._part(replace(job, guarded=True))
        except DiedError as error:
            part = job.part
            where = f"{part.source}, rows {part.first} to {part.first + part.rows - 1}"
            told = str(error).replace("crashed the chemistry library", "ended twice before its time")
            mend = "Use fewer --threads if memory ran out; then add --resume."
            return PartDone(job.at, job.out.name, trouble=(f"a process that predicts {told}", where, mend))

    def _part(self, job: PartJob) -> PartDone:
        return self.call(_WORK, job, self._patience * (_SECONDS + _ROW_SECONDS * job.part.rows))
