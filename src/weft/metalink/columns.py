"""Labels as the knowledge graph sees them: one column, and one task node, per output of a task.

A binary or a regression task is one column; a multiclass task is one binary column per class (a known class
is an edge of value 1 to its own node and of value 0 to the others). Regression values are standardised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.labels import Floats, LabelTable
from weft.tasks import Kind, TaskSet


@dataclass(frozen=True)
class ColumnLabels:
    """Labels of `B` data over `L` columns.

    Attributes:
        known: float32 (float64 in training with that precision) `[B, L]`, 1 where a label is known, else 0.
        value: of the same type `[B, L]`: 0/1 in binary columns, standardised in continuous ones; 0 where unknown.
        continuous: bool `[L]`.
        mixed: whether any column is continuous; None where nobody has looked.
    """

    known: Tensor
    value: Tensor
    continuous: Tensor
    mixed: bool | None = None

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> ColumnLabels:
        """Return the labels on a device, as another type of number where one is given."""
        known, value = (part.to(device, dtype) for part in (self.known, self.value))
        return ColumnLabels(known, value, self.continuous.to(device), self.any_continuous)

    @property
    def any_continuous(self) -> bool:
        """Whether any column is continuous."""
        return bool(self.continuous.any()) if self.mixed is None else self.mixed

    def of_class(self, c: int) -> Tensor:
        """Return the 0/1 mask `[B, L]` of the binary labels with value `c`."""
        hit = self.value if c else 1 - self.value
        return self.known * hit * ~self.continuous

    def edges(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the continuous labels as edges: row `[E]`, column `[E]`, value `[E]`."""
        row, col = torch.nonzero(self.known * self.continuous, as_tuple=True)
        return row, col, self.value[row, col]


@dataclass(frozen=True)
class Layout:
    """How tasks become columns, and the scale of the continuous ones.

    Attributes:
        tasks: the tasks.
        center: float64 `[L]`, training mean of a regression column, else 0.
        scale: float64 `[L]`, training standard deviation of a regression column, else 1.
    """

    tasks: TaskSet
    center: Floats
    scale: Floats

    @classmethod
    def fit(cls, labels: LabelTable) -> Self:
        """Take the scales of regression tasks from (training) labels."""
        return cls(labels.tasks, *labels.scales())

    @property
    def width(self) -> int:
        """Number of columns, `L`."""
        return int(self.tasks.offsets[-1])

    @property
    def continuous(self) -> NDArray[np.bool_]:
        """Whether a column is a regression task's, bool `[L]`."""
        return np.repeat([t.kind is Kind.REGRESSION for t in self.tasks], [t.width for t in self.tasks])

    def groups(self) -> list[tuple[int, int]]:
        """Return the column ranges of the multiclass tasks."""
        offsets = self.tasks.offsets
        wide = [j for j, task in enumerate(self.tasks) if task.kind is Kind.MULTICLASS]
        return [(int(offsets[j]), int(offsets[j + 1])) for j in wide]

    def columns(self, labels: LabelTable) -> ColumnLabels:
        """Expand a label table of `B` data to columns."""
        known = np.zeros((labels.n_rows, self.width), np.float32)
        value = np.zeros((labels.n_rows, self.width), np.float32)
        wide = np.array([task.width for task in self.tasks])[labels.col] > 1
        offsets = self.tasks.offsets
        at = offsets[labels.col[~wide]]
        known[labels.row[~wide], at] = 1
        value[labels.row[~wide], at] = (labels.value[~wide] - self.center[at]) / self.scale[at]
        for i, j, y in zip(labels.row[wide], labels.col[wide], labels.value[wide], strict=True):
            known[i, offsets[j] : offsets[j + 1]] = 1
            value[i, offsets[j] + int(y)] = 1
        continuous = self.continuous
        parts = (torch.from_numpy(part) for part in (known, value, continuous))
        return ColumnLabels(*parts, mixed=bool(continuous.any()))

    def unscale(self, z: Floats) -> Floats:
        """Return standardised values `[..., L]` in their own units."""
        return z * self.scale + self.center

    def first(self, tasks: TaskSet) -> Layout:
        """Return the layout of `tasks`, which come first in this one."""
        width = int(tasks.offsets[-1])
        return Layout(tasks, self.center[:width], self.scale[:width])

    def extend(self, labels: LabelTable) -> Layout:
        """Return the layout with the tasks of `labels` added behind."""
        new = Layout.fit(labels)
        tasks = TaskSet((*self.tasks, *new.tasks))
        return Layout(tasks, np.concatenate([self.center, new.center]), np.concatenate([self.scale, new.scale]))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of this layout."""
        return {"layout.center": self.center, "layout.scale": self.scale}

    @classmethod
    def restore(cls, tasks: TaskSet, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `state`."""
        return cls(tasks, arrays["layout.center"], arrays["layout.scale"])
