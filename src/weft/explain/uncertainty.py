"""How uncertain answers are, in nats, and what an outcome is expected to take from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.labels import Floats
from weft.predictor import Predictions
from weft.tasks import Kind, Task, TaskSet

#: Least variance that a logarithm is taken of.
_LEAST = 1e-12
#: Gauss-Hermite nodes of a value's outcomes.
_NODES = 5


@dataclass(frozen=True)
class Outcome:
    """A label that a task may turn out to have, and how likely it is."""

    value: float
    weight: float


def outcomes(tasks: TaskSet, at: int, mean: Floats, std: Floats) -> list[Outcome]:
    """Return what task number `at` may turn out to be, by its own answer; nothing where it has none.

    Args:
        tasks: the tasks.
        at: which of them.
        mean: a datum's answers `[L]`.
        std: their standard deviations `[L]`.
    """
    task, first = tasks[at], int(tasks.offsets[at])
    p = mean[first : first + task.width]
    if not np.isfinite(p).all():
        return []
    if task.kind is Kind.REGRESSION:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        found = float(std[first])
        pairs = zip(p[0] + found * nodes, weights / weights.sum(), strict=True) if np.isfinite(found) else []
        return [Outcome(float(value), float(weight)) for value, weight in pairs]
    shares = np.array([1 - p[0], p[0]]) if task.kind is Kind.BINARY else p / max(p.sum(), _LEAST)
    return [Outcome(float(label), float(share)) for label, share in enumerate(shares)]


def uncertainty(tasks: TaskSet, found: Predictions) -> Floats:
    """Return the entropy of every answer `[N, T]`, NaN where it is undefined.

    That of a class for discrete tasks; for a value half the logarithm of its variance, an entropy up to a constant
    that differences do not see.
    """
    told = [_task_entropy(task, int(first), found) for task, first in zip(tasks, tasks.offsets[:-1], strict=True)]
    return np.stack(told, 1) if told else np.zeros((len(found.mean), 0))


def _task_entropy(task: Task, first: int, found: Predictions) -> NDArray[np.float64]:
    mean, std = found.mean[:, first : first + task.width], found.std[:, first]
    if task.kind is Kind.REGRESSION:
        return np.where(np.isfinite(mean[:, 0]), 0.5 * np.log(np.maximum(std**2, _LEAST)), np.nan)
    p = np.concatenate([1 - mean, mean], 1) if task.kind is Kind.BINARY else mean / mean.sum(1, keepdims=True)
    p = np.clip(p, _LEAST, 1)
    return -(p * np.log(p)).sum(1)


def mixed(share: Floats, first: NDArray[np.int64], found: Predictions) -> Predictions:
    """Return means of answers over groups of hypotheses, spreads by the law of total variance.

    Args:
        share: weight of each of `H` hypotheses, adding up to 1 within its group.
        first: where each group begins, int64 `[G]`; groups follow each other.
        found: answers of the hypotheses.
    """
    weight = share[:, None]
    mean = np.add.reduceat(weight * found.mean, first)
    square = np.add.reduceat(weight * (found.std**2 + found.mean**2), first)
    return Predictions(found.tasks, mean, np.sqrt(np.maximum(square - mean**2, 0.0)), np.ones(len(mean), bool))
