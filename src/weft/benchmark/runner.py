"""Training the rows of a suite, each (row, data set, seed) at most once per folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from weft.benchmark.attempt import Outcome, attempt, done, with_changes
from weft.benchmark.results import AnyResult, Key, Results
from weft.benchmark.row import Job
from weft.benchmark.suite import REGISTRY, AnySuite, select_rows
from weft.devices import find_device
from weft.errors import UserError
from weft.training.run import Report, silent, within

R = TypeVar("R", bound=AnyResult)


@dataclass(frozen=True)
class RunOptions:
    """How a suite is run.

    Attributes:
        seeds: of the trainings; of molecules the numbers of the splits.
        rows: names of rows or groups; all by default.
        data: names of data sets; all of the suite's by default.
        resume: continue a training that was interrupted; finished ones are never repeated either way.
        changed: options given to every row that takes them, such as fewer epochs for a quick look.
        threads: each training computes with.
        jobs: how many trainings to run at a time, each in a process of its own; 0 runs them in this one, or on Ray as
            many as there is room for.
        shelf: folder of the stages that trainings share; None trains every stage of every model.
        device: where networks are trained and asked: `auto`, `cpu` or `cuda`.
        engine: where processes of their own are: a name of `weft.engines.base.REGISTRY`.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    rows: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    resume: bool = False
    changed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    threads: int = 1
    jobs: int = 0
    shelf: Path | None = None
    device: str = "cpu"
    engine: str = "local"


@dataclass(frozen=True)
class Finished(Generic[R]):
    """What a run of a suite leaves.

    Attributes:
        path: the file of results.
        results: of the chosen rows, data and seeds, all that are there now, of this run or an earlier one.
        trained: how many of them this run trained.
        elsewhere: what another process is at.
        failed: what could not be trained, and why; only of trainings in processes of their own.
        absent: data sets that were left out because they are not on this machine.
    """

    path: Path
    results: tuple[R, ...]
    trained: int
    elsewhere: tuple[Key, ...]
    failed: tuple[tuple[Key, str], ...] = ()
    absent: tuple[str, ...] = ()


def run_suite(suite: AnySuite[R], out: Path, options: RunOptions | None = None, report: Report = silent) -> Finished[R]:
    """Train what is missing of a suite and return what is there.

    Seeds go round by round, so that after the first round every row has one.

    Args:
        suite: which.
        out: folder of the results; other processes may be at work there.
        options: which rows, data and seeds.
        report: told of progress.

    Raises:
        UserError: for an unknown row or data set, a row whose model is not there, or results in `out` of a row with
            other options; without processes also when a training fails.
    """
    options = options or RunOptions()
    rows = [with_changes(row, options.changed) for row in select_rows(suite, options.rows)]
    results = Results(out, suite.name, suite.kind)
    jobs = suite.jobs(rows, options.seeds, options.data)
    before = done(results, rows)
    missing = [job for job in jobs if job.key not in before]
    ended: list[tuple[Job, str]] = []
    if missing:
        suite.check([job.here for job in missing])
        device = str(find_device(options.device))  # refused here, not by every process
        if options.jobs or options.engine != "local":
            ended = _elsewhere(suite, results, missing, options, report)
        else:
            ended = _here(suite, results, missing, replace(options, device=device), report)
    absent = () if options.data else tuple(suite.absent())
    return replace(_finished(results, {job.key for job in jobs}, ended), absent=absent)


def _finished(results: Results[R], wanted: set[Key], ended: Sequence[tuple[Job, str]]) -> Finished[R]:
    found = tuple(result for result in results.read() if result.key in wanted)
    known = {outcome.value for outcome in Outcome}
    keys = {word: [job.key for job, told in ended if told == word] for word in known}
    failed = tuple((job.key, told.removeprefix("failed: ")) for job, told in ended if told not in known)
    elsewhere = tuple(keys[Outcome.ELSEWHERE.value])
    return Finished(results.path, found, len(keys[Outcome.TRAINED.value]), elsewhere, failed)


def _here(
    suite: AnySuite[R], results: Results[R], missing: Sequence[Job], options: RunOptions, report: Report
) -> list[tuple[Job, str]]:
    measure = suite.measure(options.threads)
    ended: list[tuple[Job, str]] = []
    for at, job in enumerate(missing):
        inner = within(report, "benchmark", at, len(missing), job.words)
        outcome = attempt(results, job, measure, inner, options.threads, options.resume, options.shelf, options.device)
        ended.append((job, outcome.value))
    report("benchmark", len(missing), len(missing), "")
    return ended


def _elsewhere(
    suite: AnySuite[R], results: Results[R], missing: Sequence[Job], options: RunOptions, report: Report
) -> list[tuple[Job, str]]:
    """Have an engine do the trainings; what one may lose is a try, which another repeats."""
    from weft.benchmark.child import TARGET, Spec
    from weft.engines.base import Work, engine

    if suite.name not in REGISTRY:
        mend = "Add a line to weft.benchmark.suite.REGISTRY, or run it with jobs=0."
        raise UserError(f"other processes cannot find the suite {suite.name!r}", mend=mend)
    shelf = None if options.shelf is None else options.shelf.absolute()
    work = [
        Work(
            job.words,
            TARGET,
            Spec(
                REGISTRY[suite.name], results.folder.absolute(), job.row.name, job.data, job.seed,
                options.changed, options.threads, options.resume, shelf, options.device,
            ),
            alone=True,
        )
        for job in missing
    ]  # fmt: skip
    jobs = {job.key: job for job in missing}
    place = engine(options.engine, options.jobs, options.threads)
    ended = place.run(work, len(work), "benchmark", report)
    return [(jobs[one.work.spec.key], one.answer or f"failed: {one.fault}") for one in ended]
