"""Shared bottom (Caruana 1997): one stack of relation layers for all tasks."""

from __future__ import annotations

from torch import Tensor, nn

from weft.hetero.layer import RelationLayer, States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, Trunk, TrunkConfig, layer_kinds


class SharedBottom(Trunk):
    """All tasks read the same states; they part at their heads only."""

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        self.families = families
        kinds = layer_kinds(schema, families, config.layers)
        self.layers = nn.ModuleList(RelationLayer(schema, k, 1, config.layer) for k in kinds)

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the shared state at each family's type."""
        for layer in self.layers:
            x = layer(x, topology)
        return [x[kind][0] for kind in self.families.kinds]
