"""One task as a linear model of sparse features: logistic or ridge regression, its strength chosen on validation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.hetero.resample import Cells, score
from weft.labels import Floats
from weft.tasks import Kind, Task

#: Inverse strengths of the penalty that are tried.
_STRENGTHS = (0.3, 1.0, 3.0, 10.0)
#: What they are chosen by: the mean of these.
_METRICS = {Kind.MULTICLASS: ("macro_f1", "micro_f1"), Kind.BINARY: ("pr_auc",), Kind.REGRESSION: ("r2",)}
#: Logit of a class that has no training label.
_NEVER = -30.0


@dataclass(frozen=True, eq=False)
class Column:
    """A fitted task.

    Attributes:
        weight: float32 `[F, C]`, `C` 1 for a value or a binary task.
        bias: float64 `[C]`.
        spread: standard deviation of what a regression leaves; 0 for classes.
    """

    weight: NDArray[np.float32]
    bias: Floats
    spread: float

    def predict(self, x: Any, kind: Kind) -> Floats:
        """Return probabilities of each class, the probability of 1, or values, float64 `[n, C]`."""
        z = np.asarray(x @ self.weight, np.float64) + self.bias
        if kind is Kind.REGRESSION:
            return z
        if kind is Kind.BINARY:
            return 1 / (1 + np.exp(-z))
        shifted = np.exp(z - z.max(1, keepdims=True))
        return shifted / shifted.sum(1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Part:
    """Features and labels of some nodes.

    Attributes:
        x: CSR `[n, F]`.
        y: float64 `[n]`.
    """

    x: Any
    y: Floats


def fit_column(task: Task, train: Part, val: Part) -> Column:
    """Fit one task; the strength of its penalty, then its class weights, are those best on the validation labels.

    A discrete task with fewer than two classes among its training labels, or a task without any, is a constant.
    """
    if len(np.unique(train.y)) < (1 if task.kind is Kind.REGRESSION else 2):
        return _constant(task, train)
    if task.kind is Kind.REGRESSION:
        return max((_ridge(train, c) for c in _STRENGTHS), key=lambda made: _reached(task, made, val))
    tried = {c: _logistic(task, train, c, None) for c in _STRENGTHS}
    best = max(tried, key=lambda c: _reached(task, tried[c], val))
    return max((tried[best], _logistic(task, train, best, "balanced")), key=lambda made: _reached(task, made, val))


def _reached(task: Task, made: Column, val: Part) -> float:
    """Return how good a column is on validation labels; the same for all where there is nothing to tell by."""
    if not len(val.y):
        return 0.0
    mean = made.predict(val.x, task.kind)
    cells = Cells(val.y, mean if task.kind is Kind.MULTICLASS else mean[:, 0])
    ones = np.ones((1, len(val.y)))
    value = np.mean([score(ones, cells, metric)[0] for metric in _METRICS[task.kind]])
    return float(value) if np.isfinite(value) else 0.0


def _ridge(train: Part, c: float) -> Column:
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=1 / c, solver="lsqr", tol=1e-4).fit(train.x, train.y)
    left = train.y - model.predict(train.x)
    return Column(model.coef_.astype(np.float32)[:, None], np.atleast_1d(model.intercept_), float(left.std()))


def _logistic(task: Task, train: Part, c: float, class_weight: str | None) -> Column:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, class_weight=class_weight, max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 300 steps are enough for what it is compared with
        model.fit(train.x, train.y.astype(np.int64))
    weight, bias = model.coef_.T.astype(np.float32), np.asarray(model.intercept_, np.float64)
    if task.kind is Kind.BINARY:
        return Column(weight, bias, 0.0)
    if len(model.classes_) == 2:  # of many: one row of weights stands for both
        weight, bias = np.hstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    whole = Column(np.zeros((len(weight), task.width), np.float32), np.full(task.width, _NEVER), 0.0)
    whole.weight[:, model.classes_], whole.bias[model.classes_] = weight, bias
    return whole


def _constant(task: Task, train: Part) -> Column:
    weight, bias = np.zeros((train.x.shape[1], task.width), np.float32), np.zeros(task.width)
    if task.kind is Kind.MULTICLASS and len(train.y):
        bias[:] = _NEVER
        bias[int(train.y[0])] = 0
    elif task.kind is Kind.BINARY and len(train.y):
        bias[0] = -_NEVER if train.y[0] else _NEVER
    return Column(weight, bias, 0.0)
