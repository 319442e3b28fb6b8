"""Simple-HGN (Lv et al., KDD 2021, arXiv 2112.14936): GAT with a term for the edge's type, and residuals."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.layer import States
from weft.hetero.segments import segment_softmax, weighted_sum
from weft.hetero.topology import Adjacency, Schema, Topology
from weft.hetero.trunks.base import Families, TrunkConfig
from weft.hetero.trunks.encoder import Encoder, attention_heads, parted, stacked

BETA = 0.05
"""Share of the attention of the layer before (the paper's, for all its graphs)."""

_KEPT: WeakKeyDictionary[Topology, tuple[Adjacency, Tensor]] = WeakKeyDictionary()


class SimpleHGN(Encoder):
    """One softmax over all neighbours of all relations, and the node itself.

    Layer by layer `attention` (equations 6 and 8) and `h_v = ELU(sum alpha W h_w + h_v)` (equation 9); the last
    state has no activation and its length is normalised (equation 12), here to `sqrt(D)`: heads see usual numbers.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        heads, dim = attention_heads(config.layer.dim), config.layer.dim
        self.layers = nn.ModuleList(Attention(dim, heads, len(self.relations) + 1) for _ in range(config.layers))

    def forward(self, x: States, topology: Topology) -> list[Tensor]:
        """Return the shared state at each family's type."""
        if topology not in _KEPT:
            _KEPT[topology] = _with_loops(*self.joined(topology), sum(topology.counts.values()), len(self.relations))
        edges, relation = _KEPT[topology]
        h, alpha = stacked(x, topology), None
        for at, layer in enumerate(self.layers):
            h, alpha = layer(self.drop(h), h, alpha, edges, relation)
            h = F.elu(h) if at + 1 < len(self.layers) else h
        states = parted(F.normalize(h, dim=-1) * h.shape[-1] ** 0.5, topology)
        return [states[kind] for kind in self.families.kinds]


class Attention(nn.Module):
    """`alpha = softmax of LeakyReLU(a_l W h_v + a_r W h_w + c_r)`, mixed with that of the layer before.

    The paper's edge term `a W_r r` with an embedding `r` per relation is one number per head and relation, and
    `c` learns just that.
    """

    def __init__(self, dim: int, heads: int, relations: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(dim, dim, bias=False)
        self.receive, self.send = (
            nn.Parameter(torch.randn(heads, dim // heads) * heads**0.5 * dim**-0.5) for _ in "lr"
        )
        self.bias = nn.Parameter(torch.zeros(heads, relations))

    def forward(
        self, x: Tensor, residual: Tensor, before: Tensor | None, edges: Adjacency, relation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return states `[N, D]` before activation, and the attention `[K, E]` for the next layer, detached."""
        sent = self.project(x).unflatten(-1, (self.heads, -1)).transpose(0, 1).contiguous()
        left, right = (torch.einsum("knd,kd->kn", sent, a) for a in (self.receive, self.send))
        logit = left[:, edges.target] + right[:, edges.source] + self.bias[:, relation]
        alpha = segment_softmax(F.leaky_relu(logit, 0.2), edges)
        if before is not None:
            alpha = (1 - BETA) * alpha + BETA * before
        return weighted_sum(sent, alpha, edges).transpose(0, 1).flatten(1) + residual, alpha.detach()


def _with_loops(ends: Tensor, relation: Tensor, n: int, loop: int) -> tuple[Adjacency, Tensor]:
    """Return the edges and a loop at each of `n` nodes, and each one's relation as they are kept."""
    source, target = torch.cat([ends, torch.arange(n, device=ends.device).expand(2, -1)], 1)
    edges = Adjacency(source, target, n, n)
    return edges, torch.cat([relation, relation.new_full((n,), loop)])[edges.order]
