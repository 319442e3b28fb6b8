"""Nodes of a graph as the data that predictors read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.data.hetero import HeteroGraph
from weft.data.pixels import Pixels
from weft.data.ragged import Ragged
from weft.data.store import PackedGraphs
from weft.errors import UserError

KIND = "nodes"


@dataclass(frozen=True, eq=False)
class Nodes:
    """Some nodes of a graph, each with all of the graph around it (implements `Data`).

    Attributes:
        graph: the whole graph; its labels and split are never read through this class.
        row: global rows of the nodes, int64 `[N]`.
    """

    graph: HeteroGraph
    row: NDArray[np.int64]

    @classmethod
    def of(cls, graph: HeteroGraph) -> Nodes:
        """Return every node of `graph`."""
        return cls(graph, np.arange(len(graph)))

    def __len__(self) -> int:
        return len(self.row)

    @property
    def status(self) -> list[str]:
        """`ok` for every node."""
        return ["ok"] * len(self)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """True for every node."""
        return np.ones(len(self), bool)

    @property
    def keys(self) -> list[str]:
        """`TYPE/KEY` of every node."""
        return ["/".join(self.graph.place(int(row))) for row in self.row]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Nodes of a graph have one kind of feature: where they are in it."""
        return (KIND,)

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Raise: nodes have no features apart from their graph."""
        raise UserError(f"nodes of a graph have no features {kind!r}", mend="Use --model inline, which reads graphs.")

    def images(self) -> Pixels:
        """Raise: nodes of a graph are no images."""
        raise UserError("nodes of a graph are no images", mend="Use --model inline, which reads graphs.")

    def graphs(self) -> PackedGraphs:
        """Raise: a node is no molecule."""
        raise UserError("nodes of a graph are no molecules", mend="Use --model inline, which reads graphs.")

    def ragged(self, kind: str) -> Ragged:
        """Raise: there are no atoms."""
        raise UserError(f"nodes of a graph have no features {kind!r}", mend="Use --model inline, which reads graphs.")

    def groups(self) -> NDArray[np.int64]:
        """Return every node as a group of its own."""
        return np.arange(len(self))

    def feature_hash(self, kind: str) -> str:
        """Return the hash of the graph's types, relations and feature widths."""
        return self.graph.schema_hash() if kind == KIND else ""

    def take(self, rows: NDArray[np.int64]) -> Nodes:
        """Return the nodes at `rows`."""
        return Nodes(self.graph, self.row[rows])
