"""Nodes of a model's graph: looked up, with their labels, gates and neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from weft.data.hetero import HeteroGraph
from weft.errors import UserError, nearest
from weft.hetero.model import InlinePredictor
from weft.serve.answers import Gate, Neighbours, NodeAnswer, NodeInfo, NodeLabel, NodeList
from weft.serve.asking import Asking
from weft.serve.known import written
from weft.serve.schema import NodeName, PredictBody, Subject

_NEIGHBOURS = 20
#: Direction seen from a node, its row of the edges, and its place in the relation.
_SIDES: tuple[tuple[Literal["in", "out"], int, int], ...] = (("out", 0, 0), ("in", 1, 2))


@dataclass(eq=False)
class NodeDesk:
    """Answers questions about nodes.

    Attributes:
        asking: the model.
        gates: what each task takes from which, once asked for.
    """

    asking: Asking
    gates: list[Gate] | None = field(default=None)

    @property
    def graph(self) -> HeteroGraph:
        """The graph.

        Raises:
            UserError: for a model of molecules.
        """
        if self.asking.loaded.graph is None:
            raise UserError("this model reads molecules, no graph", mend="Ask POST /api/predict.")
        return self.asking.loaded.graph

    def look_up(self, kind: str, query: str, limit: int) -> NodeList:
        """Return the nodes of a type whose id holds the query; those that begin with it first."""
        graph = self.graph
        if kind not in graph.nodes:
            raise UserError(f"the graph has no type {kind[:60]!r}", where="type", mend=nearest(kind, graph.nodes))
        table = graph.nodes[kind]
        word = query.strip().casefold()
        if not word:
            return _list(kind, table.n, (table.key(at) for at in range(min(limit, table.n))))
        fits = [key for key in map(table.key, range(table.n)) if word in key.casefold()]
        fits.sort(key=lambda key: (key.casefold() != word, not key.casefold().startswith(word)))
        return _list(kind, len(fits), iter(fits[:limit]))

    def node(self, kind: str, name: str) -> NodeAnswer:
        """Return a node with its labels, predictions (from nothing known but the graph), gates and neighbours."""
        graph, place = self.graph, NodeName(type=kind, id=name)
        row = self.asking.queries.place(graph, place)
        body = PredictBody(items=[Subject(node=place)], coverage=None)
        told = self.asking.predict([body])[0].items[0]
        return NodeAnswer(
            type=kind,
            id=name,
            labels=self._labels(row),
            tasks=[task for task in told.tasks if task.value is not None],
            gates=[gate for gate in self._all_gates() if gate.node_type == kind],
            neighbours=list(_neighbours(graph, kind, row - graph.offset[kind])),
        )

    def _labels(self, row: int) -> list[NodeLabel]:
        graph = self.graph
        labels = graph.labels.take([row])
        part = None
        if graph.split is not None:
            part = next((name for name, rows in graph.split.parts().items() if (np.asarray(rows) == row).any()), None)
        return [
            NodeLabel(task=graph.tasks[int(col)].name, value=written(graph.tasks[int(col)], float(value)), part=part)
            for col, value in zip(labels.col, labels.value, strict=True)
        ]

    def _all_gates(self) -> list[Gate]:
        """Return the gates, a row per task of every family; computed when first asked for."""
        if self.gates is None:
            predictor = self.asking.loaded.predictor
            found = (
                predictor.gate_table(self.asking.queries.nodes(self.graph, []).graph)
                if isinstance(predictor, InlinePredictor)
                else []
            )
            members = {
                name: [predictor.tasks[at].name for at in each] for name, each in predictor.tasks.families.items()
            }
            self.gates = [
                Gate(
                    layer=row.layer,
                    node_type=row.kind,
                    relation=row.relation,
                    task=task,
                    source=row.source,
                    weight=row.mean,
                )
                for row in found
                for task in members.get(row.task, [row.task])
            ]
        return self.gates


def _list(kind: str, total: int, keys: Iterator[str]) -> NodeList:
    return NodeList(type=kind, total=total, nodes=[NodeInfo(type=kind, id=key) for key in keys])


def _neighbours(graph: HeteroGraph, kind: str, at: int) -> Iterator[Neighbours]:
    """Return the neighbours of a node along every relation of its type, in both directions."""
    for relation, edge in graph.edges.items():
        for direction, own, end in _SIDES:
            if relation[end] != kind:
                continue
            others = edge[1 - own][edge[own] == at]
            other = relation.target if direction == "out" else relation.source
            names = [NodeInfo(type=other, id=graph.nodes[other].key(int(node))) for node in others[:_NEIGHBOURS]]
            yield Neighbours(relation=relation.key, direction=direction, total=len(others), nodes=names)
