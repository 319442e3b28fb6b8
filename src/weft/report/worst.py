"""The labels that a model was most wrong about, and what it says when it knows the datum's other labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weft.labels import Floats, Ints, LabelTable, Shown
from weft.predictor import Predictions
from weft.tasks import Kind, Task
from weft.training.answers import Answers

_MOST = 9
_PER_TASK = 3


@dataclass(frozen=True)
class Miss:
    """One label that was predicted badly.

    Attributes:
        at: position of the datum among the scored ones.
        task: of the label.
        truth: the label.
        alone: what was said with nothing shown: probability of class 1, of the true class, or value.
        knowing: the same with the datum's other known labels shown; None when it has none or the model uses none.
        others: how many those are.
    """

    at: int
    task: Task
    truth: float
    alone: float
    knowing: float | None
    others: int

    def words(self) -> str:
        """Say what was measured and what was predicted."""
        if self.task.kind is Kind.REGRESSION:
            told = f"measured {self.truth:.4g}, predicted {self.alone:.4g}"
            more = "" if self.knowing is None else f"; {self.knowing:.4g}"
        else:
            name = self.task.classes[int(self.truth)]
            of = "of 1" if self.task.kind is Kind.BINARY else f"of {name}"
            told = f"measured {name}, predicted probability {of} {self.alone:.2f}"
            more = "" if self.knowing is None else f"; {self.knowing:.2f}"
        known = f" knowing its {self.others} other label{'s' * (self.others != 1)}"
        return told + (f"{more}{known}" if more else "")


def worst(answers: Answers, most: int = _MOST) -> list[Miss]:
    """Return the labels predicted worst with nothing shown, one of a datum and at most three of a task.

    A label is bad by its log-loss; that of a value is Gaussian with the task's RMSE as deviation.
    """
    known, found = answers.known, answers.told_nothing()
    loss = losses(found, known)
    kept: list[int] = []
    for cell in np.argsort(-loss, kind="stable"):
        row, col = known.row[cell], known.col[cell]
        if not np.isfinite(loss[cell]) or any(known.row[k] == row for k in kept):
            continue
        if sum(known.col[k] == col for k in kept) < _PER_TASK:
            kept.append(int(cell))
        if len(kept) == most:
            break
    return _told(answers, found, np.array(kept, np.int64))


def losses(found: Predictions, known: LabelTable) -> Floats:
    """Return the log-loss of every known label, float64 `[E]`; minus infinity where nothing was predicted."""
    loss = np.full(len(known), -np.inf)
    for j, task in enumerate(known.tasks):
        at = np.flatnonzero((known.col == j) & found.ok[known.row])
        if len(at):
            loss[at] = _of_task(task, _outputs(found, j, known.row[at]), known.value[at])
    return np.where(np.isnan(loss), -np.inf, loss)


def _outputs(found: Predictions, j: int, rows: Ints) -> Floats:
    first, last = found.tasks.offsets[j : j + 2]
    return found.mean[rows, first:last]


def _of_task(task: Task, mean: Floats, y: Floats) -> Floats:
    if task.kind is Kind.REGRESSION:
        error = y - mean[:, 0]
        return error**2 / (2 * max(float(np.nanmean(error**2)), 1e-30))
    p = np.where(y == 1, mean[:, 0], 1 - mean[:, 0]) if task.kind is Kind.BINARY else _own(mean, y)
    return -np.log(np.clip(p, 1e-9, 1))


def _own(mean: Floats, y: Floats) -> Floats:
    return mean[np.arange(len(y)), y.astype(np.int64)]


def _told(answers: Answers, found: Predictions, cells: Ints) -> list[Miss]:
    """Ask once more for the data of these cells, with all their other labels shown."""
    known = answers.known
    rows, cols = known.row[cells], known.col[cells]
    others = np.isin(known.row, rows)
    others[cells] = False
    shown = known.where(others)
    asks = len(answers.ratios) > 1 and len(shown) > 0
    again = answers.predictor.calibrated(answers.ask(Shown(shown))) if asks else None
    count = shown.row_counts()
    told: list[Miss] = []
    for row, col, y in zip(rows, cols, known.value[cells], strict=True):
        task, n = known.tasks[int(col)], int(count[row])
        knowing = _one(again, task, int(row), int(col), y) if again is not None and n else None
        told.append(Miss(int(row), task, float(y), _one(found, task, int(row), int(col), y), knowing, n))
    return told


def _one(found: Predictions, task: Task, row: int, col: int, y: float) -> float:
    mean = _outputs(found, col, np.array([row]))[0]
    return float(mean[int(y)] if task.kind is Kind.MULTICLASS else mean[0])
