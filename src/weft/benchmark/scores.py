"""The metrics of a family of tasks: one task, or all labels of a multi-label task."""

from __future__ import annotations

from typing import Final

import numpy as np

from weft.hetero.resample import Cells
from weft.labels import Asked, Floats
from weft.predictor import Predictions
from weft.tasks import Kind, TaskSet
from weft.training.metrics import score_tasks

MULTILABEL: Final = "multilabel"

#: Kind of family -> the metrics in tables; the first is the one by which it is judged. For a multi-label family
#: they are means over its labels. Accuracy and micro-F1 are one number where a node has one class.
METRICS: dict[str, tuple[str, ...]] = {
    Kind.BINARY: ("pr_auc", "roc_auc"),
    Kind.MULTICLASS: ("macro_f1", "accuracy"),
    MULTILABEL: ("pr_auc", "macro_f1"),
    Kind.REGRESSION: ("r2", "rmse"),
}

Scores = dict[str, dict[str, float | None]]
"""Family -> metric -> value, None where undefined."""


def family_kinds(tasks: TaskSet) -> dict[str, str]:
    """Return each family's kind: a key of `METRICS`."""
    return {
        name: MULTILABEL if tasks[members[0]].group else str(tasks[members[0]].kind)
        for name, members in tasks.families.items()
    }


def first_metrics(tasks: TaskSet) -> dict[str, str]:
    """Return the metric by which each family is judged."""
    return {name: METRICS[kind][0] for name, kind in family_kinds(tasks).items()}


def family_cells(predictions: Predictions, asked: Asked) -> dict[str, Cells]:
    """Return each family's answers beside its predictions; families without an asked label are left out.

    Args:
        predictions: of `N` data.
        asked: labels of the same data.
    """
    tasks, known = predictions.tasks, asked.table
    found: dict[str, Cells] = {}
    for name, members in tasks.families.items():
        rows = np.unique(known.row[np.isin(known.col, members)])
        if rows.size:
            truth = _truth(asked, rows, members)
            columns = np.concatenate([np.arange(tasks.offsets[at], tasks.offsets[at + 1]) for at in members])
            mean = predictions.mean[np.ix_(rows, columns)]
            alone = tasks[members[0]].group is None
            found[name] = Cells(truth[:, 0] if alone else truth, mean[:, 0] if alone and mean.shape[1] == 1 else mean)
    return found


def _truth(asked: Asked, rows: np.ndarray, members: list[int]) -> Floats:
    known = asked.table.take(rows)
    truth = np.full((len(rows), len(members)), np.nan)
    for column, task in enumerate(members):
        at = known.col == task
        truth[known.row[at], column] = known.value[at]
    return truth


def family_scores(predictions: Predictions, asked: Asked) -> Scores:
    """Return every metric of every family that has an asked label."""
    return {found.task: dict(found.values) for found in score_tasks(predictions, asked).families() if found.n}
