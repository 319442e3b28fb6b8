"""Fit a model to a table: read, split, learn, score, and put everything in one folder."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.files import read_json
from weft.jobs.card import identity
from weft.jobs.checks import check_tasks
from weft.jobs.folder import METRICS, WORK, Start, check_target, clear, locked, prepare
from weft.jobs.inputs import Input, read_for_fit
from weft.jobs.options import FitOptions
from weft.tasks import Kind
from weft.training.run import Report, Run, silent

if TYPE_CHECKING:
    from weft.data.splits import Split


@dataclass(frozen=True)
class Fitted:
    """What a fit made.

    Attributes:
        folder: the model folder.
        metrics: the content of `metrics.json`: part -> reveal ratio -> evaluation.
        notes: what the person should know: rows left out, options without effect.
        again: true when `resume` found the fit finished already.
    """

    folder: Path
    metrics: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    again: bool = False


def fit(
    file: Path,
    out: Path,
    options: FitOptions | None = None,
    resume: bool = False,
    report: Report = silent,
    on_plan: Callable[[Input], None] = lambda _: None,
) -> Fitted:
    """Fit a model to the table `file` and write it to the folder `out`.

    Args:
        file: CSV, TSV, Parquet or SDF, each also `.gz`.
        out: a new or empty folder, or one that holds a weft model, which is then replaced at the end.
        options: what to fit and how.
        resume: continue an unfinished fit in `out`; a finished one of the same options is left as it is.
        report: told of progress.
        on_plan: told how the columns were understood, before learning starts.

    Raises:
        UserError: for input, options or a folder that cannot be used; no finished model appears in `out`.
    """
    from weft.jobs.finish import Work, finish

    began = time.monotonic()
    options = options or FitOptions()
    check_target(out)
    predictor = options.build()
    read = _read(file, options, report)
    same = identity(file, options)
    split = _split(read, options)
    on_plan(read)
    with locked(out):
        start = prepare(out, same, resume)
        if start is Start.FINISHED:
            return Fitted(out, read_json(out / METRICS), again=True)
        with _clean_on_error(out):
            _use_threads(options.threads)
            predictor.fit(
                read.data,
                read.labels.on_rows(np.concatenate([split.train, split.val])),  # test labels are not even at hand
                split,
                Run(options.seed, out / WORK, report, options.threads),
            )
            metrics = finish(Work(file, out, options, read, split, same, began, report), predictor)
        clear(out)
    return Fitted(out, metrics, tuple(_notes(options, read, split)))


def _read(file: Path, options: FitOptions, report: Report) -> Input:
    exclude = list(options.exclude)
    if options.split.startswith("column:"):
        exclude.append(options.split.removeprefix("column:"))
    read = read_for_fit(file, report, options.smiles, options.tasks, options.kinds, exclude, options.threads)
    check_tasks(read.labels.on_rows(np.flatnonzero(read.data.ok)), file)
    return read


def _split(read: Input, options: FitOptions) -> Split:
    from weft.data.splits import make_split

    return make_split(options.split, read.data.ok, read.data.keys, options.seed, read.table.frame)


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


@contextlib.contextmanager
def _clean_on_error(out: Path) -> Generator[None]:
    """Leave nothing behind when a fit fails before any stage of it was kept."""
    try:
        yield
    except Exception:
        work = out / WORK
        if work.is_dir() and {path.name for path in work.iterdir()} <= {"resume.json"}:
            shutil.rmtree(work, ignore_errors=True)
        raise


def _unlearnt(read: Input, split: Split) -> list[str]:
    """Tell which tasks the training part says nothing about: their predictions are guesses."""
    train = read.labels.take(split.train)
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


def _notes(options: FitOptions, read: Input, split: Split) -> list[str]:
    notes = [f"{name} is not used by --model {options.model}" for name in options.unused()]
    bad = [at for at, word in enumerate(read.status) if word != "ok"]
    if bad:
        first = f"the first is row {read.table.number(bad[0])}: {read.status[bad[0]]}"
        notes.append(f"{len(bad)} of {len(read.table)} rows cannot be used ({first}); weft validate lists them")
    notes += _unlearnt(read, split)
    if not len(split.test):
        notes.append("the split has no test rows: nothing tells how good the model is on new molecules")
    return notes
