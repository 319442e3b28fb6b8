"""Sums and softmax over sorted edges, with gradients of the same cost and no tensor of one row per edge."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.hetero.gradients import once
from weft.hetero.topology import Adjacency


def weighted_sum(x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
    """Return `y[k, v] = sum over edges (w, v) of weight[k, e] * x[k, w]`; nodes without an edge get zero.

    Args:
        x: `[K, n_source, D]`, or `[1, n_source, D]` when all heads read the same.
        weight: `[K, E]`, in the order of `edges`.
        edges: the relation.

    Returns:
        `[K, n_target, D]`.
    """
    return _WeightedSum.apply(x, weight, edges)  # type: ignore[no-any-return]


def crossed_sum(x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
    """Return `y[t, v] = sum over edges (w, v) and heads s of weight[t, s, e] * x[s, w]`.

    Args:
        x: `[S, n_source, D]`.
        weight: `[T, S, E]`, in the order of `edges`.
        edges: the relation.

    Returns:
        `[T, n_target, D]`.
    """
    return _CrossedSum.apply(x, weight, edges)  # type: ignore[no-any-return]


def mean_weights(edges: Adjacency, heads: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return the weights `[K, E]` that make `weighted_sum` a mean over each node's neighbours."""
    return edges.count.clamp(min=1).to(dtype).reciprocal()[edges.target].expand(heads, -1)


def segment_softmax(logit: Tensor, edges: Adjacency) -> Tensor:
    """Return the softmax of `logit` `[K, E]` over the edges of each receiver."""
    return _SegmentSoftmax.apply(logit, edges)  # type: ignore[no-any-return]


def to_edges(receiver: Tensor, sender: Tensor, edges: Adjacency) -> Tensor:
    """Return `receiver[k, v] + sender[k, w]` of every edge (w, v), `[K, E]`; of `[K, n_target]` and `[K, n_source]`."""
    return _ToEdges.apply(receiver, sender, edges)  # type: ignore[no-any-return]


def gather_sum(x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
    """Return one head of `weighted_sum`, `[n_target, D]`, without a gradient."""
    return F.embedding_bag(edges.source, x, edges.start, mode="sum", per_sample_weights=weight)


def gather_back(grad: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
    """Return the gradient of `gather_sum` for `x`, `[n_source, D]`."""
    order, target, start = edges.back
    return F.embedding_bag(target, grad, start, mode="sum", per_sample_weights=weight.index_select(0, order))


def gather_dots(grad: Tensor, x: Tensor, edges: Adjacency) -> Tensor:
    """Return the gradient of `gather_sum` for `weight`, `[E]`: `grad[v] . x[w]` of every edge (w, v)."""
    if not len(edges):
        return grad.new_zeros(0)
    if grad.device.type == "cpu":
        return torch.sparse.sampled_addmm(edges.pattern(grad.dtype), grad, x.t(), beta=0.0).values()
    return torch.ops.aten._embedding_bag_per_sample_weights_backward(
        grad, x, edges.source, edges.start, edges.target, 0, -1
    )


class _WeightedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.edges = edges
        return torch.stack([gather_sum(x[k % len(x)], w.contiguous(), edges) for k, w in enumerate(weight)])

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        grad = [g.contiguous() for g in grads[0]]
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            parts = [gather_back(g, w, ctx.edges) for g, w in zip(grad, weight, strict=True)]
            to_x = torch.stack(parts) if len(x) == len(parts) else torch.stack(parts).sum(0, keepdim=True)
        if ctx.needs_input_grad[1]:
            to_weight = torch.stack([gather_dots(g, x[k % len(x)], ctx.edges) for k, g in enumerate(grad)])
        return to_x, to_weight, None


class _CrossedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.edges = edges
        out = x.new_zeros(len(weight), edges.n_target, x.shape[2])
        for t, row in enumerate(weight):
            for s, w in enumerate(row):
                out[t] += gather_sum(x[s], w.contiguous(), edges)
        return out

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        to_x, to_weight = torch.zeros_like(x), torch.empty_like(weight)
        for t, g in enumerate(grads[0].contiguous()):
            for s in range(len(x)):
                to_x[s] += gather_back(g, weight[t, s], ctx.edges)
                to_weight[t, s] = gather_dots(g, x[s], ctx.edges)
        return to_x, to_weight, None


class _SegmentSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logit: Tensor, edges: Adjacency) -> Tensor:
        alpha = torch.stack([_softmax(row, edges) for row in logit])
        ctx.save_for_backward(alpha)
        ctx.edges = edges
        return alpha

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (alpha,) = ctx.saved_tensors
        edges: Adjacency = ctx.edges
        weighted = alpha * grads[0]
        share = _total(weighted, edges.target, edges.n_target).index_select(1, edges.target)
        return weighted - alpha * share, None


class _ToEdges(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, receiver: Tensor, sender: Tensor, edges: Adjacency) -> Tensor:
        ctx.edges = edges
        return receiver.index_select(1, edges.target) + sender.index_select(1, edges.source)

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        edges: Adjacency = ctx.edges
        to_receiver = _total(grads[0], edges.target, edges.n_target)
        return to_receiver, _total(grads[0], edges.source, edges.n_source), None


def _softmax(logit: Tensor, edges: Adjacency) -> Tensor:
    if not len(logit):
        return logit.clone()
    top = torch.segment_reduce(logit.contiguous(), "max", offsets=edges.bounds, unsafe=True)
    raw = logit.sub(top.index_select(0, edges.target)).exp_()
    total = raw.new_zeros(edges.n_target).scatter_add_(0, edges.target, raw)
    return raw.div_(total.index_select(0, edges.target))


def _total(values: Tensor, index: Tensor, n: int) -> Tensor:
    """Return the sums of `values` `[K, E]` by `index`, `[K, n]`."""
    return torch.stack([row.new_zeros(n).scatter_add_(0, index, row) for row in values.contiguous()])
