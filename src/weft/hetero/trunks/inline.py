"""InLINE (arXiv 2410.22089): tasks exchange messages inside every layer, relation by relation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.layer import RelationLayer, States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, GateReading, Trunk, TrunkConfig, layer_kinds


class Inline(Trunk):
    """Structure-disentangled experts, one per task, and gates that mix their messages per node and relation.

    In each layer expert j makes messages `m_r^j` per relation r; task i takes
    `sum over j of g[i, v, r, j] m_r^j[v]`, with `g = softmax over j` of a small network's output, and only then
    merges its relations.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        self.families = families
        tasks, sources = len(families), len(families) + config.experts
        kinds = layer_kinds(schema, families, config.layers)
        self.layers = nn.ModuleList(RelationLayer(schema, k, sources, config.layer) for k in kinds)
        self.gates = nn.ModuleList(
            nn.ModuleDict({kind: Gate(tasks, sources, layer.relations[kind], config) for kind in layer.kinds})
            for layer in self.layers
        )

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return each family's own state after the last layer."""
        states, _ = self._run(x, topology)
        return states

    def read_gates(self, x: States, topology: Topology) -> list[GateReading]:
        """Return the gates' weights of every layer and receiving type."""
        return self._run(x, topology)[1]

    def _run(self, x: States, topology: Topology) -> tuple[list[Tensor], list[GateReading]]:
        readings: list[GateReading] = []
        for at, (layer, gates) in enumerate(zip(self.layers, self.gates, strict=True)):
            messages = layer.messages(x, topology)
            for kind in layer.kinds:
                weight = gates[kind](x[kind], messages[kind])
                keys = tuple(relation.key for relation in layer.relations[kind])
                readings.append(GateReading(at, kind, keys, weight))
                messages[kind] = mix(weight, messages[kind])
            x = layer.merge(x, messages)
        return [x[kind][t] for t, kind in enumerate(self.families.kinds)], readings


def mix(weight: Tensor, message: Tensor) -> Tensor:
    """Return `[T, R, N, D]`: messages `[S, R, N, D]` of the sources mixed by `weight` `[T, R, N, S]`."""
    return torch.einsum("trns,srnd->trnd", weight, message)


class Gate(nn.Module):
    """Weights over source experts, per task, node and relation."""

    def __init__(self, tasks: int, sources: int, relations: tuple[object, ...], config: TrunkConfig) -> None:
        super().__init__()
        d, r = config.layer.dim, len(relations)
        self.tasks, self.sources, self.sees = tasks, sources, config.gate_sees
        self.hidden = nn.Parameter(torch.randn(tasks, d, d) * 1e-2)
        self.bias = nn.Parameter(torch.zeros(tasks, 1, d))
        self.out = nn.Parameter(torch.randn(tasks, d, r * sources) * d**-0.5)
        own = F.pad(torch.eye(tasks), (0, sources - tasks)) * config.own
        self.prior = nn.Parameter(own[:, None, None, :].repeat(1, r, 1, 1))
        self.look = nn.Parameter(torch.zeros(tasks, r, d)) if config.gate_sees == "message" else None

    def forward(self, state: Tensor, message: Tensor) -> Tensor:
        """Return weights `[T, R, N, S]` from states `[T or 1, N, D]` and messages `[S, R, N, D]`."""
        z = F.relu(torch.matmul(state[: self.tasks], self.hidden) + self.bias)
        logit = torch.matmul(z, self.out).unflatten(-1, (-1, self.sources)).transpose(1, 2) + self.prior
        if self.look is not None:
            logit = logit + torch.einsum("srnd,trd->trns", message, self.look)
        return logit.softmax(-1)
