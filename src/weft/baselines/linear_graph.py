"""Linear models on a heterogeneous graph, one per task: what a network on the graph must beat.

Each reads its node's own features, its neighbours, their words, and the training labels one and two hops away
(`graph_features`). It is tied to the graph it was fitted to: neighbours are features by their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.graph_features import GraphFeatures
from weft.baselines.linear_columns import Column, Part, fit_column
from weft.data.nodes import Nodes
from weft.errors import UserError
from weft.labels import Floats, Ints, LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, Task, TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.hetero import HeteroGraph
    from weft.data.splits import Split
    from weft.training.run import Run


class LinearGraphPredictor(Predictor):
    """Logistic or ridge regression per task on what a node and its neighbourhood show."""

    name = "linear-graph"
    other_graphs = False

    def __init__(self) -> None:
        self.settings = frozenset({Setting.STANDARD})

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return sum(column.weight.size + column.bias.size for column in self.columns)

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Fit every task on its training nodes; validation nodes choose the penalty and are read by no node."""
        nodes = _nodes(data)
        self.note_features(data)
        self.tasks = labels.tasks
        train, val = labels.on_rows(split.train), labels.on_rows(split.val)
        self.counts = [table.n for table in nodes.graph.nodes.values()]
        self.support = _moved(train, nodes.row, len(nodes.graph))
        held = _moved(val, nodes.row, len(nodes.graph))
        features = self._features(nodes.graph)
        self.columns: list[Column] = []
        for at, task in enumerate(self.tasks):
            run.report("linear", at, len(self.tasks), task.name)
            parts = [_part(features, table, at, nodes.graph, task) for table in (self.support, held)]
            self.columns.append(fit_column(task, *parts))
        run.report("linear", len(self.tasks), len(self.tasks), "")

    def _features(self, graph: HeteroGraph) -> dict[str, Any]:
        """Return the features of every type that has a task, kept for the next call on the same graph."""
        kept = getattr(self, "_kept", None)
        if kept is None or kept[0] is not graph:
            made = GraphFeatures(graph, self.support)
            kept = graph, {kind: made.of(kind) for kind in dict.fromkeys(t.node_type or "" for t in self.tasks)}
            self._kept = kept
        return kept[1]

    def encode(self, data: Data) -> Nodes:
        """Return the nodes.

        Raises:
            UserError: for nodes of another graph than that of the fit.
        """
        nodes = _nodes(data)
        self.check_features(data)
        if [table.n for table in nodes.graph.nodes.values()] != self.counts:
            mend = "Fit again on this graph, or use --model inline."
            raise UserError(
                "the graph has other nodes than the one it was fitted to", where=nodes.graph.name, mend=mend
            )
        return nodes

    def predict_encoded(self, encoded: Nodes, known: Shown) -> Predictions:  # noqa: ARG002 - has its training labels
        """Predict each task at the nodes of its type; other nodes have NaN."""
        graph, features = encoded.graph, self._features(encoded.graph)
        mean = np.full((len(encoded), int(self.tasks.offsets[-1])), np.nan)
        std = mean.copy()
        for task, column, first in zip(self.tasks, self.columns, self.tasks.offsets[:-1], strict=True):
            place = encoded.row - graph.offset[task.node_type or ""]
            here = np.flatnonzero((place >= 0) & (place < graph.nodes[task.node_type or ""].n))
            told = column.predict(features[task.node_type or ""][place[here]], task.kind)
            columns = slice(int(first), int(first) + task.width)
            mean[here, columns] = told
            std[here, columns] = column.spread if task.kind is Kind.REGRESSION else np.sqrt(told * (1 - told))
        return Predictions(self.tasks, mean, std, np.ones(len(encoded), bool))

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return weights and the training labels that neighbours read."""
        held = self.support
        arrays: dict[str, NDArray[Any]] = {"row": held.row, "col": held.col, "value": held.value}
        for at, column in enumerate(self.columns):
            arrays |= {f"weight{at}": column.weight, f"bias{at}": column.bias}
        return {"counts": self.counts, "spread": [column.spread for column in self.columns]}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls()
        model.tasks, model.counts = tasks, [int(n) for n in config["counts"]]
        rows = (np.asarray(arrays[key]) for key in ("row", "col", "value"))
        model.support = LabelTable(tasks, sum(model.counts), *rows)
        spreads = enumerate(config["spread"])
        model.columns = [
            Column(np.asarray(arrays[f"weight{at}"]), np.asarray(arrays[f"bias{at}"]), float(spread))
            for at, spread in spreads
        ]
        return model


def _nodes(data: Data) -> Nodes:
    if not isinstance(data, Nodes):
        raise UserError("linear-graph reads the nodes of a graph", mend="For a table use rf, lightgbm or metalink.")
    return data


def _moved(labels: LabelTable, row: Ints, n: int) -> LabelTable:
    """Return labels of `row` as labels on global rows."""
    return LabelTable(labels.tasks, n, row[labels.row], labels.col, labels.value)


def _part(features: dict[str, Any], labels: LabelTable, at: int, graph: HeteroGraph, task: Task) -> Part:
    here = labels.col == at
    value: Floats = labels.value[here]
    return Part(features[task.node_type or ""][labels.row[here] - graph.offset[task.node_type or ""]], value)
