"""Did sharing help? Models alone, shared and exchanging, with the same budget and seeds, set side by side."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.devices import find_device
from weft.errors import UserError
from weft.files import atomic, read_json, write_json
from weft.jobs.card import identity
from weft.jobs.compare_content import Runs, content
from weft.jobs.folder import REPORT, WORK, Start, check_target, clean_on_error, clear, locked, prepare
from weft.jobs.graph_source import USUAL, GraphSource
from weft.jobs.options import FitOptions
from weft.training.run import Report, Run, silent, within

if TYPE_CHECKING:
    from weft.data.splits import Split

RESULT = "compare.json"


@dataclass(frozen=True)
class Compared:
    """What a comparison made.

    Attributes:
        folder: where it is.
        content: of `compare.json`.
        again: true when it was finished before.
    """

    folder: Path
    content: Mapping[str, Any]
    again: bool = False


def compare(
    file: Path,
    out: Path,
    options: FitOptions | None = None,
    seeds: int = 3,
    resume: bool = False,
    report: Report = silent,
) -> Compared:
    """Train a model alone per task, a shared and an exchanging one, and write what differs to `out`.

    Args:
        file: the folder of a graph.
        out: a new or empty folder, or that of an earlier comparison.
        options: of every model; `exchange` names the third.
        seeds: how many, counted from `options.seed`.
        resume: continue an unfinished comparison; a finished one of the same options is left as it is.
        report: told of progress.

    Raises:
        UserError: for a graph, options or a folder that cannot be used.
    """
    from weft.report.compare import compare_page

    began = time.monotonic()
    chosen = (options or FitOptions()).filled(USUAL.model or "", USUAL.split or "")
    models = _models(chosen)
    check_target(out, RESULT)
    if not file.is_dir():
        raise UserError("this is no folder of a graph", where=str(file), mend="weft compare is for graphs.")
    source = GraphSource.read(file, chosen, report)
    split = source.split(chosen)
    if not len(source.labels.on_rows(split.test)):
        mend = "Name test nodes in the files, or add --split random."
        raise UserError("no label in the test part of the split", where=str(file), mend=mend)
    same = {**identity(source, chosen), "seeds": seeds}
    with locked(out):
        if prepare(out, same, resume, (RESULT, RESULT)) is Start.FINISHED:
            return Compared(out, read_json(out / RESULT), again=True)
        with clean_on_error(out):
            runs = {name: _trained(name, each, seeds, source, split, out, report) for name, each in models.items()}
        found = content(Runs(source, split, chosen, models, runs), same, time.monotonic() - began, report)
        with atomic(out / REPORT) as temporary:
            temporary.write_text(compare_page(found), encoding="utf-8")
        write_json(out / RESULT, found)  # last: without it there is no comparison
        clear(out)
    return Compared(out, found)


def _models(options: FitOptions) -> dict[str, FitOptions]:
    """Return the options of each model: `single`, `shared` and, unless it is shared, the `exchange`."""
    exchange = options.exchange or "inline"
    if exchange == "single":
        mend = "Name what to compare with it: inline, shared, mmoe, ..."
        raise UserError("single-task models are what the others are compared with", where="--exchange", mend=mend)
    names = {"single": "single", "shared": "shared", "exchange": exchange}
    if exchange == "shared":
        del names["exchange"]
    found = {name: replace(options, exchange=word) for name, word in names.items()}
    for each in found.values():
        each.build()  # refuses what cannot be built before anything is trained
    return found


def _trained(
    name: str, options: FitOptions, seeds: int, source: GraphSource, split: Split, out: Path, report: Report
) -> list[dict[str, NDArray[Any]]]:
    """Return per seed `mean` `[n_test, L]` and `cost` (CPU s, wall s, parameters or -1), trained or read."""
    found: list[dict[str, NDArray[Any]]] = []
    stages = Run(folder=out / WORK)
    for k in range(seeds):
        inner = within(report, f"compare {name}", k, seeds, f"{options.exchange}, seed {options.seed + k}")
        folder = out / WORK / f"{name}-{k}"
        run = Run(options.seed + k, folder, inner, options.threads, device=str(find_device(options.device)))
        found.append(stages.stage(f"{name}-{k}", lambda run=run: _train(name, options, source, split, run)))
        shutil.rmtree(folder, ignore_errors=True)
    report(f"compare {name}", seeds, seeds, str(options.exchange))
    return found


def _train(name: str, options: FitOptions, source: GraphSource, split: Split, run: Run) -> dict[str, NDArray[Any]]:
    import torch

    from weft.benchmark.training import train

    torch.set_num_threads(options.threads)
    own = replace(options, seed=run.seed)
    trained = train(own.build, source.data, source.labels, split, run, split.test, alone=name == "single")
    parameters = -1 if trained.parameters is None else trained.parameters
    return {"mean": trained.predictions.mean, "cost": np.array([trained.cpu_s, trained.wall_s, parameters])}
