"""InLINE's gates per node and relation (arXiv 2410.22089): which task listens to which expert."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.aggregate import product
from weft.hetero.layer import RelationLayer, States
from weft.hetero.mixing import mix
from weft.hetero.products import scores
from weft.hetero.starts import uniform
from weft.hetero.topology import Topology
from weft.hetero.trunks.base import TrunkConfig

Exchanged = tuple[dict[str, Tensor], dict[str, Tensor]]
"""Type -> merged messages of every expert `[S, N, D]`, and the gates' weights `[T, R, S, N]`."""


class GateLogits(nn.Module):
    """A small network of one type of node: from states to logits over source experts, per task and relation.

    `B ReLU(A y + b)`. Released, A reads the state beside itself, `[y; y]`, and acts as the sum of its halves. Their
    gradients are equal, so under Adam the sum moves twice as far; `gate_twice` does the same with half the weights.
    """

    def __init__(self, tasks: int, sources: int, relations: int, config: TrunkConfig) -> None:
        super().__init__()
        d = config.layer.dim
        self.shape, self.factor = (relations, sources), 2.0 if config.gate_twice else 1.0
        sd = config.gate_spread / self.factor**0.5
        self.hidden = nn.Parameter(torch.randn(tasks, d, d) * sd)
        self.bias = nn.Parameter(uniform(2 * d, tasks, 1, d))
        self.out = nn.Parameter(uniform(d, tasks, relations * sources, d))

    def forward(self, state: Tensor) -> Tensor:
        """Return `[T, R, S, N]` from states `[T or 1, N, D]`."""
        z = F.relu(product(state, self.hidden * self.factor) + self.bias)
        return scores(self.out, z).unflatten(1, self.shape)


class RelationGate(nn.Module):
    """The gate of one type of node: weights over source experts, per task, node and relation."""

    def __init__(self, tasks: int, sources: int, relations: int, config: TrunkConfig) -> None:
        super().__init__()
        self.tasks, self.relations = tasks, relations
        self.logits = GateLogits(tasks, sources, relations, config)
        self.prior = own_first(tasks, sources, relations, config)
        sees = config.gate_sees == "message"
        self.look = nn.Parameter(torch.zeros(relations, tasks, config.layer.dim)) if sees else None

    def forward(self, state: Tensor, message: Tensor, key: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return what weighs the messages, `[T, R, S, N]`, and the gates' part of it.

        A task's message under a relation is a mixture; the score `k . mixture` of the merge over relations is the
        mixture of the scores, so that no mixture needs to be made before it is weighed.

        Args:
            state: the tasks' states `[T or 1, N, D]`.
            message: of the experts, `[S, R, N, D]`.
            key: the tasks' vectors `k` of the merge over relations, `[T, D]`; None for a plain mean.
        """
        scored, seen = self._score(message, key)
        logit = self.logits(state)
        for more in (self.prior, seen):
            logit = logit if more is None else logit + more
        gate = logit.softmax(2)
        if scored is None:
            return gate / self.relations, gate
        return gate * (gate * scored).sum(2).softmax(1)[:, :, None], gate

    def _score(self, message: Tensor, key: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Return `[T, R, S, N]`: messages by the keys of the merge, and by what the gates look for."""
        sources = len(message)
        vectors = [] if key is None else [key.expand(self.relations, -1, -1)]
        vectors += [] if self.look is None else [self.look]
        if not vectors:
            return None, None
        vector = torch.cat(vectors, 1).repeat(sources, 1, 1)
        made = scores(vector, message.flatten(0, 1)).unflatten(0, (sources, self.relations)).permute(2, 1, 0, 3)
        of_key, of_look = made[: 0 if key is None else self.tasks], made[0 if key is None else self.tasks :]
        return (of_key if len(of_key) else None), (of_look if len(of_look) else None)


class RelationGates(nn.Module):
    """The gates of one layer, per node and relation.

    Expert j makes messages `m_r^j`; task i takes `sum over j of g[i, r, j, v] m_r^j[v]`, then merges its relations.
    Experts beyond the tasks' own are shared: they keep to their own messages.
    """

    def __init__(self, layer: RelationLayer, tasks: int, config: TrunkConfig) -> None:
        super().__init__()
        self.tasks = tasks
        self.gates = nn.ModuleList(
            RelationGate(tasks, layer.heads, len(layer.relations[kind]), config) for kind in layer.kinds
        )

    def forward(self, layer: RelationLayer, dropped: States, topology: Topology) -> Exchanged:
        """Return every expert's merged messages and the gates' weights."""
        merged: dict[str, Tensor] = {}
        weights: dict[str, Tensor] = {}
        for (kind, message), gate in zip(layer.spread(dropped, topology).items(), self.gates, strict=True):
            key = layer.key(kind)[: self.tasks] if layer.config.merge == "attention" else None
            if message.shape[1]:
                whole, weights[kind] = gate(dropped[kind][: self.tasks], message, key)
                merged[kind] = mix(whole, message)
            else:
                weights[kind] = message.new_zeros(self.tasks, 0, len(message), message.shape[2])
                merged[kind] = layer.merged(kind, message[: self.tasks])
            if layer.heads > self.tasks:
                shared = layer.merged(kind, message[self.tasks :], self.tasks)
                merged[kind] = torch.cat([merged[kind], shared])
        return merged, weights


def own_first(tasks: int, sources: int, relations: int, config: TrunkConfig) -> nn.Parameter | None:
    """Return trained additions `[T, R, S, 1]` to the logits, `own` for a task's own expert; None if there are none."""
    if not config.gate_prior:
        return None
    own = torch.eye(tasks, sources)[:, None, :, None] * config.own
    return nn.Parameter(own.repeat(1, relations, 1, 1))
