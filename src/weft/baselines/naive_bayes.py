"""Naive Bayes on known labels: every pair of tasks by its counts.

Values are cut into five bins at the quantiles of the training labels, so every task has classes. Then
p(c | known) ~ p(c) prod_t p(label_t | c), with pair counts smoothed by the marginal of the other task. A task of
values answers with the mean of its bins' means.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.labels import LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, TaskSet

if TYPE_CHECKING:
    from weft.baselines.learners import Bools, Floats
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

_BINS = 5
_SMOOTH = 2.0


class NaiveBayesPredictor(Predictor):
    """Naive Bayes on the molecule's known labels of other tasks."""

    name = "naive-bayes"

    def __init__(self) -> None:
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:  # noqa: ARG002 - nothing is random
        """Count pairs of labels on the training rows; validation rows are not read."""
        self.tasks = labels.tasks
        table = labels.take(split.train[data.ok[split.train]])
        self.cuts = _cuts(table)
        states, start = self._states(table), self._start()
        joint = states.T @ states
        count = states.sum(0, dtype=np.float64)
        prior = np.zeros(len(count))
        for a, b in pairwise(start):
            prior[a:b] = (count[a:b] + 1) / (count[a:b].sum() + (b - a))
        own = np.repeat(np.arange(len(self.tasks)), np.diff(start))
        total = np.add.reduceat(joint, start[:-1], axis=0)[own]  # of state s, the labels known on the task of a row
        likelihood = (joint + _SMOOTH * prior[:, None]) / (total + _SMOOTH)
        self.log_prior = np.log(prior)
        # row s, column c: how much state s of one task speaks for state c of another; nothing within a task
        self.weight = np.where(own[:, None] == own[None], 0.0, np.log(likelihood / prior[:, None]))
        self.value = self._values(table)

    def encode(self, data: Data) -> Bools:
        """Return which rows can be used, bool `[N]`."""
        return data.ok

    def predict_encoded(self, encoded: Bools, known: Shown) -> Predictions:
        """Predict every task from the labels shown of the other tasks."""
        score = self.log_prior + self._states(known.table) @ self.weight
        start, offsets = self._start(), self.tasks.offsets
        mean = np.empty((len(score), int(offsets[-1])))
        std = np.empty_like(mean)
        for j, task in enumerate(self.tasks):
            part = score[:, start[j] : start[j + 1]]
            p = np.exp(part - part.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            at = slice(int(offsets[j]), int(offsets[j + 1]))
            mean[:, at], std[:, at] = self._answer(p, task.kind, self.value[start[j] : start[j + 1]])
        return Predictions(self.tasks, mean, std, encoded)

    @staticmethod
    def _answer(p: Floats, kind: Kind, value: Floats) -> tuple[Floats, Floats]:
        if kind is Kind.REGRESSION:
            mean = p @ value
            return mean[:, None], np.sqrt(np.maximum(p @ value**2 - mean**2, 0.0))[:, None]
        p = p[:, 1:] if kind is Kind.BINARY else p
        return p, np.sqrt(p * (1 - p))

    def _start(self) -> NDArray[np.int64]:
        """Return the first state of every task, int64 `[T + 1]`."""
        return np.cumsum([0, *(len(task.classes) or _BINS for task in self.tasks)])

    def _states(self, table: LabelTable) -> NDArray[np.float32]:
        """Return which state is known of each datum, 0/1 `[N, S]`."""
        start = self._start()
        out = np.zeros((table.n_rows, int(start[-1])), np.float32)
        for j, task in enumerate(self.tasks):
            mine = table.col == j
            value = table.value[mine]
            state = value.astype(np.int64) if task.classes else np.searchsorted(self.cuts[j], value, side="right")
            out[table.row[mine], start[j] + state] = 1
        return out

    def _values(self, table: LabelTable) -> Floats:
        """Return the mean value of every bin of the tasks of values, 0 elsewhere; an empty bin has its task's mean."""
        start = self._start()
        out = np.zeros(int(start[-1]))
        for j, task in enumerate(self.tasks):
            value = table.value[table.col == j]
            if task.kind is Kind.REGRESSION and len(value):
                state = np.searchsorted(self.cuts[j], value, side="right")
                total, count = np.bincount(state, value, _BINS), np.bincount(state, minlength=_BINS)
                out[start[j] : start[j + 1]] = np.where(count > 0, total / np.maximum(count, 1), value.mean())
        return out

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return the arrays."""
        arrays = {"cuts": self.cuts, "log_prior": self.log_prior, "weight": self.weight, "value": self.value}
        return {}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:  # noqa: ARG003 - has none
        """Rebuild from `state`."""
        model = cls()
        model.tasks, model.cuts = tasks, np.asarray(arrays["cuts"])
        model.log_prior, model.weight = np.asarray(arrays["log_prior"]), np.asarray(arrays["weight"])
        model.value = np.asarray(arrays["value"])
        return model


def _cuts(table: LabelTable) -> Floats:
    """Return the inner quantiles of every task of values, `[T, 4]`; 0 for the others."""
    cuts = np.zeros((len(table.tasks), _BINS - 1))
    for j, task in enumerate(table.tasks):
        value = table.value[table.col == j]
        if task.kind is Kind.REGRESSION and len(value):
            cuts[j] = np.quantile(value, np.arange(1, _BINS) / _BINS)
    return cuts
