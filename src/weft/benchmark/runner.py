"""Training the rows of a suite, one (row, seed) at a time, each at most once per folder."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.benchmark.measure import Measure
from weft.benchmark.results import Result, Results
from weft.benchmark.suite import Row, Suite
from weft.data.graph_splits import with_split
from weft.errors import UserError
from weft.files import disk_errors
from weft.training.run import Report, Run, silent, within

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split

_Pair = tuple[Row, int]


@dataclass(frozen=True)
class RunOptions:
    """How a suite is run.

    Attributes:
        seeds: of the trainings.
        rows: names of rows or groups; all by default.
        resume: continue a training that was interrupted; finished ones are never repeated either way.
        changed: options given to every row that takes them, such as fewer epochs for a quick look.
        threads: to compute with.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    rows: tuple[str, ...] = ()
    resume: bool = False
    changed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    threads: int = 1


@dataclass(frozen=True)
class Finished:
    """What a run of a suite leaves.

    Attributes:
        path: the file of results.
        results: of the chosen rows and seeds, all that are there now, of this run or an earlier one.
        trained: how many of them this run trained.
        elsewhere: (row, seed) that another process is at.
    """

    path: Path
    results: tuple[Result, ...]
    trained: int
    elsewhere: tuple[tuple[str, int], ...]


def run_suite(suite: Suite, out: Path, options: RunOptions | None = None, report: Report = silent) -> Finished:
    """Train what is missing of a suite and return what is there.

    Seeds go round by round, so that after the first round every row has one.

    Args:
        suite: which.
        out: folder of the results; other processes may be at work there.
        options: which rows and seeds.
        report: told of progress.

    Raises:
        UserError: for an unknown row, or results in `out` of a row with other options.
    """
    options = options or RunOptions()
    rows = [_changed(row, options.changed) for row in suite.select(options.rows)]
    results = Results(out, suite.name)
    done = _done(results, rows)
    pairs = [(row, seed) for seed in options.seeds for row in rows if row.random or seed == options.seeds[0]]
    missing = [(row, seed) for row, seed in pairs if (row.name, seed) not in done]
    trained, elsewhere = _train(suite, results, missing, options, report) if missing else (0, [])
    wanted = {(row.name, seed) for row, seed in pairs}
    found = tuple(result for result in results.read() if result.pair in wanted)
    return Finished(results.path, found, trained, tuple(elsewhere))


def _train(
    suite: Suite, results: Results, missing: Sequence[_Pair], options: RunOptions, report: Report
) -> tuple[int, list[tuple[str, int]]]:
    measure = Measure(suite, *_with_split(suite), options.threads)
    trained, elsewhere = 0, list[tuple[str, int]]()
    for at, (row, seed) in enumerate(missing):
        inner = within(report, "benchmark", at, len(missing), f"{row.name}, seed {seed}")
        with results.claim(row.name, seed) as work:
            if work is None:
                elsewhere.append((row.name, seed))
            elif (row.name, seed) not in _done(results, [row]):  # another process may have been quicker
                if not options.resume:
                    _empty(work)
                results.add(measure(row, Run(seed, work, inner, options.threads)))
                trained += 1
            if work is not None:
                shutil.rmtree(work, ignore_errors=True)
    report("benchmark", len(missing), len(missing), "")
    return trained, elsewhere


def _with_split(suite: Suite) -> tuple[HeteroGraph, Split]:
    graph = with_split(suite.graph(), seed=0)  # the same nodes for every row and seed
    if graph.split is None or not len(graph.split.test):
        raise UserError("the graph has no test nodes", where=graph.name, mend="Give it a split with all three parts.")
    return graph, graph.split


def _changed(row: Row, changed: Mapping[str, Any]) -> Row:
    taken = {name: value for name, value in changed.items() if row.takes(name)}
    return dataclasses.replace(row, options={**row.options, **taken})


def _done(results: Results, rows: Sequence[Row]) -> set[tuple[str, int]]:
    """Return the pairs that have a result.

    Raises:
        UserError: when one of `rows` was run with other options: its figures could not stand in one table.
    """
    now = {row.name: (row.model, row.told()) for row in rows}
    found = results.read()
    for result in found:
        before = (result.model, dict(result.options))
        if now.get(result.row, before) != before:
            what = f"{result.row} was run as {_told(*before)}, and is now {_told(*now[result.row])}"
            mend = f"Choose another --out, or delete its lines from {results.path.name}."
            raise UserError(what, where=str(results.path), mend=mend)
    return {result.pair for result in found}


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
