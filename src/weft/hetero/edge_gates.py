"""InLINE's gates per edge: each edge's message is a mixture of the tasks', with weights from both of its ends."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from weft.data.hetero import Relation
from weft.hetero.aggregate import product
from weft.hetero.gates import Exchanged, GateLogits, own_first
from weft.hetero.layer import RelationLayer, States
from weft.hetero.mixing import mix
from weft.hetero.products import scores
from weft.hetero.segments import crossed_sum, to_edges
from weft.hetero.topology import Adjacency, Topology
from weft.hetero.trunks.base import TrunkConfig


class EdgeGate(nn.Module):
    """The gate of one receiving type.

    `g = softmax over experts of receiver_r(y_v) + sender_r(y_w) + look_r . q_w`, where receiver and sender are small
    networks and q_w the edge's projected message. A network of both ends at once would need a row per edge.
    """

    def __init__(self, tasks: int, sources: int, relations: int, config: TrunkConfig, reads: int) -> None:
        super().__init__()
        self.tasks, self.sources = tasks, sources
        self.receiver = GateLogits(tasks, sources, relations, config, reads)
        self.sender = GateLogits(tasks, sources, relations, config, reads)
        self.prior = own_first(tasks, sources, relations, config)
        sees = config.gate_sees == "message"
        self.look = nn.Parameter(torch.zeros(relations, tasks, config.layer.dim)) if sees else None

    def ends(self, at: int, state: Tensor, sent: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        """Return both ends' parts of the logits of relation `at`, `[T, S, n_target]` and `[T, S, n_source]`.

        Args:
            at: position of the relation among the receiving type's.
            state: receivers' states `[T or 1, n_target, D]`.
            sent: senders' states `[T or 1, n_source, D]`.
            q: senders' projected states, `[S, n_source, D]`.
        """
        left, right = self.receiver(state)[:, at], self.sender(sent)[:, at]
        if self.prior is not None:
            left = left + self.prior[:, at]
        if self.look is not None:
            right = right + scores(self.look[at].expand(self.sources, -1, -1), q).transpose(0, 1)
        return left, right


class EdgeGates(nn.Module):
    """The gates of one layer, per edge; experts beyond the tasks' own are shared and keep to their own messages."""

    def __init__(self, layer: RelationLayer, tasks: int, config: TrunkConfig, at: int = 0) -> None:  # noqa: ARG002 - as of gates per relation
        super().__init__()
        self.tasks = tasks
        self.gates = nn.ModuleList(
            EdgeGate(tasks, layer.heads, len(layer.relations[kind]), config, layer.reads) for kind in layer.kinds
        )

    def forward(self, layer: RelationLayer, dropped: States, topology: Topology, read: bool = False) -> Exchanged:
        """Return every expert's merged messages and, to `read` them, for each node the mean of its edges' gates."""
        merged: dict[str, Tensor] = {}
        weights: dict[str, Tensor] = {}
        alpha = layer.attention(dropped, topology)
        shared = layer.spread(dropped, topology) if layer.heads > self.tasks else {}
        for kind, module in zip(layer.kinds, self.gates, strict=True):
            gate = cast(EdgeGate, module)
            made = [self._into(layer, gate, relation, dropped, topology, alpha) for relation in layer.relations[kind]]
            size = (self.tasks, 0, topology.counts[kind], layer.config.dim)
            message = torch.stack([m for m, _ in made], 1) if made else dropped[kind].new_zeros(size)
            if made and read:
                weights[kind] = torch.stack([g for _, g in made], 1)
            merged[kind] = layer.merged(kind, message)
            if shared:
                own = layer.merged(kind, shared[kind][self.tasks :], self.tasks)
                merged[kind] = torch.cat([merged[kind], own])
        return merged, weights

    def _into(
        self,
        layer: RelationLayer,
        gate: EdgeGate,
        relation: Relation,
        dropped: States,
        topology: Topology,
        alpha: dict[Relation, Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Return one relation's messages to the tasks, `[T, N, D]`, and its gates, `[T, S, N]`."""
        kind = relation.target
        sent, edges = dropped[relation.source], topology.edges.get(relation)
        q = product(sent, layer.into(kind))
        at = layer.relations[kind].index(relation)
        left, right = gate.ends(at, dropped[kind][: self.tasks], sent[: self.tasks], q)
        if edges is None:
            weight = (left + right).softmax(1)
            return mix(weight[:, None], q[:, None]), weight
        logit = to_edges(left.flatten(0, 1), right.flatten(0, 1), edges)
        weight = logit.unflatten(0, left.shape[:2]).softmax(1)
        return crossed_sum(q, weight * alpha[relation], edges), _mean_of_edges(weight, left, edges)


def _mean_of_edges(weight: Tensor, left: Tensor, edges: Adjacency) -> Tensor:
    """Return the mean of `weight` `[T, S, E]` over each receiver's edges; where none is, what the receiver asks for."""
    total = torch.zeros_like(left).index_add_(2, edges.target, weight.detach())
    return torch.where(edges.count > 0, total / edges.count.clamp(min=1), left.detach().softmax(1))
