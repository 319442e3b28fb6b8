"""One training of a suite at most once: claimed, trained, written down, in whatever process."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from weft.benchmark.results import AnyResult, Key, Results
from weft.benchmark.row import Job, Row
from weft.errors import UserError
from weft.files import disk_errors
from weft.training.run import Run
from weft.training.shelf import Shelf

if TYPE_CHECKING:
    from weft.training.run import Report

R = TypeVar("R", bound=AnyResult)


class Outcome(Enum):
    """What became of a training."""

    TRAINED = "trained"
    THERE = "there"
    ELSEWHERE = "elsewhere"


def attempt(
    results: Results[R],
    job: Job,
    measure: Callable[[Job, Run], R],
    report: Report,
    threads: int,
    resume: bool,
    shelf: Path | None = None,
    device: str = "cpu",
) -> Outcome:
    """Train a job unless another process is at it or has done it meanwhile.

    Args:
        results: where its line goes.
        job: which.
        measure: trains it.
        report: told of progress.
        threads: to compute with.
        resume: keep what an interrupted training of it left.
        shelf: folder of stages that trainings share.
        device: where networks are trained and asked.
    """
    with results.claim(job.key) as work:
        if work is None:
            return Outcome.ELSEWHERE
        outcome = Outcome.THERE
        if job.key not in done(results, [job.row]):
            if not resume:
                _empty(work)
            shared = None if shelf is None else Shelf(shelf)
            results.add(measure(job, Run(job.seed, work, report, threads, shared, device)))
            outcome = Outcome.TRAINED
        shutil.rmtree(work, ignore_errors=True)
        return outcome


def done(results: Results[Any], rows: Sequence[Row]) -> set[Key]:
    """Return which trainings have a result.

    Raises:
        UserError: when one of `rows` was run with other options: its figures could not stand in one table.
    """
    chosen, now = {row.name: row for row in rows}, dict[tuple[str, str], tuple[str, dict[str, Any]]]()
    found = results.read()
    for result in (result for result in found if result.row in chosen):
        before, at = (result.model, dict(result.options)), result.key[:2]
        if at not in now:
            row = chosen[result.row].on(at[1])
            now[at] = (row.model, row.told())
        if now[at] != before:
            what = f"{result.row} was run as {_told(*before)}, and is now {_told(*now[at])}"
            mend = f"Choose another --out, or delete its lines from {results.path.name}."
            raise UserError(what, where=str(results.path), mend=mend)
    return {result.key for result in found}


def with_changes(row: Row, changed: Mapping[str, Any]) -> Row:
    """Return the row with those of the changed options that its model takes, on every data set."""

    def taken(row: Row) -> dict[str, Any]:
        return {name: value for name, value in changed.items() if row.takes(name)}

    instead = {data: {**options, **taken(row.on(data))} for data, options in row.instead.items()}
    return dataclasses.replace(row, options={**row.options, **taken(row)}, instead=instead)


def _told(model: str, options: Mapping[str, Any]) -> str:
    return " ".join([model, *(f"{name}={value}" for name, value in options.items())])


def _empty(work: Path) -> None:
    """Remove what an interrupted training left, but for the lock."""
    with disk_errors(work):
        for path in work.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith(".lock"):
                path.unlink()
