"""R-GCN (Schlichtkrull et al., ESWC 2018, arXiv 1703.06103) with PyG's `RGCNConv`."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.layer import States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, TrunkConfig
from weft.hetero.trunks.encoder import Encoder, parted, stacked


class RGCN(Encoder):
    """`h_v = ReLU(W_0 h_v + sum_r mean over N_r(v) of W_r h_w)` (equation 2), all types in one numbering.

    Every relation has a full matrix: graphs here have few relations, and the paper's bases are for many.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        from weft.hetero.trunks.operators import RGCNConv

        dim, relations = config.layer.dim, max(len(self.relations), 1)
        self.layers = nn.ModuleList(RGCNConv(dim, dim, relations) for _ in range(config.layers))

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the shared state at each family's type."""
        edges, relation = self.joined(topology)
        h = stacked(x, topology)
        for layer in self.layers:
            h = F.relu(layer(self.drop(h), edges, relation))
        states = parted(h, topology)
        return [states[kind] for kind in self.families.kinds]
