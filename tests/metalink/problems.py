"""Small generated problems: vectors with related tasks of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weft.data.splits import Split
from weft.data.vectors import Vectors
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

MIXED = TaskSet(
    (Task("a"), Task("b"), Task("c", Kind.MULTICLASS, ("x", "y", "z")), Task("r", Kind.REGRESSION), Task("d"))
)


@dataclass(frozen=True)
class Problem:
    """Data, labels and a split."""

    data: Vectors
    labels: LabelTable
    split: Split


def related(n: int = 240, tasks: TaskSet = MIXED, missing: float = 0.2, seed: int = 0) -> Problem:
    """All tasks read one hidden factor, which the features show only dimly."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=n)
    x = np.column_stack([hidden + 2 * rng.normal(size=n), rng.normal(size=(n, 5))])
    y = np.zeros((n, len(tasks)))
    for j, task in enumerate(tasks):
        score = hidden + 0.5 * rng.normal(size=n)
        if task.kind is Kind.REGRESSION:
            y[:, j] = 10 + 3 * score
        else:
            edges = np.quantile(score, np.linspace(0, 1, len(task.classes) + 1)[1:-1])
            y[:, j] = np.searchsorted(edges, score)
    labels = LabelTable.from_dense(tasks, y, rng.random(y.shape) >= missing)
    order = rng.permutation(n)
    cut, stop = int(0.6 * n), int(0.8 * n)
    return Problem(Vectors(x), labels, Split(order[:cut], order[cut:stop], order[stop:], "random", seed))
