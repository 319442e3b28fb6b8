"""Predict a table with a fitted model, or fill in its blanks; rows and columns stay as they are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft import saved
from weft.errors import UserError
from weft.group import Group, apart, expected, together
from weft.jobs.checks import check_output
from weft.jobs.coverage import Covered, calibrator_of, cover
from weft.jobs.inputs import Input
from weft.jobs.known_rows import read_rows
from weft.jobs.options import available_threads
from weft.jobs.output import add_predictions, fill_blanks
from weft.labels import Bools, LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.training.assess import uses_labels
from weft.training.run import Report, silent
from weft.words import many

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.jobs.node_input import NodeInput
    from weft.jobs.subject_input import SubjectInput

#: Known cells are predicted with this part of them hidden at a time.
_FOLDS = 5


@dataclass(frozen=True)
class Predicted:
    """What was written.

    Attributes:
        out: the file.
        rows: rows in it, as many as in the input.
        bad: rows that could not be predicted.
        known: known labels found in the input.
        used: whether the model took them into account.
        first_bad: row number and reason of the first bad row.
        notes: what the person should know of the graph, and of sets.
        covered: stated coverage and calibration labels of the sets, if any were asked for; JSON-ready.
    """

    out: Path
    rows: int
    bad: int
    known: int
    used: bool
    first_bad: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()
    covered: dict[str, object] | None = None


@dataclass(frozen=True)
class PredictOptions:
    """How to predict.

    Attributes:
        smiles: the SMILES column; None takes the training table's name for it, or guesses.
        ignore_known: predict from structure alone (the standard setting).
        prefix: put before the name of every added column.
        threads: threads to compute with.
        graph: the graph to predict on, for a model of one; None takes the one it was fitted to.
        node_type: the type of the nodes in the table.
        coverage: add sets and intervals that hold the truth with this probability; None adds none.
        device: where networks are asked: `auto`, `cpu` or `cuda`.
    """

    smiles: str | None = None
    ignore_known: bool = False
    prefix: str = ""
    threads: int = dataclasses.field(default_factory=available_threads)
    graph: Path | None = None
    node_type: str | None = None
    coverage: float | None = None
    device: str = "auto"


def predict(
    folder: Path, file: Path | None, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the predictions of the model in `folder` as added columns.

    Every label the input has is shown to the model, except to the prediction of that very cell: `TASK_pred`
    of a known cell is made with it, and a fifth of the tasks, hidden. A model of a graph reads a table of nodes;
    without a table it predicts every node that has a task.

    Raises:
        UserError: for a model, file or output that cannot be used; nothing is written then.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=False)


def impute(
    folder: Path, file: Path | None, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the blanks of its task columns filled in; known cells are untouched.

    Raises:
        UserError: as `predict`.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=True)


def _run(
    folder: Path, file: Path | None, out: Path, options: PredictOptions, report: Report, *, fill: bool
) -> Predicted:
    check_output(out, file)
    predictor = saved.load(folder, options.device)
    coverage = None if fill else options.coverage
    calibrator = None if coverage is None else calibrator_of(predictor, coverage, folder)
    read, notes = _read(predictor, folder, file, options, report)
    used = uses_labels(predictor) and not options.ignore_known and len(read.labels) > 0
    report("predict", 0, 1, "")
    predictions = _predict(predictor, read, used, around=not fill)
    report("predict", 1, 1, f"{len(predictor.tasks)} tasks")
    covered = None
    if calibrator is not None and coverage is not None:
        covered = cover(calibrator, predictions, read.labels, used, coverage)
        notes = (*notes, *covered.notes(predictor.tasks))
    done = _write(read, predictions, out, options, used, covered, fill=fill)
    return dataclasses.replace(done, notes=notes, covered=None if covered is None else covered.to_json())


def _read(
    predictor: Predictor, folder: Path, file: Path | None, options: PredictOptions, report: Report
) -> tuple[Input | SubjectInput | NodeInput, tuple[str, ...]]:
    """Read what the model is of: molecules, images, nodes, ...; and tell what is worth a note."""
    from weft.jobs.graph_model import graph_for, on_graph

    if on_graph(predictor):
        from weft.jobs.node_input import read_nodes

        report("read", 0, 1, "")
        graph, same = graph_for(folder, options.graph)
        nodes = read_nodes(file, graph, predictor.tasks, options.node_type)
        predictor.check_features(nodes.data)
        report("read", 1, 1, f"{many(len(nodes.table), 'node')} of {graph.name}")
        changed = options.graph is None and not same
        return nodes, ("the graph's files have changed since the fit",) if changed else ()
    if options.graph is not None or options.node_type is not None:
        raise UserError("this model reads no graph", where=str(folder), mend="Leave out --graph and --type.")
    if file is None:
        raise UserError("there is no table to predict", where=str(folder), mend="Name a file after the model.")
    rows = read_rows(folder, file, predictor, report, options.smiles, options.threads)
    return rows, () if isinstance(rows, Input) else tuple(rows.notes())


def _predict(predictor: Predictor, read: Input | SubjectInput | NodeInput, used: bool, around: bool) -> Predictions:
    """Predict every row; the processes of a group have a part of the rows each, and all have all predictions."""
    if expected().alone:
        found = _answers(predictor, read.data, read.labels, used, around)
    else:
        with together() as group:
            n = len(read.data)
            rows = np.arange(n)[group.share(n)]
            with apart():  # a row is predicted by itself
                part = _answers(predictor, read.data.take(rows), read.labels.take(rows), used, around)
            found = _joined(part, n, group)
    foreign: Bools | None = getattr(read, "foreign", None)
    return found if foreign is None else blank(found, foreign)


def _answers(predictor: Predictor, data: Data, known: LabelTable, used: bool, around: bool) -> Predictions:
    if not len(data):
        none = np.zeros((0, int(predictor.tasks.offsets[-1])))
        return Predictions(predictor.tasks, none, none, np.zeros(0, bool))
    encoded = predictor.encode(data)
    if not used:
        return predictor.answer(encoded, Shown.nothing(predictor.tasks, len(data)))
    return predict_around(predictor, encoded, known) if around else predictor.answer(encoded, Shown(known))


def _joined(part: Predictions, n: int, group: Group) -> Predictions:
    """Return the predictions of all processes, row by row in the order of the input."""
    import torch

    numbers = np.concatenate([part.mean, part.std, part.ok[:, None]], 1).astype(np.float64)
    mean, std, ok = np.split(group.joined(torch.from_numpy(numbers), n).numpy(), [part.mean.shape[1], -1], axis=1)
    return Predictions(part.tasks, mean, std, ok[:, 0] > 0)


def blank(predictions: Predictions, foreign: Bools) -> Predictions:
    """Take away what was predicted for tasks `[N, T]` that a row cannot have."""
    gone = np.repeat(foreign, [task.width for task in predictions.tasks], 1)
    mean, std = (np.where(gone, np.nan, values) for values in (predictions.mean, predictions.std))
    return dataclasses.replace(predictions, mean=mean, std=std)


def predict_around(predictor: Predictor, encoded: Any, known: LabelTable) -> Predictions:
    """Predict every cell from the known labels other than its own.

    Unknown cells see all known labels. Known cells are predicted once per fold of tasks with that fold
    hidden, so that no prediction saw the label it stands beside. Folds depend on the tasks only: what a row
    gets does not depend on other rows.

    Args:
        predictor: the model.
        encoded: what it encoded of `N` data.
        known: their known labels.
    """
    told = predictor.answer(encoded, Shown(known))
    mean, std = told.mean.copy(), told.std.copy()
    output_task = np.repeat(np.arange(len(known.tasks)), [task.width for task in known.tasks])
    observed = known.to_dense()[1][:, output_task]
    folds = min(_FOLDS, len(known.tasks))
    for fold in range(folds):
        hidden = known.col % folds == fold
        if not hidden.any():
            continue
        part = predictor.answer(encoded, Shown(known.where(~hidden)))
        cells = observed & (output_task % folds == fold)
        mean[cells], std[cells] = part.mean[cells], part.std[cells]
    return Predictions(told.tasks, mean, std, told.ok)


def _write(
    read: Input | SubjectInput | NodeInput,
    predictions: Predictions,
    out: Path,
    options: PredictOptions,
    used: bool,
    covered: Covered | None,
    *,
    fill: bool,
) -> Predicted:
    from weft.data.tables import write_table

    status = read.status
    told = (read.table.frame, predictions, read.labels, status, options.prefix)
    if expected().first:
        write_table(fill_blanks(*told) if fill else add_predictions(*told, covered), out)
    bad = [at for at, word in enumerate(status) if word != "ok"]
    first = (read.table.number(bad[0]), status[bad[0]]) if bad else None
    return Predicted(out, len(status), len(bad), len(read.labels), used, first)
