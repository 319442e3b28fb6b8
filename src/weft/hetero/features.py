"""Node features made ready for a network: scaled dense columns, tf-idf rows that stay sparse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.data.hetero import HeteroGraph, NodeTable
from weft.data.stored_graph import StoredNodes
from weft.hetero.sparse import SparseMatrix

Arrays = dict[str, NDArray[Any]]
_CLIP = 8.0


@dataclass(frozen=True, eq=False)
class NodeInputs:
    """The features of one type of node as tensors.

    Attributes:
        n: number of nodes.
        dense: float32 `[n, D]` or None.
        sparse: `[n, V]` or None.
        at: positions in the full graph, for embeddings by identity, int64 `[n]`.
    """

    n: int
    dense: Tensor | None
    sparse: SparseMatrix | None
    at: Tensor

    def to(self, device: torch.device | str) -> NodeInputs:
        """Return the features on a device."""
        dense = None if self.dense is None else self.dense.to(device)
        return NodeInputs(self.n, dense, None if self.sparse is None else self.sparse.to(device), self.at.to(device))

    def take(self, rows: Tensor) -> NodeInputs:
        """Return the features of `rows`."""
        dense = None if self.dense is None else self.dense[rows]
        sparse = None if self.sparse is None else self.sparse.take(rows)
        return NodeInputs(len(rows), dense, sparse, self.at[rows])


@dataclass(frozen=True, eq=False)
class MappedInputs(NodeInputs):
    """Features on disk, scaled when they are taken.

    Attributes:
        scaler: how.
        kind: the type.
        table: its nodes.
    """

    scaler: FeatureScaler
    kind: str
    table: StoredNodes

    def to(self, device: torch.device | str) -> MappedInputs:
        """Let what is taken be on a device."""
        return replace(self, at=self.at.to(device))

    def take(self, rows: Tensor) -> NodeInputs:
        """Return the features of `rows`."""
        at = self.at[rows]
        if self.table.dense is None:
            return NodeInputs(len(rows), None, None, at)
        values = self.scaler.dense(self.kind, np.asarray(self.table.dense[rows.cpu().numpy()]))
        return NodeInputs(len(rows), torch.from_numpy(values).to(at.device), None, at)


@dataclass(frozen=True, eq=False)
class FeatureScaler:
    """How features are scaled, fitted without labels.

    Attributes:
        arrays: `TYPE.mean`, `TYPE.sd`, `TYPE.gaps` (columns with unknown values) and `TYPE.idf`, where they apply.
        raw: features are taken as they are (InLINE's released code does so).
    """

    arrays: Mapping[str, NDArray[Any]]
    raw: bool = False

    @classmethod
    def fit(cls, graph: HeteroGraph, raw: bool = False) -> FeatureScaler:
        """Fit to all nodes of a graph."""
        arrays: Arrays = {}
        for kind, table in graph.nodes.items():
            if table.dense is not None:
                known = isinstance(table, StoredNodes)
                found = table.statistics if known else _dense_statistics(table.dense)
                arrays |= {f"{kind}.{name}": value for name, value in found.items()}
            if table.sparse is not None:
                seen = np.bincount(table.sparse.indices, minlength=table.sparse.shape[1])
                arrays[f"{kind}.idf"] = (np.log((1 + table.n) / (1 + seen)) + 1).astype(np.float32)
        return cls(arrays, raw)

    def inputs(self, kind: str, table: NodeTable) -> NodeInputs:
        """Return one type's features as tensors; those of a packed graph stay on disk."""
        if isinstance(table, StoredNodes):
            return MappedInputs(table.n, None, None, torch.arange(table.n), self, kind, table)
        dense = None if table.dense is None else torch.from_numpy(self.dense(kind, table.dense))
        sparse = self.sparse(kind, table)
        return NodeInputs(table.n, dense, None if sparse is None else SparseMatrix.of(sparse), torch.arange(table.n))

    def width(self, kind: str, table: NodeTable) -> int:
        """Return the number of dense columns after scaling."""
        return 0 if table.dense is None else table.dense.shape[1] + len(self.arrays[f"{kind}.gaps"])

    def sparse(self, kind: str, table: NodeTable) -> Any:
        """Return one type's scaled sparse features as scipy CSR, rows of length 1, or None."""
        if table.sparse is None or self.raw:
            return table.sparse
        weighted = table.sparse.copy().astype(np.float32)
        weighted.data = (
            np.log1p(np.abs(weighted.data)) * np.sign(weighted.data) * self.arrays[f"{kind}.idf"][weighted.indices]
        )
        return unit_rows(weighted)

    def dense(self, kind: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return dense features of one type's nodes, scaled, and where they are unknown, float32 `[n, D + gaps]`."""
        gaps = self.arrays[f"{kind}.gaps"]
        missing = np.isnan(values)
        scaled = values if self.raw else (values - self.arrays[f"{kind}.mean"]) / self.arrays[f"{kind}.sd"]
        scaled = np.where(missing, 0, scaled if self.raw else np.clip(scaled, -_CLIP, _CLIP))
        return np.hstack([scaled, missing[:, gaps]]).astype(np.float32)


def _dense_statistics(values: NDArray[np.float32]) -> Arrays:
    known = ~np.isnan(values)
    n = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0).sum(0, dtype=np.float64) / n
    sd = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(0) / n)
    gaps = np.flatnonzero(~known.all(0))
    return {"mean": mean.astype(np.float32), "sd": np.where(sd > 1e-12, sd, 1).astype(np.float32), "gaps": gaps}


def unit_rows(matrix: Any) -> Any:
    """Return a sparse matrix with rows of Euclidean length 1 (empty rows stay)."""
    csr = sp.csr_array(matrix)
    length = np.sqrt(np.asarray((csr * csr).sum(1)).ravel())
    scaled = csr.copy()
    scaled.data = (scaled.data / np.repeat(np.maximum(length, 1e-12), np.diff(csr.indptr))).astype(np.float32)
    return scaled
