"""Sparse matrices as inputs: kept sparse from the file to the first product."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.hetero.dropout import keep_mask
from weft.hetero.segments import weighted_sum
from weft.hetero.topology import Adjacency

_LEVELS = 256


class SparseMatrix:
    """A float32 CSR matrix `[N, V]`.

    Args:
        start: int64 `[N + 1]`.
        column: int64 `[E]`.
        value: float32 `[E]`.
        width: `V`.
    """

    def __init__(self, start: Tensor, column: Tensor, value: Tensor, width: int) -> None:
        self.start, self.column, self.value, self.width = start, column, value, width
        self._edges: Adjacency | None = None

    @classmethod
    def of(cls, matrix: Any) -> SparseMatrix:
        """Take over a scipy sparse matrix."""
        csr = matrix.tocsr()
        csr.sum_duplicates()
        start, column = (torch.from_numpy(np.asarray(part, np.int64)) for part in (csr.indptr, csr.indices))
        return cls(start, column, torch.from_numpy(np.asarray(csr.data, np.float32)), int(csr.shape[1]))

    def __len__(self) -> int:
        return len(self.start) - 1

    def to(self, device: torch.device | str) -> SparseMatrix:
        """Return the matrix on a device."""
        return SparseMatrix(self.start.to(device), self.column.to(device), self.value.to(device), self.width)

    def take(self, rows: Tensor) -> SparseMatrix:
        """Return the rows `rows`, int64 `[B]`."""
        count = (self.start[1:] - self.start[:-1])[rows]
        start = torch.cat([count.new_zeros(1), count.cumsum(0)])
        at = torch.repeat_interleave(self.start[rows] - start[:-1], count)
        at = at + torch.arange(len(at), device=at.device)
        return SparseMatrix(start, self.column[at], self.value[at], self.width)

    def times(self, weight: Tensor, share: float = 0.0, training: bool = False) -> Tensor:
        """Return `[K, N, D]`, the matrix times `weight` `[K, V, D]`.

        Args:
            weight: one matrix per head.
            share: of the entries, dropped in training; heads share the mask.
            training: whether to drop.
        """
        value = self.value
        if training and share > 0:
            cut = round(share * _LEVELS)
            value = value * keep_mask(value.shape, cut, value.device) * (_LEVELS / (_LEVELS - cut))
        return weighted_sum(weight, value.expand(weight.shape[0], -1), self._as_edges())

    def _as_edges(self) -> Adjacency:
        if self._edges is None:
            row = torch.repeat_interleave(self.start[1:] - self.start[:-1])
            self._edges = Adjacency(self.column, row, self.width, len(self))
        return self._edges
