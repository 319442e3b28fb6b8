"""Relation layers and gates by plain loops over heads, nodes, relations and edges: slow, and easy to read."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.data.hetero import Relation
from weft.hetero.layer import RelationLayer
from weft.hetero.starts import slot
from weft.hetero.topology import LOOP, Topology


def neighbours(topology: Topology, relation: Relation, v: int) -> list[int]:
    if relation.name == LOOP:
        return [v]
    edges = topology.edges[relation]
    return [int(w) for w, target in zip(edges.source, edges.target, strict=True) if target == v]


def head(state: Tensor, k: int) -> Tensor:
    return state[k % len(state)]


def attention(layer: RelationLayer, k: int, relation: Relation, h: dict, topology: Topology, v: int) -> Tensor:
    """Weights of v's neighbours under one relation."""
    near = neighbours(topology, relation, v)
    if layer.config.attention == "mean":
        return torch.full((len(near),), 1 / max(len(near), 1), dtype=torch.float64)
    w = layer.into(relation.target)[k]
    p = head(h[relation.target], k)[v] @ w
    logits = [
        F.leaky_relu(
            layer.receive[k] @ p + layer.send[k] @ (head(h[relation.source], k)[n] @ w) + layer.term()[relation][k], 0.2
        )
        for n in near
    ]
    return torch.stack(logits).softmax(0)


def message(layer: RelationLayer, k: int, relation: Relation, h: dict, topology: Topology, v: int) -> Tensor:
    near, w = neighbours(topology, relation, v), layer.into(relation.target)[k]
    if not near:
        return torch.zeros(w.shape[1], dtype=w.dtype)
    alpha = attention(layer, k, relation, h, topology, v)
    return sum(a * (head(h[relation.source], k)[n] @ w) for a, n in zip(alpha, near, strict=True))


def merge(layer: RelationLayer, k: int, kind: str, messages: list[Tensor]) -> Tensor:
    """One node's messages over relations."""
    if not messages:
        return torch.zeros(layer.config.dim, dtype=torch.float64)
    if layer.config.merge == "mean":
        return sum(messages) / len(messages)
    beta = torch.stack([layer.key(kind)[k] @ m for m in messages]).softmax(0)
    return sum(b * m for b, m in zip(beta, messages, strict=True))


def update(layer: RelationLayer, k: int, kind: str, state: Tensor, merged: Tensor) -> Tensor:
    if layer.residual is not None:
        merged = merged + state @ layer.residual[k] + layer.residual_bias[k, 0]
    if layer.norm is not None:
        norm = layer.norm[slot(kind)]
        scaled = (merged - merged.mean()) / (merged.var(unbiased=False) + 1e-5).sqrt()
        merged = scaled * norm.scale[k, 0] + norm.shift[k, 0]
    return F.elu(merged) if layer.config.activation == "elu" else F.relu(merged)


def slow_layer(layer: RelationLayer, h: dict, topology: Topology) -> dict[str, Tensor]:
    """A layer without exchange."""
    found: dict[str, Tensor] = {}
    for kind in layer.kinds:
        rows = torch.zeros(layer.heads, topology.counts[kind], layer.config.dim, dtype=torch.float64)
        for k in range(layer.heads):
            for v in range(topology.counts[kind]):
                each = [message(layer, k, r, h, topology, v) for r in layer.relations[kind]]
                rows[k, v] = update(layer, k, kind, head(h[kind], k)[v], merge(layer, k, kind, each))
        found[kind] = rows
    return found


def same_gradients(fast: list[Tensor], slow: list[Tensor], of: dict[str, Tensor]) -> None:
    """Compare two results and the gradients of a fixed mixture of them."""
    for a, b in zip(fast, slow, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-9)
    draw = torch.Generator().manual_seed(5)
    mixes = [torch.randn(a.shape, generator=draw, dtype=torch.float64) for a in fast]
    grads = [
        torch.autograd.grad(
            sum((m * out).sum() for m, out in zip(mixes, result, strict=True)),
            list(of.values()),
            retain_graph=True,
            allow_unused=True,
        )
        for result in (fast, slow)
    ]
    for name, a, b in zip(of, *grads, strict=True):
        zero = torch.zeros_like(of[name])
        a, b = (zero if g is None else g for g in (a, b))
        torch.testing.assert_close(a, b, rtol=0, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}")
