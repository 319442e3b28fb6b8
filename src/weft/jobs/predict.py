"""Predict a table with a fitted model, or fill in its blanks; rows and columns stay as they are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from weft import predictor as predictors
from weft.jobs.checks import check_output
from weft.jobs.inputs import Input, read_for_model, usual_smiles
from weft.jobs.options import available_threads
from weft.jobs.output import add_predictions, fill_blanks
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.training.assess import uses_labels
from weft.training.run import Report, silent

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
    """

    out: Path
    rows: int
    bad: int
    known: int
    used: bool
    first_bad: tuple[int, str] | None = None


@dataclass(frozen=True)
class PredictOptions:
    """How to predict.

    Attributes:
        smiles: the SMILES column; None takes the training table's name for it, or guesses.
        ignore_known: predict from structure alone (the standard setting).
        prefix: put before the name of every added column.
        threads: threads to compute with.
    """

    smiles: str | None = None
    ignore_known: bool = False
    prefix: str = ""
    threads: int = dataclasses.field(default_factory=available_threads)


def predict(
    folder: Path, file: Path, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the predictions of the model in `folder` as added columns.

    Every label the input has is shown to the model, except to the prediction of that very cell: `TASK_pred`
    of a known cell is made with it, and a fifth of the tasks, hidden.

    Raises:
        UserError: for a model, file or output that cannot be used; nothing is written then.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=False)


def impute(
    folder: Path, file: Path, out: Path, options: PredictOptions | None = None, report: Report = silent
) -> Predicted:
    """Write `file` to `out` with the blanks of its task columns filled in; known cells are untouched.

    Raises:
        UserError: as `predict`.
    """
    return _run(folder, file, out, options or PredictOptions(), report, fill=True)


def _run(folder: Path, file: Path, out: Path, options: PredictOptions, report: Report, *, fill: bool) -> Predicted:
    check_output(out, file)
    predictor = predictors.load(folder)
    read = read_for_model(file, predictor.tasks, report, options.smiles, usual_smiles(folder), threads=options.threads)
    used = uses_labels(predictor) and not options.ignore_known and len(read.labels) > 0
    report("predict", 0, 1, "")
    predictions = _predict(predictor, read, used, around=not fill)
    report("predict", 1, 1, f"{len(predictor.tasks)} tasks")
    return _write(read, predictions, out, options, used, fill=fill)


def _predict(predictor: Predictor, read: Input, used: bool, around: bool) -> Predictions:
    encoded = predictor.encode(read.data)
    if not used:
        return predictor.predict_encoded(encoded, Shown.nothing(predictor.tasks, len(read.data)))
    if around:
        return predict_around(predictor, encoded, read.labels)
    return predictor.predict_encoded(encoded, Shown(read.labels))


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
    told = predictor.predict_encoded(encoded, Shown(known))
    mean, std = told.mean.copy(), told.std.copy()
    output_task = np.repeat(np.arange(len(known.tasks)), [task.width for task in known.tasks])
    observed = known.to_dense()[1][:, output_task]
    folds = min(_FOLDS, len(known.tasks))
    for fold in range(folds):
        hidden = known.col % folds == fold
        if not hidden.any():
            continue
        part = predictor.predict_encoded(encoded, Shown(known.where(~hidden)))
        cells = observed & (output_task % folds == fold)
        mean[cells], std[cells] = part.mean[cells], part.std[cells]
    return Predictions(told.tasks, mean, std, told.ok)


def _write(
    read: Input, predictions: Predictions, out: Path, options: PredictOptions, used: bool, *, fill: bool
) -> Predicted:
    from weft.data.tables import write_table

    status = read.status
    make = fill_blanks if fill else add_predictions
    write_table(make(read.table.frame, predictions, read.labels, status, options.prefix), out)
    bad = [at for at, word in enumerate(status) if word != "ok"]
    first = (read.table.number(bad[0]), status[bad[0]]) if bad else None
    return Predicted(out, len(status), len(bad), len(read.labels), used, first)
