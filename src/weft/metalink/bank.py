"""The support bank: which training data feed the task nodes at inference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from weft.labels import LabelTable
from weft.tasks import Kind


def choose_support(
    labels: LabelTable, rows: NDArray[np.int64], size: int, seed: int, least: int = 32
) -> NDArray[np.int64]:
    """Choose a fixed sample of training rows as support, every class of every task represented.

    A random sample of `size` rows is topped up, task by task, until each class of a discrete task (each
    regression task) has `least` labels in it, or all it has.

    Args:
        labels: known labels of all data.
        rows: training rows, int64; only they are chosen.
        size: rows to sample; all are taken when there are no more.
        seed: of the sample.
        least: labels that each class should have.

    Returns:
        sorted rows, int64 `[S]`, `S >= min(size, len(rows))`.
    """
    if size >= len(rows):
        return np.sort(rows)
    order = np.random.default_rng(seed).permutation(rows)
    chosen = np.zeros(labels.n_rows, bool)
    chosen[order[:size]] = True
    rank = np.full(labels.n_rows, len(order))
    rank[order] = np.arange(len(order))
    table = labels.on_rows(rows)
    for j, task in enumerate(labels.tasks):
        mine = table.col == j
        classes = [None] if task.kind is Kind.REGRESSION else range(len(task.classes))
        for c in classes:
            having = table.row[mine if c is None else mine & (table.value == c)]
            spare = having[~chosen[having]]
            short = max(least - int(chosen[having].sum()), 0)
            chosen[spare[np.argsort(rank[spare])][:short]] = True
    return np.flatnonzero(chosen)
