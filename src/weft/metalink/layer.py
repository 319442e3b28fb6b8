r"""The knowledge-graph layer: gated messages along label edges, both ways.

MetaLink (arXiv 2303.07666), as in its released code. Along an edge from sender `j` with label `y`

.. math::
    m_{j,y} = (W v_j + b + w\,y) \odot \sigma(W_g v_j + b_g + w_g\,y),\qquad
    v_i' = v_i + \phi\bigl(\operatorname{mean}_{j \in N(i)} m_{j,y_{ij}} + c + \sigma(S v_i + s) \odot v_i\bigr)

with :math:`v` the embeddings of data or task nodes, :math:`y` the label on the edge, own weights for data to
task and for task to data, and :math:`\phi` PReLU, or the identity in the last layer.

A message depends on its sender and label only. So for 0/1 labels two messages per *sender* are computed and
aggregated by two matrix products against the masks of the labels: O(C (N+T) D^2 + C N T D) work for C = 2
values and no tensor per edge. Continuous labels go edge by edge; so does `per_edge`, the same sum in full.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.metalink.columns import ColumnLabels


class GatedMessage(nn.Module):
    """Messages of one direction, `D` wide.

    Args:
        dim: width `D`.
        gates: False passes messages as they are, without their gate: for ablations.
    """

    def __init__(self, dim: int, gates: bool = True) -> None:
        super().__init__()
        self.gates = gates
        width = 2 * dim if gates else dim
        self.node = nn.Linear(dim, width)  # message and gate side by side: one product
        self.label = nn.Parameter(torch.empty(width))
        for part in self.node.weight.split(dim):
            nn.init.xavier_uniform_(part, math.sqrt(2))
        nn.init.zeros_(self.node.bias)
        nn.init.xavier_uniform_(self.label[None], math.sqrt(2))

    def _gated(self, mixed: Tensor) -> Tensor:
        if not self.gates:
            return mixed
        message, gate = mixed.chunk(2, -1)
        return message * torch.sigmoid(gate)

    def forward(self, sender: Tensor, known: ColumnLabels, to_task: bool) -> Tensor:
        """Return the mean message at every receiver, 0 where nothing is known.

        Args:
            sender: embeddings `[S, D]`: the `B` data when `to_task`, else the `L` task nodes.
            known: labels of `B` data over `L` columns.
            to_task: whether messages flow from data to task nodes.

        Shape:
            output: `[L, D]` when `to_task`, else `[B, D]`.
        """
        mixed = self.node(sender)
        mask = [m.T if to_task else m for m in (known.of_class(0), known.of_class(1))]
        total = mask[0] @ self._gated(mixed) + mask[1] @ self._gated(mixed + self.label)
        if known.any_continuous:
            row, col, y = known.edges()
            source, target = (row, col) if to_task else (col, row)
            messages = self._gated(mixed[source] + y[:, None] * self.label)
            total = total.index_add(0, target, messages.to(total.dtype))
        degree = known.known.sum(0 if to_task else 1)
        return total / degree.clamp(min=1)[:, None]

    def per_edge(self, sender: Tensor, known: ColumnLabels, to_task: bool) -> Tensor:
        """Compute `forward` edge by edge: the plain form, slow, for tests and benchmarks."""
        row, col = torch.nonzero(known.known, as_tuple=True)
        source, target = (row, col) if to_task else (col, row)
        y = known.value[row, col]
        messages = self._gated(self.node(sender[source]) + y[:, None] * self.label)
        count = known.known.shape[1 if to_task else 0]
        total = sender.new_zeros(count, sender.shape[1]).index_add(0, target, messages)
        degree = torch.bincount(target, minlength=count)
        return total / degree.clamp(min=1)[:, None]


class NeighbourMessage(nn.Module):
    """Mean of linear messages from the `k` nearest nodes: optional data-data and task-task edges."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.node = nn.Linear(dim, dim)
        nn.init.zeros_(self.node.weight)  # starts as no edge at all, and grows where it helps
        nn.init.zeros_(self.node.bias)

    def forward(self, sender: Tensor, neighbours: Tensor) -> Tensor:
        """Return `[B, D]` from senders `[S, D]` and neighbour indices int64 `[B, k]`."""
        return self.node(sender)[neighbours].mean(1)


def nearest_rows(query: Tensor, base: Tensor, k: int, skip_self: bool = False) -> Tensor:
    """Return the `k` rows of `base [S, D]` nearest to each `query [B, D]` by cosine, int64 `[B, k]`."""
    similarity = F.normalize(query, dim=1) @ F.normalize(base, dim=1).T
    if skip_self:
        similarity = similarity.fill_diagonal_(-math.inf)
    return similarity.topk(min(k, base.shape[0] - skip_self), dim=1).indices


class NodeUpdate(nn.Module):
    """Self term, activation and residual of one kind of node."""

    def __init__(self, dim: int, last: bool) -> None:
        super().__init__()
        self.self_gate = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.zeros(dim))
        self.activation = nn.Identity() if last else nn.PReLU()
        nn.init.xavier_uniform_(self.self_gate.weight, math.sqrt(2))
        nn.init.zeros_(self.self_gate.bias)

    def forward(self, node: Tensor, message: Tensor) -> Tensor:
        """Return the new embeddings `[M, D]` of nodes `[M, D]` that received `message [M, D]`."""
        z = message + self.bias + torch.sigmoid(self.self_gate(node)) * node
        return node + self.activation(z)


class KGLayer(nn.Module):
    """One round of messages between data and task nodes, both read from the old embeddings.

    Args:
        dim: width `D`.
        last: the last layer has no activation.
        data_edges: also pass messages between near data.
        task_edges: also pass messages between near tasks.
        gates: whether messages along labels are gated.
    """

    def __init__(
        self, dim: int, last: bool, data_edges: bool = False, task_edges: bool = False, gates: bool = True
    ) -> None:
        super().__init__()
        self.to_task, self.to_data = GatedMessage(dim, gates), GatedMessage(dim, gates)
        self.task_update, self.data_update = NodeUpdate(dim, last), NodeUpdate(dim, last)
        self.data_edge = NeighbourMessage(dim) if data_edges else None
        self.task_edge = NeighbourMessage(dim) if task_edges else None

    def update_tasks(self, t: Tensor, h: Tensor, known: ColumnLabels, near: Tensor | None = None) -> Tensor:
        """Return new task nodes `[L, D]` from the support data `h [S, D]` and their labels.

        `near` are each task's nearest tasks, int64 `[L, k]`, when tasks have edges.
        """
        message = self.to_task(h, known, to_task=True)
        if self.task_edge is not None and near is not None:
            message = message + self.task_edge(t, near)
        return self.task_update(t, message)

    def update_data(
        self, h: Tensor, t: Tensor, known: ColumnLabels, base: Tensor | None = None, near: Tensor | None = None
    ) -> Tensor:
        """Return new data nodes `[B, D]` from the task nodes `t [L, D]` along the known labels.

        `base [S, D]` are the support data and `near`, int64 `[B, k]`, the nearest of them, when data have edges.
        """
        message = self.to_data(t, known, to_task=False)
        if self.data_edge is not None and base is not None and near is not None:
            message = message + self.data_edge(base, near)
        return self.data_update(h, message)
