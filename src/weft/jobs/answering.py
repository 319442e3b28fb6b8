"""What a model answers about rows whose known labels are shown to it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.labels import Bools, LabelTable, Shown
from weft.predictor import Predictions, Predictor

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.jobs.coverage import Covered

#: Known cells are predicted with this part of them hidden at a time.
_FOLDS = 5


def answers(predictor: Predictor, data: Data, known: LabelTable, used: bool, around: bool) -> Predictions:
    """Predict rows from structure and, when `used`, their known labels.

    Args:
        predictor: the model.
        data: `N` rows.
        known: what is known of them.
        used: whether the model is shown it.
        around: hide a known cell from its own prediction (see `predict_around`).
    """
    if not len(data):
        none = np.zeros((0, int(predictor.tasks.offsets[-1])))
        return Predictions(predictor.tasks, none, none, np.zeros(0, bool))
    encoded = predictor.encode(data)
    if not used:
        return predictor.answer(encoded, Shown.nothing(predictor.tasks, len(data)))
    return predict_around(predictor, encoded, known) if around else predictor.answer(encoded, Shown(known))


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


def blank(predictions: Predictions, foreign: Bools) -> Predictions:
    """Take away what was predicted for tasks `[N, T]` that a row cannot have."""
    gone = np.repeat(foreign, [task.width for task in predictions.tasks], 1)
    mean, std = (np.where(gone, np.nan, values) for values in (predictions.mean, predictions.std))
    return dataclasses.replace(predictions, mean=mean, std=std)


def covered_of(
    predictor: Predictor, predictions: Predictions, known: LabelTable, used: bool, coverage: float
) -> Covered | None:
    """Return the sets and intervals of predictions, of a model that has validation labels to make them from."""
    from weft.jobs.coverage import cover

    found = predictor.calibrator
    return None if found is None else cover(found, predictions, known, used, coverage)
