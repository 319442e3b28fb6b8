"""Relation-wise attention, the experts of all tasks in one pass: a task is a head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.hetero import Relation
from weft.hetero.aggregate import Part, aggregate
from weft.hetero.dense import dense
from weft.hetero.dropout import dropout
from weft.hetero.mixing import mix_own
from weft.hetero.products import scores
from weft.hetero.relation_term import RelationTerm
from weft.hetero.segments import mean_weights, segment_softmax, to_edges
from weft.hetero.starts import slot, uniform, xavier
from weft.hetero.topology import LOOP, Schema, Topology

States = Mapping[str, Tensor]
"""Type -> node states `[K, N, D]` (`[1, N, D]` where all heads share them)."""

_ALL = "every type"


@dataclass(frozen=True)
class LayerConfig:
    """How a relation layer works.

    Attributes:
        dim: width of states.
        dropout: of the states a layer reads.
        logit_dropout: of attention logits (InLINE's released code drops logits, not edges).
        attention: `gat` scores neighbours; `mean` takes them alike.
        relation_dim: width of the embeddings that make a relation's term in the logits; 0 for a number each.
        merge: `attention` over relations, or their `mean`.
        merge_by: `type`, each receiving type has its own attention over relations, or `layer`, one for all.
        norm: `layer` normalises the update; `none`.
        activation: `elu` or `relu`.
        residual: whether the state before is added.
    """

    dim: int = 64
    dropout: float = 0.5
    logit_dropout: float = 0.0
    attention: str = "gat"
    relation_dim: int = 0
    merge: str = "attention"
    merge_by: str = "type"
    norm: str = "layer"
    activation: str = "relu"
    residual: bool = True


class RelationLayer(nn.Module):
    """`K` experts over every relation into some node types (InLINE, arXiv 2410.22089; SimpleHGN-like attention).

    Per head, receiver type s, relation r: `m_r[v] = sum over w of alpha_r[v, w] W_s h[w]` with
    `alpha_r = softmax over the neighbours under r of LeakyReLU(a_l W_s h[v] + a_r W_s h[w] + c_r)`; the states
    are projected after the sum, and scored without being projected. A loop's message is `W_s h[v]`. Then the
    relations are merged with weights `beta = softmax over r of k.m_r` and the state is updated:
    `act(norm(sum_r beta_r m_r + Res h[v]))`.

    The released code draws a dropout mask for every copy of a state that it makes, one per relation; here a layer
    draws one per type and head. It also scores relations by `k.[p_v; m_r] + k0`: all but `k.m_r` is the same for
    every r and cancels.

    Args:
        schema: types and relations.
        kinds: receiving types that are computed.
        heads: `K`.
        config: how.
        reads: width of the states it reads, where that is not the width `config.dim` of those it makes.
    """

    def __init__(
        self, schema: Schema, kinds: Iterable[str], heads: int, config: LayerConfig, reads: int | None = None
    ) -> None:
        super().__init__()
        self.kinds, self.heads, self.config = tuple(kinds), heads, config
        self.relations: dict[str, tuple[Relation, ...]] = {kind: schema.into(kind) for kind in self.kinds}
        d, self.reads = config.dim, reads or config.dim
        self.project = nn.ParameterDict({slot(kind): xavier(heads, self.reads, d) for kind in self.kinds})
        self.receive, self.send = nn.Parameter(xavier(heads, 1, d)[:, 0]), nn.Parameter(xavier(heads, 1, d)[:, 0])
        self.term = RelationTerm(schema, heads, config.relation_dim)
        self.weigh = nn.ParameterDict({slot(kind): uniform(2 * d, heads, d) for kind in self._keys()})
        self.residual = nn.Parameter(uniform(self.reads, heads, self.reads, d)) if config.residual else None
        self.residual_bias = nn.Parameter(uniform(self.reads, heads, 1, d)) if config.residual else None
        norms = {slot(kind): HeadNorm(heads, d) for kind in self.kinds if config.norm == "layer"}
        self.norm = nn.ModuleDict(norms) if norms else None

    def forward(self, h: States, topology: Topology) -> dict[str, Tensor]:
        """Return the new states of the receiving types without any exchange between heads."""
        return self.merge(h, self.messages(h, topology))

    def messages(self, h: States, topology: Topology) -> dict[str, Tensor]:
        """Return each receiving type's messages, `[K, R, N, D]`, relations in the order of `self.relations`.

        Args:
            h: states of all types that send or receive.
            topology: the graph.
        """
        return self.spread(self.drop(h), topology)

    def drop(self, h: States) -> dict[str, Tensor]:
        """Return the states after dropout, as messages and gates read them."""
        return {kind: dropout(state, self.config.dropout, self.training) for kind, state in h.items()}

    def spread(self, dropped: States, topology: Topology) -> dict[str, Tensor]:
        """Return what `messages` does, from states after dropout."""
        alpha = self.attention(dropped, topology)
        found: dict[str, Tensor] = {}
        for kind in self.kinds:
            parts = [
                Part(dropped[relation.source], alpha.get(relation), topology.edges.get(relation))
                for relation in self.relations[kind]
            ]
            none = dropped[kind].new_zeros(self.heads, 0, topology.counts[kind], self.config.dim)
            found[kind] = aggregate(self.into(kind), parts) if parts else none
        return found

    def attention(self, dropped: States, topology: Topology) -> dict[Relation, Tensor]:
        """Return the weights `[K, E]` of every relation's edges, in the order of its `Adjacency`; none for loops."""
        walked = [r for kind in self.kinds for r in self.relations[kind] if r.name != LOOP]
        if self.config.attention == "mean":
            return {r: mean_weights(topology.edges[r], self.heads, self.receive.dtype) for r in walked}
        score, term = self._scores(dropped, walked), self.term()
        found: dict[Relation, Tensor] = {}
        for relation in walked:
            left = score[relation.target, "receive", relation.target] + term[relation][:, None]
            logit = to_edges(left, score[relation.source, "send", relation.target], topology.edges[relation])
            logit = dropout(F.leaky_relu(logit, 0.2), self.config.logit_dropout, self.training)
            found[relation] = segment_softmax(logit, topology.edges[relation])
        return found

    def _scores(self, dropped: States, walked: Iterable[Relation]) -> dict[tuple[str, str, str], Tensor]:
        """Return the nodes' parts of the logits, `[K, N]`, by their type, their role and the receiver's type.

        The score `a . (W h)` is `(W a) . h`; a type's scores in all its roles are one product.
        """
        roles: dict[str, dict[tuple[str, str], None]] = {}
        for relation in walked:
            roles.setdefault(relation.target, {})["receive", relation.target] = None
            roles.setdefault(relation.source, {})["send", relation.target] = None
        ends = {"receive": self.receive, "send": self.send}
        found: dict[tuple[str, str, str], Tensor] = {}
        for kind, columns in roles.items():
            wanted = torch.stack([torch.einsum("kde,ke->kd", self.into(s), ends[role]) for role, s in columns], 1)
            made = scores(wanted, dropped[kind]).unbind(1)
            found |= {(kind, *column): score for column, score in zip(columns, made, strict=True)}
        return found

    def merge(self, h: States, messages: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Merge each type's messages `[K, R, N, D]` and update its states, `[K, N, D]`."""
        return {kind: self.update(kind, h[kind], self.merged(kind, messages[kind])) for kind in self.kinds}

    def merged(self, kind: str, message: Tensor, first: int = 0) -> Tensor:
        """Return the messages `[k, R, N, D]` of heads `first`, `first + 1`, ... merged over relations, `[k, N, D]`."""
        if not message.shape[1]:
            return message.new_zeros(len(message), *message.shape[2:])
        if self.config.merge == "mean":
            return message.mean(1)
        heads, relations = message.shape[:2]
        key = self.key(kind)[first : first + heads].repeat_interleave(relations, 0)[:, None]
        beta = scores(key, message.flatten(0, 1)).view(heads, relations, -1).softmax(1)
        return mix_own(beta, message)

    def into(self, kind: str) -> Tensor:
        """Return the matrices `W_s` of a receiving type, `[K, D, D]`."""
        return self.project[slot(kind)]

    def key(self, kind: str) -> Tensor:
        """Return the vectors `k` that score relations, `[K, D]`."""
        return self.weigh[slot(kind if self.config.merge_by == "type" else _ALL)]

    def _keys(self) -> tuple[str, ...]:
        return self.kinds if self.config.merge_by == "type" else (_ALL,)

    def update(self, kind: str, state: Tensor, merged: Tensor) -> Tensor:
        """Return new states `[K, N, D]` from those before and the merged messages."""
        if self.residual is None or self.residual_bias is None:
            return self._activate(merged if self.norm is None else self.norm[slot(kind)](merged))
        if self.norm is None:
            return dense(state, self.residual, self.residual_bias, merged, self.config.activation)
        return self._activate(self.norm[slot(kind)](dense(state, self.residual, self.residual_bias, merged)))

    def _activate(self, state: Tensor) -> Tensor:
        return F.elu(state) if self.config.activation == "elu" else F.relu(state)


class HeadNorm(nn.Module):
    """Layer normalisation of `[K, N, D]` with scale and shift of each head's own."""

    def __init__(self, heads: int, dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(heads, 1, dim))
        self.shift = nn.Parameter(torch.zeros(heads, 1, dim))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised states."""
        return F.layer_norm(x, x.shape[-1:]) * self.scale + self.shift
