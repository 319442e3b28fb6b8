"""InLINE (arXiv 2410.22089): tasks exchange messages inside every layer, relation by relation."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from weft.errors import UserError, nearest
from weft.hetero.edge_gates import EdgeGates
from weft.hetero.gates import Exchanged, RelationGates
from weft.hetero.layer import RelationLayer, States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, GateReading, Trunk, TrunkConfig, layer_kinds, own_states
from weft.hetero.trunks.mixture import StateMixture
from weft.hetero.trunks.output import GraphOutput

GATES: dict[str, type[RelationGates] | type[EdgeGates] | None] = {
    "relation": RelationGates,
    "edge": EdgeGates,
    "none": None,
}


class Inline(Trunk):
    """Structure-disentangled experts, one per task, and gates that mix their messages per node and relation.

    In each layer expert j makes messages `m_r^j` per relation r; task i takes
    `sum over j of g[i, v, r, j] m_r^j[v]`, with `g = softmax over j` of a small network's output, and only then
    merges its relations. Shared experts (`config.experts`) keep states of their own, which no gate changes. Gates
    read states after the layer's dropout, the residual those before. With `config.mixture` a task's head reads a
    mixture of all tasks' last states: what no relation carries, a node's own features, is exchanged there.

    The published recipe is `config.widths` with `gate_sees="state"`, `gate_prior=False`, `gate_spread=1e-4`,
    `gate_twice=True`, `first_residual=False`, and layers with `relation_dim=64`, `merge_by="layer"`, `norm="none"`,
    `activation="elu"` and both dropouts at one half.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        if config.gate not in GATES:
            raise UserError(f"there are no gates {config.gate!r}", mend=nearest(config.gate, GATES))
        self.families, gates, reads = families, GATES[config.gate], config.layer.dim
        self.width = expert_width(len(families), config)
        config = replace(config, layer=replace(config.layer, dim=self.width))
        heads = len(families) + (config.experts if gates else 0)
        kinds = layer_kinds(schema, families, config.layers + bool(config.widths))[: config.layers]
        residual = [config.layer.residual and (at > 0 or config.first_residual) for at in range(config.layers)]
        layers = [
            RelationLayer(schema, k, heads, replace(config.layer, residual=r), self.width if at else reads)
            for at, (k, r) in enumerate(zip(kinds, residual, strict=True))
        ]
        self.layers = nn.ModuleList(layers)
        self.gates = (
            nn.ModuleList(gates(layer, len(families), config, at) for at, layer in enumerate(layers)) if gates else None
        )
        self.mixture = StateMixture(families, reads, len(families)) if config.mixture else None
        self.output = GraphOutput(schema, families, config.widths, config.layer) if config.widths else None

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return each family's state after the last layer, or its logits from the published output layer."""
        h = x
        for at in range(len(self.layers)):
            h, _ = self._layer(at, h, topology)
        if self.output is not None:
            return self.output(h, topology)
        if self.mixture is not None:
            return self.mixture(x, h)
        return own_states(h, self.families)

    @torch.no_grad()
    def read_gates(self, x: States, topology: Topology) -> list[GateReading]:
        """Return the gates' weights of every layer and receiving type; of edge gates, the mean over a node's edges."""
        readings: list[GateReading] = []
        for at in range(len(self.layers)):
            x, weights = self._layer(at, x, topology, read=True)
            for kind, weight in weights.items():
                keys = tuple(relation.key for relation in self._at(at).relations[kind])
                readings.append(GateReading(at, kind, keys, weight.transpose(2, 3)))
        return readings

    def _layer(self, at: int, x: States, topology: Topology, read: bool = False) -> Exchanged:
        """Return the states after a layer and, to `read` them, its gates' weights `[T, R, S, N]`."""
        layer = self._at(at)
        if self.gates is None:
            return layer(x, topology), {}
        exchanged: Exchanged = self.gates[at](layer, layer.drop(x), topology, read)
        merged, weights = exchanged
        return {kind: layer.update(kind, x[kind], merged[kind]) for kind in layer.kinds}, weights

    def _at(self, at: int) -> RelationLayer:
        return cast(RelationLayer, self.layers[at])


def expert_width(tasks: int, config: TrunkConfig) -> int:
    """Return how wide the experts of so many tasks are: of many tasks narrower ones, in steps of 8."""
    dim = config.layer.dim
    if not config.narrow or tasks <= config.narrow:
        return dim
    width = dim * (config.narrow / tasks) ** config.narrow_power
    return max(round(width / 8) * 8 if width >= 8 else round(width), 1)
