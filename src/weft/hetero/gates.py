"""InLINE's gates per node and relation (arXiv 2410.22089): which task listens to which expert."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from weft.hetero.dense import dense
from weft.hetero.gating import Gate, gate_weights, gated_merge
from weft.hetero.layer import RelationLayer, States
from weft.hetero.products import scores
from weft.hetero.starts import uniform
from weft.hetero.topology import Topology
from weft.hetero.trunks.base import TrunkConfig

Exchanged = tuple[dict[str, Tensor], dict[str, Tensor]]
"""Type -> merged messages of every expert `[S, N, D]`, and the gates' weights `[T, R, S, N]` if asked for."""


class GateLogits(nn.Module):
    """A small network of one type of node: from states to logits over source experts, per task and relation.

    `B ReLU(A y + b)`. Released, A reads the state beside itself, `[y; y]`, and acts as the sum of its halves. Their
    gradients are equal, so under Adam the sum moves twice as far; `gate_twice` does the same with half the weights.
    """

    def __init__(self, tasks: int, sources: int, relations: int, config: TrunkConfig, reads: int) -> None:
        super().__init__()
        d = config.layer.dim
        self.shape, self.factor = (relations, sources), 2.0 if config.gate_twice else 1.0
        sd = config.gate_spread / self.factor**0.5
        self.hidden = nn.Parameter(torch.randn(tasks, reads, d) * sd)
        self.bias = nn.Parameter(uniform(2 * reads, tasks, 1, d))
        self.out = nn.Parameter(uniform(d, tasks, relations * sources, d))

    def forward(self, state: Tensor) -> Tensor:
        """Return `[T, R, S, N]` from states `[T or 1, N, D]`."""
        return scores(self.out, self.inner(state)).unflatten(1, self.shape)

    def inner(self, state: Tensor) -> Tensor:
        """Return the hidden states `ReLU(A y + b)`, `[T, N, D]`."""
        return dense(state, self.hidden * self.factor, self.bias, activation="relu")


class RelationGate(nn.Module):
    """The gate of one type of node: weights over source experts, per task, node and relation."""

    def __init__(self, tasks: int, sources: int, relations: int, config: TrunkConfig, reads: int) -> None:
        super().__init__()
        self.logits = GateLogits(tasks, sources, relations, config, reads)
        self.prior = own_first(tasks, sources, relations, config)
        sees = config.gate_sees == "message"
        self.look = nn.Parameter(torch.zeros(relations, tasks, config.layer.dim)) if sees else None

    def parts(self, tasks: Tensor | None, sources: Tensor | None, key: Tensor | None) -> Gate:
        """Return what `gated_merge` takes.

        Args:
            tasks: which are the gate's; None for all.
            sources: which experts it chooses among; None for all.
            key: all tasks' vectors of the merge over relations, `[T, D]`; None for a plain mean.
        """
        key = key if key is None or tasks is None else key[tasks]
        return Gate(tasks, sources, self.logits.out, self.prior, key, self.look)


class RelationGates(nn.Module):
    """The gates of one layer, per node and relation.

    Expert j makes messages `m_r^j`; task i takes `sum over j of g[i, r, j, v] m_r^j[v]` over the tasks j of its group
    and all shared experts, then merges its relations. Experts beyond the tasks' own are shared: they keep to their own
    messages.

    Args:
        layer: whose messages are exchanged.
        tasks: number of tasks, whose experts come first.
        config: of the gates.
        at: number of the layer, which decides the groups.
    """

    def __init__(self, layer: RelationLayer, tasks: int, config: TrunkConfig, at: int = 0) -> None:
        super().__init__()
        self.tasks, self.groups = tasks, groups(tasks, config.group, at)
        shared = layer.heads - tasks
        self.gates = nn.ModuleList(
            RelationGate(len(group), len(group) + shared, len(layer.relations[kind]), config, layer.reads)
            for kind in layer.kinds
            for group in self.groups
        )

    def forward(self, layer: RelationLayer, dropped: States, topology: Topology, read: bool = False) -> Exchanged:
        """Return every expert's merged messages and, to `read` them, the gates' weights."""
        merged: dict[str, Tensor] = {}
        weights: dict[str, Tensor] = {}
        for kind, message in layer.spread(dropped, topology).items():
            if message.shape[1]:
                z, gates = self._inner(kind, layer, dropped[kind]), self._parts(kind, layer, message)
                merged[kind] = gated_merge(message, z, gates)
                if read:
                    weights[kind] = self._whole([gate_weights(message, z, gate) for gate in gates], layer.heads)
            else:
                merged[kind] = layer.merged(kind, message[: self.tasks])
            if layer.heads > self.tasks:
                shared = layer.merged(kind, message[self.tasks :], self.tasks)
                merged[kind] = torch.cat([merged[kind], shared])
        return merged, weights

    def _at(self, kind: str, layer: RelationLayer) -> list[RelationGate]:
        """Return the gates into a type, one per group."""
        n, at = len(self.groups), layer.kinds.index(kind)
        return [cast(RelationGate, gate) for gate in self.gates[at * n : (at + 1) * n]]

    def _inner(self, kind: str, layer: RelationLayer, state: Tensor) -> Tensor:
        """Return the hidden states of all tasks' gates, `[T, N, D]`, from states `[K or 1, N, D]`."""
        # A slice, even one of everything, would cost its gradient a pass over all states.
        own = state[: self.tasks] if len(state) > self.tasks else state
        nets = [gate.logits for gate in self._at(kind, layer)]
        if len(nets) == 1:
            return nets[0].inner(own)
        order = torch.tensor([task for group in self.groups for task in group], device=state.device).argsort()
        hidden, bias = torch.cat([net.hidden for net in nets]), torch.cat([net.bias for net in nets])
        return dense(own, hidden[order] * nets[0].factor, bias[order], activation="relu")

    def _parts(self, kind: str, layer: RelationLayer, message: Tensor) -> list[Gate]:
        """Return each group's gate into a type."""
        several = layer.config.merge == "attention" and message.shape[1] > 1  # a single one weighs 1 anyway
        key = layer.key(kind)[: self.tasks] if several else None
        gates = self._at(kind, layer)
        if len(gates) == 1:
            return [gates[0].parts(None, None, key)]
        tasks = [torch.tensor(group, device=message.device) for group in self.groups]
        shared = torch.arange(self.tasks, layer.heads, device=message.device)
        return [gate.parts(own, torch.cat([own, shared]), key) for own, gate in zip(tasks, gates, strict=True)]

    def _whole(self, parts: list[Tensor], heads: int) -> Tensor:
        """Return the groups' weights among all experts, `[T, R, S, N]`: nothing from those of other groups."""
        if len(parts) == 1:
            return parts[0]
        shape = parts[0].shape
        whole = parts[0].new_zeros(self.tasks, shape[1], heads, shape[3])
        for group, part in zip(self.groups, parts, strict=True):
            sources = torch.tensor([*group, *range(self.tasks, heads)], device=whole.device)
            for task, weight in zip(group, part, strict=True):
                whole[task][:, sources] = weight
        return whole


def groups(tasks: int, most: int, at: int) -> list[list[int]]:
    """Return the tasks in groups of at most `most` (0 sets no limit): neighbours in even layers, far ones in odd.

    So two layers connect every two of up to `most` squared tasks.
    """
    n = -(-tasks // most) if most else 1
    each = -(-tasks // n)
    if at % 2:
        return [list(range(start, tasks, n)) for start in range(n)]
    return [list(range(start, min(start + each, tasks))) for start in range(0, tasks, each)]


def own_first(tasks: int, sources: int, relations: int, config: TrunkConfig) -> nn.Parameter | None:
    """Return trained additions `[T, R, S, 1]` to the logits, which start at the task's own share; None without them."""
    if not config.gate_prior:
        return None
    share = config.own_share
    lead = math.log(share * (sources - 1) / (1 - share)) if share and sources > 1 else 0.0
    own = torch.eye(tasks, sources)[:, None, :, None] * lead
    return nn.Parameter(own.repeat(1, relations, 1, 1))
