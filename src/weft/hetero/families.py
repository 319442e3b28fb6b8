"""Families of tasks: what shares an expert, a loss weight and a line in the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.hetero.trunks.base import Families
from weft.labels import LabelTable
from weft.tasks import Kind, TaskSet


@dataclass(frozen=True, eq=False)
class Family:
    """One task, or all labels of a multi-label task.

    Attributes:
        name: of the task or the group.
        node_type: the type of node that carries it.
        kind: of its tasks.
        columns: output columns of the task set, int64 `[C]`.
        tasks: positions of its tasks.
    """

    name: str
    node_type: str
    kind: Kind
    columns: NDArray[np.int64]
    tasks: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of output columns `C`."""
        return len(self.columns)


def families(tasks: TaskSet) -> list[Family]:
    """Return the families of a task set, in order of first appearance."""
    found: list[Family] = []
    for name, members in tasks.families.items():
        columns = np.concatenate([np.arange(tasks.offsets[at], tasks.offsets[at + 1]) for at in members])
        first = tasks[members[0]]
        found.append(Family(name, first.node_type or "", first.kind, columns, tuple(members)))
    return found


def trunk_families(found: Sequence[Family]) -> Families:
    """Return what a trunk needs to know of them."""
    return Families(tuple(f.name for f in found), tuple(f.node_type for f in found))


@dataclass(frozen=True, eq=False)
class Targets:
    """The known labels of one family as dense columns over the nodes of its type.

    Attributes:
        row: nodes (of the type) with a label, int64 `[n]`, ascending.
        value: float32 `[n, C]`: one-hot, 0/1, or standardised; 0 where unknown.
        known: float32 `[n, C]`, 1 where known.
    """

    row: NDArray[np.int64]
    value: NDArray[np.float32]
    known: NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of every output column's training labels; 0 and 1 where discrete."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]

    @classmethod
    def fit(cls, labels: LabelTable) -> Scale:
        """Fit to the labels of a regression task each."""
        return cls(*labels.scales())


def targets(labels: LabelTable, family: Family, offset: int, scale: Scale) -> Targets:
    """Return a family's labels as columns.

    Args:
        labels: over global rows.
        family: one of `families(labels.tasks)`.
        offset: first global row of the family's node type.
        scale: of regression columns.
    """
    at = np.isin(labels.col, family.tasks)
    row, inverse = np.unique(labels.row[at] - offset, return_inverse=True)
    value = np.zeros((len(row), family.width), np.float32)
    known = np.zeros_like(value)
    if family.kind is Kind.MULTICLASS:
        value[inverse, labels.value[at].astype(np.int64)] = 1
        known[:] = 1
    else:
        column = np.searchsorted(family.tasks, labels.col[at])
        global_column = family.columns[column]
        value[inverse, column] = (labels.value[at] - scale.mean[global_column]) / scale.sd[global_column]
        known[inverse, column] = 1
    return Targets(row, value, known)
