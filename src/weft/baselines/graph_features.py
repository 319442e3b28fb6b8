"""What a linear model can read of a node: its own features, its neighbours, their words and their training labels.

For nodes of type t, over every relation and its reverse into t, A `[n_t, n_s]`, and every B into s, `[n_s, n_u]`:

* own sparse features (tf-idf, rows of length 1) and own dense ones (standardised, unknown ones told);
* one hop: which neighbours, their sparse features summed, the mean of their dense ones, how many there are;
* two hops: the sparse features of the neighbours' neighbours summed, or which they are where they have none;
* one and two hops: shares and log counts of the training labels there.

A node never counts as its own neighbour: paths that come back to it are taken off, so its own label is not among what
it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from weft.data.hetero import HeteroGraph, NodeTable
from weft.labels import Floats, LabelTable
from weft.tasks import Kind

#: Two-hop blocks with more numbers than this are left out.
_MOST = 20_000_000

Matrix = Any  # scipy.sparse.csr_matrix; scipy ships no types
Dense = NDArray[np.float64]


class GraphFeatures:
    """The features of all nodes of a type, made from one graph.

    Args:
        graph: its labels are not read.
        support: training labels on global rows: all that any node may read.
    """

    def __init__(self, graph: HeteroGraph, support: LabelTable) -> None:
        self.graph, self.support = graph, support
        self.into: dict[str, list[tuple[str, Matrix]]] = {kind: [] for kind in graph.types}
        for relation, edge in graph.edges.items():
            self._add(relation.source, relation.target, edge)
            self._add(relation.target, relation.source, edge[::-1])
        self.labels = {kind: self._labels(kind) for kind in graph.types}

    def _add(self, source: str, target: str, edge: NDArray[np.int64]) -> None:
        if source == target:
            edge = edge[:, edge[0] != edge[1]]
        shape = self.graph.nodes[target].n, self.graph.nodes[source].n
        self.into[target].append((source, sparse.csr_matrix((np.ones(edge.shape[1]), edge[::-1]), shape)))

    def of(self, kind: str) -> Matrix:
        """Return the features of the nodes of a type, CSR `[n, F]`."""
        blocks = [*_own(self.graph.nodes[kind]), *self._one_hop(kind), *self._two_hops(kind)]
        return sparse.hstack(blocks, "csr", dtype=np.float32)

    def _one_hop(self, kind: str) -> Iterator[Matrix]:
        for source, a in self.into[kind]:
            table, count = self.graph.nodes[source], _count(a)
            yield _unit(a)
            yield _standard(np.log1p(count))
            if table.sparse is not None:
                yield _words(a @ _matrix(table))
            if table.dense is not None:
                yield _standard((a @ np.nan_to_num(table.dense)) / np.maximum(count, 1))
            yield from (_told(a @ y, k) for y, k in self.labels[source])

    def _two_hops(self, kind: str) -> Iterator[Matrix]:
        for middle, a in self.into[kind]:
            for source, b in self.into[middle]:
                back = _count(a.multiply(b.T)) if source == kind else np.zeros((1, 1))  # paths v, w, v
                table = self.graph.nodes[source]
                x = sparse.identity(table.n, format="csr") if table.sparse is None else _matrix(table)
                there = b @ x
                if float((a @ np.diff(there.indptr)).sum()) <= _MOST:
                    yield _words(a @ there - x.multiply(back) if source == kind else a @ there)
                for y, k in self.labels[source]:
                    yield _told(a @ (b @ y) - (back * y if source == kind else 0), k)

    def _labels(self, kind: str) -> list[tuple[Dense, Kind]]:
        """Return each task's training labels on a type: one-hot `[n, C]`, or value and whether it is known."""
        found: list[tuple[Dense, Kind]] = []
        for at, task in enumerate(self.support.tasks):
            if task.node_type != kind:
                continue
            here = self.support.col == at
            row, value = self.support.row[here] - self.graph.offset[kind], self.support.value[here]
            y = np.zeros((self.graph.nodes[kind].n, max(len(task.classes), 2)))
            if task.kind is Kind.REGRESSION:
                y[row, 0], y[row, 1] = (value - value.mean()) / max(float(value.std()), 1e-6), 1
            else:
                y[row, value.astype(np.int64)] = 1
            found.append((y, task.kind))
        return found


def _own(table: NodeTable) -> Iterator[Matrix]:
    if table.sparse is not None:
        yield _words(_matrix(table))
    if table.dense is not None:
        yield _standard(table.dense)
        if np.isnan(table.dense).any():
            yield sparse.csr_matrix(np.isnan(table.dense).astype(np.float64))


def _matrix(table: NodeTable) -> Matrix:
    return sparse.csr_matrix(table.sparse, dtype=np.float64)


def _count(a: Matrix) -> Dense:
    return np.asarray(a.sum(1), np.float64).reshape(-1, 1)


def _words(x: Matrix) -> Matrix:
    """Weigh counts as tf-idf: log(1 + count) log(N / rows with the word), rows of length 1."""
    x = sparse.csr_matrix(x)
    x.data = np.where(np.abs(x.data) < 1e-9, 0, x.data)  # what was taken off leaves rounding behind
    x.eliminate_zeros()
    rows = np.bincount(x.indices, minlength=x.shape[1])
    x.data = np.sign(x.data) * np.log1p(np.abs(x.data)) * np.log((1 + x.shape[0]) / (1 + rows))[x.indices]
    return _unit(x)


def _unit(x: Matrix) -> Matrix:
    length = np.sqrt(np.asarray(x.multiply(x).sum(1), np.float64)).ravel()
    return sparse.diags(1 / np.where(length > 0, length, 1)) @ x


def _standard(x: NDArray[np.floating[Any]]) -> Matrix:
    """Return columns of mean 0 and standard deviation 1; what is unknown is at the mean."""
    known = np.isfinite(x)
    n = np.maximum(known.sum(0), 1)
    mean = np.where(known, x, 0).sum(0, dtype=np.float64) / n
    z = np.where(known, x - mean, 0)
    return sparse.csr_matrix(z / np.maximum(np.sqrt((z**2).sum(0) / n), 1e-6))


def _told(y: Floats, kind: Kind) -> Matrix:
    """Return what the labels over some paths say, from the sums of `_labels` along them."""
    y = np.where(np.abs(y) < 1e-9, 0, y)
    if kind is Kind.REGRESSION:
        return sparse.csr_matrix(np.column_stack([y[:, 0] / np.maximum(y[:, 1], 1), np.log1p(y[:, 1])]))
    return sparse.csr_matrix(np.hstack([y / np.maximum(y.sum(1, keepdims=True), 1), np.log1p(y)]))
