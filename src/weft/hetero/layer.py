"""Relation-wise attention, the experts of all tasks in one pass: a task is a head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.hetero import Relation
from weft.hetero.dropout import dropout
from weft.hetero.segments import mean_weights, segment_softmax, weighted_sum
from weft.hetero.topology import LOOP, Schema, Topology

States = Mapping[str, Tensor]
"""Type -> node states `[K, N, D]` (`[1, N, D]` where all heads share them)."""


@dataclass(frozen=True)
class LayerConfig:
    """How a relation layer works.

    Attributes:
        dim: width of states.
        dropout: of the states a layer reads.
        logit_dropout: of attention logits (InLINE's released code drops logits, not edges).
        attention: `gat` scores neighbours; `mean` takes them alike.
        merge: `attention` over relations, or their `mean`.
        norm: `layer` normalises the update; `none`.
        activation: `elu` or `relu`.
        residual: whether the state before is added.
    """

    dim: int = 64
    dropout: float = 0.5
    logit_dropout: float = 0.0
    attention: str = "gat"
    merge: str = "attention"
    norm: str = "layer"
    activation: str = "relu"
    residual: bool = True


class RelationLayer(nn.Module):
    """`K` experts over every relation into some node types (InLINE, arXiv 2410.22089; SimpleHGN-like attention).

    Per head, receiver type s, relation r: `m_r[v] = sum over w of alpha_r[v, w] W_s h[w]` with
    `alpha_r = softmax over the neighbours under r of LeakyReLU(a_l W_s h[v] + a_r W_s h[w] + c_r)`; the states
    are projected after the sum. A loop's message is `W_s h[v]`. Then the relations are merged with weights
    `beta = softmax over r of k.m_r` and the state is updated: `act(norm(sum_r beta_r m_r + Res h[v]))`.

    Args:
        schema: types and relations.
        kinds: receiving types that are computed.
        heads: `K`.
        config: how.
    """

    def __init__(self, schema: Schema, kinds: Iterable[str], heads: int, config: LayerConfig) -> None:
        super().__init__()
        self.kinds, self.heads, self.config = tuple(kinds), heads, config
        self.relations: dict[str, tuple[Relation, ...]] = {kind: schema.into(kind) for kind in self.kinds}
        d = config.dim
        self.project = nn.ParameterDict({kind: _xavier(heads, d, d) for kind in self.kinds})
        self.receive, self.send = nn.Parameter(_normal(heads, d)), nn.Parameter(_normal(heads, d))
        keys = [relation.key for kind in self.kinds for relation in self.relations[kind]]
        self.bias = nn.ParameterDict({key: nn.Parameter(torch.zeros(heads)) for key in keys})
        self.weigh = nn.ParameterDict({kind: nn.Parameter(_normal(heads, d)) for kind in self.kinds})
        self.residual = _xavier(heads, d, d) if config.residual else None
        self.residual_bias = nn.Parameter(torch.zeros(heads, 1, d)) if config.residual else None
        self.norm = nn.ModuleDict({kind: HeadNorm(heads, d) for kind in self.kinds}) if config.norm == "layer" else None

    def messages(self, h: States, topology: Topology) -> dict[str, Tensor]:
        """Return each receiving type's messages, `[K, R, N, D]`, relations in the order of `self.relations`.

        Args:
            h: states of all types that send or receive.
            topology: the graph.
        """
        dropped = {kind: dropout(state, self.config.dropout, self.training) for kind, state in h.items()}
        return {kind: self._into(kind, dropped, topology) for kind in self.kinds}

    def _into(self, kind: str, h: States, topology: Topology) -> Tensor:
        summed = [self._sum(relation, h, topology) for relation in self.relations[kind]]
        if not summed:
            return h[kind].new_zeros(self.heads, 0, topology.counts[kind], self.config.dim)
        return torch.einsum("krnd,kde->krne", torch.stack(summed, 1), self.project[kind])

    def _sum(self, relation: Relation, h: States, topology: Topology) -> Tensor:
        """Return the neighbours' weighted sum before projection, `[K, N, D]`."""
        if relation.name == LOOP:
            return h[relation.target].expand(self.heads, -1, -1)
        edges = topology.edges[relation]
        sent = h[relation.source]
        if self.config.attention == "mean":
            return weighted_sum(sent, mean_weights(edges, self.heads), edges)
        into = self.project[relation.target]
        left = torch.einsum("knd,kd->kn", h[relation.target], torch.einsum("kde,ke->kd", into, self.receive))
        right = torch.einsum("knd,kd->kn", sent, torch.einsum("kde,ke->kd", into, self.send))
        logit = left[:, edges.target] + right[:, edges.source] + self.bias[relation.key][:, None]
        logit = dropout(F.leaky_relu(logit, 0.2), self.config.logit_dropout, self.training)
        return weighted_sum(sent, segment_softmax(logit, edges), edges)

    def merge(self, h: States, messages: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Merge each type's messages `[K, R, N, D]` and update its states, `[K, N, D]`."""
        return {kind: self._update(kind, h[kind], messages[kind]) for kind in self.kinds}

    def _update(self, kind: str, state: Tensor, message: Tensor) -> Tensor:
        if not message.shape[1]:
            merged = message.new_zeros(message.shape[0], *message.shape[2:])
        elif self.config.merge == "mean":
            merged = message.mean(1)
        else:
            beta = torch.einsum("krnd,kd->krn", message, self.weigh[kind]).softmax(1)
            merged = torch.einsum("krn,krnd->knd", beta, message)
        if self.residual is not None and self.residual_bias is not None:
            merged = merged + torch.matmul(state, self.residual) + self.residual_bias
        if self.norm is not None:
            merged = self.norm[kind](merged)
        return F.elu(merged) if self.config.activation == "elu" else F.relu(merged)

    def forward(self, h: States, topology: Topology) -> dict[str, Tensor]:
        """Return the new states of the receiving types without any exchange between heads."""
        return self.merge(h, self.messages(h, topology))


class HeadNorm(nn.Module):
    """Layer normalisation of `[K, N, D]` with scale and shift of each head's own."""

    def __init__(self, heads: int, dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(heads, 1, dim))
        self.shift = nn.Parameter(torch.zeros(heads, 1, dim))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised states."""
        return F.layer_norm(x, x.shape[-1:]) * self.scale + self.shift


def _xavier(heads: int, rows: int, columns: int) -> nn.Parameter:
    bound = (6 / (rows + columns)) ** 0.5
    return nn.Parameter(torch.empty(heads, rows, columns).uniform_(-bound, bound))


def _normal(heads: int, dim: int) -> Tensor:
    return torch.randn(heads, dim) * dim**-0.5
