"""All labels of a data set on a card: a step's labels are gathered there, instead of being made and sent each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.data.ragged import placed
from weft.labels import LabelTable
from weft.metalink.columns import ColumnLabels, Layout

#: More cells than this (values of 2 GB) are left to the processor.
MOST_CELLS = 1 << 29


@dataclass(frozen=True, eq=False)
class PlacedLabels:
    """Known labels of `N` data over `T` tasks and `L` columns, on one device.

    Attributes:
        known: bool `[N, T]`.
        value: float `[N, L]`, as of `ColumnLabels`.
        task: int64 `[L]`, the task of each column.
        continuous: bool `[L]`.
        mixed: whether any column is continuous.
        counts: known labels of each datum, int64 `[N]`, on the processor.
    """

    known: Tensor
    value: Tensor
    task: Tensor
    continuous: Tensor
    mixed: bool
    counts: NDArray[np.int64]

    @classmethod
    def on_card(
        cls, layout: Layout, labels: LabelTable, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> Self | None:
        """Place labels on a card; None for the processor, or where they are too many."""
        few = labels.n_rows * layout.width <= MOST_CELLS
        return cls.of(layout, labels, device, dtype) if few and device.type != "cpu" else None

    @classmethod
    def of(cls, layout: Layout, labels: LabelTable, device: torch.device, dtype: torch.dtype = torch.float32) -> Self:
        """Place labels on a device, their values as `dtype`."""
        columns = layout.columns(labels)
        first = torch.from_numpy(layout.tasks.offsets[:-1].astype(np.int64))
        task = np.repeat(np.arange(len(layout.tasks)), [task.width for task in layout.tasks])
        known = (columns.known[:, first] > 0).to(device)
        found = columns.to(device, dtype)
        return cls(
            known,
            found.value,
            torch.from_numpy(task).to(device),
            found.continuous,
            columns.any_continuous,
            labels.row_counts(),
        )

    def split(self, rows: NDArray[np.int64], shown: NDArray[np.bool_] | None) -> tuple[ColumnLabels, ColumnLabels]:
        """Return the labels of `rows` that are shown and those that are not.

        Args:
            rows: int64 `[B]`.
            shown: bool `[E]`, of the known labels of `rows`, in the order of `LabelTable`: row by row, task by task.
                None shows all.
        """
        at = placed(torch.from_numpy(rows), self.known.device)
        known, value = self.known[at], self.value[at]
        if shown is None:
            return self._columns(known, value), self._columns(known & False, value)
        mask = torch.zeros_like(known).masked_scatter(known, placed(torch.from_numpy(shown), known.device))
        return self._columns(mask, value), self._columns(known & ~mask, value)

    def _columns(self, known: Tensor, value: Tensor) -> ColumnLabels:
        marks = known[:, self.task].to(value.dtype)
        return ColumnLabels(marks, value * marks, self.continuous, self.mixed)
