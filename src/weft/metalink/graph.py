"""The knowledge graph: task side computed once from a support bank, query side read per datum.

At inference a query never touches the task side, so its prediction does not depend on what else is in the
batch. The released code lets the visible labels of an evaluation batch flow into the task nodes, which makes
predictions depend on the batch; this departs from it on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from weft.metalink.columns import ColumnLabels
from weft.metalink.head import LabelPath, TaskNodes, make_predictor
from weft.metalink.layer import KGLayer, nearest_rows


@dataclass(frozen=True)
class TaskSide:
    """What a query reads of the graph.

    Attributes:
        tasks: task nodes before each layer and after the last, `layers + 1` of `[L, D]`.
        support: support data before each layer `[S, D]`, kept when data have edges among them.
    """

    tasks: tuple[Tensor, ...]
    support: tuple[Tensor, ...] = ()

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> TaskSide:
        """Return it on a device, as another type of number where one is given."""
        return TaskSide(*(tuple(t.to(device, dtype) for t in part) for part in (self.tasks, self.support)))

    def detached(self) -> TaskSide:
        """Return it as constants."""
        return TaskSide(_constants(self.tasks), _constants(self.support))


@dataclass(frozen=True)
class GraphConfig:
    """Shape of the knowledge graph.

    Attributes:
        layers: number of KG layers; 0 is a linear head.
        inductive: task nodes are constants, so that new tasks can join.
        decoder: `dot` or `mlp`.
        label_path: add the direct count-normalised label path.
        data_neighbours: edges from each datum to its nearest support data.
        task_neighbours: edges from each task to its nearest tasks: by the similarity given (the correlation of
            their training labels), else by embedding, from the second layer on (inductive graphs).
        gates: whether messages along labels are gated, as in the paper.
    """

    layers: int = 1
    inductive: bool = False
    decoder: str = "dot"
    label_path: bool = False
    data_neighbours: int = 0
    task_neighbours: int = 0
    gates: bool = True


class KnowledgeGraph(nn.Module):
    """KG layers, task nodes and edge predictor over any embeddings.

    Scores are summed over layers: the edge predictor reads the inputs of every layer and the final output
    (MetaLink's released configuration, "pred every").

    Args:
        prior: training mean of each column, float32 `[L]`; for the label path.
        dim: width `D`.
        config: the graph's shape.
        similarity: similarity of tasks `[L, L]` from which their edges are made; by default embeddings decide.
    """

    near_tasks: Tensor | None

    def __init__(self, prior: Tensor, dim: int, config: GraphConfig, similarity: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        given = config.task_neighbours > 0
        self.register_buffer(
            "near_tasks",
            _nearest_tasks(similarity, config.task_neighbours) if given and similarity is not None else None,
        )
        self.nodes = TaskNodes(len(prior), dim, config.inductive)
        self.layers = nn.ModuleList(
            KGLayer(dim, k == config.layers - 1, config.data_neighbours > 0, config.task_neighbours > 0, config.gates)
            for k in range(config.layers)
        )
        self.predictor = make_predictor(config.decoder, dim)
        self.label_path = LabelPath(prior) if config.label_path and not config.inductive else None

    def task_side(self, h: Tensor, known: ColumnLabels) -> TaskSide:
        """Compute the task side from support data.

        Args:
            h: support embeddings `[S, D]`.
            known: their labels over `L` columns.
        """
        t = self.nodes()[:1].expand(known.known.shape[1], -1) if self.config.inductive else self.nodes()
        near = self._near(h, h, skip_self=True)
        tasks, support = [t], [h]
        for layer in self.layers:
            assert isinstance(layer, KGLayer)
            new_t = layer.update_tasks(t, h, known, self._tasks_near(t, len(tasks) > 1))
            h = layer.update_data(h, t, known, h, near)
            t = new_t
            tasks.append(t)
            support.append(h)
        return TaskSide(tuple(tasks), tuple(support) if self.config.data_neighbours else ())

    def forward(self, h: Tensor, known: ColumnLabels, side: TaskSide) -> Tensor:
        """Score every column of query data.

        Args:
            h: query embeddings `[B, D]`.
            known: labels shown of them.
            side: the task side.

        Returns:
            scores `[B, L]`: logits of binary columns, standardised values of continuous ones.
        """
        near = self._near(h, side.support[0]) if side.support else None
        score = self.predictor(h, side.tasks[0])
        for k, layer in enumerate(self.layers):
            assert isinstance(layer, KGLayer)
            h = layer.update_data(h, side.tasks[k], known, side.support[k] if side.support else None, near)
            score = score + self.predictor(h, side.tasks[k + 1])
        return score if self.label_path is None else score + self.label_path(known)

    def _tasks_near(self, t: Tensor, differ: bool) -> Tensor | None:
        if self.near_tasks is not None:
            return self.near_tasks
        k = self.config.task_neighbours
        return nearest_rows(t, t, k, skip_self=True) if k and differ else None

    def _near(self, h: Tensor, base: Tensor, skip_self: bool = False) -> Tensor | None:
        k = self.config.data_neighbours
        with torch.no_grad():
            return nearest_rows(h, base, k, skip_self) if k else None


def _nearest_tasks(similarity: Tensor, k: int) -> Tensor:
    """Return the `k` most similar other tasks of each, int64 `[L, k]`."""
    others = similarity.clone().fill_diagonal_(-torch.inf)
    return others.topk(min(k, len(similarity) - 1), dim=1).indices


def _constants(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Detach; contiguous, so that what is saved and loaded gives the same bits."""
    return tuple(t.detach().contiguous() for t in tensors)
