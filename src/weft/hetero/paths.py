"""Paths through a graph as sparse matrices: who is one or two relations away from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from weft.data.hetero import HeteroGraph, Relation
from weft.hetero.topology import reverse


@dataclass(frozen=True, eq=False)
class Path:
    """A way from `source` nodes to `target` nodes, over one relation or over two.

    Attributes:
        name: for people, receiver first: `paper < author < paper`.
        source: type where it begins.
        target: type where it ends.
        first: 0/1 CSR `[n_target, n_middle]`; of a path of one relation, `[n_target, n_source]`.
        second: 0/1 CSR `[n_middle, n_source]`, or None.
    """

    name: str
    source: str
    target: str
    first: Any
    second: Any = None

    @property
    def returns(self) -> bool:
        """Whether a node may be at both ends of it."""
        return self.source == self.target


def adjacency(graph: HeteroGraph) -> dict[Relation, Any]:
    """Return every relation and its reverse as a 0/1 CSR matrix `[n_target, n_source]`, loops of nodes left out."""
    found: dict[Relation, Any] = {}
    for relation, (source, target) in graph.edges.items():
        if relation.source == relation.target:
            keep = source != target
            source, target = source[keep], target[keep]
        shape = (graph.nodes[relation.target].n, graph.nodes[relation.source].n)
        matrix = sp.csr_array((np.ones(len(source), np.float32), (target, source)), shape=shape)
        found[relation] = matrix
        found[reverse(relation)] = sp.csr_array(matrix.T)
    return found


def paths_into(graph: HeteroGraph, target: str) -> list[Path]:
    """Return every path of one or two relations that ends in `target`."""
    matrices = adjacency(graph)
    found: list[Path] = []
    for near, first in matrices.items():
        if near.target != target:
            continue
        found.append(Path(_name(near), near.source, target, first))
        for far, second in matrices.items():
            if far.target == near.source:
                found.append(Path(f"{_name(near)} < {far.name} < {far.source}", far.source, target, first, second))
    return found


def neighbours(path: Path) -> Any:
    """Return who is at the other end, as a 0/1 CSR matrix `[n_target, n_source]` without the node itself."""
    if path.second is None:
        return path.first
    product = sp.coo_array(path.first @ path.second)
    row, column = product.coords
    keep = row != column if path.returns else np.ones(len(row), bool)
    ones = np.ones(int(keep.sum()), np.float32)
    return sp.csr_array((ones, (row[keep], column[keep])), shape=product.shape)


def pairs(path: Path) -> int:
    """Return how many ways there are in all: what `neighbours` would cost at most."""
    if path.second is None:
        return int(path.first.nnz)
    middle = np.diff(sp.csc_array(path.first).indptr)
    return int(middle @ np.diff(path.second.indptr))


def _name(relation: Relation) -> str:
    return f"{relation.target} < {relation.name} < {relation.source}"
