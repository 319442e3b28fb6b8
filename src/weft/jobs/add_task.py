"""Add a task to a fitted model from a table of its labels, without training again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from weft import saved
from weft.errors import UserError
from weft.files import atomic, disk_errors, read_json, write_json
from weft.jobs.checks import check_tasks
from weft.jobs.folder import CARD, METRICS, REPORT, check_target, locked
from weft.jobs.graph_model import on_graph
from weft.jobs.grown import note_of, save_grown
from weft.jobs.inputs import Input, read_for_fit, usual_smiles
from weft.jobs.options import available_threads
from weft.jobs.rehearsal import PART, rehearse, with_added
from weft.jobs.seen import save_support
from weft.jobs.subject_input import SubjectInput, read_new
from weft.jobs.subjects import subject_of_model
from weft.training.run import Report, Run, silent


@dataclass(frozen=True)
class Added:
    """What was added.

    Attributes:
        folder: the model folder that knows the tasks now.
        tasks: their names.
        labels: how many labels each was learnt from.
        n_tasks: how many tasks the model has now.
        scores: task -> its metrics in a rehearsal (see `weft.jobs.rehearsal`); tasks with too few labels are left out.
        classes: whether what was added are classes of the model's one task, by their names, from so many examples.
    """

    folder: Path
    tasks: tuple[str, ...]
    labels: tuple[int, ...]
    n_tasks: int
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    classes: bool = False


def add_task(
    folder: Path,
    file: Path,
    tasks: Sequence[str] = (),
    out: Path | None = None,
    smiles: str | None = None,
    kinds: Mapping[str, str] | None = None,
    threads: int | None = None,
    report: Report = silent,
) -> Added:
    """Add the task columns of `file` that the model in `folder` does not know.

    Args:
        folder: the model.
        file: molecules and labels of the new tasks.
        tasks: the columns to add; by default every task column the model does not know.
        out: write the larger model there and leave `folder` as it is; by default `folder` is replaced, whole.
        smiles: the SMILES column.
        kinds: kinds of tasks that are not as guessed.
        threads: processes that featurise.
        report: told of progress.

    Raises:
        UserError: for input that cannot be used, a task the model has already, or a model that cannot grow.
    """
    predictor = saved.load(folder)
    if on_graph(predictor):
        mend = "Add the task to the graph's files and fit again."
        raise UserError("a model of a graph cannot take a new task", where=str(folder), mend=mend)
    target = out or folder
    if out is not None:
        check_target(out)
    if predictor.takes_classes:
        from weft.jobs.add_classes import add_classes

        count, column = threads or available_threads(), next(iter(tasks), None)
        found = add_classes(predictor, folder, file, target, column, smiles, count, report)
        return Added(target, tuple(found), tuple(found.values()), len(predictor.tasks), classes=True)
    read = _read(folder, file, predictor.tasks.names, tasks, smiles, kinds, threads, report)
    labels = read.labels.on_rows(np.flatnonzero(read.data.ok))
    check_tasks(labels, file, "Add labels, or name with --task the columns to add.")
    with locked(target):
        run = Run(report=report, threads=threads or available_threads())
        predictor.add_task(read.data, labels, run)
        scores = rehearse(folder, read.data, labels, run)

        def more(staged: Path) -> None:
            save_support(folder, staged, read.data, labels)
            _tell(folder, staged, scores)

        note = note_of(file, labels.tasks.names, list(map(int, labels.counts())))
        save_grown(predictor, folder, target, note, more)
    told = scores["0"]["tasks"] if scores else {}
    return Added(target, tuple(labels.tasks.names), tuple(map(int, labels.counts())), len(predictor.tasks), told)


def _tell(folder: Path, staged: Path, scores: dict[str, Any]) -> None:
    """Write metrics and report with the added tasks into `staged`, whose run card knows of them."""
    from weft.report.made import renewed

    metrics = with_added(folder, scores)
    if metrics:
        write_json(staged / METRICS, metrics)
    if (folder / REPORT).is_file() and (staged / CARD).is_file():
        with disk_errors(folder / REPORT):
            page = (folder / REPORT).read_text(encoding="utf-8", errors="replace")
        with atomic(staged / REPORT) as temporary:
            temporary.write_text(renewed(page, read_json(staged / CARD), metrics.get(PART)), encoding="utf-8")


def _read(
    folder: Path,
    file: Path,
    known: Sequence[str],
    tasks: Sequence[str],
    smiles: str | None,
    kinds: Mapping[str, str] | None,
    threads: int | None,
    report: Report,
) -> Input | SubjectInput:
    from weft.data.tables import read_table

    already = [name for name in tasks if name in known]
    if already:
        raise UserError(f"the model has a task {already[0]!r} already", where=str(folder), mend="Rename the column.")
    subject, workers = subject_of_model(folder), threads or available_threads()
    if subject is not None:
        return read_new(file, subject, known, tasks, kinds, workers, report)
    columns = read_table(file).frame.columns
    usual = usual_smiles(folder)
    if smiles is None and usual in columns:
        smiles = usual
    exclude = [name for name in columns if name in known]
    if exclude and not set(columns) - set(exclude) - {smiles}:
        mend = "Give the new task's column another name."
        raise UserError("the model knows all of these tasks already", where=str(file), mend=mend)
    return read_for_fit(file, report, smiles, tasks, kinds, exclude, workers)
