"""Sums and softmax over sorted edges, with gradients of the same cost and no tensor of one row per edge."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.hetero.topology import Adjacency, Blocks


def weighted_sum(x: Tensor, weight: Tensor, edges: Adjacency) -> Tensor:
    """Return `y[k, v] = sum over edges (w, v) of weight[k, e] * x[k, w]`; nodes without an edge get zero.

    Args:
        x: `[K, n_source, D]`, or `[1, n_source, D]` when all heads read the same.
        weight: `[K, E]`, in the order of `edges`.
        edges: the relation.

    Returns:
        `[K, n_target, D]`.
    """
    heads, width = weight.shape[0], x.shape[2]
    blocks = edges.blocks(heads, x.shape[0])
    summed = _WeightedSum.apply(x.reshape(-1, width), weight.reshape(-1), blocks)
    return summed.view(heads, edges.n_target, width)  # type: ignore[no-any-return]


def mean_weights(edges: Adjacency, heads: int) -> Tensor:
    """Return the weights `[K, E]` that make `weighted_sum` a mean over each node's neighbours."""
    return (1.0 / edges.count.clamp(min=1))[edges.target].expand(heads, -1)


def segment_softmax(logit: Tensor, edges: Adjacency) -> Tensor:
    """Return the softmax of `logit` `[K, E]` over the edges of each receiver."""
    return _SegmentSoftmax.apply(logit.contiguous(), edges.blocks(logit.shape[0], logit.shape[0]))  # type: ignore[no-any-return]


class _WeightedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, blocks: Blocks) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.blocks = blocks
        return F.embedding_bag(
            blocks.source, x.detach(), blocks.start, mode="sum", per_sample_weights=weight.detach().contiguous()
        )

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        blocks: Blocks = ctx.blocks
        grad = grads[0].contiguous()
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            back = weight[blocks.back_order]
            to_x = F.embedding_bag(blocks.back_target, grad, blocks.back_start, mode="sum", per_sample_weights=back)
        if ctx.needs_input_grad[1]:
            to_weight = torch.ops.aten._embedding_bag_per_sample_weights_backward(
                grad, x, blocks.source, blocks.start, blocks.target, 0, -1
            )
        return to_x, to_weight, None


class _SegmentSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logit: Tensor, blocks: Blocks) -> Tensor:
        flat = logit.flatten()
        top = torch.full((blocks.n_target,), -torch.inf).scatter_reduce(0, blocks.target, flat, "amax")
        raw = (flat - top[blocks.target]).exp()
        total = _segment_total(raw, blocks)
        alpha = (raw / total[blocks.target]).view_as(logit)
        ctx.save_for_backward(alpha)
        ctx.blocks = blocks
        return alpha

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (alpha,) = ctx.saved_tensors
        blocks: Blocks = ctx.blocks
        weighted = (alpha * grads[0]).flatten()
        share = _segment_total(weighted, blocks)[blocks.target].view_as(alpha)
        return weighted.view_as(alpha) - alpha * share, None


def _segment_total(values: Tensor, blocks: Blocks) -> Tensor:
    return torch.zeros(blocks.n_target).index_add(0, blocks.target, values)
