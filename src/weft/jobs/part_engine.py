"""Parts of a table predicted by an engine: workers of a cluster, or of this machine."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from weft.engines.base import Ended, Work, engine
from weft.errors import UserError
from weft.jobs.part_job import PartDone, PartJob
from weft.jobs.part_workers import Engine, good, run_parts
from weft.training.run import silent

if TYPE_CHECKING:
    from weft.engines.base import Engine as Place

#: What engines call.
TARGET = "weft.jobs.part_job:work"


def parts_on(name: str, jobs: int, workers: int) -> Engine:
    """Return what runs the parts of a table.

    Args:
        name: of `weft.engines.base.REGISTRY`; `local` keeps its processes from part to part.
        jobs: parts at a time; 0 for as many as the processors of the engine have room for.
        workers: processes of `local`, where `jobs` does not say.

    Raises:
        UserError: for an unknown engine.
        MissingExtraError: when its library is not installed.
    """
    place = engine(name, jobs, 1)  # which refuses what it does not know
    if name == "local":
        return functools.partial(run_parts, workers=jobs or workers)
    return functools.partial(run_on, place)


def run_on(place: Place, jobs: Sequence[PartJob], done: Callable[[PartDone], None]) -> None:
    """Predict parts on an engine; a part whose worker is lost is done again, its molecules under guard.

    Args:
        place: the engine.
        jobs: the parts.
        done: told of each, in the order in which they are done.

    Raises:
        UserError: for the first part that cannot be done.
    """
    work = [Work(_words(job), TARGET, _anywhere(job), tries=1) for job in jobs]
    lost = _done(place, work, done)
    # a molecule that crashes the chemistry library would take every worker that reads it: now it costs its row only
    again = [Work(one.words, TARGET, replace(one.spec, guarded=True)) for one in lost]
    for one in _done(place, again, done):
        job: PartJob = one.spec
        where = f"{job.part.source}, rows {job.part.first} to {job.part.first + job.part.rows - 1}"
        mend = "See whether its memory is enough; then add --resume."
        raise UserError("every worker that predicted this part was lost", where=where, mend=mend)


def _done(place: Place, work: Sequence[Work], done: Callable[[PartDone], None]) -> list[Work]:
    """Do parts, tell of each, and return those whose workers were lost."""
    lost: list[Work] = []
    for ended in place.run(work, len(work), "parts", silent):
        if ended.lost:
            lost.append(ended.work)
        else:
            done(good(_answer(ended)))
    return lost


def _answer(ended: Ended) -> PartDone:
    found: PartDone | None = ended.answer
    if found is None:
        raise RuntimeError(f"{ended.work.words}: {ended.fault}")
    return found


def _words(job: PartJob) -> str:
    return f"part {job.at + 1}"


def _anywhere(job: PartJob) -> PartJob:
    """Return a part whose paths do not depend on where a worker begins."""
    part = replace(job.part, path=job.part.path.absolute())
    return replace(job, model=job.model.absolute(), out=job.out.absolute(), part=part)
