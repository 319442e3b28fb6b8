"""The labels a graph model was fitted with: kept with it, found again by node, read by every later prediction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.data.hetero import HeteroGraph
from weft.labels import LabelTable
from weft.tasks import TaskSet


@dataclass(frozen=True, eq=False)
class Support:
    """Training labels by the names of their nodes, so that they fit a graph whose nodes moved.

    Attributes:
        tasks: the tasks.
        node: 64-bit hash of type and key, uint64 `[E]`.
        col: task, int64 `[E]`.
        value: float64 `[E]`.
    """

    tasks: TaskSet
    node: NDArray[np.uint64]
    col: NDArray[np.int64]
    value: NDArray[np.float64]

    @classmethod
    def of(cls, graph: HeteroGraph, labels: LabelTable) -> Support:
        """Take the labels of a graph."""
        rows, place = np.unique(labels.row, return_inverse=True)
        hashes = np.array([_hash(*graph.place(int(row))) for row in rows], np.uint64)
        return cls(labels.tasks, hashes[place], labels.col, labels.value)

    def on(self, graph: HeteroGraph) -> LabelTable:
        """Return the labels of those nodes that `graph` has."""
        kinds = {task.node_type for task in self.tasks}
        rows = np.concatenate([graph.rows(kind) for kind in graph.types if kind in kinds] or [np.zeros(0, np.int64)])
        hashes = np.array([_hash(*graph.place(int(row))) for row in rows], np.uint64)
        order = np.argsort(hashes)
        at = np.searchsorted(hashes[order], self.node).clip(max=max(len(rows) - 1, 0))
        found = hashes[order][at] == self.node if len(rows) else np.zeros(len(self.node), bool)
        return LabelTable(self.tasks, len(graph), rows[order][at[found]], self.col[found], self.value[found])

    def beside(self, graph: HeteroGraph, shown: LabelTable) -> LabelTable:
        """Return the support labels on `graph` and those shown, which go first where both speak."""
        support, width = self.on(graph), max(len(self.tasks), 1)
        again = np.isin(support.row * width + support.col, shown.row * width + shown.col)
        kept = support.where(~again)
        row, col = np.concatenate([shown.row, kept.row]), np.concatenate([shown.col, kept.col])
        return LabelTable(self.tasks, len(graph), row, col, np.concatenate([shown.value, kept.value]))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays."""
        return {"node": self.node, "col": self.col, "value": self.value}

    @classmethod
    def restore(cls, tasks: TaskSet, arrays: Arrays, prefix: str) -> Support:
        """Take back what `state` returned, under `prefix`."""
        return cls(tasks, *(arrays[f"{prefix}{name}"] for name in ("node", "col", "value")))


def _hash(kind: str, key: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind}/{key}".encode(), digest_size=8).digest(), "little")
