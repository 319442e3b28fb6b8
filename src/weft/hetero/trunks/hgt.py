"""HGT (Hu et al., WWW 2020, arXiv 2003.01332) with PyG's `HGTConv`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weft.hetero.layer import States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, TrunkConfig
from weft.hetero.trunks.encoder import Encoder, attention_heads


class HGT(Encoder):
    """Attention with keys, queries and values per node type and matrices per relation, over all neighbours at once.

    A type that no relation reaches keeps its state.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        from weft.hetero.trunks.operators import HGTConv

        dim = config.layer.dim
        metadata = (list(self.names.values()), [(r.source, r.name, r.target) for r in self.relations.values()])
        depth = config.layers if self.relations else 0
        self.layers = nn.ModuleList(HGTConv(dim, dim, metadata, attention_heads(dim)) for _ in range(depth))

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the shared state at each family's type."""
        h = {self.names[kind]: state[0] for kind, state in x.items()}
        found = ((safe, topology.edges[relation]) for relation, safe in self.relations.items())
        edges = {safe: torch.stack([pairs.source, pairs.target]) for safe, pairs in found}
        for layer in self.layers:
            h = {**h, **layer({name: self.drop(state) for name, state in h.items()}, edges)}
        return [h[self.names[kind]] for kind in self.families.kinds]
