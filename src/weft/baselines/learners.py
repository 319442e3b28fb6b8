"""What a profile is made of: learners that predict out of fold, one output column at a time.

A learner gives every training datum a prediction that its own label did not influence, which is what a second
stage may be trained on. Learners know columns, not tasks, and speak in scores: the logit of the probability for
a 0/1 column, the value for a continuous one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.tabular import Features
from weft.labels import LabelTable
from weft.registry import registered
from weft.tasks import Kind
from weft.training.calibration import logit
from weft.training.run import Run

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A new learner is one class and one line here.
REGISTRY: dict[str, str] = {
    "rf": "weft.baselines.bagging:RandomForestLearner",
    "et": "weft.baselines.bagging:ExtraTreesLearner",
    "lightgbm": "weft.baselines.gradient:GradientLearner",
    "gp": "weft.baselines.gp:GaussianProcessLearner",
}


@dataclass(frozen=True, eq=False)
class Targets:
    """What the output columns are to be.

    Attributes:
        y: float64 `[n, L]`, 0/1 or a value; anything finite where not observed.
        observed: bool `[n, L]`.
        continuous: bool `[L]`.
    """

    y: Floats
    observed: Bools
    continuous: Bools

    @property
    def width(self) -> int:
        """Number of output columns, `L`."""
        return self.y.shape[1]

    def column(self, at: int) -> tuple[NDArray[np.int64], Floats]:
        """Return the observed rows of a column and their values."""
        rows = np.flatnonzero(self.observed[:, at])
        return rows, self.y[rows, at]

    def rare(self) -> NDArray[np.int64]:
        """Return how many labels the rarer class of each column has, or half the labels of a continuous one."""
        seen = self.observed.sum(0)
        ones = np.where(self.observed, self.y > 0.5, False).sum(0)
        return np.where(self.continuous, seen // 2, np.minimum(ones, seen - ones))

    def prior(self) -> Floats:
        """Return the mean of each column `[L]`, for 0/1 columns drawn to 1/2 by one label of each class."""
        seen = self.observed.sum(0)
        total = np.where(self.observed, self.y, 0.0).sum(0)
        return np.where(self.continuous, total / np.maximum(seen, 1), (total + 1) / (seen + 2))

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Return all that the targets say, unobserved cells as 0."""
        return np.where(self.observed, self.y, 0.0), self.observed, self.continuous

    def take(self, columns: NDArray[np.int64]) -> Targets:
        """Return some of the columns."""
        return Targets(self.y[:, columns], self.observed[:, columns], self.continuous[columns])


def column_targets(labels: LabelTable) -> Targets:
    """Spread labels over output columns (`TaskSet.offsets`): a multiclass task is one 0/1 column per class."""
    tasks, offsets = labels.tasks, labels.tasks.offsets
    dense, known = labels.to_dense()
    width = int(offsets[-1])
    y, observed, continuous = (
        np.zeros((labels.n_rows, width)),
        np.zeros((labels.n_rows, width), bool),
        np.zeros(width, bool),
    )
    for j, task in enumerate(tasks):
        part = slice(int(offsets[j]), int(offsets[j + 1]))
        column = dense[:, j : j + 1]
        y[:, part] = column == np.arange(task.width) if task.kind is Kind.MULTICLASS else column
        y[:, part] *= known[:, j : j + 1]
        observed[:, part] = known[:, j : j + 1]
        continuous[part] = task.kind is Kind.REGRESSION
    return Targets(y, observed, continuous)


class Learner(ABC):
    """Learns all output columns of a table of features.

    Columns with fewer labels than a learner needs (`least` of the rarer class) are answered with the
    smoothed prior, for training rows too (left-one-out priors would give the labels away), and named in
    `fallback`.

    Attributes:
        fallback: bool `[L]`, columns answered with the prior; set by `fit`.
        prior: float64 `[L]`, as scores; set by `fit`.
    """

    name: ClassVar[str]
    least: ClassVar[int] = 4
    fallback: Bools
    prior: Floats

    def fit(self, x: Features, targets: Targets, run: Run) -> Floats:
        """Learn, and return out-of-fold predictions.

        Args:
            x: finite features of the training data (see `Columns`).
            targets: their labels.
            run: seed, threads and progress.

        Returns:
            Scores, float64 `[n, L]`, finite: where a label is observed, the prediction it did not influence;
            elsewhere the prediction of the fitted learner.
        """
        self.fallback = targets.rare() < self.least
        prior = targets.prior()
        self.prior = np.where(targets.continuous, prior, logit(np.where(targets.continuous, 0.5, prior)))
        columns = np.flatnonzero(~self.fallback)
        out = np.broadcast_to(self.prior, targets.y.shape).copy()
        if columns.size:
            out[:, columns] = self._fit(x, targets.take(columns), run)
        return out

    def predict(self, x: Features) -> Floats:
        """Return scores for new data, float64 `[N, L]`."""
        out = np.broadcast_to(self.prior, (len(x), len(self.prior))).copy()
        columns = np.flatnonzero(~self.fallback)
        if columns.size and len(x):
            out[:, columns] = self._predict(x)
        return out

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        inner = {} if self.fallback.all() else self._state()
        return {"fallback": self.fallback, "prior": self.prior, **inner}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild a fitted learner from `state`."""
        learner = cls()
        learner.fallback = np.asarray(arrays["fallback"], bool)
        learner.prior = np.asarray(arrays["prior"], np.float64)
        if not learner.fallback.all():
            learner._restore(arrays)
        return learner

    @abstractmethod
    def _fit(self, x: Features, targets: Targets, run: Run) -> Floats: ...

    @abstractmethod
    def _predict(self, x: Features) -> Floats: ...

    @abstractmethod
    def _state(self) -> dict[str, NDArray[Any]]: ...

    @abstractmethod
    def _restore(self, arrays: Arrays) -> None: ...


def learner_class(name: str) -> type[Learner]:
    """Return the learner registered under `name`.

    Raises:
        UserError: for an unknown name.
    """
    return registered("learner", name, REGISTRY)


def folds(y: Floats, continuous: bool, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal the labels of one column into `k` folds of equal size and class balance (or equal spread of values).

    Args:
        y: float64 `[n]`.
        continuous: whether neighbours in value, rather than members of a class, are dealt out.
        k: number of folds.
        rng: breaks ties.

    Returns:
        int64 `[n]` in 0..k-1.
    """
    order = np.lexsort((rng.random(len(y)), y))
    fold = np.empty(len(y), np.int64)
    if not continuous:
        fold[order] = np.arange(len(y)) % k
        return fold
    runs = np.argsort(rng.random((-(-len(y) // k), k)), 1)  # a random deal within each run of k neighbours in value
    fold[order] = runs.ravel()[: len(y)]
    return fold
