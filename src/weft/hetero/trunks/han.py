"""HAN (Wang et al., WWW 2019, arXiv 1903.07293) with PyG's `HANConv`, over meta-paths found from the relations."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.layer import States
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families, TrunkConfig
from weft.hetero.trunks.encoder import Encoder, attention_heads
from weft.hetero.trunks.metapaths import neighbours, paths_to


class HAN(Encoder):
    """Node attention inside each meta-path, then attention over the meta-paths (equations 1 to 9).

    Meta-paths are those that return to the task's type at once or after one other type, `author - paper - author`:
    longer ones, which the paper picks by hand, join almost everything with everything. One such layer sees two
    hops, so `config.layers // 2` of them are made, and one at least (the paper has one). As in the paper, only
    nodes of the task's own type are heard, and a meta-path's weight is a mean over all nodes at hand: over
    a part of the graph it is another mean.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        from weft.hetero.trunks.operators import HANConv

        dim, heads, drop = config.layer.dim, attention_heads(config.layer.dim), config.layer.dropout
        kinds = dict.fromkeys(families.kinds)
        self.paths = {kind: paths_to(kind, list(self.relations)) for kind in kinds}
        keys = [(self.names[k], f"p{at}", self.names[k]) for k in kinds for at in range(len(self.paths[k]))]
        metadata, depth = ([self.names[kind] for kind in kinds], keys), max(config.layers // 2, 1)
        self.layers = nn.ModuleList(HANConv(dim, dim, metadata, heads, dropout=drop) for _ in range(depth))

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the shared state at each family's type."""
        edges: dict[tuple[str, str, str], Tensor] = {}
        for kind, paths in self.paths.items():
            name = self.names[kind]
            edges |= {(name, f"p{at}", name): neighbours(topology, kind, path) for at, path in enumerate(paths)}
        h = {self.names[kind]: x[kind][0] for kind in self.paths}
        for layer in self.layers:
            h = {name: F.elu(state) for name, state in layer({n: self.drop(s) for n, s in h.items()}, edges).items()}
        return [h[self.names[kind]] for kind in self.families.kinds]
