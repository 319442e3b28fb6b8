"""Fit a model to a table, images or a graph: read, split, learn, score, and put everything in one folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.devices import find_device, settle
from weft.files import read_json
from weft.group import ALONE, expected, together
from weft.jobs.card import identity
from weft.jobs.checks import check_there
from weft.jobs.folder import METRICS, WORK, Start, check_target, clean_on_error, clear, locked, prepare
from weft.jobs.options import FitOptions
from weft.jobs.sources import Source, read_source, usual
from weft.jobs.subjects import kind_of
from weft.predictor import Predictor
from weft.tasks import Kind
from weft.training.run import Report, Run, silent

if TYPE_CHECKING:
    from weft.data.splits import Split


#: What the first process of a group tells the others: to learn, or that nothing is to be done.
_GO, _STOP = 1, 0


@dataclass(frozen=True)
class Fitted:
    """What a fit made.

    Attributes:
        folder: the model folder.
        metrics: the content of `metrics.json`: part -> reveal ratio -> evaluation.
        split: how the split was made.
        notes: what the person should know: rows left out, options without effect.
        again: true when `resume` found the fit finished already.
        of_graph: whether the data are a graph.
    """

    folder: Path
    metrics: Mapping[str, Any]
    split: str = ""
    notes: tuple[str, ...] = ()
    again: bool = False
    of_graph: bool = False


def fit(
    file: Path,
    out: Path,
    options: FitOptions | None = None,
    resume: bool = False,
    report: Report = silent,
    on_plan: Callable[[Sequence[str]], None] = lambda _: None,
) -> Fitted:
    """Fit a model to the table, images or graph `file` and write it to the folder `out`.

    Args:
        file: CSV, TSV, Parquet or SDF, each also `.gz`; arrays; or the folder of images or of a graph.
        out: a new or empty folder, or one that holds a weft model, which is then replaced at the end.
        options: what to fit and how.
        resume: continue an unfinished fit in `out`; a finished one of the same options is left as it is.
        report: told of progress.
        on_plan: told how the data were understood, a line each, before learning starts.

    Raises:
        UserError: for input, options or a folder that cannot be used; no finished model appears in `out`.
    """
    from weft.jobs.finish import Work, finish

    began = time.monotonic()
    check_there(file)
    chosen = _filled(options or FitOptions(), file)
    if expected().first:
        check_target(out)
    predictor = chosen.build()
    device = str(find_device(chosen.device)) if predictor.on_device else "cpu"
    if chosen.deterministic and device != "cpu":
        settle()
    source = read_source(file, chosen, report)
    same, of_graph = identity(source, chosen), kind_of(file, chosen.data) == "graph"
    split = source.split(chosen)
    work = out / WORK
    if not expected().first:
        if predictor.on_device:
            _help(predictor, source, split, Run(chosen.seed, work, silent, chosen.threads, device=device))
        return Fitted(out, {}, split.method)
    on_plan(source.plan(split))
    with locked(out):
        start = prepare(out, same, resume)
        if start is Start.FINISHED:
            if predictor.on_device:
                _dismiss(device)
            return Fitted(out, read_json(out / METRICS), split.method, again=True, of_graph=of_graph)
        with clean_on_error(out):
            run = Run(chosen.seed, work, report, chosen.threads, device=device)
            with together(device) if predictor.on_device else nullcontext(ALONE) as group:
                group.from_first(_GO)
                _learn(predictor, source, split, run)
            metrics = finish(Work(out, chosen, source, split, same, began, report, device), predictor)
        clear(out)
    notes = _notes(chosen, source, split, predictor.on_device)
    return Fitted(out, metrics, split.method, tuple(notes), of_graph=of_graph)


def _filled(options: FitOptions, file: Path) -> FitOptions:
    found = usual(file, options.data)
    return options.filled(found.model or "", found.split or "", found.encoder)


def _learn(predictor: Predictor, source: Source, split: Split, run: Run) -> None:
    _use_threads(run.threads)
    seen = source.labels.on_rows(np.concatenate([split.train, split.val]))  # test labels are not even at hand
    predictor.fit(source.data, seen, split, run)


def _help(predictor: Predictor, source: Source, split: Split, run: Run) -> None:
    """Do the part of a fit of a process that is not its first."""
    with together(run.device) as group:
        if group.from_first(_STOP) == _GO:  # the first process has made the folder ready
            _learn(predictor, source, split, run)


def _dismiss(device: str) -> None:
    """Tell the other processes that there is nothing to do."""
    with together(device) as group:
        group.from_first(_STOP)


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _unlearnt(source: Source, split: Split) -> list[str]:
    """Tell which tasks the training part says nothing about: their predictions are guesses."""
    train = source.labels.take(split.train)
    empty = [task.name for task, n in zip(train.tasks, train.counts(), strict=True) if not n]
    discrete = [task.name for task in train.tasks if task.kind is not Kind.REGRESSION and task.name not in empty]
    single = [name for name in discrete if (train.class_counts(name) > 0).sum() < 2]
    told = ((empty, "no label"), (single, "labels of one class only"))
    return [
        f"{what} in the training part, so that predictions are guesses: {', '.join(names[:5])}"
        + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        for names, what in told
        if names
    ]


def _notes(options: FitOptions, source: Source, split: Split, on_device: bool) -> list[str]:
    notes = [f"{name} is not used by --model {options.model}" for name in options.unused()]
    if options.device.startswith("cuda") and not on_device:
        notes.append("--device is not used: this model trains no network, and is made on the processor")
    notes += [*source.notes(), *_unlearnt(source, split)]
    if not len(split.test):
        notes.append("the split has no test part: nothing tells how good the model is on what it has not seen")
    return notes
