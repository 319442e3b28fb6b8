"""Support labels of MetaLink networks: edges between the bank's data and a task node, each left out in turn.

With one KG layer an edge changes its own task node alone, so all left-out labels are asked in one pass, each as a
further task node; with more layers the task side is computed anew for every label. Weights stay as they were learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.data.base import Data, Inputs
from weft.labels import Floats, LabelTable, Shown
from weft.metalink.answers import to_predictions
from weft.metalink.bank import choose_support
from weft.metalink.columns import ColumnLabels
from weft.metalink.graph import KnowledgeGraph, TaskSide
from weft.metalink.network_engine import NetworkEngine
from weft.predictor import Predictor

if TYPE_CHECKING:
    from weft.explain.support import Support, Without


def banked(
    model: Predictor, engine: NetworkEngine, support: Support, one: Data, shown: Shown, task: str, fast: bool = True
) -> tuple[Floats, NDArray[np.int64], Without]:
    """Rebuild the banks of all members; see `weft.explain.support.support_attributions`.

    `fast=False` computes the task side anew for every label also where one pass would do: for tests.
    """
    at = engine.layout.tasks.index(task)
    own = slice(*(int(x) for x in engine.layout.tasks.offsets[at : at + 2]))
    members = [_Member.of(engine, support, one, k) for k in range(len(engine.nets))]
    columns = engine.layout.columns(shown.table)

    def answers(scores: list[Tensor]) -> Floats:
        return model.calibrated(to_predictions(engine.layout, scores)).mean[:, own]

    def without(rows: NDArray[np.int64]) -> Floats:
        with torch.no_grad():
            ways = [member.at_once if fast and member.simple else member.one_by_one for member in members]
            return answers([way(columns, own, rows) for way in ways])

    with torch.no_grad():
        same = answers([member.score(columns, member.rebuilt) for member in members])[0]
    labelled = support.labels.row[support.labels.col == support.labels.tasks.index(task)]
    return same, np.intersect1d(labelled, np.concatenate([member.rows for member in members])), without


@dataclass(frozen=True, eq=False)
class _Member:
    """One network, its bank, and a query.

    Attributes:
        graph: its knowledge graph.
        given: the model's task side.
        rebuilt: that of the columns learnt from this support.
        h: embeddings of the bank `[S, D]`.
        known: its labels on these columns.
        start: position of these columns among all.
        rows: of the support table, int64 `[S]`.
        query: embedding of the datum asked about, `[1, D]`.
    """

    graph: KnowledgeGraph
    given: TaskSide
    rebuilt: TaskSide
    h: Tensor
    known: ColumnLabels
    start: int
    rows: NDArray[np.int64]
    query: Tensor

    @classmethod
    def of(cls, engine: NetworkEngine, support: Support, one: Data, k: int) -> _Member:
        """Rebuild what member `k` read: its bank, or all of the support of tasks added later."""
        net, labels = engine.nets[k], support.labels
        start = int(engine.layout.tasks.offsets[engine.layout.tasks.index(labels.tasks.names[0])])
        rows = np.arange(labels.n_rows) if support.rows is None else support.rows
        if start == 0:
            rows = rows[labels.row_counts()[rows] > 0]
            rows = choose_support(labels, rows, engine.config.bank, support.seed + 7919 * k)
        known = _columns(engine, labels.take(rows), start)
        h = net.embed(Inputs.of(support.data, net.encoder.needs), torch.from_numpy(rows))
        query = net.embed(Inputs.of(one, net.encoder.needs), torch.arange(1))
        with torch.no_grad():
            rebuilt = net.graph.task_side(h, known)
        return cls(net.graph, engine.sides[k], rebuilt, h, known, start, rows, query)

    @property
    def simple(self) -> bool:
        """Whether a label changes its own task node alone."""
        config = self.graph.config
        return config.layers == 1 and not (config.label_path or config.data_neighbours or config.task_neighbours)

    def score(self, columns: ColumnLabels, side: TaskSide) -> Tensor:
        """Return the query's scores `[1, L]`, the columns learnt from this support read from `side`."""
        stop = self.start + len(side.tasks[0])
        tasks = tuple(
            torch.cat([whole[: self.start], part, whole[stop:]])
            for whole, part in zip(self.given.tasks, side.tasks, strict=True)
        )
        support = side.support if self.start == 0 else self.given.support
        return self.graph(self.query, columns, TaskSide(tasks, support))

    def one_by_one(self, columns: ColumnLabels, own: slice, rows: NDArray[np.int64]) -> Tensor:
        """Return the scores `[n, L]` without the label of each of `rows`, the task side made anew for each."""
        found: list[Tensor] = []
        for row in rows.tolist():
            left = self.known.known.clone()
            left[torch.from_numpy(self.rows == row), own.start - self.start : own.stop - self.start] = 0
            known = replace(self.known, known=left, value=self.known.value * left)
            found.append(self.score(columns, self.graph.task_side(self.h, known)))
        return torch.cat(found)

    def at_once(self, columns: ColumnLabels, own: slice, rows: NDArray[np.int64]) -> Tensor:
        """Return the same for a `simple` network: every left-out label gets task nodes of its own."""
        width, n = own.stop - own.start, len(rows)
        local = torch.arange(own.start - self.start, own.stop - self.start).repeat(n)  # label by label
        left = self.known.known[:, local]
        gone = torch.from_numpy((self.rows[:, None] == rows[None, :]).repeat(width, 1))
        left[gone] = 0
        known = ColumnLabels(left, self.known.value[:, local] * left, self.known.continuous[local])
        layer, start = self.graph.layers[0], self.given.tasks[0][own].repeat(n, 1)
        nodes = layer.update_tasks(start, self.h, known)  # pyright: ignore[reportCallIssue] - a KGLayer
        tasks = tuple(torch.cat([w, more]) for w, more in zip(self.given.tasks, (start, nodes), strict=True))
        nothing = torch.zeros(1, n * width)
        asked = ColumnLabels(
            torch.cat([columns.known, nothing], 1),
            torch.cat([columns.value, nothing], 1),
            torch.cat([columns.continuous, known.continuous]),
        )
        score = self.graph(self.query, asked, TaskSide(tasks))[0]
        total = len(self.given.tasks[0])
        found = score[:total].repeat(n, 1)
        found[:, own] = score[total:].view(n, width)
        return found


def _columns(engine: NetworkEngine, labels: LabelTable, start: int) -> ColumnLabels:
    """Return support labels on the columns of their own tasks."""
    place = np.array([engine.layout.tasks.index(name) for name in labels.tasks.names])
    table = LabelTable(engine.layout.tasks, labels.n_rows, labels.row, place[labels.col], labels.value)
    whole, stop = engine.layout.columns(table), start + int(labels.tasks.offsets[-1])
    return ColumnLabels(whole.known[:, start:stop], whole.value[:, start:stop], whole.continuous[start:stop])
